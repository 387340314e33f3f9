/*-------------------------------------------------------------------------
 *
 * products_test.c
 *	  Products of many vectors with many others, against sums in double.
 *
 * Sources: src/distance
 *
 * IDENTIFICATION
 *	  test/unit/products_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "distance/distance.h"
#include "distance/products.h"

#define MAX_DIM		150
#define MAX_COUNT	27
#define UNTOUCHED	-12345.0f

static void
fill(float *values, int n)
{
	for (int i = 0; i < n; i++)
		values[i] = (float) (unit_uniform() - 0.5);
}

static bool
is_near(int dim, const float *a, const float *b, float product)
{
	double		sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double) a[i] * b[i];
	return fabs(product - sum) <= 1e-5;
}

/* All numbers of vectors up to those of two blocks, with gaps between vectors and results */
static void
test_counts(int dim, int gap)
{
	static float a[MAX_COUNT * 2 * MAX_DIM];
	static float b[MAX_COUNT * 2 * MAX_DIM];
	static float products[MAX_COUNT * (MAX_COUNT + 1)];
	static float alone[MAX_COUNT][MAX_COUNT];
	Size		stride = dim + gap;
	bool		right = true;
	bool		untouched = true;
	bool		same = true;

	fill(a, MAX_COUNT * stride);
	fill(b, MAX_COUNT * stride);
	for (int i = 0; i < MAX_COUNT; i++)
		for (int j = 0; j < MAX_COUNT; j++)
			loki_dot_products(dim, (LokiVectors)
/**INDENT** Error@59: Unbalanced parens */
							  {
			a + i * stride, stride, 1
		},
		(LokiVectors)
	{
		b + j * stride, stride, 1
/**INDENT** Warning@60: Extra ) */
	}, &alone[i][j], 1);
	for (int na = 0; na <= MAX_COUNT; na++)
		for (int nb = 0; nb <= MAX_COUNT; nb++)
		{
			for (int i = 0; i < lengthof(products); i++)
				products[i] = UNTOUCHED;
			loki_dot_products(dim, (LokiVectors)
/**INDENT** Error@66: Unbalanced parens */
							  {
				a, stride, na
			},
				(LokiVectors)
			{
				b, stride, nb
/**INDENT** Warning@67: Extra ) */
			}, products, MAX_COUNT + 1);
			for (int i = 0; i < MAX_COUNT; i++)
				for (int j = 0; j <= MAX_COUNT; j++)
				{
					float		product = products[i * (MAX_COUNT + 1) + j];

					if (i >= na || j >= nb)
						untouched &= product == UNTOUCHED;
					else
					{
						right &= is_near(dim, a + i * stride, b + j * stride, product);
						same &= product == alone[i][j];
					}
				}
		}
	ok(right, "%d dimensions, gaps of %d: products", dim, gap);
	ok(same, "%d dimensions, gaps of %d: whatever is beside", dim, gap);
	ok(untouched, "%d dimensions, gaps of %d: nothing else is written", dim, gap);
}

/* Parts of a product may leave the range of float where the product does not. */
static void
test_range(void)
{
	float		a[3] = {3e38f, 3e38f, 1};
	float		b[3] = {3, -3, 7};
	float		product;

	loki_dot_products(3, (LokiVectors)
/**INDENT** Error@95: Unbalanced parens */
					  {
		a, 3, 1
	}, (LokiVectors)
	{
		b, 3, 1
/**INDENT** Warning@95: Extra ) */
	}, &product, 1);
	ok(product == 7, "parts beyond the range of float");
}

int
main(void)
{
	static const int dims[] = {1, 3, 4, 7, 8, 16, 17, 64, 100, 150};

	loki_distance_init();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiDistanceKernels *kernels = loki_distance_kernels(simd);

		if (kernels == NULL)
			continue;
		diag("kernels: %s", kernels->name);
		loki_distance = *kernels;
		for (int i = 0; i < lengthof(dims); i++)
		{
			test_counts(dims[i], 0);
			test_counts(dims[i], 5);
		}
		test_range();
	}
	return unit_done();
}
