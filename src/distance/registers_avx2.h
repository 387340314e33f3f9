/*-------------------------------------------------------------------------
 *
 * registers_avx2.h
 *	  Vector registers of x86-64 with AVX2, FMA and F16C, for the loops of *_simd.h.
 *
 * Each registers_*.h defines the same names: TARGET, the attribute of functions; LANES, the
 * floats of a register; Floats and Integers, registers of LANES float32 and int32, which take
 * C's operators; Words, of 2 * LANES int16; and the functions below.  load_first() and
 * store_first() touch the first n elements in memory alone (0 <= n <= LANES); the other lanes
 * are read as zeros.  That is what lets kernels take arrays that end where a page ends: a
 * value may be the last on a buffer, and a read behind it would be one of foreign memory.
 *
 * All functions are forced inline.  `element` is a constant wherever they are called, so that
 * of their branches one is left.  The files that include this one have no compiler flags of
 * their own; a function without TARGET could not take these registers.
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

/* All lanes x */
INLINE Floats
set(float x)
{
	return _mm256_set1_ps(x);
}

/* a * b + sum, rounded once; what has to be equal on all processors does not use it (lanes.h) */
INLINE Floats
multiply_add(Floats a, Floats b, Floats sum)
{
	return _mm256_fmadd_ps(a, b, sum);
}

/* The sign bit is cut off, so that -0 and NaN are as after fabsf(). */
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

/* b, where a or b is not a number; NEON gives the number: callers rely on neither */
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

/* Towards zero; what is out of the range of int32 comes out differently on other processors */
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

/*
 * The upper half of the lanes is added to the lower one, until one is left: the order of
 * loki_add_lanes(), which stored sums depend on.
 */
INLINE float
sum_lanes(Floats v)
{
	__m128		s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/*
 * The lanes of each of four registers, added up.  The horizontal adds work within the halves of a
 * register, so that two halves are left, each with all four sums.  The order of additions is another
 * than that of sum_lanes().
 */
INLINE void
sum_four(const Floats v[4], float *sums)
{
	__m256		s = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));

	_mm_storeu_ps(sums, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

/* Sums that leave int32 wrap around, as those of add_words() do. */
INLINE void
sum_four_integers(const Integers v[4], int32 *sums)
{
	__m256i		s = _mm256_hadd_epi32(_mm256_hadd_epi32((__m256i) v[0], (__m256i) v[1]),
									  _mm256_hadd_epi32((__m256i) v[2], (__m256i) v[3]));

	_mm_storeu_si128((__m128i *) sums, _mm_add_epi32(_mm256_castsi256_si128(s),
													 _mm256_extracti128_si256(s, 1)));
}

/* LANES elements from number i on, as floats.  U8 reads LANES bytes alone, not a register's. */
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
	/* of eight times -1 and eight times 0, the eight that begin with n times -1 */
	static const int32 window[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

	Assert(n >= 0 && n <= LANES);
	return _mm256_loadu_si256((const __m256i *) (window + LANES - n));
}

/*
 * The first n of 2 * LANES int16, and zeros.  AVX2 masks loads of 32 bits only, so pairs are
 * loaded, and the last of an odd number is put beside them.
 */
INLINE __m256i
load_words(const void *p, int n)
{
	/* read from where the -1 is word n - 1 */
	static const int16 last[4 * LANES] = {[2 * LANES] = -1};
	__m256i		words;

	Assert(n >= 0 && n <= 2 * LANES);
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
	/* U8: collected in a word, whose lowest byte is element i */
	for (int k = n; k > 0; k--)
		bytes = bytes << 8 | ((const uint8 *) p + i)[k - 1];
	return load(element, &bytes, 0);
}

/* The first n lanes; zeros in the others */
INLINE Floats
keep_first(Floats v, int n)
{
	return _mm256_and_ps(v, _mm256_castsi256_ps(first_lanes(n)));
}

/*
 * Integers are rounded, and have to be in the range of int16: packing saturates here, and cuts off
 * the upper bits on other processors.
 */
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

/* The low bytes of the lanes, which have to be 0 to 255: packing saturates what is not */
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
