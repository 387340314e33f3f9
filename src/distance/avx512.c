/*-------------------------------------------------------------------------
 *
 * avx512.c
 *	  Distance kernels for x86-64 with AVX-512 F, BW, VL and DQ.
 *
 * Four registers of sixteen partial sums; whatever is left after them is read
 * by masked loads, which do not touch memory past the end of an array.
 *
 * IDENTIFICATION
 *	  src/distance/avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define LANES 16

/* A mask that selects the first n of sixteen elements, all if there are more */
static inline TARGET __mmask16
first_elements(int n)
{
	return n >= LANES ? 0xffff : (__mmask16) ((1 << n) - 1);
}

static pg_attribute_always_inline TARGET __m512
take_pairs(LokiTerm term, __m512 sum, __m512 a, __m512 b)
{
	__m512		diff;

	if (term == LOKI_TERM_DOT)
		return _mm512_fmadd_ps(a, b, sum);
	diff = _mm512_sub_ps(a, b);
	if (term == LOKI_TERM_L1)
		return _mm512_add_ps(sum, _mm512_abs_ps(diff));
	return _mm512_fmadd_ps(diff, diff, sum);
}

static pg_attribute_always_inline TARGET float
sum_pairs(LokiTerm term, int dim, const float *a, const float *b)
{
	__m512		s0 = _mm512_setzero_ps();
	__m512		s1 = _mm512_setzero_ps();
	__m512		s2 = _mm512_setzero_ps();
	__m512		s3 = _mm512_setzero_ps();
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
	{
		s0 = take_pairs(term, s0, _mm512_loadu_ps(a + i),
						_mm512_loadu_ps(b + i));
		s1 = take_pairs(term, s1, _mm512_loadu_ps(a + i + LANES),
						_mm512_loadu_ps(b + i + LANES));
		s2 = take_pairs(term, s2, _mm512_loadu_ps(a + i + 2 * LANES),
						_mm512_loadu_ps(b + i + 2 * LANES));
		s3 = take_pairs(term, s3, _mm512_loadu_ps(a + i + 3 * LANES),
						_mm512_loadu_ps(b + i + 3 * LANES));
	}
	for (; i + LANES <= dim; i += LANES)
		s0 = take_pairs(term, s0, _mm512_loadu_ps(a + i),
						_mm512_loadu_ps(b + i));
	if (i < dim)
	{
		__mmask16	mask = first_elements(dim - i);

		s1 = take_pairs(term, s1, _mm512_maskz_loadu_ps(mask, a + i),
						_mm512_maskz_loadu_ps(mask, b + i));
	}

	return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1),
											  _mm512_add_ps(s2, s3)));
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
	__m512		ab[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
	__m512		aa[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
	__m512		bb[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		for (int r = 0; r < 2; r++)
		{
			__m512		x = _mm512_loadu_ps(a + i + r * LANES);
			__m512		y = _mm512_loadu_ps(b + i + r * LANES);

			ab[r] = _mm512_fmadd_ps(x, y, ab[r]);
			aa[r] = _mm512_fmadd_ps(x, x, aa[r]);
			bb[r] = _mm512_fmadd_ps(y, y, bb[r]);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		__mmask16	mask = first_elements(dim - i);
		__m512		x = _mm512_maskz_loadu_ps(mask, a + i);
		__m512		y = _mm512_maskz_loadu_ps(mask, b + i);

		ab[r] = _mm512_fmadd_ps(x, y, ab[r]);
		aa[r] = _mm512_fmadd_ps(x, x, aa[r]);
		bb[r] = _mm512_fmadd_ps(y, y, bb[r]);
	}

	*dot = _mm512_reduce_add_ps(_mm512_add_ps(ab[0], ab[1]));
	*norma = _mm512_reduce_add_ps(_mm512_add_ps(aa[0], aa[1]));
	*normb = _mm512_reduce_add_ps(_mm512_add_ps(bb[0], bb[1]));
}

const LokiDistanceKernels loki_distance_avx512 = {
	LOKI_SIMD_AVX512, "avx512", l2sq_f32, dot_f32, l1_f32, cosine_f32
};

#endif							/* __x86_64__ */
