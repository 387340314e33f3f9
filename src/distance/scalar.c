/*-------------------------------------------------------------------------
 *
 * scalar.c
 *	  Distance kernels in plain C: the specification of the others, and what
 *	  runs where none of them does.
 *
 * Four independent partial sums, of the elements with the same index modulo
 * four, let the processor overlap the additions; the order is fixed, so a
 * compiler that does not reassociate gives the same result everywhere.
 *
 * These kernels are what a processor runs that has neither AVX2 nor NEON, and what unit tests
 * hold the others against.  Nothing here may depend on what an instruction set does with its
 * registers: a surprise in the other files is a fault there.
 *
 * IDENTIFICATION
 *	  src/distance/scalar.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"
#include "distance/lanes.h"

#define LANES 4

/* A sum with the term of one pair of elements */
static pg_attribute_always_inline float
take_pair(LokiSum term, float sum, float a, float b)
{
	float		diff;

	if (term == LOKI_SUM_DOT)
		return sum + a * b;
	diff = a - b;
	return sum + (term == LOKI_SUM_L1 ? fabsf(diff) : diff * diff);
}

/* Element i of an array, as a float */
static pg_attribute_always_inline float
read_element(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return loki_half_to_float(((const LokiHalf *) p)[i]);
	return ((const float *) p)[i];
}

/* The sum of the terms of all pairs: four partial sums, added pairwise in the end */
static pg_attribute_always_inline float
sum_pairs(LokiSum term, LokiElement element, int dim, const void *a, const void *b)
{
	float		sum[LANES] = {0};
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
		for (int lane = 0; lane < LANES; lane++)
			sum[lane] = take_pair(term, sum[lane], read_element(element, a, i + lane),
								  read_element(element, b, i + lane));
	for (int lane = 0; i + lane < dim; lane++)
		sum[lane] = take_pair(term, sum[lane], read_element(element, a, i + lane),
							  read_element(element, b, i + lane));

	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* A dot product and both squared norms, each as if it were alone */
static pg_attribute_always_inline void
sum_cosine(LokiElement element, int dim, const void *a, const void *b,
		   float *dot, float *norma, float *normb)
{
	*dot = sum_pairs(LOKI_SUM_DOT, element, dim, a, b);
	*norma = sum_pairs(LOKI_SUM_DOT, element, dim, a, a);
	*normb = sum_pairs(LOKI_SUM_DOT, element, dim, b, b);
}

static void
f16_to_f32(int n, const LokiHalf *halves, float *floats)
{
	AssertArrays(n, halves, floats);
	for (int i = 0; i < n; i++)
		floats[i] = loki_half_to_float(halves[i]);
}

static void
f32_to_f16(int n, const float *floats, LokiHalf *halves)
{
	AssertArrays(n, floats, halves);
	for (int i = 0; i < n; i++)
		halves[i] = loki_float_to_half(floats[i]);
}

static void
u8_to_f32(int n, const uint8 *codes, float scale, float offset, float *floats)
{
	AssertArrays(n, codes, floats);
	for (int i = 0; i < n; i++)
		floats[i] = offset + scale * codes[i];
}

/* As lanes.h says: products are rounded by themselves, which the Makefile's -ffp-contract=off keeps. */
static float
dot_ordered(int dim, const float *a, const float *b)
{
	float		lanes[LOKI_LANES] = {0};
	int			i = 0;

	AssertArrays(dim, a, b);
	for (; i + LOKI_LANES <= dim; i += LOKI_LANES)
		for (int lane = 0; lane < LOKI_LANES; lane++)
			lanes[lane] += a[i + lane] * b[i + lane];
	for (int lane = 0; i + lane < dim; lane++)
		lanes[lane] += a[i + lane] * b[i + lane];
	return loki_add_lanes(lanes);
}

/* rintf() rounds to the nearest, halfway to the even one, as the instructions do. */
static void
f32_to_i16(int n, const float *floats, float scale, int16 *integers)
{
	AssertArrays(n, floats, integers);
	for (int i = 0; i < n; i++)
		integers[i] = (int16) rintf(floats[i] * scale);
}

static void
dot_i16(int dim, const int16 *vector, const int16 *rows, int n, int32 *products)
{
	AssertArrays(dim, vector, rows);
	Assert(n % LOKI_TILE_ROWS == 0);
	for (int j = 0; j < n; j++, rows += dim)
	{
		/* unsigned, since a signed sum must not overflow in C */
		uint32		sum = 0;

		for (int i = 0; i < dim; i++)
			sum += (uint32) (vector[i] * rows[i]);
		products[j] = (int32) sum;
	}
}

/*
 * Products of two floats have 48 bits, which a double holds; of 16,000 of them only the sum is rounded.
 * The largest, FLT_MAX^2, is 1e77, so that no sum of them overflows.
 */
double
loki_dot_wide(int dim, const float *a, const float *b)
{
	double		sum = 0;

	AssertArrays(dim, a, b);
	for (int i = 0; i < dim; i++)
		sum += (double) a[i] * (double) b[i];
	return sum;
}

/* Without a tile in registers: each product is summed as by dot_f32. */
static void
dot_tile_f32(int dim, const float *const *a, const float *const *b, float *products)
{
	for (int i = 0; i < LOKI_TILE_ROWS; i++)
		for (int j = 0; j < LOKI_TILE_COLUMNS; j++)
			products[j * LOKI_TILE_ROWS + i] =
				sum_pairs(LOKI_SUM_DOT, LOKI_ELEMENT_F32, dim, a[i], b[j]);
}

LOKI_DEFINE_KERNELS()

const LokiDistanceKernels loki_distance_scalar = LOKI_KERNELS(LOKI_SIMD_SCALAR, "scalar");
