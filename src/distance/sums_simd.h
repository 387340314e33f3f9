/*-------------------------------------------------------------------------
 *
 * sums_simd.h
 *	  Distance kernels in vector registers: included once for each instruction set, after
 *	  its registers_*.h.
 *
 * The result of a fused multiply-add can be added to after about four cycles.  With four
 * registers of partial sums one can begin in each cycle; more would not help, since each needs
 * two loads, and a cycle has two.  The elements behind the last whole block go through
 * load_first(), so that no memory past the end of an array is touched.
 *
 * GCC unrolls loops of registers where a pragma asks for it; without, arrays of registers would
 * be kept in memory.
 *
 * IDENTIFICATION
 *	  src/distance/sums_simd.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SUMS_SIMD_H
#define LOKI_SUMS_SIMD_H

#include "distance/lanes_simd.h"

/*
 * The sum of the terms of all pairs.  Single registers behind the last block of four go to the first
 * partial sum, and the rest to the second, so that they do not wait for each other.
 */
INLINE float
sum_pairs(LokiSum term, LokiElement element, int dim, const void *a, const void *b)
{
	Floats		s[4] = {set(0), set(0), set(0), set(0)};
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
#pragma GCC unroll 4
		for (int r = 0; r < 4; r++)
			s[r] = take_pairs(term, s[r], load(element, a, i + r * LANES),
							  load(element, b, i + r * LANES));
	for (; i + LANES <= dim; i += LANES)
		s[0] = take_pairs(term, s[0], load(element, a, i), load(element, b, i));
	if (i < dim)
		s[1] = take_pairs(term, s[1], load_first(element, a, i, dim - i),
						  load_first(element, b, i, dim - i));

	return sum_lanes((s[0] + s[1]) + (s[2] + s[3]));
}

/*
 * Three sums at once: two registers for each are enough, as three sums do not wait for each other
 * either.  Both arrays are read once.
 */
INLINE void
sum_cosine(LokiElement element, int dim, const void *a, const void *b,
		   float *dot, float *norma, float *normb)
{
	Floats		ab[2] = {set(0), set(0)};
	Floats		aa[2] = {set(0), set(0)};
	Floats		bb[2] = {set(0), set(0)};
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
#pragma GCC unroll 2
		for (int r = 0; r < 2; r++)
		{
			Floats		x = load(element, a, i + r * LANES);
			Floats		y = load(element, b, i + r * LANES);

			ab[r] = multiply_add(x, y, ab[r]);
			aa[r] = multiply_add(x, x, aa[r]);
			bb[r] = multiply_add(y, y, bb[r]);
		}
	}
#pragma GCC unroll 2
	for (int r = 0; r < 2 && i < dim; r++, i += LANES)
	{
		int			n = Min(dim - i, LANES);
		Floats		x = load_first(element, a, i, n);
		Floats		y = load_first(element, b, i, n);

		ab[r] = multiply_add(x, y, ab[r]);
		aa[r] = multiply_add(x, x, aa[r]);
		bb[r] = multiply_add(y, y, bb[r]);
	}

	*dot = sum_lanes(ab[0] + ab[1]);
	*norma = sum_lanes(aa[0] + aa[1]);
	*normb = sum_lanes(bb[0] + bb[1]);
}

/* scale * code is exact in float4 (T6 in types/README), so a fused multiply-add rounds as two steps do. */
static TARGET void
u8_to_f32(int n, const uint8 *codes, float scale, float offset, float *floats)
{
	int			i = 0;

	AssertArrays(n, codes, floats);
	for (; i + LANES <= n; i += LANES)
		store(LOKI_ELEMENT_F32, floats, i,
			  multiply_add(load(LOKI_ELEMENT_U8, codes, i), set(scale), set(offset)));
	if (i < n)
		store_first(LOKI_ELEMENT_F32, floats, i,
					multiply_add(load_first(LOKI_ELEMENT_U8, codes, i, n - i), set(scale),
								 set(offset)), n - i);
}

/* Products and integers are rounded by themselves, to the nearest even: the same on all processors */
static TARGET void
f32_to_i16(int n, const float *floats, float scale, int16 *integers)
{
	int			i = 0;

	AssertArrays(n, floats, integers);
	for (; i + LANES <= n; i += LANES)
		store(LOKI_ELEMENT_I16, integers, i, load(LOKI_ELEMENT_F32, floats, i) * set(scale));
	if (i < n)
		store_first(LOKI_ELEMENT_I16, integers, i,
					load_first(LOKI_ELEMENT_F32, floats, i, n - i) * set(scale), n - i);
}

/* Exact, as each half is a float */
static TARGET void
f16_to_f32(int n, const LokiHalf *halves, float *floats)
{
	int			i = 0;

	AssertArrays(n, halves, floats);
	for (; i + LANES <= n; i += LANES)
		store(LOKI_ELEMENT_F32, floats, i, load(LOKI_ELEMENT_F16, halves, i));
	if (i < n)
		store_first(LOKI_ELEMENT_F32, floats, i,
					load_first(LOKI_ELEMENT_F16, halves, i, n - i), n - i);
}

/* Rounded to the nearest even, as by loki_float_to_half() */
static TARGET void
f32_to_f16(int n, const float *floats, LokiHalf *halves)
{
	int			i = 0;

	AssertArrays(n, floats, halves);
	for (; i + LANES <= n; i += LANES)
		store(LOKI_ELEMENT_F16, halves, i, load(LOKI_ELEMENT_F32, floats, i));
	if (i < n)
		store_first(LOKI_ELEMENT_F16, halves, i,
					load_first(LOKI_ELEMENT_F32, floats, i, n - i), n - i);
}

/*
 * LOKI_LANES partial sums, however many a register has, and products rounded by themselves: lanes.h.
 * The rest takes part in the lanes that it would be in, with zeros beside it.  Adding a zero does not
 * change a sum, except that -0 becomes 0, and sums begin with 0.
 */
static TARGET float
dot_ordered(int dim, const float *a, const float *b)
{
	Floats		lanes[LANE_REGISTERS];
	int			i = 0;

	AssertArrays(dim, a, b);
#pragma GCC unroll 8
	for (int r = 0; r < LANE_REGISTERS; r++)
		lanes[r] = set(0);
	for (; i + LOKI_LANES <= dim; i += LOKI_LANES)
	{
#pragma GCC unroll 8
		for (int r = 0; r < LANE_REGISTERS; r++)
			lanes[r] += load(LOKI_ELEMENT_F32, a, i + r * LANES) *
				load(LOKI_ELEMENT_F32, b, i + r * LANES);
	}
#pragma GCC unroll 8
	for (int r = 0; r < LANE_REGISTERS && i < dim; r++, i += LANES)
	{
		int			n = Min(dim - i, LANES);

		lanes[r] += load_first(LOKI_ELEMENT_F32, a, i, n) *
			load_first(LOKI_ELEMENT_F32, b, i, n);
	}
	return add_lanes(lanes);
}

/* The first n words of a vector with those of LOKI_TILE_ROWS rows of dim words */
INLINE void
add_rows(Integers *sums, const int16 *vector, const int16 *rows, int dim, int n)
{
	Words		v = load_words(vector, n);

#pragma GCC unroll 4
	for (int r = 0; r < LOKI_TILE_ROWS; r++)
		sums[r] = add_words(sums[r], v, load_words(rows + r * (Size) dim, n));
}

/*
 * Products of one vector with many rows: four rows at a time, which share the loads of the vector and
 * the reduction.  Sums wrap around in the same way whatever their order.
 */
static TARGET void
dot_i16(int dim, const int16 *vector, const int16 *rows, int n, int32 *products)
{
	AssertArrays(dim, vector, rows);
	Assert(n % LOKI_TILE_ROWS == 0);
	for (int j = 0; j < n; j += LOKI_TILE_ROWS, rows += LOKI_TILE_ROWS * (Size) dim)
	{
		Integers	sums[LOKI_TILE_ROWS] = {0};
		int			i = 0;

		for (; i + 2 * LANES <= dim; i += 2 * LANES)
			add_rows(sums, vector + i, rows + i, dim, 2 * LANES);
		if (i < dim)
			add_rows(sums, vector + i, rows + i, dim, dim - i);
		sum_four_integers(sums, products + j);
	}
}

LOKI_DEFINE_KERNELS(TARGET)

/*
 * Dot products of four vectors with three.  Twelve sums, three registers of b and one of a fill the
 * 16 registers of AVX2.  The sums stay there, and each register
 * that is read takes part in three or four of them.  A dot product of two vectors is bound by
 * what it reads; this is bound by arithmetic.  It is the inner block of a product of matrices
 * (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", section 3),
 * over rows that lie anywhere.
 */

/* One register of each vector, the first n lanes of it, into all sums */
INLINE void
tile_step(Floats sums[LOKI_TILE_COLUMNS][LOKI_TILE_ROWS], const float *const *a,
		  const float *const *b, int i, int n)
{
	Floats		y[LOKI_TILE_COLUMNS];

#pragma GCC unroll 3
	for (int j = 0; j < LOKI_TILE_COLUMNS; j++)
		y[j] = n < LANES ? load_first(LOKI_ELEMENT_F32, b[j], i, n) :
			load(LOKI_ELEMENT_F32, b[j], i);
#pragma GCC unroll 4
	for (int r = 0; r < LOKI_TILE_ROWS; r++)
	{
		Floats		x = n < LANES ? load_first(LOKI_ELEMENT_F32, a[r], i, n) :
			load(LOKI_ELEMENT_F32, a[r], i);

#pragma GCC unroll 3
		for (int j = 0; j < LOKI_TILE_COLUMNS; j++)
			sums[j][r] = multiply_add(x, y[j], sums[j][r]);
	}
}

static TARGET void
dot_tile_f32(int dim, const float *const *a, const float *const *b, float *products)
{
	Floats		sums[LOKI_TILE_COLUMNS][LOKI_TILE_ROWS] = {{set(0)}};
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
		tile_step(sums, a, b, i, LANES);
	if (i < dim)
		tile_step(sums, a, b, i, dim - i);
#pragma GCC unroll 3
	for (int j = 0; j < LOKI_TILE_COLUMNS; j++)
		sum_four(sums[j], products + j * LOKI_TILE_ROWS);
}

#endif							/* LOKI_SUMS_SIMD_H */
