/*-------------------------------------------------------------------------
 *
 * tile.h
 *	  Dot products of four vectors with three, for each instruction set's file.
 *
 * Private to the folder.  The file that includes it has defined TARGET, LANES,
 * load(), load_first(), sum_four() (the lanes of each of four registers added up),
 * TILE_FLOATS (the type of a register), TILE_ZERO() and
 * TILE_MULTIPLY_ADD(a, b, sum).
 *
 * Twelve sums stay in registers, and each register that is read takes part in
 * three or four of them.  A dot product of two vectors is bound by what it reads;
 * this is bound by arithmetic.  It is the inner block of a product of
 * matrices (Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", section 3), over rows that lie anywhere.
 *
 * IDENTIFICATION
 *	  src/distance/tile.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TILE_H
#define LOKI_TILE_H

/* One register of a row of the tile, into the sums with all columns */
static pg_attribute_always_inline TARGET void
tile_row(TILE_FLOATS sums[LOKI_TILE_COLUMNS], TILE_FLOATS a,
		 TILE_FLOATS b0, TILE_FLOATS b1, TILE_FLOATS b2)
{
	sums[0] = TILE_MULTIPLY_ADD(a, b0, sums[0]);
	sums[1] = TILE_MULTIPLY_ADD(a, b1, sums[1]);
	sums[2] = TILE_MULTIPLY_ADD(a, b2, sums[2]);
}

static TARGET void
dot_tile_f32(int dim, const float *const *a, const float *const *b, float *products)
{
	TILE_FLOATS s0[LOKI_TILE_COLUMNS] = {TILE_ZERO(), TILE_ZERO(), TILE_ZERO()};
	TILE_FLOATS s1[LOKI_TILE_COLUMNS] = {TILE_ZERO(), TILE_ZERO(), TILE_ZERO()};
	TILE_FLOATS s2[LOKI_TILE_COLUMNS] = {TILE_ZERO(), TILE_ZERO(), TILE_ZERO()};
	TILE_FLOATS s3[LOKI_TILE_COLUMNS] = {TILE_ZERO(), TILE_ZERO(), TILE_ZERO()};
	const float *a0 = a[0];
	const float *a1 = a[1];
	const float *a2 = a[2];
	const float *a3 = a[3];
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
	{
		TILE_FLOATS b0 = load(LOKI_ELEMENT_F32, b[0], i);
		TILE_FLOATS b1 = load(LOKI_ELEMENT_F32, b[1], i);
		TILE_FLOATS b2 = load(LOKI_ELEMENT_F32, b[2], i);

		tile_row(s0, load(LOKI_ELEMENT_F32, a0, i), b0, b1, b2);
		tile_row(s1, load(LOKI_ELEMENT_F32, a1, i), b0, b1, b2);
		tile_row(s2, load(LOKI_ELEMENT_F32, a2, i), b0, b1, b2);
		tile_row(s3, load(LOKI_ELEMENT_F32, a3, i), b0, b1, b2);
	}
	if (i < dim)
	{
		TILE_FLOATS b0 = load_first(LOKI_ELEMENT_F32, b[0], i, dim - i);
		TILE_FLOATS b1 = load_first(LOKI_ELEMENT_F32, b[1], i, dim - i);
		TILE_FLOATS b2 = load_first(LOKI_ELEMENT_F32, b[2], i, dim - i);

		tile_row(s0, load_first(LOKI_ELEMENT_F32, a0, i, dim - i), b0, b1, b2);
		tile_row(s1, load_first(LOKI_ELEMENT_F32, a1, i, dim - i), b0, b1, b2);
		tile_row(s2, load_first(LOKI_ELEMENT_F32, a2, i, dim - i), b0, b1, b2);
		tile_row(s3, load_first(LOKI_ELEMENT_F32, a3, i, dim - i), b0, b1, b2);
	}

	sum_four(s0[0], s1[0], s2[0], s3[0], products);
	sum_four(s0[1], s1[1], s2[1], s3[1], products + LOKI_TILE_ROWS);
	sum_four(s0[2], s1[2], s2[2], s3[2], products + 2 * LOKI_TILE_ROWS);
}

#endif							/* LOKI_TILE_H */
