/*-------------------------------------------------------------------------
 *
 * registers_avx2.h
 *	  Vector registers of x86-64 with AVX2, FMA and F16C, for the loops of *_simd.h.
 *
 * Each registers_*.h defines the same names: TARGET, the attribute of functions; LANES, the
 * floats of a register; Floats and Integers, registers of LANES float32 and int32, which take
 * C's operators; Words, of 2 * LANES int16; and the functions below.  load_first() and
 * store_first() touch the first n elements in memory alone (0 <= n <= LANES); the other lanes
 * are read as zeros.
 *
 * IDENTIFICATION
 *	  src/distance/registers_avx2.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_REGISTERS_AVX2_H
#define LOKI_REGISTERS_AVX2_H

#include <immintrin.h>

#include "distance/kernels.h"

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static pg_attribute_always_inline TARGET
#define LANES 8

typedef __m256 Floats;
typedef __m256i Words;
typedef int32 Integers __attribute__((vector_size(4 * LANES)));

INLINE Floats
set(float x)
{
	return _mm256_set1_ps(x);
}

INLINE Floats
multiply_add(Floats a, Floats b, Floats sum)
{
	return _mm256_fmadd_ps(a, b, sum);
}

INLINE Floats
absolute(Floats v)
{
	return _mm256_andnot_ps(set(-0.0f), v);
}

/* b, where a or b is not a number */
INLINE Floats
minimum(Floats a, Floats b)
{
	return _mm256_min_ps(a, b);
}

INLINE Floats
maximum(Floats a, Floats b)
{
	return _mm256_max_ps(a, b);
}

/* Rounded to the nearest, halfway to the even one */
INLINE Integers
rounded(Floats v)
{
	return (Integers) _mm256_cvtps_epi32(v);
}

INLINE Integers
truncated(Floats v)
{
	return (Integers) _mm256_cvttps_epi32(v);
}

INLINE Floats
to_floats(Integers v)
{
	return _mm256_cvtepi32_ps((__m256i) v);
}

/* The upper half of the lanes is added to the lower one, until one is left. */
INLINE float
sum_lanes(Floats v)
{
	__m128		s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* The lanes of each of four registers, added up */
INLINE void
sum_four(const Floats v[4], float *sums)
{
	__m256		s = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));

	_mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

INLINE void
sum_four_integers(const Integers v[4], int32 *sums)
{
	__m256i		s = _mm256_hadd_epi32(_mm256_hadd_epi32((__m256i) v[0], (__m256i) v[1]),
									  _mm256_hadd_epi32((__m256i) v[2], (__m256i) v[3]));

	_mm_storeu_si128((__m128i *) sums, _mm_add_epi32(_mm256_castsi256_si128(s),
													 _mm256_extracti128_si256(s, 1)));
}

INLINE Floats
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) ((const LokiHalf *) p + i)));
	if (element == LOKI_ELEMENT_U8)
		return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(
			_mm_loadl_epi64((const __m128i *) ((const uint8 *) p + i))));
	return _mm256_loadu_ps((const float *) p + i);
}

/* A mask that selects the first n lanes */
INLINE __m256i
first_lanes(int n)
{
	static const int32 window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

	return _mm256_loadu_si256((const __m256i *) (window + LANES - n));
}

/* The first n of 2 * LANES int16, and zeros: in pairs, and the last of an odd number */
INLINE __m256i
load_words(const void *p, int n)
{
	static const int16 last[4 * LANES] = {[2 * LANES] = -1};
	__m256i		words;

	if (n == 2 * LANES)
		return _mm256_loadu_si256((const __m256i *) p);
	words = _mm256_maskload_epi32(p, first_lanes(n / 2));
	if (n % 2 == 1)
		words |= _mm256_set1_epi16(((const int16 *) p)[n - 1]) &
			_mm256_loadu_si256((const __m256i *) (last + 2 * LANES - (n - 1)));
	return words;
}

INLINE Floats
load_first(LokiElement element, const void *p, int i, int n)
{
	uint64		bytes = 0;

	if (element == LOKI_ELEMENT_F16)
		return _mm256_cvtph_ps(_mm256_castsi256_si128(load_words((const LokiHalf *) p + i, n)));
	if (element == LOKI_ELEMENT_F32)
		return _mm256_maskload_ps((const float *) p + i, first_lanes(n));
	for (int k = n; k > 0; k--)
		bytes = bytes << 8 | ((const uint8 *) p + i)[k - 1];
	return load(element, &bytes, 0);
}

INLINE Floats
keep_first(Floats v, int n)
{
	return _mm256_and_ps(v, _mm256_castsi256_ps(first_lanes(n)));
}

/* Integers are rounded, and have to be in the range of int16. */
INLINE void
store(LokiElement element, void *p, int i, Floats v)
{
	__m256i		words;

	if (element == LOKI_ELEMENT_F16)
		_mm_storeu_si128((__m128i *) ((LokiHalf *) p + i),
						 _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
	else if (element == LOKI_ELEMENT_I16)
	{
		words = _mm256_cvtps_epi32(v);
		_mm_storeu_si128((__m128i *) ((int16 *) p + i),
						 _mm_packs_epi32(_mm256_castsi256_si128(words),
										 _mm256_extracti128_si256(words, 1)));
	}
	else
		_mm256_storeu_ps((float *) p + i, v);
}

INLINE void
store_first(LokiElement element, void *p, int i, Floats v, int n)
{
	int16		words[LANES];	/* or halves */

	if (element == LOKI_ELEMENT_F32)
	{
		_mm256_maskstore_ps((float *) p + i, first_lanes(n), v);
		return;
	}
	store(element, words, 0, v);
	memcpy((int16 *) p + i, words, n * sizeof(int16));
}

/* The low bytes of the lanes */
INLINE void
store_bytes(void *p, Integers v)
{
	__m128i		words = _mm_packs_epi32(_mm256_castsi256_si128((__m256i) v),
										_mm256_extracti128_si256((__m256i) v, 1));

	_mm_storel_epi64((__m128i *) p, _mm_packus_epi16(words, words));
}

/* Products of words, added in pairs; sums that leave int32 wrap around */
INLINE Integers
add_words(Integers sum, Words a, Words b)
{
	return (Integers) _mm256_add_epi32((__m256i) sum, _mm256_madd_epi16(a, b));
}

#endif							/* LOKI_REGISTERS_AVX2_H */
