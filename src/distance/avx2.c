/*-------------------------------------------------------------------------
 *
 * avx2.c
 *	  Distance kernels for x86-64 with AVX2, FMA and F16C.
 *
 * Four registers of eight partial sums cover the latency of a fused
 * multiply-add.  The last floats are read by a masked load, the last halves one
 * by one, so that no memory past the end of an array is touched.
 *
 * IDENTIFICATION
 *	  src/distance/avx2.c
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

#define TARGET __attribute__((target("avx2,fma,f16c")))
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

/* Eight elements */
static pg_attribute_always_inline TARGET __m256
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) ((const LokiHalf *) p + i)));
	return _mm256_loadu_ps((const float *) p + i);
}

/* The first n of eight elements, and zeros */
static pg_attribute_always_inline TARGET __m256
load_first(LokiElement element, const void *p, int i, int n)
{
	if (element == LOKI_ELEMENT_F16)
	{
		LokiHalf	halves[LANES] = {0};

		for (int k = 0; k < n; k++)
			halves[k] = ((const LokiHalf *) p)[i + k];
		return load(element, halves, 0);
	}
	return _mm256_maskload_ps((const float *) p + i, first_elements(n));
}

static pg_attribute_always_inline TARGET float
sum_pairs(LokiTerm term, LokiElement element, int dim, const void *a, const void *b)
{
	__m256		s0 = _mm256_setzero_ps();
	__m256		s1 = _mm256_setzero_ps();
	__m256		s2 = _mm256_setzero_ps();
	__m256		s3 = _mm256_setzero_ps();
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
		s1 = take_pairs(term, s1, load_first(element, a, i, dim - i),
						load_first(element, b, i, dim - i));

	return sum_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1),
								   _mm256_add_ps(s2, s3)));
}

/* Three sums at once: two registers for each are enough. */
static pg_attribute_always_inline TARGET void
sum_cosine(LokiElement element, int dim, const void *a, const void *b,
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
			__m256		x = load(element, a, i + r * LANES);
			__m256		y = load(element, b, i + r * LANES);

			ab[r] = _mm256_fmadd_ps(x, y, ab[r]);
			aa[r] = _mm256_fmadd_ps(x, x, aa[r]);
			bb[r] = _mm256_fmadd_ps(y, y, bb[r]);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			n = Min(dim - i, LANES);
		__m256		x = load_first(element, a, i, n);
		__m256		y = load_first(element, b, i, n);

		ab[r] = _mm256_fmadd_ps(x, y, ab[r]);
		aa[r] = _mm256_fmadd_ps(x, x, aa[r]);
		bb[r] = _mm256_fmadd_ps(y, y, bb[r]);
	}

	*dot = sum_lanes(_mm256_add_ps(ab[0], ab[1]));
	*norma = sum_lanes(_mm256_add_ps(aa[0], aa[1]));
	*normb = sum_lanes(_mm256_add_ps(bb[0], bb[1]));
}

static TARGET void
f16_to_f32(int n, const LokiHalf *halves, float *floats)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm256_storeu_ps(floats + i, load(LOKI_ELEMENT_F16, halves, i));
	for (; i < n; i++)
		floats[i] = _cvtsh_ss(halves[i]);
}

static TARGET void
f32_to_f16(int n, const float *floats, LokiHalf *halves)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm_storeu_si128((__m128i *) (halves + i),
						 _mm256_cvtps_ph(_mm256_loadu_ps(floats + i),
										 _MM_FROUND_TO_NEAREST_INT));
	for (; i < n; i++)
		halves[i] = _cvtss_sh(floats[i], _MM_FROUND_TO_NEAREST_INT);
}

static TARGET void
u8_to_f32(int n, const uint8 *codes, float scale, float offset, float *floats)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
	{
		__m128i		bytes = _mm_loadl_epi64((const __m128i *) (codes + i));
		__m256		x = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));

		_mm256_storeu_ps(floats + i, _mm256_fmadd_ps(x, _mm256_set1_ps(scale),
													 _mm256_set1_ps(offset)));
	}
	for (; i < n; i++)
		floats[i] = offset + scale * codes[i];
}

static TARGET float
dot_ordered(int dim, const float *a, const float *b)
{
	__m256		lanes[LOKI_LANES_AVX2] = {_mm256_setzero_ps(), _mm256_setzero_ps(),
	_mm256_setzero_ps(), _mm256_setzero_ps()};
	int			i = 0;

	for (; i + LOKI_LANES <= dim; i += LOKI_LANES)
		for (int r = 0; r < LOKI_LANES_AVX2; r++)
			lanes[r] = _mm256_add_ps(lanes[r],
									 _mm256_mul_ps(load(LOKI_ELEMENT_F32, a, i + r * LANES),
												   load(LOKI_ELEMENT_F32, b, i + r * LANES)));
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			n = Min(dim - i, LANES);

		lanes[r] = _mm256_add_ps(lanes[r],
								 _mm256_mul_ps(load_first(LOKI_ELEMENT_F32, a, i, n),
											   load_first(LOKI_ELEMENT_F32, b, i, n)));
	}
	return loki_add_lanes_avx2(lanes);
}

/* Eight elements times a scale, as int16 */
static inline TARGET __m128i
round_words(__m256 v, float scale)
{
	__m256i		words = _mm256_cvtps_epi32(_mm256_mul_ps(v, _mm256_set1_ps(scale)));

	return _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

static TARGET void
f32_to_i16(int n, const float *floats, float scale, int16 *integers)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm_storeu_si128((__m128i *) (integers + i),
						 round_words(load(LOKI_ELEMENT_F32, floats, i), scale));
	if (i < n)
	{
		int16		last[LANES];

		_mm_storeu_si128((__m128i *) last,
						 round_words(load_first(LOKI_ELEMENT_F32, floats, i, n - i), scale));
		memcpy(integers + i, last, (n - i) * sizeof(int16));
	}
}

/* Four rows at a time, sixteen elements of each in a register */
static TARGET void
dot_i16(int dim, const int16 *vector, const int16 *rows, int n, int32 *products)
{
	for (int j = 0; j < n; j += LOKI_TILE_ROWS, rows += LOKI_TILE_ROWS * (Size) dim)
	{
		__m256i		sums[LOKI_TILE_ROWS] = {_mm256_setzero_si256(), _mm256_setzero_si256(),
		_mm256_setzero_si256(), _mm256_setzero_si256()};
		int			i = 0;

		for (; i + 2 * LANES <= dim; i += 2 * LANES)
		{
			__m256i		v = _mm256_loadu_si256((const __m256i *) (vector + i));

			for (int r = 0; r < LOKI_TILE_ROWS; r++)
			{
				__m256i		row = _mm256_loadu_si256((const __m256i *) (rows + r * (Size) dim + i));

				sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(v, row));
			}
		}
		sums[0] = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]),
									_mm256_hadd_epi32(sums[2], sums[3]));
		_mm_storeu_si128((__m128i *) (products + j),
						 _mm_add_epi32(_mm256_castsi256_si128(sums[0]),
									   _mm256_extracti128_si256(sums[0], 1)));
		for (; i < dim; i++)
			for (int r = 0; r < LOKI_TILE_ROWS; r++)
				products[j + r] = (int32) ((uint32) products[j + r] +
										   (uint32) (vector[i] * rows[r * (Size) dim + i]));
	}
}

LOKI_DEFINE_KERNELS(TARGET)

static pg_attribute_always_inline TARGET void
sum_four(__m256 v0, __m256 v1, __m256 v2, __m256 v3, float *sums)
{
	__m256		s = _mm256_hadd_ps(_mm256_hadd_ps(v0, v1), _mm256_hadd_ps(v2, v3));

	_mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

#define TILE_FLOATS __m256
#define TILE_ZERO() _mm256_setzero_ps()
#define TILE_MULTIPLY_ADD(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#include "distance/tile.h"

const LokiDistanceKernels loki_distance_avx2 = LOKI_KERNELS(LOKI_SIMD_AVX2, "avx2");

#endif							/* __x86_64__ */
