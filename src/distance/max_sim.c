/*-------------------------------------------------------------------------
 *
 * max_sim.c
 *	  How similar a set of vectors is to another, by its most similar members.
 *
 * IDENTIFICATION
 *	  src/distance/max_sim.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"
#include "distance/max_sim.h"

/* A product whose parts left the range of float is summed again in double. */
static inline float
finite_product(float product, int dim, const float *a, const float *b)
{
	return likely(isfinite(product)) ? product : (float) loki_dot_wide(dim, a, b);
}

/*
 * The last tile repeats a vector for each that it lacks, which changes no
 * maximum.
 */
void
loki_max_dots(int dim, int na, const float *const *a,
			  int nb, const float *const *b, float *largest)
{
	const float *columns[LOKI_TILE_COLUMNS];

	Assert(na > 0 && nb > 0 && nb <= LOKI_TILE_COLUMNS);
	for (int j = 0; j < LOKI_TILE_COLUMNS; j++)
		columns[j] = b[Min(j, nb - 1)];
	for (int j = 0; j < nb; j++)
		largest[j] = -INFINITY;
	for (int i = 0; i < na; i += LOKI_TILE_ROWS)
	{
		const float *rows[LOKI_TILE_ROWS];
		float		products[LOKI_TILE_ROWS * LOKI_TILE_COLUMNS];

		for (int r = 0; r < LOKI_TILE_ROWS; r++)
			rows[r] = a[Min(i + r, na - 1)];
		loki_distance.dot_tile_f32(dim, rows, columns, products);
		for (int j = 0; j < nb; j++)
			for (int r = 0; r < LOKI_TILE_ROWS; r++)
				largest[j] = Max(largest[j],
								 finite_product(products[j * LOKI_TILE_ROWS + r],
												dim, rows[r], columns[j]));
	}
}
