/*-------------------------------------------------------------------------
 *
 * max_sim_test.c
 *	  Largest dot products of sets of vectors, by every instruction set that runs
 *	  here, against sums in double.
 *
 * Sources: src/distance
 *
 * Each vector ends where its memory ends, so that the address sanitizer sees a
 * kernel that reads past it.
 *
 * IDENTIFICATION
 *	  test/unit/max_sim_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "distance/distance.h"
#include "distance/max_sim.h"

#define MAX_VECTORS 9

static float **
make_vectors(int n, int dim, float scale)
{
	float	  **vectors = malloc(sizeof(float *) * n);

	for (int i = 0; i < n; i++)
	{
		vectors[i] = malloc(sizeof(float) * dim);
		for (int k = 0; k < dim; k++)
			vectors[i][k] = (float) (rand() / (double) RAND_MAX - 0.5) * scale;
	}
	return vectors;
}

static void
free_vectors(int n, float **vectors)
{
	for (int i = 0; i < n; i++)
		free(vectors[i]);
	free(vectors);
}

/* The largest product of b with na vectors, and in *bound what rounding may add */
static double
exact_largest(int dim, int na, float **a, const float *b, double *bound)
{
	double		largest = -INFINITY;

	*bound = 0;
	for (int i = 0; i < na; i++)
	{
		double		sum = 0;
		double		absolute = 0;

		for (int k = 0; k < dim; k++)
		{
			sum += (double) a[i][k] * b[k];
			absolute += fabs((double) a[i][k] * b[k]);
		}
		largest = fmax(largest, sum);
		*bound = fmax(*bound, absolute * (dim + 8) * ldexp(1, -24));
	}
	return largest;
}

static bool
right_sizes(int dim, int na, int nb, float scale)
{
	float	  **a = make_vectors(na, dim, scale);
	float	  **b = make_vectors(nb, dim, 1);
	float		got[LOKI_TILE_COLUMNS];
	bool		right = true;

	loki_max_dots(dim, na, (const float *const *) a, nb, (const float *const *) b, got);
	for (int j = 0; j < nb; j++)
	{
		double		bound;
		double		exact = exact_largest(dim, na, a, b[j], &bound);

		if (!(fabs(got[j] - exact) <= bound))
			right = false;
	}
	free_vectors(na, a);
	free_vectors(nb, b);
	return right;
}

/* All shapes of the last tile */
static void
test_dim(int dim)
{
	bool		right = true;

	for (int na = 1; na <= MAX_VECTORS; na++)
		for (int nb = 1; nb <= LOKI_TILE_COLUMNS; nb++)
			right = right && right_sizes(dim, na, nb, 1);
	ok(right, "%s: %d dimensions", loki_distance.name, dim);
}

/* Parts of a product leave the range of float, the product does not */
static void
test_wide(void)
{
	float		a[64];
	float		b[64];
	const float *sets[2] = {a, b};
	float		got;

	for (int k = 0; k < 64; k++)
	{
		a[k] = k % 2 == 0 ? 3e38f : -3e38f;
		b[k] = 2;
	}
	loki_max_dots(64, 1, &sets[0], 1, &sets[1], &got);
	ok(got == 0, "%s: parts beyond the range of float", loki_distance.name);
}

int
main(void)
{
	static const LokiSimd levels[] = {
		LOKI_SIMD_SCALAR, LOKI_SIMD_AVX2, LOKI_SIMD_AVX512, LOKI_SIMD_NEON
	};
	static const int dims[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 96, 128, 300, 1024};

	for (int l = 0; l < lengthof(levels); l++)
	{
		const LokiDistanceKernels *kernels = loki_distance_kernels(levels[l]);

		if (kernels == NULL)
			continue;
		loki_distance = *kernels;
		for (int d = 0; d < lengthof(dims); d++)
			test_dim(dims[d]);
		test_wide();
	}
	return unit_done();
}
