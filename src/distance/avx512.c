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
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"
#include "distance/lanes.h"

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

/* Sixteen elements */
static pg_attribute_always_inline TARGET __m512
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) ((const LokiHalf *) p + i)));
	return _mm512_loadu_ps((const float *) p + i);
}

/* Those that a mask selects, and zeros */
static pg_attribute_always_inline TARGET __m512
load_masked(LokiElement element, __mmask16 mask, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, (const LokiHalf *) p + i));
	return _mm512_maskz_loadu_ps(mask, (const float *) p + i);
}

static pg_attribute_always_inline TARGET float
sum_pairs(LokiTerm term, LokiElement element, int dim, const void *a, const void *b)
{
	__m512		s0 = _mm512_setzero_ps();
	__m512		s1 = _mm512_setzero_ps();
	__m512		s2 = _mm512_setzero_ps();
	__m512		s3 = _mm512_setzero_ps();
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
	{
		s0 = take_pairs(term, s0, load(element, a, i), load(element, b, i));
		s1 = take_pairs(term, s1, load(element, a, i + LANES), load(element, b, i + LANES));
		s2 = take_pairs(term, s2, load(element, a, i + 2 * LANES),
						load(element, b, i + 2 * LANES));
		s3 = take_pairs(term, s3, load(element, a, i + 3 * LANES),
						load(element, b, i + 3 * LANES));
	}
	for (; i + LANES <= dim; i += LANES)
		s0 = take_pairs(term, s0, load(element, a, i), load(element, b, i));
	if (i < dim)
	{
		__mmask16	mask = first_elements(dim - i);

		s1 = take_pairs(term, s1, load_masked(element, mask, a, i),
						load_masked(element, mask, b, i));
	}

	return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1),
											  _mm512_add_ps(s2, s3)));
}

/* Three sums at once: two registers for each are enough. */
static pg_attribute_always_inline TARGET void
sum_cosine(LokiElement element, int dim, const void *a, const void *b,
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
			__m512		x = load(element, a, i + r * LANES);
			__m512		y = load(element, b, i + r * LANES);

			ab[r] = _mm512_fmadd_ps(x, y, ab[r]);
			aa[r] = _mm512_fmadd_ps(x, x, aa[r]);
			bb[r] = _mm512_fmadd_ps(y, y, bb[r]);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		__mmask16	mask = first_elements(dim - i);
		__m512		x = load_masked(element, mask, a, i);
		__m512		y = load_masked(element, mask, b, i);

		ab[r] = _mm512_fmadd_ps(x, y, ab[r]);
		aa[r] = _mm512_fmadd_ps(x, x, aa[r]);
		bb[r] = _mm512_fmadd_ps(y, y, bb[r]);
	}

	*dot = _mm512_reduce_add_ps(_mm512_add_ps(ab[0], ab[1]));
	*norma = _mm512_reduce_add_ps(_mm512_add_ps(aa[0], aa[1]));
	*normb = _mm512_reduce_add_ps(_mm512_add_ps(bb[0], bb[1]));
}

static TARGET void
f16_to_f32(int n, const LokiHalf *halves, float *floats)
{
	for (int i = 0; i < n; i += LANES)
	{
		__mmask16	mask = first_elements(n - i);

		_mm512_mask_storeu_ps(floats + i, mask,
							  load_masked(LOKI_ELEMENT_F16, mask, halves, i));
	}
}

static TARGET void
f32_to_f16(int n, const float *floats, LokiHalf *halves)
{
	for (int i = 0; i < n; i += LANES)
	{
		__mmask16	mask = first_elements(n - i);

		_mm256_mask_storeu_epi16(halves + i, mask,
								 _mm512_cvtps_ph(_mm512_maskz_loadu_ps(mask, floats + i),
												 _MM_FROUND_TO_NEAREST_INT));
	}
}

static TARGET void
u8_to_f32(int n, const uint8 *codes, float scale, float offset, float *floats)
{
	for (int i = 0; i < n; i += LANES)
	{
		__mmask16	mask = first_elements(n - i);
		__m128i		bytes = _mm_maskz_loadu_epi8(mask, codes + i);
		__m512		x = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));

		_mm512_mask_storeu_ps(floats + i, mask,
							  _mm512_fmadd_ps(x, _mm512_set1_ps(scale),
											  _mm512_set1_ps(offset)));
	}
}

static TARGET float
dot_ordered(int dim, const float *a, const float *b)
{
	__m512		lanes[LOKI_LANES_AVX512] = {_mm512_setzero_ps(), _mm512_setzero_ps()};

	for (int i = 0; i < dim; i += LOKI_LANES)
		for (int r = 0; r < LOKI_LANES_AVX512; r++)
		{
			int			at = i + r * LANES;
			__mmask16	mask = first_elements(Max(dim - at, 0));

			lanes[r] = _mm512_add_ps(lanes[r],
									 _mm512_mul_ps(load_masked(LOKI_ELEMENT_F32, mask, a, at),
												   load_masked(LOKI_ELEMENT_F32, mask, b, at)));
		}
	return loki_add_lanes_avx512(lanes);
}

static TARGET void
f32_to_i16(int n, const float *floats, float scale, int16 *integers)
{
	for (int i = 0; i < n; i += LANES)
	{
		__mmask16	mask = first_elements(n - i);
		__m512		v = _mm512_mul_ps(load_masked(LOKI_ELEMENT_F32, mask, floats, i),
									  _mm512_set1_ps(scale));

		_mm512_mask_cvtepi32_storeu_epi16(integers + i, mask, _mm512_cvtps_epi32(v));
	}
}

static pg_attribute_always_inline TARGET int32
add_all_epi32(__m512i v)
{
	__m256i		eight = _mm256_add_epi32(_mm512_castsi512_si256(v),
										 _mm512_extracti64x4_epi64(v, 1));
	__m128i		four = _mm_add_epi32(_mm256_castsi256_si128(eight),
									 _mm256_extracti128_si256(eight, 1));

	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
	four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(2, 3, 0, 1)));
	return _mm_cvtsi128_si32(four);
}

/* Four rows at a time, 32 elements of each in a register */
static TARGET void
dot_i16(int dim, const int16 *vector, const int16 *rows, int n, int32 *products)
{
	for (int j = 0; j < n; j += LOKI_TILE_ROWS, rows += LOKI_TILE_ROWS * (Size) dim)
	{
		__m512i		sums[LOKI_TILE_ROWS] = {_mm512_setzero_si512(), _mm512_setzero_si512(),
		_mm512_setzero_si512(), _mm512_setzero_si512()};

		for (int i = 0; i < dim; i += 2 * LANES)
		{
			__mmask32	mask = dim - i >= 2 * LANES ? 0xffffffff : (1U << (dim - i)) - 1;
			__m512i		v = _mm512_maskz_loadu_epi16(mask, vector + i);

			for (int r = 0; r < LOKI_TILE_ROWS; r++)
			{
				__m512i		row = _mm512_maskz_loadu_epi16(mask, rows + r * (Size) dim + i);

				sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(v, row));
			}
		}
		for (int r = 0; r < LOKI_TILE_ROWS; r++)
			products[j + r] = add_all_epi32(sums[r]);
	}
}

LOKI_DEFINE_KERNELS(TARGET)

static pg_attribute_always_inline TARGET __m512
load_first(LokiElement element, const void *p, int i, int n)
{
	return load_masked(element, first_elements(n), p, i);
}

static pg_attribute_always_inline TARGET __m256
add_halves(__m512 v)
{
	return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

static pg_attribute_always_inline TARGET void
sum_four(__m512 v0, __m512 v1, __m512 v2, __m512 v3, float *sums)
{
	__m256		s = _mm256_hadd_ps(_mm256_hadd_ps(add_halves(v0), add_halves(v1)),
								   _mm256_hadd_ps(add_halves(v2), add_halves(v3)));

	_mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

#define TILE_FLOATS __m512
#define TILE_ZERO() _mm512_setzero_ps()
#define TILE_MULTIPLY_ADD(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#include "distance/tile.h"

const LokiDistanceKernels loki_distance_avx512 = LOKI_KERNELS(LOKI_SIMD_AVX512, "avx512");

#endif							/* __x86_64__ */
