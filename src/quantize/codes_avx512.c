/*-------------------------------------------------------------------------
 *
 * codes_avx512.c
 *	  Code kernels for x86-64 with AVX-512 F, BW, VL, DQ and VNNI.
 *
 * A group of 64 dimensions is one register of bytes.  Processors with AVX-512
 * but no VNNI use codes_avx2.c.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_avx512.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/lanes.h"
#include "quantize/codes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

#define LANES 16				/* floats in a register */

/* A mask that selects the first n of sixteen elements, all if there are more */
static inline TARGET __mmask16
first_elements(int n)
{
	return n >= LANES ? 0xffff : (__mmask16) ((1 << n) - 1);
}

/* Sixteen bytes, in all quarters of a register */
static inline TARGET __m512i
load_bytes(const void *table)
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) table));
}

static TARGET void
center_avx512(int dim, int padded, const float *x, float scale,
			  const float *centroid, float *out)
{
	__m512		factor = _mm512_set1_ps(scale);

	for (int i = 0; i < padded; i += LANES)
	{
		__mmask16	mask = first_elements(Max(dim - i, 0));

		_mm512_storeu_ps(out + i,
						 _mm512_sub_ps(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + i), factor),
									   _mm512_maskz_loadu_ps(mask, centroid + i)));
	}
}

/*
 * Encoding: sixteen elements at a time.  Tables have eight entries, twice in
 * a register, since leading has three bits.
 */

static inline TARGET __m512
load_floats(const float *table)
{
	return _mm512_broadcast_f32x8(_mm256_loadu_ps(table));
}

static inline TARGET __m512
find_level(const LokiLevels *levels, __m512i leading, __m512i low)
{
	__m512i		kept = _mm512_and_si512(low, _mm512_set1_epi32(levels->mask));
	__m512		base = _mm512_permutexvar_ps(leading, load_floats(levels->base));
	__m512		step = _mm512_permutexvar_ps(leading, load_floats(levels->step));

	return _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(kept), base);
}

/* Encode sixteen elements, and add to one register of each sum. */
static pg_attribute_always_inline TARGET void
encode_sixteen(const float *r, __m512 scale, const LokiLevels *code, const LokiLevels *full,
			   uint8 *u, __m512 *code_dot, __m512 *full_dot, __m512 *full_norm2)
{
	__m512		v = _mm512_loadu_ps(r);
	__m512		magnitude = _mm512_abs_ps(v);
	__m512		a = _mm512_mul_ps(magnitude, scale);
	__m512i		leading = _mm512_setzero_si512();
	__mmask16	negative = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ);
	__m512		inside;
	__m512		level;
	__m512i		low;
	__m512i		value;

	for (int t = 1; t < 8; t++)
	{
		__mmask16	passed = _mm512_cmp_ps_mask(a, _mm512_set1_ps(loki_thresholds[t]),
												_CMP_GE_OQ);

		leading = _mm512_mask_add_epi32(leading, passed, leading, _mm512_set1_epi32(1));
	}
	inside = _mm512_sub_ps(a, _mm512_permutexvar_ps(leading, load_floats(loki_thresholds)));
	inside = _mm512_mul_ps(inside,
						   _mm512_permutexvar_ps(leading, load_floats(loki_inverse_widths)));
	low = _mm512_cvttps_epi32(_mm512_min_ps(inside, _mm512_set1_ps(15)));

	/* 128 + value, or 127 - value */
	value = _mm512_or_si512(_mm512_slli_epi32(leading, 4), low);
	value = _mm512_xor_si512(value, _mm512_mask_blend_epi32(negative, _mm512_set1_epi32(128),
															_mm512_set1_epi32(127)));
	_mm_storeu_si128((__m128i *) u, _mm512_cvtepi32_epi8(value));

	level = find_level(code, leading, low);
	*code_dot = _mm512_add_ps(*code_dot, _mm512_mul_ps(magnitude, level));
	if (full != NULL)
	{
		level = find_level(full, leading, low);
		*full_dot = _mm512_add_ps(*full_dot, _mm512_mul_ps(magnitude, level));
		*full_norm2 = _mm512_add_ps(*full_norm2, _mm512_mul_ps(level, level));
	}
}

static TARGET void
encode_avx512(int padded, const float *r, float scale, const LokiLevels *code,
			  const LokiLevels *full, uint8 *u, LokiEncodeSums *sums)
{
	__m512		zero = _mm512_setzero_ps();
	__m512		code_dot[LOKI_LANES_AVX512] = {zero, zero};
	__m512		full_dot[LOKI_LANES_AVX512] = {zero, zero};
	__m512		full_norm2[LOKI_LANES_AVX512] = {zero, zero};

	for (int i = 0; i < padded; i += LOKI_LANES)
		for (int k = 0; k < LOKI_LANES_AVX512; k++)
			encode_sixteen(r + i + k * LANES, _mm512_set1_ps(scale), code, full,
						   u + i + k * LANES, &code_dot[k], &full_dot[k], &full_norm2[k]);
	sums->code_dot = loki_add_lanes_avx512(code_dot);
	sums->full_dot = loki_add_lanes_avx512(full_dot);
	sums->full_norm2 = loki_add_lanes_avx512(full_norm2);
}

/*
 * Packed fields: the 128-bit lanes of a group's bytes share the bytes of the
 * packed form, each at its own bits.
 */

static inline TARGET __m512i
lane_shifts(int width)
{
	return width == 2 ?
		_mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6) :
		_mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4);
}

static TARGET void
pack_avx512(int groups, const uint8 *u, int width, int shift, uint8 *packed)
{
	__m128i		down = _mm_cvtsi32_si128(shift);
	__m512i		field = _mm512_set1_epi8((1 << width) - 1);

	for (int g = 0; g < groups; g++)
	{
		__m512i		v = _mm512_loadu_si512(u + g * LOKI_GROUP);
		__m256i		half;

		if (width == 1)
		{
			uint64		bits = _mm512_test_epi8_mask(v, _mm512_set1_epi8(1 << shift));

			memcpy(packed + g * sizeof(bits), &bits, sizeof(bits));
			continue;
		}
		v = _mm512_and_si512(_mm512_srl_epi16(v, down), field);
		v = _mm512_sllv_epi32(v, lane_shifts(width));
		half = _mm256_or_si256(_mm512_castsi512_si256(v),
							   _mm512_extracti64x4_epi64(v, 1));
		if (width == 4)
			_mm256_storeu_si256((__m256i *) (packed + g * 32), half);
		else
			_mm_storeu_si128((__m128i *) (packed + g * 16),
							 _mm_or_si128(_mm256_castsi256_si128(half),
										  _mm256_extracti128_si256(half, 1)));
	}
}

/* The fields of one group, as bytes */
static pg_attribute_always_inline TARGET __m512i
unpack_group(int width, const uint8 *packed)
{
	__m512i		v;

	if (width == 1)
	{
		uint64		bits;

		memcpy(&bits, packed, sizeof(bits));
		return _mm512_maskz_mov_epi8(bits, _mm512_set1_epi8(1));
	}
	if (width == 2)
		v = load_bytes(packed);
	else
		v = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) packed));
	v = _mm512_srlv_epi32(v, lane_shifts(width));
	return _mm512_and_si512(v, _mm512_set1_epi8((1 << width) - 1));
}

static pg_attribute_always_inline TARGET void
unpack_width(int groups, const uint8 *packed, int width, int shift, bool add,
			 uint8 *u)
{
	__m128i		up = _mm_cvtsi32_si128(shift);

	for (int g = 0; g < groups; g++)
	{
		__m512i		v = unpack_group(width, packed + g * 8 * width);

		v = _mm512_sll_epi16(v, up);
		if (add)
			v = _mm512_or_si512(v, _mm512_loadu_si512(u + g * LOKI_GROUP));
		_mm512_storeu_si512(u + g * LOKI_GROUP, v);
	}
}

/*
 * Queries
 */

static TARGET float
max_abs_avx512(int padded, const float *r)
{
	__m512		max = _mm512_setzero_ps();

	for (int i = 0; i < padded; i += LANES)
		max = _mm512_max_ps(max, _mm512_abs_ps(_mm512_loadu_ps(r + i)));
	return _mm512_reduce_max_ps(max);
}

static TARGET int32
quantize8_avx512(int padded, const float *r, float inverse, int8 *query)
{
	__m512		factor = _mm512_set1_ps(inverse);
	__m512i		sum = _mm512_setzero_si512();

	for (int i = 0; i < padded; i += LANES)
	{
		__m512i		v = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(r + i), factor));

		_mm_storeu_si128((__m128i *) (query + i), _mm512_cvtepi32_epi8(v));
		sum = _mm512_add_epi32(sum, v);
	}
	return _mm512_reduce_add_epi32(sum);
}

static TARGET int32
decode8_avx512(int groups, const uint8 *u, const LokiLevelTable *table,
			   int8 *query)
{
	__m512i		levels = load_bytes(table->small);
	__m512i		sum = _mm512_setzero_si512();

	for (int g = 0; g < groups; g++)
	{
		__m512i		v = _mm512_loadu_si512(u + g * LOKI_GROUP);

		v = _mm512_and_si512(_mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
		v = _mm512_shuffle_epi8(levels, v);
		_mm512_storeu_si512(query + g * LOKI_GROUP, v);
		sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), v);
	}
	return _mm512_reduce_add_epi32(sum);
}

/*
 * Dot products with the int8 query: four codes at a time, for the sake of one
 * common reduction.
 */

static pg_attribute_always_inline TARGET __m512i
add_group(int width, __m512i sum, const uint8 *packed, __m512i query)
{
	__m512i		v = unpack_group(width, packed);

	if (width == 4)
		v = _mm512_shuffle_epi8(load_bytes(loki_levels4), v);
	return _mm512_dpbusd_epi32(sum, v, query);
}

/* Sums of the elements of four registers */
static inline TARGET __m128i
reduce_four(__m512i a, __m512i b, __m512i c, __m512i d)
{
	__m512i		ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b),
									  _mm512_unpackhi_epi32(a, b));
	__m512i		cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d),
									  _mm512_unpackhi_epi32(c, d));
	__m512i		abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd),
										_mm512_unpackhi_epi64(ab, cd));
	__m256i		half = _mm256_add_epi32(_mm512_castsi512_si256(abcd),
										_mm512_extracti64x4_epi64(abcd, 1));

	return _mm_add_epi32(_mm256_castsi256_si128(half),
						 _mm256_extracti128_si256(half, 1));
}

static pg_attribute_always_inline TARGET void
dot_codes(int width, int groups, const int8 *query, const void *const *codes,
		  int n, int32 *dots)
{
	int			stride = 8 * width;
	int			i = 0;

	for (; i + 4 <= n; i += 4)
	{
		const uint8 *a = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		const uint8 *b = (const uint8 *) codes[i + 1] + LOKI_FACTOR_SIZE;
		const uint8 *c = (const uint8 *) codes[i + 2] + LOKI_FACTOR_SIZE;
		const uint8 *d = (const uint8 *) codes[i + 3] + LOKI_FACTOR_SIZE;
		__m512i		sa = _mm512_setzero_si512();
		__m512i		sb = sa;
		__m512i		sc = sa;
		__m512i		sd = sa;

		for (int g = 0; g < groups; g++)
		{
			__m512i		q = _mm512_load_si512(query + g * LOKI_GROUP);

			sa = add_group(width, sa, a + g * stride, q);
			sb = add_group(width, sb, b + g * stride, q);
			sc = add_group(width, sc, c + g * stride, q);
			sd = add_group(width, sd, d + g * stride, q);
		}
		_mm_storeu_si128((__m128i *) (dots + i), reduce_four(sa, sb, sc, sd));
	}
	for (; i < n; i++)
	{
		const uint8 *a = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		__m512i		sum = _mm512_setzero_si512();

		for (int g = 0; g < groups; g++)
			sum = add_group(width, sum, a + g * stride,
							_mm512_load_si512(query + g * LOKI_GROUP));
		dots[i] = _mm512_reduce_add_epi32(sum);
	}
}

/*
 * Full codes: 32 dimensions at a time as int16.  Partial sums of 32 bits are
 * emptied before they can overflow.
 */
#define FLUSH_DIMS	1024

static inline TARGET __m512i
add_levels(__m512i sum, const uint8 *u, __m512i base, __m512i step,
		   const int16 *query)
{
	__m512i		v = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *) u));
	__m512i		leading = _mm512_srli_epi16(v, 4);
	__m512i		low = _mm512_and_si512(v, _mm512_set1_epi16(15));
	__m512i		inside = _mm512_mullo_epi16(_mm512_permutexvar_epi16(leading, step), low);
	__m512i		level = _mm512_add_epi16(_mm512_permutexvar_epi16(leading, base), inside);

	return _mm512_dpwssd_epi32(sum, level, _mm512_loadu_si512(query));
}

static TARGET int64
dot16_avx512(int groups, const uint8 *u, const LokiLevelTable *table,
			 const int16 *query)
{
	__m512i		base = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) table->base));
	__m128i		step_bytes = _mm_loadu_si128((const __m128i *) table->step);
	__m512i		step = _mm512_broadcast_i64x4(_mm256_cvtepu8_epi16(step_bytes));
	__m512i		total = _mm512_setzero_si512();
	int			dims = groups * LOKI_GROUP;

	for (int start = 0; start < dims; start += FLUSH_DIMS)
	{
		int			end = Min(start + FLUSH_DIMS, dims);
		__m512i		sum = _mm512_setzero_si512();
		__m512i		sum2 = _mm512_setzero_si512();

		for (int i = start; i < end; i += LOKI_GROUP)
		{
			sum = add_levels(sum, u + i, base, step, query + i);
			sum2 = add_levels(sum2, u + i + 32, base, step, query + i + 32);
		}
		sum = _mm512_add_epi32(sum, sum2);
		total = _mm512_add_epi64(total, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum)));
		total = _mm512_add_epi64(total, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1)));
	}
	return _mm512_reduce_add_epi64(total);
}

/* The absolute differences of sixteen elements, zero where not selected */
static inline TARGET __m512
differences(__mmask16 mask, const float *q, const uint8 *u, float step,
			float offset)
{
	__m512		v = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, u)));

	v = _mm512_fmadd_ps(v, _mm512_set1_ps(step), _mm512_set1_ps(offset));
	return _mm512_abs_ps(_mm512_maskz_sub_ps(mask, v, _mm512_maskz_loadu_ps(mask, q)));
}

static TARGET float
l1_u8_avx512(int dim, const float *q, const uint8 *u, float step, float offset)
{
	__m512		sum = _mm512_setzero_ps();
	__m512		sum2 = _mm512_setzero_ps();
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		sum = _mm512_add_ps(sum, differences(0xffff, q + i, u + i, step, offset));
		sum2 = _mm512_add_ps(sum2, differences(0xffff, q + i + LANES, u + i + LANES, step, offset));
	}
	for (; i < dim; i += LANES)
		sum = _mm512_add_ps(sum, differences(first_elements(dim - i), q + i, u + i, step, offset));
	return _mm512_reduce_add_ps(_mm512_add_ps(sum, sum2));
}

/* 32 codes are a register of AVX2, and their tables half of one */
#define bounds_avx512 loki_bounds_avx2

LOKI_DEFINE_WIDTHS(TARGET, avx512)

const LokiCodeKernels loki_codes_avx512 = LOKI_CODE_KERNELS(LOKI_SIMD_AVX512, "avx512vnni", avx512);

#endif							/* __x86_64__ */
