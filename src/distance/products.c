/*-------------------------------------------------------------------------
 *
 * products.c
 *	  Dot products of many vectors with many others, tile by tile (sums_simd.h).
 *
 * Both sides are read in blocks that stay in a cache, as in a product of matrices.
 *
 * IDENTIFICATION
 *	  src/distance/products.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"
#include "distance/products.h"

/*
 * Vectors of a that all vectors of b are multiplied with before the next ones:
 * they stay in the second cache, and b is read once for each block of them.
 */
#define BLOCK_VECTORS	(4 * LOKI_TILE_COLUMNS)

/* One tile, from vector i of a and vector j of b on */
static void
multiply_tile(int dim, const LokiVectors * a, int i, const LokiVectors * b, int j,
			  float *products, Size stride)
{
	const float *rows[LOKI_TILE_ROWS];
	const float *columns[LOKI_TILE_COLUMNS];
	float		tile[LOKI_TILE_COLUMNS][LOKI_TILE_ROWS];
	int			ncolumns = Min(LOKI_TILE_COLUMNS, a->count - i);
	int			nrows = Min(LOKI_TILE_ROWS, b->count - j);

	Assert(ncolumns > 0 && nrows > 0);
	/* at the edges the last vector takes the place of those that lack */
	for (int column = 0; column < LOKI_TILE_COLUMNS; column++)
		columns[column] = loki_vector(a, i + Min(column, ncolumns - 1));
	for (int row = 0; row < LOKI_TILE_ROWS; row++)
		rows[row] = loki_vector(b, j + Min(row, nrows - 1));
	loki_distance.dot_tile_f32(dim, rows, columns, tile[0]);
	for (int column = 0; column < ncolumns; column++)
		for (int row = 0; row < nrows; row++)
		{
			float		product = tile[column][row];

			if (unlikely(!isfinite(product)))
				product = (float) loki_dot_wide(dim, columns[column], rows[row]);
			products[(Size) (i + column) * stride + j + row] = product;
		}
}

void
loki_dot_products(int dim, LokiVectors a, LokiVectors b, float *products, Size stride)
{
	Assert(a.stride >= dim && b.stride >= dim && stride >= b.count);
	for (int block = 0; block < a.count; block += BLOCK_VECTORS)
	{
		int			end = Min(block + BLOCK_VECTORS, a.count);

		for (int j = 0; j < b.count; j += LOKI_TILE_ROWS)
			for (int i = block; i < end; i += LOKI_TILE_COLUMNS)
				multiply_tile(dim, &a, i, &b, j, products, stride);
	}
}
