/*-------------------------------------------------------------------------
 *
 * codes_avx512.c
 *	  Code kernels for x86-64 with AVX-512 F, BW, VL, DQ and VNNI.
 *
 * A group of 64 dimensions is one register of bytes.  Processors with AVX-512
 * but no VNNI, the instruction that multiplies bytes and adds them up as int32,
 * use codes_avx2.c.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_avx512.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

#if defined(__x86_64__)

/* Before the header, which would set one without VNNI */
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#include "distance/registers_avx512.h"

#define BYTES 64
#define PARTS (LOKI_GROUP / BYTES)

typedef __m512i Bytes;

/* As in codes_avx2.c, at distance 1, 2, 4, 8; masks say which elements become differences */
INLINE Floats
within(Floats v)
{
	__m512		one = _mm512_set1_ps(1);

	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xaaaa, _mm512_setzero_ps(), one),
						_mm512_permute_ps(v, 0xb1));
	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xcccc, _mm512_setzero_ps(), one),
						_mm512_permute_ps(v, 0x4e));
	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xf0f0, _mm512_setzero_ps(), one),
						_mm512_shuffle_f32x4(v, v, 0xb1));
	return _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xff00, _mm512_setzero_ps(), one),
						   _mm512_shuffle_f32x4(v, v, 0x4e));
}

/* Signs of 16 dimensions are 16 bits, which are the mask. */
INLINE Floats
flip(Floats v, const uint8 *signs, int i)
{
	__mmask16	minus;

	memcpy(&minus, signs + i / 8, sizeof(minus));
	return _mm512_mask_xor_ps(v, minus, v, _mm512_set1_ps(-0.0f));
}

/* Tables have eight entries, twice in a register, since i has three bits. */
INLINE Floats
pick(const float *table, Integers i)
{
	return _mm512_permutexvar_ps((__m512i) i, _mm512_broadcast_f32x8(_mm256_loadu_ps(table)));
}

INLINE float
largest_lane(Floats v)
{
	return _mm512_reduce_max_ps(v);
}

INLINE int32
sum_integers(Integers v)
{
	return _mm512_reduce_add_epi32((__m512i) v);
}

/* As in codes_avx2.c */
INLINE int64
sum_wide(Integers v)
{
	__m512i		low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256((__m512i) v));
	__m512i		high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64((__m512i) v, 1));

	return _mm512_reduce_add_epi64(_mm512_add_epi64(low, high));
}

INLINE Bytes
load_bytes(const void *p)
{
	return _mm512_loadu_si512(p);
}

INLINE void
store_bytes_at(void *p, Bytes v)
{
	_mm512_storeu_si512(p, v);
}

/* In all quarters of a register */
INLINE Bytes
load_table(const void *table)
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) table));
}

INLINE Bytes
look_up(Bytes table, Bytes v)
{
	return _mm512_shuffle_epi8(table, v);
}

INLINE Bytes
high_nibbles(Bytes v)
{
	return _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
}

/* By 16 bits, as in codes_avx2.c */
INLINE Bytes
shift_up(Bytes v, int n)
{
	return _mm512_sll_epi16(v, _mm_cvtsi32_si128(n));
}

INLINE Integers
add_bytes(Integers sum, Bytes v)
{
	return (Integers) _mm512_dpbusd_epi32((__m512i) sum, _mm512_set1_epi8(1), v);
}

/*
 * Packed fields: the 128-bit lanes of a group's bytes share the bytes of the
 * packed form, each at its own bits.
 */

/* Where each 128-bit lane keeps its fields: 16 dimensions of 2 bits, or 32 of 4 */
INLINE __m512i
lane_shifts(int width)
{
	return width == 2 ?
		_mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6) :
		_mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
}

/* Fields are shifted to their bits, and then halves of the register are put one on another. */
INLINE void
pack_group(int width, int shift, const uint8 *u, uint8 *packed)
{
	Bytes		v = load_bytes(u);
	__m256i		half;

	if (width == 1)
	{
		uint64		bits = _mm512_test_epi8_mask(v, _mm512_set1_epi8(1 << shift));

		memcpy(packed, &bits, sizeof(bits));
		return;
	}
	v = _mm512_and_si512(_mm512_srl_epi16(v, _mm_cvtsi32_si128(shift)),
						 _mm512_set1_epi8((1 << width) - 1));
	v = _mm512_sllv_epi32(v, lane_shifts(width));
	half = _mm256_or_si256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
	if (width == 4)
		_mm256_storeu_si256((__m256i *) packed, half);
	else
		_mm_storeu_si128((__m128i *) packed, _mm_or_si128(_mm256_castsi256_si128(half),
														  _mm256_extracti128_si256(half, 1)));
}

/* The whole group: part is 0.  Bits of one dimension each are a mask, as they lie. */
INLINE Bytes
unpack_part(int width, int part, const uint8 *packed)
{
	Bytes		v;

	Assert(part == 0);
	if (width == 1)
	{
		uint64		bits;

		memcpy(&bits, packed, sizeof(bits));
		return _mm512_maskz_mov_epi8(bits, _mm512_set1_epi8(1));
	}
	if (width == 2)
		v = load_table(packed);
	else
		v = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) packed));
	v = _mm512_srlv_epi32(v, lane_shifts(width));
	return _mm512_and_si512(v, _mm512_set1_epi8((1 << width) - 1));
}

/*
 * One instruction multiplies unsigned with signed bytes and adds four products to an int32: nothing
 * saturates.
 */
INLINE Integers
add_group(int width, Integers sum, const uint8 *packed, const int8 *query)
{
	Bytes		v = unpack_part(width, 0, packed);

	if (width == 4)
		v = look_up(load_table(loki_levels4), v);
	return (Integers) _mm512_dpbusd_epi32((__m512i) sum, v, load_bytes(query));
}

/* 32 dimensions as int16; AVX-512 looks up words, by five bits, so each table is there twice */
typedef struct Levels
{
	__m512i		base;
	__m512i		step;
} Levels;

INLINE Levels
load_levels(const LokiLevelTable *table)
{
	__m128i		steps = _mm_loadu_si128((const __m128i *) table->step);

	return (Levels)
	{
		_mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) table->base)),
			_mm512_broadcast_i64x4(_mm256_cvtepu8_epi16(steps))
	};
}

INLINE Integers
add_half(Integers sum, const Levels *levels, const uint8 *u, const int16 *query)
{
	__m512i		v = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *) u));
	__m512i		leading = _mm512_srli_epi16(v, 4);
	__m512i		low = _mm512_and_si512(v, _mm512_set1_epi16(15));
	__m512i		inside = _mm512_mullo_epi16(_mm512_permutexvar_epi16(leading, levels->step), low);
	__m512i		level = _mm512_add_epi16(_mm512_permutexvar_epi16(leading, levels->base), inside);

	return (Integers) _mm512_dpwssd_epi32((__m512i) sum, level, load_bytes(query));
}

INLINE Integers
add_levels(Integers sum, const Levels *levels, const uint8 *u, const int16 *query)
{
	return add_half(add_half(sum, levels, u, query), levels, u + 32, query + 32);
}


#include "quantize/codes_simd.h"

/* 32 codes are a register of AVX2, and a table is half of one: wider registers have nothing to hold */
#define score_block loki_bounds_avx2

const LokiCodeKernels loki_codes_avx512 = LOKI_CODE_KERNELS(LOKI_SIMD_AVX512, "avx512vnni");

#endif							/* __x86_64__ */
