/*-------------------------------------------------------------------------
 *
 * codes_avx2.c
 *	  Code kernels for x86-64 with AVX2 and FMA.
 *
 * A group of 64 dimensions is two registers of bytes.  Products of levels and
 * query are added in pairs as int16, which levels of at most 127 leave exact.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_avx2.c
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

#define TARGET __attribute__((target("avx2,fma")))

#define LANES 8					/* floats in a register */

StaticAssertDecl(LOKI_BRIEF_LEAST == LANES, "a register has the least bounds of a block");

static inline TARGET float
sum_floats(__m256 v)
{
	__m128		half = _mm_add_ps(_mm256_castps256_ps128(v),
								  _mm256_extractf128_ps(v, 1));

	half = _mm_add_ps(half, _mm_movehl_ps(half, half));
	return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

static inline TARGET int32
sum_ints(__m256i v)
{
	__m128i		half = _mm_add_epi32(_mm256_castsi256_si128(v),
									 _mm256_extracti128_si256(v, 1));

	half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
	return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

static inline TARGET __m256
absolute(__m256 v)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

/* Sixteen bytes, in both halves of a register */
static inline TARGET __m256i
load_table(const void *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) table));
}

static TARGET void
center_avx2(int dim, int padded, const float *x, float scale,
			const float *centroid, float *out)
{
	__m256		factor = _mm256_set1_ps(scale);
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
		_mm256_storeu_ps(out + i,
						 _mm256_sub_ps(_mm256_mul_ps(_mm256_loadu_ps(x + i), factor),
									   _mm256_loadu_ps(centroid + i)));
	for (; i < dim; i++)
		out[i] = x[i] * scale - centroid[i];
	memset(out + dim, 0, (padded - dim) * sizeof(float));
}

/*
 * Encoding: eight elements at a time, from tables of eight entries.
 */

static inline TARGET __m256
find_level(const LokiLevels *levels, __m256i leading, __m256i low)
{
	__m256i		kept = _mm256_and_si256(low, _mm256_set1_epi32(levels->mask));
	__m256		base = _mm256_permutevar8x32_ps(_mm256_loadu_ps(levels->base), leading);
	__m256		step = _mm256_permutevar8x32_ps(_mm256_loadu_ps(levels->step), leading);

	return _mm256_fmadd_ps(step, _mm256_cvtepi32_ps(kept), base);
}

/* Encode eight elements, and add to one register of each sum. */
static pg_attribute_always_inline TARGET void
encode_eight(const float *r, __m256 scale, const LokiLevels *code, const LokiLevels *full,
			 uint8 *u, __m256 *code_dot, __m256 *full_dot, __m256 *full_norm2)
{
	__m256		v = _mm256_loadu_ps(r);
	__m256		magnitude = absolute(v);
	__m256		a = _mm256_mul_ps(magnitude, scale);
	__m256		negative = _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ);
	__m256i		leading = _mm256_setzero_si256();
	__m256		inside;
	__m256		level;
	__m256i		low;
	__m256i		value;
	__m128i		words;

	/* a comparison that holds is -1 */
	for (int t = 1; t < 8; t++)
	{
		__m256		passed = _mm256_cmp_ps(a, _mm256_set1_ps(loki_thresholds[t]),
										   _CMP_GE_OQ);

		leading = _mm256_sub_epi32(leading, _mm256_castps_si256(passed));
	}
	inside = _mm256_sub_ps(a, _mm256_permutevar8x32_ps(_mm256_loadu_ps(loki_thresholds),
													   leading));
	inside = _mm256_mul_ps(inside,
						   _mm256_permutevar8x32_ps(_mm256_loadu_ps(loki_inverse_widths),
													leading));
	low = _mm256_cvttps_epi32(_mm256_min_ps(inside, _mm256_set1_ps(15)));

	/* 128 + value, or 127 - value */
	value = _mm256_or_si256(_mm256_slli_epi32(leading, 4), low);
	value = _mm256_xor_si256(value, _mm256_blendv_epi8(_mm256_set1_epi32(128),
													   _mm256_set1_epi32(127),
													   _mm256_castps_si256(negative)));
	words = _mm_packs_epi32(_mm256_castsi256_si128(value),
							_mm256_extracti128_si256(value, 1));
	_mm_storel_epi64((__m128i *) u, _mm_packus_epi16(words, words));

	level = find_level(code, leading, low);
	*code_dot = _mm256_add_ps(*code_dot, _mm256_mul_ps(magnitude, level));
	if (full != NULL)
	{
		level = find_level(full, leading, low);
		*full_dot = _mm256_add_ps(*full_dot, _mm256_mul_ps(magnitude, level));
		*full_norm2 = _mm256_add_ps(*full_norm2, _mm256_mul_ps(level, level));
	}
}

static TARGET void
encode_avx2(int padded, const float *r, float scale, const LokiLevels *code,
			const LokiLevels *full, uint8 *u, LokiEncodeSums *sums)
{
	__m256		zero = _mm256_setzero_ps();
	__m256		code_dot[LOKI_LANES_AVX2] = {zero, zero, zero, zero};
	__m256		full_dot[LOKI_LANES_AVX2] = {zero, zero, zero, zero};
	__m256		full_norm2[LOKI_LANES_AVX2] = {zero, zero, zero, zero};

	for (int i = 0; i < padded; i += LOKI_LANES)
		for (int k = 0; k < LOKI_LANES_AVX2; k++)
			encode_eight(r + i + k * LANES, _mm256_set1_ps(scale), code, full,
						 u + i + k * LANES, &code_dot[k], &full_dot[k], &full_norm2[k]);
	sums->code_dot = loki_add_lanes_avx2(code_dot);
	sums->full_dot = loki_add_lanes_avx2(full_dot);
	sums->full_norm2 = loki_add_lanes_avx2(full_norm2);
}

/*
 * Packed fields, in halves of a group
 */

/* Where the 128-bit lanes of a half keep their pairs of bits */
static inline TARGET __m256i
pair_shifts(int half)
{
	return half == 0 ? _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2) :
		_mm256_setr_epi32(4, 4, 4, 4, 6, 6, 6, 6);
}

static TARGET void
pack_avx2(int groups, const uint8 *u, int width, int shift, uint8 *packed)
{
	__m128i		down = _mm_cvtsi32_si128(shift);
	__m128i		up = _mm_cvtsi32_si128(7 - shift);
	__m256i		field = _mm256_set1_epi8((1 << width) - 1);

	for (int g = 0; g < groups; g++)
	{
		__m256i		a = _mm256_loadu_si256((const __m256i *) (u + g * LOKI_GROUP));
		__m256i		b = _mm256_loadu_si256((const __m256i *) (u + g * LOKI_GROUP + 32));

		if (width == 1)
		{
			uint32		bits[2];

			bits[0] = _mm256_movemask_epi8(_mm256_sll_epi16(a, up));
			bits[1] = _mm256_movemask_epi8(_mm256_sll_epi16(b, up));
			memcpy(packed + g * sizeof(bits), bits, sizeof(bits));
			continue;
		}
		a = _mm256_and_si256(_mm256_srl_epi16(a, down), field);
		b = _mm256_and_si256(_mm256_srl_epi16(b, down), field);
		if (width == 4)
			_mm256_storeu_si256((__m256i *) (packed + g * 32),
								_mm256_or_si256(a, _mm256_slli_epi16(b, 4)));
		else
		{
			a = _mm256_or_si256(_mm256_sllv_epi32(a, pair_shifts(0)),
								_mm256_sllv_epi32(b, pair_shifts(1)));
			_mm_storeu_si128((__m128i *) (packed + g * 16),
							 _mm_or_si128(_mm256_castsi256_si128(a),
										  _mm256_extracti128_si256(a, 1)));
		}
	}
}

/* The fields of half a group, as bytes */
static pg_attribute_always_inline TARGET __m256i
unpack_half(int width, int half, const uint8 *packed)
{
	__m256i		v;

	if (width == 1)
	{
		__m256i		bit = _mm256_set1_epi64x(INT64CONST(0x8040201008040201));
		int32		word;

		memcpy(&word, packed + 4 * half, sizeof(word));
		v = _mm256_shuffle_epi8(_mm256_set1_epi32(word),
								_mm256_setr_epi32(0, 0, 0x01010101, 0x01010101,
												  0x02020202, 0x02020202,
												  0x03030303, 0x03030303));
		v = _mm256_cmpeq_epi8(_mm256_and_si256(v, bit), bit);
	}
	else if (width == 2)
	{
		v = load_table(packed);
		v = _mm256_srlv_epi32(v, pair_shifts(half));
	}
	else
	{
		v = _mm256_loadu_si256((const __m256i *) packed);
		if (half == 1)
			v = _mm256_srli_epi16(v, 4);
	}
	return _mm256_and_si256(v, _mm256_set1_epi8((1 << width) - 1));
}

static pg_attribute_always_inline TARGET void
unpack_width(int groups, const uint8 *packed, int width, int shift, bool add,
			 uint8 *u)
{
	__m128i		up = _mm_cvtsi32_si128(shift);

	for (int g = 0; g < groups; g++)
	{
		for (int half = 0; half < 2; half++)
		{
			__m256i    *out = (__m256i *) (u + g * LOKI_GROUP + 32 * half);
			__m256i		v = unpack_half(width, half, packed + g * 8 * width);

			v = _mm256_sll_epi16(v, up);
			if (add)
				v = _mm256_or_si256(v, _mm256_loadu_si256(out));
			_mm256_storeu_si256(out, v);
		}
	}
}

/*
 * Queries
 */

static TARGET float
max_abs_avx2(int padded, const float *r)
{
	__m256		max = _mm256_setzero_ps();
	float		lanes[LANES];
	float		result = 0;

	for (int i = 0; i < padded; i += LANES)
		max = _mm256_max_ps(max, absolute(_mm256_loadu_ps(r + i)));
	_mm256_storeu_ps(lanes, max);
	for (int i = 0; i < LANES; i++)
		result = Max(result, lanes[i]);
	return result;
}

/* Eight elements times factor, as int16 */
static inline TARGET __m128i
round_words(const float *r, __m256 factor)
{
	__m256i		v = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(r), factor));

	return _mm_packs_epi32(_mm256_castsi256_si128(v),
						   _mm256_extracti128_si256(v, 1));
}

static TARGET int32
quantize8_avx2(int padded, const float *r, float inverse, int8 *query)
{
	__m256		factor = _mm256_set1_ps(inverse);
	__m256i		sum = _mm256_setzero_si256();

	for (int i = 0; i < padded; i += 2 * LANES)
	{
		__m128i		a = round_words(r + i, factor);
		__m128i		b = round_words(r + i + LANES, factor);
		__m256i		words = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);

		_mm_storeu_si128((__m128i *) (query + i), _mm_packs_epi16(a, b));
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
	}
	return sum_ints(sum);
}

static TARGET int32
decode8_avx2(int groups, const uint8 *u, const LokiLevelTable *table,
			 int8 *query)
{
	__m256i		levels = load_table(table->small);
	__m256i		ones = _mm256_set1_epi16(1);
	__m256i		sum = _mm256_setzero_si256();

	for (int i = 0; i < groups * LOKI_GROUP; i += 32)
	{
		__m256i		v = _mm256_loadu_si256((const __m256i *) (u + i));
		__m256i		pairs;

		v = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
		v = _mm256_shuffle_epi8(levels, v);
		_mm256_storeu_si256((__m256i *) (query + i), v);
		pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), v);
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
	}
	return sum_ints(sum);
}

/*
 * Dot products with the int8 query: four codes at a time, for the sake of one
 * common reduction.
 */

static pg_attribute_always_inline TARGET __m256i
add_group(int width, __m256i sum, const uint8 *packed, __m256i qa, __m256i qb)
{
	__m256i		ones = _mm256_set1_epi16(1);
	__m256i		a = unpack_half(width, 0, packed);
	__m256i		b = unpack_half(width, 1, packed);

	if (width == 4)
	{
		__m256i		levels = load_table(loki_levels4);

		a = _mm256_maddubs_epi16(_mm256_shuffle_epi8(levels, a), qa);
		b = _mm256_maddubs_epi16(_mm256_shuffle_epi8(levels, b), qb);
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, ones));
		return _mm256_add_epi32(sum, _mm256_madd_epi16(b, ones));
	}
	a = _mm256_add_epi16(_mm256_maddubs_epi16(a, qa), _mm256_maddubs_epi16(b, qb));
	return _mm256_add_epi32(sum, _mm256_madd_epi16(a, ones));
}

static pg_attribute_always_inline TARGET void
dot_codes(int width, int groups, const int8 *query, const void *const *codes,
		  int n, int32 *dots)
{
	const __m256i *q = (const __m256i *) query;
	int			stride = 8 * width;
	int			i = 0;

	for (; i + 4 <= n; i += 4)
	{
		const uint8 *a = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		const uint8 *b = (const uint8 *) codes[i + 1] + LOKI_FACTOR_SIZE;
		const uint8 *c = (const uint8 *) codes[i + 2] + LOKI_FACTOR_SIZE;
		const uint8 *d = (const uint8 *) codes[i + 3] + LOKI_FACTOR_SIZE;
		__m256i		sa = _mm256_setzero_si256();
		__m256i		sb = sa;
		__m256i		sc = sa;
		__m256i		sd = sa;

		for (int g = 0; g < groups; g++)
		{
			sa = add_group(width, sa, a + g * stride, q[2 * g], q[2 * g + 1]);
			sb = add_group(width, sb, b + g * stride, q[2 * g], q[2 * g + 1]);
			sc = add_group(width, sc, c + g * stride, q[2 * g], q[2 * g + 1]);
			sd = add_group(width, sd, d + g * stride, q[2 * g], q[2 * g + 1]);
		}
		sa = _mm256_hadd_epi32(_mm256_hadd_epi32(sa, sb), _mm256_hadd_epi32(sc, sd));
		_mm_storeu_si128((__m128i *) (dots + i),
						 _mm_add_epi32(_mm256_castsi256_si128(sa),
									   _mm256_extracti128_si256(sa, 1)));
	}
	for (; i < n; i++)
	{
		const uint8 *a = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		__m256i		sum = _mm256_setzero_si256();

		for (int g = 0; g < groups; g++)
			sum = add_group(width, sum, a + g * stride, q[2 * g], q[2 * g + 1]);
		dots[i] = sum_ints(sum);
	}
}

/*
 * Full codes: the int16 levels of 32 dimensions are put together from bytes.
 * Partial sums of 32 bits are emptied before they can overflow.
 */
#define FLUSH_DIMS	1024

/* Add products of sixteen levels with the query, in pairs. */
static inline TARGET __m256i
add_levels(__m256i sum, __m256i base, __m256i step, __m256i low,
		   const int16 *query)
{
	__m256i		level = _mm256_add_epi16(base, _mm256_mullo_epi16(step, low));
	__m256i		q = _mm256_loadu_si256((const __m256i *) query);

	return _mm256_add_epi32(sum, _mm256_madd_epi16(level, q));
}

static TARGET int64
dot16_avx2(int groups, const uint8 *u, const LokiLevelTable *table,
		   const int16 *query)
{
	__m256i		zero = _mm256_setzero_si256();
	__m256i		nibble = _mm256_set1_epi8(15);
	__m256i		words = _mm256_loadu_si256((const __m256i *) table->base);
	__m256i		bytes = _mm256_packus_epi16(_mm256_and_si256(words, _mm256_set1_epi16(255)),
											_mm256_srli_epi16(words, 8));
	__m256i		low_bytes = _mm256_permute4x64_epi64(bytes, 0x88);
	__m256i		high_bytes = _mm256_permute4x64_epi64(bytes, 0xdd);
	__m256i		steps = load_table(table->step);
	__m256i		total = zero;
	int			dims = groups * LOKI_GROUP;
	int64		parts[4];

	for (int start = 0; start < dims; start += FLUSH_DIMS)
	{
		int			end = Min(start + FLUSH_DIMS, dims);
		__m256i		sum = zero;

		for (int i = start; i < end; i += 32)
		{
			/* quarters in the order that unpacking makes natural again */
			__m256i		natural = _mm256_loadu_si256((const __m256i *) (u + i));
			__m256i		v = _mm256_permute4x64_epi64(natural, 0xd8);
			__m256i		leading = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
			__m256i		low = _mm256_and_si256(v, nibble);
			__m256i		base_low = _mm256_shuffle_epi8(low_bytes, leading);
			__m256i		base_high = _mm256_shuffle_epi8(high_bytes, leading);
			__m256i		step = _mm256_shuffle_epi8(steps, leading);

			sum = add_levels(sum, _mm256_unpacklo_epi8(base_low, base_high),
							 _mm256_unpacklo_epi8(step, zero),
							 _mm256_unpacklo_epi8(low, zero), query + i);
			sum = add_levels(sum, _mm256_unpackhi_epi8(base_low, base_high),
							 _mm256_unpackhi_epi8(step, zero),
							 _mm256_unpackhi_epi8(low, zero), query + i + 16);
		}
		total = _mm256_add_epi64(total, _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sum)));
		total = _mm256_add_epi64(total, _mm256_cvtepi32_epi64(_mm256_extracti128_si256(sum, 1)));
	}
	_mm256_storeu_si256((__m256i *) parts, total);
	return parts[0] + parts[1] + parts[2] + parts[3];
}

/* The absolute differences of eight elements */
static inline TARGET __m256
differences(const float *q, const uint8 *u, float step, float offset)
{
	__m128i		bytes = _mm_loadl_epi64((const __m128i *) u);
	__m256		v = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));

	v = _mm256_fmadd_ps(v, _mm256_set1_ps(step), _mm256_set1_ps(offset));
	return absolute(_mm256_sub_ps(v, _mm256_loadu_ps(q)));
}

static TARGET float
l1_u8_avx2(int dim, const float *q, const uint8 *u, float step, float offset)
{
	__m256		sum = _mm256_setzero_ps();
	__m256		sum2 = _mm256_setzero_ps();
	float		tail = 0;
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		sum = _mm256_add_ps(sum, differences(q + i, u + i, step, offset));
		sum2 = _mm256_add_ps(sum2, differences(q + i + LANES, u + i + LANES, step, offset));
	}
	for (; i < dim; i++)
		tail += fabsf(q[i] - (offset + step * u[i]));
	return sum_floats(_mm256_add_ps(sum, sum2)) + tail;
}

/* Eight bounds, of as many sums */
static inline TARGET __m256
eight_bounds(const float *add, __m128i sums, __m256 constant, __m256 start, __m256 step,
			 float *bounds)
{
	__m256		t = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums));
	__m256		terms = _mm256_fmadd_ps(step, t, start);
	__m256		result = _mm256_add_ps(_mm256_loadu_ps(add), constant);

	result = _mm256_fmadd_ps(_mm256_loadu_ps(add + LOKI_BRIEF_BLOCK), terms, result);
	_mm256_storeu_ps(bounds, result);
	return result;
}

/* What 32 codes have in the two tables of a byte of their bits */
static inline TARGET __m256i
look_up(const uint8 *tables, __m256i bits)
{
	__m256i		nibble = _mm256_set1_epi8(15);
	__m256i		low = _mm256_and_si256(bits, nibble);
	__m256i		high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble);

	return _mm256_add_epi8(_mm256_shuffle_epi8(load_table(tables), low),
						   _mm256_shuffle_epi8(load_table(tables + 16), high));
}

/* Sums of even and of odd codes are apart until the end */
void		TARGET
loki_bounds_avx2(int groups, const uint8 *tables, const void *block, float constant, float start,
				 float step, float *bounds, float *least)
{
	const float *add = block;
	const uint8 *bits = (const uint8 *) (add + 2 * LOKI_BRIEF_BLOCK);
	__m256i		even = _mm256_setzero_si256();
	__m256i		odd = _mm256_setzero_si256();
	__m256i		low;
	__m256i		high;
	__m256		constants = _mm256_set1_ps(constant);
	__m256		starts = _mm256_set1_ps(start);
	__m256		steps = _mm256_set1_ps(step);
	__m256		lanes = _mm256_set1_ps(FLT_MAX);

	for (int i = 0; i < groups * (LOKI_GROUP / 8); i += 2)
	{
		__m256i		sums = _mm256_add_epi8(
										   look_up(tables, _mm256_loadu_si256((const __m256i *) bits)),
										   look_up(tables + 32, _mm256_loadu_si256((const __m256i *) (bits + 32))));

		even = _mm256_add_epi16(even, _mm256_and_si256(sums, _mm256_set1_epi16(255)));
		odd = _mm256_add_epi16(odd, _mm256_srli_epi16(sums, 8));
		tables += 64;
		bits += 64;
	}
	low = _mm256_unpacklo_epi16(even, odd);
	high = _mm256_unpackhi_epi16(even, odd);
	/* the second operand stays where the first is no number */
	lanes = _mm256_min_ps(eight_bounds(add, _mm256_castsi256_si128(low), constants, starts,
									   steps, bounds), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 8, _mm256_castsi256_si128(high), constants, starts,
									   steps, bounds + 8), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 16, _mm256_extracti128_si256(low, 1), constants,
									   starts, steps, bounds + 16), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 24, _mm256_extracti128_si256(high, 1), constants,
									   starts, steps, bounds + 24), lanes);
	_mm256_storeu_ps(least, lanes);
}

#define bounds_avx2 loki_bounds_avx2

LOKI_DEFINE_WIDTHS(TARGET, avx2)

const LokiCodeKernels loki_codes_avx2 = LOKI_CODE_KERNELS(LOKI_SIMD_AVX2, "avx2", avx2);

#endif							/* __x86_64__ */
