/*-------------------------------------------------------------------------
 *
 * registers_avx512.h
 *	  Vector registers of x86-64 with AVX-512 F, BW, VL and DQ, as registers_avx2.h says.
 *
 * The differences are masks, which select lanes in loads, stores and moves at no cost, in place of
 * the constants that AVX2 needs for it.
 *
 * IDENTIFICATION
 *	  src/distance/registers_avx512.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_REGISTERS_AVX512_H
#define LOKI_REGISTERS_AVX512_H

#include <immintrin.h>

#include "distance/kernels.h"

/* A file may have defined a TARGET that includes this one, such as codes_avx512.c with VNNI. */
#ifndef TARGET
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#endif
#define INLINE static pg_attribute_always_inline TARGET
#define LANES 16

typedef __m512 Floats;
typedef __m512i Words;
typedef int32 Integers __attribute__((vector_size(4 * LANES)));

INLINE Floats
set(float x)
{
	return _mm512_set1_ps(x);
}

INLINE Floats
multiply_add(Floats a, Floats b, Floats sum)
{
	return _mm512_fmadd_ps(a, b, sum);
}

INLINE Floats
absolute(Floats v)
{
	return _mm512_abs_ps(v);
}

/* b, where a or b is not a number, as with AVX2 */
INLINE Floats
minimum(Floats a, Floats b)
{
	return _mm512_min_ps(a, b);
}

INLINE Floats
maximum(Floats a, Floats b)
{
	return _mm512_max_ps(a, b);
}

INLINE Integers
rounded(Floats v)
{
	return (Integers) _mm512_cvtps_epi32(v);
}

INLINE Integers
truncated(Floats v)
{
	return (Integers) _mm512_cvttps_epi32(v);
}

INLINE Floats
to_floats(Integers v)
{
	return _mm512_cvtepi32_ps((__m512i) v);
}

/* The first step of a sum of lanes, as in sum_lanes() of the other files */
INLINE __m256
add_halves(Floats v)
{
	return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

INLINE float
sum_lanes(Floats v)
{
	__m256		eight = add_halves(v);
	__m128		s = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* As with AVX2, which the halves of the registers are added up for */
INLINE void
sum_four(const Floats v[4], float *sums)
{
	__m256		s = _mm256_hadd_ps(_mm256_hadd_ps(add_halves(v[0]), add_halves(v[1])),
								   _mm256_hadd_ps(add_halves(v[2]), add_halves(v[3])));

	_mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

/* Lanes of two registers, each of four lanes added to another of its own register */
INLINE __m512i
add_pairs(Integers a, Integers b)
{
	return _mm512_add_epi32(_mm512_unpacklo_epi32((__m512i) a, (__m512i) b),
							_mm512_unpackhi_epi32((__m512i) a, (__m512i) b));
}

/*
 * A transposition by halves: two registers become one whose lanes alternate between both, and two
 * such ones one with four sums in each quarter.  The quarters are added in the end.
 */
INLINE void
sum_four_integers(const Integers v[4], int32 *sums)
{
	__m512i		ab = add_pairs(v[0], v[1]);
	__m512i		cd = add_pairs(v[2], v[3]);
	__m512i		all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd),
									   _mm512_unpackhi_epi64(ab, cd));
	__m256i		half = _mm256_add_epi32(_mm512_castsi512_si256(all),
										_mm512_extracti64x4_epi64(all, 1));

	_mm_storeu_si128((__m128i *) sums, _mm_add_epi32(_mm256_castsi256_si128(half),
													 _mm256_extracti128_si256(half, 1)));
}

/* A mask that selects the first n lanes */
INLINE __mmask16
first_lanes(int n)
{
	Assert(n >= 0 && n <= LANES);
	return (__mmask16) ((1U << n) - 1);
}

INLINE Floats
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) ((const LokiHalf *) p + i)));
	if (element == LOKI_ELEMENT_U8)
		return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(
			_mm_loadu_si128((const __m128i *) ((const uint8 *) p + i))));
	return _mm512_loadu_ps((const float *) p + i);
}

/* Masked loads read nothing where the mask is 0, so that memory behind the array is not touched. */
INLINE Floats
load_first(LokiElement element, const void *p, int i, int n)
{
	__mmask16	mask = first_lanes(n);

	if (element == LOKI_ELEMENT_F16)
		return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, (const LokiHalf *) p + i));
	if (element == LOKI_ELEMENT_U8)
		return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(
			_mm_maskz_loadu_epi8(mask, (const uint8 *) p + i)));
	return _mm512_maskz_loadu_ps(mask, (const float *) p + i);
}

INLINE Floats
keep_first(Floats v, int n)
{
	return _mm512_maskz_mov_ps(first_lanes(n), v);
}

INLINE void
store_first(LokiElement element, void *p, int i, Floats v, int n)
{
	__mmask16	mask = first_lanes(n);

	if (element == LOKI_ELEMENT_F16)
		_mm256_mask_storeu_epi16((LokiHalf *) p + i, mask,
								 _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
	else if (element == LOKI_ELEMENT_I16)
		_mm512_mask_cvtepi32_storeu_epi16((int16 *) p + i, mask, _mm512_cvtps_epi32(v));
	else
		_mm512_mask_storeu_ps((float *) p + i, mask, v);
}

/* Masked stores of all lanes are as fast as others; the words of int16 are saturated. */
INLINE void
store(LokiElement element, void *p, int i, Floats v)
{
	if (element == LOKI_ELEMENT_F32)
		_mm512_storeu_ps((float *) p + i, v);
	else
		store_first(element, p, i, v, LANES);
}

/* The low bytes of the lanes, signed or not: the upper ones are cut off */
INLINE void
store_bytes(void *p, Integers v)
{
	_mm_storeu_si128((__m128i *) p, _mm512_cvtepi32_epi8((__m512i) v));
}

/* The first n of 2 * LANES int16, and zeros */
INLINE Words
load_words(const int16 *p, int n)
{
	/* a shift by 32 is undefined */
	Assert(n >= 0 && n <= 2 * LANES);
	return n == 2 * LANES ? _mm512_loadu_si512(p) :
		_mm512_maskz_loadu_epi16((1U << n) - 1, p);
}

/*
 * Products of words, added in pairs.  VNNI would do it in one instruction, but these kernels are for
 * all of AVX-512.
 */
INLINE Integers
add_words(Integers sum, Words a, Words b)
{
	return (Integers) _mm512_add_epi32((__m512i) sum, _mm512_madd_epi16(a, b));
}

#endif							/* LOKI_REGISTERS_AVX512_H */
