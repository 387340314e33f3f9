/*-------------------------------------------------------------------------
 *
 * avx2.c
 *	  Distance kernels for x86-64 with AVX2 and FMA.
 *
 * Four registers of eight partial sums cover the latency of a fused
 * multiply-add.  The last elements are read by a masked load, which does not
 * touch memory past the end of an array.
 *
 * IDENTIFICATION
 *	  src/distance/avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8

/* A mask that selects the first n of eight elements */
static inline TARGET __m256i
first_elements(int n)
{
	static const int32 window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

	return _mm256_loadu_si256((const __m256i *) (window + LANES - n));
}

static inline TARGET float
sum_lanes(__m256 v)
{
	__m128		s = _mm_add_ps(_mm256_castps256_ps128(v),
							   _mm256_extractf128_ps(v, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static pg_attribute_always_inline TARGET __m256
take_pairs(LokiTerm term, __m256 sum, __m256 a, __m256 b)
{
	__m256		diff;

	if (term == LOKI_TERM_DOT)
		return _mm256_fmadd_ps(a, b, sum);
	diff = _mm256_sub_ps(a, b);
	if (term == LOKI_TERM_L1)
		return _mm256_add_ps(sum, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), diff));
	return _mm256_fmadd_ps(diff, diff, sum);
}

static pg_attribute_always_inline TARGET float
sum_pairs(LokiTerm term, int dim, const float *a, const float *b)
{
	__m256		s0 = _mm256_setzero_ps();
	__m256		s1 = _mm256_setzero_ps();
	__m256		s2 = _mm256_setzero_ps();
	__m256		s3 = _mm256_setzero_ps();
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
	{
		s0 = take_pairs(term, s0, _mm256_loadu_ps(a + i),
						_mm256_loadu_ps(b + i));
		s1 = take_pairs(term, s1, _mm256_loadu_ps(a + i + LANES),
						_mm256_loadu_ps(b + i + LANES));
		s2 = take_pairs(term, s2, _mm256_loadu_ps(a + i + 2 * LANES),
						_mm256_loadu_ps(b + i + 2 * LANES));
		s3 = take_pairs(term, s3, _mm256_loadu_ps(a + i + 3 * LANES),
						_mm256_loadu_ps(b + i + 3 * LANES));
	}
	for (; i + LANES <= dim; i += LANES)
		s0 = take_pairs(term, s0, _mm256_loadu_ps(a + i),
						_mm256_loadu_ps(b + i));
	if (i < dim)
	{
		__m256i		mask = first_elements(dim - i);

		s1 = take_pairs(term, s1, _mm256_maskload_ps(a + i, mask),
						_mm256_maskload_ps(b + i, mask));
	}

	return sum_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1),
								   _mm256_add_ps(s2, s3)));
}

static TARGET float
l2sq_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_L2SQ, dim, a, b);
}

static TARGET float
dot_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_DOT, dim, a, b);
}

static TARGET float
l1_f32(int dim, const float *a, const float *b)
{
	return sum_pairs(LOKI_TERM_L1, dim, a, b);
}

/* Three sums at once: two registers for each are enough. */
static TARGET void
cosine_f32(int dim, const float *a, const float *b,
		   float *dot, float *norma, float *normb)
{
	__m256		ab[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
	__m256		aa[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
	__m256		bb[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		for (int r = 0; r < 2; r++)
		{
			__m256		x = _mm256_loadu_ps(a + i + r * LANES);
			__m256		y = _mm256_loadu_ps(b + i + r * LANES);

			ab[r] = _mm256_fmadd_ps(x, y, ab[r]);
			aa[r] = _mm256_fmadd_ps(x, x, aa[r]);
			bb[r] = _mm256_fmadd_ps(y, y, bb[r]);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			rest = dim - i;
		__m256i		mask = first_elements(Min(rest, LANES));
		__m256		x = _mm256_maskload_ps(a + i, mask);
		__m256		y = _mm256_maskload_ps(b + i, mask);

		ab[r] = _mm256_fmadd_ps(x, y, ab[r]);
		aa[r] = _mm256_fmadd_ps(x, x, aa[r]);
		bb[r] = _mm256_fmadd_ps(y, y, bb[r]);
	}

	*dot = sum_lanes(_mm256_add_ps(ab[0], ab[1]));
	*norma = sum_lanes(_mm256_add_ps(aa[0], aa[1]));
	*normb = sum_lanes(_mm256_add_ps(bb[0], bb[1]));
}

const LokiDistanceKernels loki_distance_avx2 = {
	LOKI_SIMD_AVX2, "avx2", l2sq_f32, dot_f32, l1_f32, cosine_f32
};

#endif							/* __x86_64__ */
