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
 * IDENTIFICATION
 *	  src/distance/scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <math.h>

#include "distance/kernels.h"

#define LANES 4

static pg_attribute_always_inline float
take_pair(LokiTerm term, float sum, float a, float b)
{
	float		diff;

	if (term == LOKI_TERM_DOT)
		return sum + a * b;
	diff = a - b;
	return sum + (term == LOKI_TERM_L1 ? fabsf(diff) : diff * diff);
}

static pg_attribute_always_inline float
sum_pairs(LokiTerm term, int dim, const float *a, const float *b)
{
	float		sum[LANES] = {0};
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
		for (int lane = 0; lane < LANES; lane++)
			sum[lane] = take_pair(term, sum[lane], a[i + lane], b[i + lane]);
	for (int lane = 0; i + lane < dim; lane++)
		sum[lane] = take_pair(term, sum[lane], a[i + lane], b[i + lane]);

	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static float
l2sq_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_L2SQ, dim, a, b);
}

static float
dot_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_DOT, dim, a, b);
}

static float
l1_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_L1, dim, a, b);
}

static void
cosine_f32(int dim, const float *a, const float *b,
		   float *dot, float *norma, float *normb)
{
	*dot = sum_pairs(LOKI_TERM_DOT, dim, a, b);
	*norma = sum_pairs(LOKI_TERM_DOT, dim, a, a);
	*normb = sum_pairs(LOKI_TERM_DOT, dim, b, b);
}

const LokiDistanceKernels loki_distance_scalar = {
	LOKI_SIMD_SCALAR, "scalar", l2sq_f32, dot_f32, l1_f32, cosine_f32
};
