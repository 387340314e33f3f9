/*-------------------------------------------------------------------------
 *
 * neon.c
 *	  Distance kernels for arm64, where NEON is always present.
 *
 * Four registers of four partial sums; the last one to three elements are
 * loaded into a register one by one.
 *
 * IDENTIFICATION
 *	  src/distance/neon.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define LANES 4

/* The first n elements of p, n <= 4, and zeros */
static inline float32x4_t
load_first(const float *p, int n)
{
	float		x[LANES] = {0};

	for (int i = 0; i < n; i++)
		x[i] = p[i];
	return vld1q_f32(x);
}

static pg_attribute_always_inline float32x4_t
take_pairs(LokiTerm term, float32x4_t sum, float32x4_t a, float32x4_t b)
{
	float32x4_t diff;

	if (term == LOKI_TERM_DOT)
		return vfmaq_f32(sum, a, b);
	diff = vsubq_f32(a, b);
	if (term == LOKI_TERM_L1)
		return vaddq_f32(sum, vabsq_f32(diff));
	return vfmaq_f32(sum, diff, diff);
}

static pg_attribute_always_inline float
sum_pairs(LokiTerm term, int dim, const float *a, const float *b)
{
	float32x4_t s0 = vdupq_n_f32(0);
	float32x4_t s1 = vdupq_n_f32(0);
	float32x4_t s2 = vdupq_n_f32(0);
	float32x4_t s3 = vdupq_n_f32(0);
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
	{
		s0 = take_pairs(term, s0, vld1q_f32(a + i), vld1q_f32(b + i));
		s1 = take_pairs(term, s1, vld1q_f32(a + i + LANES),
						vld1q_f32(b + i + LANES));
		s2 = take_pairs(term, s2, vld1q_f32(a + i + 2 * LANES),
						vld1q_f32(b + i + 2 * LANES));
		s3 = take_pairs(term, s3, vld1q_f32(a + i + 3 * LANES),
						vld1q_f32(b + i + 3 * LANES));
	}
	for (; i + LANES <= dim; i += LANES)
		s0 = take_pairs(term, s0, vld1q_f32(a + i), vld1q_f32(b + i));
	if (i < dim)
		s1 = take_pairs(term, s1, load_first(a + i, dim - i),
						load_first(b + i, dim - i));

	return vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
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

/* Three sums at once: two registers for each are enough. */
static void
cosine_f32(int dim, const float *a, const float *b,
		   float *dot, float *norma, float *normb)
{
	float32x4_t ab[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	float32x4_t aa[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	float32x4_t bb[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		for (int r = 0; r < 2; r++)
		{
			float32x4_t x = vld1q_f32(a + i + r * LANES);
			float32x4_t y = vld1q_f32(b + i + r * LANES);

			ab[r] = vfmaq_f32(ab[r], x, y);
			aa[r] = vfmaq_f32(aa[r], x, x);
			bb[r] = vfmaq_f32(bb[r], y, y);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			n = Min(dim - i, LANES);
		float32x4_t x = load_first(a + i, n);
		float32x4_t y = load_first(b + i, n);

		ab[r] = vfmaq_f32(ab[r], x, y);
		aa[r] = vfmaq_f32(aa[r], x, x);
		bb[r] = vfmaq_f32(bb[r], y, y);
	}

	*dot = vaddvq_f32(vaddq_f32(ab[0], ab[1]));
	*norma = vaddvq_f32(vaddq_f32(aa[0], aa[1]));
	*normb = vaddvq_f32(vaddq_f32(bb[0], bb[1]));
}

const LokiDistanceKernels loki_distance_neon = {
	LOKI_SIMD_NEON, "neon", l2sq_f32, dot_f32, l1_f32, cosine_f32
};

#endif							/* __aarch64__ */
