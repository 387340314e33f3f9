/*-------------------------------------------------------------------------
 *
 * codes_neon.c
 *	  Code kernels for arm64: the instructions that each such processor has.
 *
 * A group of 64 dimensions is four registers of bytes.  Products of levels
 * and query are added in pairs as int16, which levels of at most 127 leave
 * exact.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_neon.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/lanes.h"
#include "quantize/codes.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define LANES 4					/* floats in a register */

static void
center_neon(int dim, int padded, const float *x, float scale,
			const float *centroid, float *out)
{
	int			i = 0;

	for (; i + LANES <= dim; i += LANES)
		vst1q_f32(out + i, vsubq_f32(vmulq_n_f32(vld1q_f32(x + i), scale),
									 vld1q_f32(centroid + i)));
	for (; i < dim; i++)
		out[i] = x[i] * scale - centroid[i];
	memset(out + dim, 0, (padded - dim) * sizeof(float));
}

/*
 * Encoding: four elements at a time.  There is no lookup of floats: as each
 * threshold is passed, what depends on it is selected.
 */

/* The level of four elements, where passed[t] says that threshold t is */
static inline float32x4_t
find_level(const LokiLevels *levels, const uint32x4_t *passed, int32x4_t low)
{
	float32x4_t base = vdupq_n_f32(levels->base[0]);
	float32x4_t step = vdupq_n_f32(levels->step[0]);

	for (int t = 1; t < 8; t++)
	{
		base = vbslq_f32(passed[t], vdupq_n_f32(levels->base[t]), base);
		step = vbslq_f32(passed[t], vdupq_n_f32(levels->step[t]), step);
	}
	low = vandq_s32(low, vdupq_n_s32(levels->mask));
	return vfmaq_f32(base, step, vcvtq_f32_s32(low));
}

/* Encode four elements, and add to one register of each sum. */
static pg_attribute_always_inline void
encode_four(const float *r, float scale, const LokiLevels *code, const LokiLevels *full,
			uint8 *u, float32x4_t *code_dot, float32x4_t *full_dot, float32x4_t *full_norm2)
{
	float32x4_t v = vld1q_f32(r);
	float32x4_t magnitude = vabsq_f32(v);
	float32x4_t a = vmulq_n_f32(magnitude, scale);
	float32x4_t lower = vdupq_n_f32(0);
	float32x4_t inverse = vdupq_n_f32(loki_inverse_widths[0]);
	float32x4_t level;
	uint32x4_t	passed[8];
	int32x4_t	leading = vdupq_n_s32(0);
	int32x4_t	low;
	uint32x4_t	value;
	uint16x8_t	words;
	uint32		bytes;

	/* a comparison that holds is -1 */
	for (int t = 1; t < 8; t++)
	{
		passed[t] = vcgeq_f32(a, vdupq_n_f32(loki_thresholds[t]));
		leading = vsubq_s32(leading, vreinterpretq_s32_u32(passed[t]));
		lower = vbslq_f32(passed[t], vdupq_n_f32(loki_thresholds[t]), lower);
		inverse = vbslq_f32(passed[t], vdupq_n_f32(loki_inverse_widths[t]), inverse);
	}
	low = vcvtq_s32_f32(vminq_f32(vmulq_f32(vsubq_f32(a, lower), inverse), vdupq_n_f32(15)));

	/* 128 + value, or 127 - value */
	value = vreinterpretq_u32_s32(vorrq_s32(vshlq_n_s32(leading, 4), low));
	value = veorq_u32(value, vbslq_u32(vcltzq_f32(v), vdupq_n_u32(127), vdupq_n_u32(128)));
	words = vcombine_u16(vmovn_u32(value), vdup_n_u16(0));
	bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(words)), 0);
	memcpy(u, &bytes, sizeof(bytes));

	level = find_level(code, passed, low);
	*code_dot = vaddq_f32(*code_dot, vmulq_f32(magnitude, level));
	if (full != NULL)
	{
		level = find_level(full, passed, low);
		*full_dot = vaddq_f32(*full_dot, vmulq_f32(magnitude, level));
		*full_norm2 = vaddq_f32(*full_norm2, vmulq_f32(level, level));
	}
}

static void
encode_neon(int padded, const float *r, float scale, const LokiLevels *code,
			const LokiLevels *full, uint8 *u, LokiEncodeSums *sums)
{
	float32x4_t code_dot[LOKI_LANES_NEON];
	float32x4_t full_dot[LOKI_LANES_NEON];
	float32x4_t full_norm2[LOKI_LANES_NEON];

	for (int k = 0; k < LOKI_LANES_NEON; k++)
		code_dot[k] = full_dot[k] = full_norm2[k] = vdupq_n_f32(0);
	for (int i = 0; i < padded; i += LOKI_LANES)
		for (int k = 0; k < LOKI_LANES_NEON; k++)
			encode_four(r + i + k * LANES, scale, code, full, u + i + k * LANES,
						&code_dot[k], &full_dot[k], &full_norm2[k]);
	sums->code_dot = loki_add_lanes_neon(code_dot);
	sums->full_dot = loki_add_lanes_neon(full_dot);
	sums->full_norm2 = loki_add_lanes_neon(full_norm2);
}

/*
 * Packed fields, in quarters of a group
 */

static const uint8 bit_of_lane[16] = {
	1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128
};

static void
pack_neon(int groups, const uint8 *u, int width, int shift, uint8 *packed)
{
	uint8x16_t	bit = vld1q_u8(bit_of_lane);
	uint8x16_t	field = vdupq_n_u8((1 << width) - 1);

	for (int g = 0; g < groups; g++)
	{
		uint8x16_t	v[4];

		for (int k = 0; k < 4; k++)
		{
			v[k] = vld1q_u8(u + g * LOKI_GROUP + 16 * k);
			v[k] = vandq_u8(vshlq_u8(v[k], vdupq_n_s8(-shift)), field);
			if (width == 1)
			{
				/* eight lanes with a bit each add up to a byte */
				v[k] = vmulq_u8(v[k], bit);
				packed[g * 8 + 2 * k] = vaddv_u8(vget_low_u8(v[k]));
				packed[g * 8 + 2 * k + 1] = vaddv_u8(vget_high_u8(v[k]));
			}
		}
		if (width == 2)
			vst1q_u8(packed + g * 16,
					 vorrq_u8(vorrq_u8(v[0], vshlq_n_u8(v[1], 2)),
							  vorrq_u8(vshlq_n_u8(v[2], 4), vshlq_n_u8(v[3], 6))));
		else if (width == 4)
		{
			vst1q_u8(packed + g * 32, vorrq_u8(v[0], vshlq_n_u8(v[2], 4)));
			vst1q_u8(packed + g * 32 + 16, vorrq_u8(v[1], vshlq_n_u8(v[3], 4)));
		}
	}
}

/* The fields of a quarter of a group, as bytes */
static pg_attribute_always_inline uint8x16_t
unpack_quarter(int width, int quarter, const uint8 *packed)
{
	uint8x16_t	v;

	if (width == 1)
	{
		v = vcombine_u8(vdup_n_u8(packed[2 * quarter]),
						vdup_n_u8(packed[2 * quarter + 1]));
		v = vtstq_u8(v, vld1q_u8(bit_of_lane));
	}
	else if (width == 2)
		v = vshlq_u8(vld1q_u8(packed), vdupq_n_s8(-2 * quarter));
	else
		v = vshlq_u8(vld1q_u8(packed + 16 * (quarter % 2)),
					 vdupq_n_s8(-4 * (quarter / 2)));
	return vandq_u8(v, vdupq_n_u8((1 << width) - 1));
}

static pg_attribute_always_inline void
unpack_width(int groups, const uint8 *packed, int width, int shift, bool add,
			 uint8 *u)
{
	for (int g = 0; g < groups; g++)
	{
		for (int k = 0; k < 4; k++)
		{
			uint8	   *out = u + g * LOKI_GROUP + 16 * k;
			uint8x16_t	v = unpack_quarter(width, k, packed + g * 8 * width);

			v = vshlq_u8(v, vdupq_n_s8(shift));
			if (add)
				v = vorrq_u8(v, vld1q_u8(out));
			vst1q_u8(out, v);
		}
	}
}

/*
 * Queries
 */

static float
max_abs_neon(int padded, const float *r)
{
	float32x4_t max = vdupq_n_f32(0);

	for (int i = 0; i < padded; i += LANES)
		max = vmaxq_f32(max, vabsq_f32(vld1q_f32(r + i)));
	return vmaxvq_f32(max);
}

/* Eight elements times factor, as int16 */
static inline int16x8_t
round_words(const float *r, float factor)
{
	int32x4_t	a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(r), factor));
	int32x4_t	b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(r + LANES), factor));

	return vcombine_s16(vmovn_s32(a), vmovn_s32(b));
}

static int32
quantize8_neon(int padded, const float *r, float inverse, int8 *query)
{
	int32x4_t	sum = vdupq_n_s32(0);

	for (int i = 0; i < padded; i += 2 * LANES)
	{
		int16x8_t	v = round_words(r + i, inverse);

		vst1_s8(query + i, vmovn_s16(v));
		sum = vpadalq_s16(sum, v);
	}
	return vaddvq_s32(sum);
}

static int32
decode8_neon(int groups, const uint8 *u, const LokiLevelTable *table,
			 int8 *query)
{
	int8x16_t	levels = vld1q_s8(table->small);
	int32x4_t	sum = vdupq_n_s32(0);

	for (int i = 0; i < groups * LOKI_GROUP; i += 16)
	{
		int8x16_t	v = vqtbl1q_s8(levels, vshrq_n_u8(vld1q_u8(u + i), 4));

		vst1q_s8(query + i, v);
		sum = vpadalq_s16(sum, vpaddlq_s8(v));
	}
	return vaddvq_s32(sum);
}

/*
 * Dot products with the int8 query
 */

static pg_attribute_always_inline int32x4_t
add_group(int width, int32x4_t sum, const uint8 *packed, const int8 *query)
{
	for (int k = 0; k < 4; k++)
	{
		uint8x16_t	v = unpack_quarter(width, k, packed);
		int8x16_t	q = vld1q_s8(query + 16 * k);
		int8x16_t	level;
		int16x8_t	products;

		if (width == 4)
			v = vqtbl1q_u8(vld1q_u8(loki_levels4), v);
		level = vreinterpretq_s8_u8(v);
		products = vmull_s8(vget_low_s8(level), vget_low_s8(q));
		products = vmlal_s8(products, vget_high_s8(level), vget_high_s8(q));
		sum = vpadalq_s16(sum, products);
	}
	return sum;
}

static pg_attribute_always_inline void
dot_codes(int width, int groups, const int8 *query, const void *const *codes,
		  int n, int32 *dots)
{
	for (int i = 0; i < n; i++)
	{
		const uint8 *code = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		int32x4_t	sum = vdupq_n_s32(0);
		int32x4_t	sum2 = vdupq_n_s32(0);
		int			g = 0;

		for (; g + 2 <= groups; g += 2)
		{
			sum = add_group(width, sum, code + g * 8 * width,
							query + g * LOKI_GROUP);
			sum2 = add_group(width, sum2, code + (g + 1) * 8 * width,
							 query + (g + 1) * LOKI_GROUP);
		}
		if (g < groups)
			sum = add_group(width, sum, code + g * 8 * width,
							query + g * LOKI_GROUP);
		dots[i] = vaddvq_s32(vaddq_s32(sum, sum2));
	}
}

/*
 * Full codes: the int16 levels of 16 dimensions are put together from bytes.
 * Partial sums of 32 bits are emptied before they can overflow.
 */
#define FLUSH_DIMS	256

/* Products of eight levels with the query, added to two registers */
static inline void
add_levels(uint8x8_t base_low, uint8x8_t base_high, uint8x8_t step,
		   uint8x8_t low, const int16 *query, int32x4_t *a, int32x4_t *b)
{
	uint16x8_t	base = vorrq_u16(vmovl_u8(base_low), vshll_n_u8(base_high, 8));
	int16x8_t	level = vreinterpretq_s16_u16(vmlal_u8(base, step, low));
	int16x8_t	q = vld1q_s16(query);

	*a = vmlal_s16(*a, vget_low_s16(level), vget_low_s16(q));
	*b = vmlal_s16(*b, vget_high_s16(level), vget_high_s16(q));
}

static int64
dot16_neon(int groups, const uint8 *u, const LokiLevelTable *table,
		   const int16 *query)
{
	uint8x16x2_t bytes = vld2q_u8((const uint8 *) table->base);
	uint8x16_t	steps = vld1q_u8(table->step);
	int			dims = groups * LOKI_GROUP;
	int64		total = 0;

	for (int start = 0; start < dims; start += FLUSH_DIMS)
	{
		int			end = Min(start + FLUSH_DIMS, dims);
		int32x4_t	a = vdupq_n_s32(0);
		int32x4_t	b = vdupq_n_s32(0);

		for (int i = start; i < end; i += 16)
		{
			uint8x16_t	v = vld1q_u8(u + i);
			uint8x16_t	leading = vshrq_n_u8(v, 4);
			uint8x16_t	low = vandq_u8(v, vdupq_n_u8(15));
			uint8x16_t	base_low = vqtbl1q_u8(bytes.val[0], leading);
			uint8x16_t	base_high = vqtbl1q_u8(bytes.val[1], leading);
			uint8x16_t	step = vqtbl1q_u8(steps, leading);

			add_levels(vget_low_u8(base_low), vget_low_u8(base_high),
					   vget_low_u8(step), vget_low_u8(low), query + i, &a, &b);
			add_levels(vget_high_u8(base_low), vget_high_u8(base_high),
					   vget_high_u8(step), vget_high_u8(low), query + i + 8, &a, &b);
		}
		total += vaddlvq_s32(a) + vaddlvq_s32(b);
	}
	return total;
}

static float
l1_u8_neon(int dim, const float *q, const uint8 *u, float step, float offset)
{
	float32x4_t sum = vdupq_n_f32(0);
	float32x4_t sum2 = vdupq_n_f32(0);
	float		tail = 0;
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		uint16x8_t	words = vmovl_u8(vld1_u8(u + i));
		float32x4_t a = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
		float32x4_t b = vcvtq_f32_u32(vmovl_u16(vget_high_u16(words)));

		a = vfmaq_n_f32(vdupq_n_f32(offset), a, step);
		b = vfmaq_n_f32(vdupq_n_f32(offset), b, step);
		sum = vaddq_f32(sum, vabdq_f32(a, vld1q_f32(q + i)));
		sum2 = vaddq_f32(sum2, vabdq_f32(b, vld1q_f32(q + i + LANES)));
	}
	for (; i < dim; i++)
		tail += fabsf(q[i] - (offset + step * u[i]));
	return vaddvq_f32(vaddq_f32(sum, sum2)) + tail;
}

/* Four bounds, of as many sums */
static inline float32x4_t
four_bounds(const float *add, uint16x4_t sums, float constant, float32x4_t start, float step,
			float *bounds)
{
	float32x4_t terms = vfmaq_n_f32(start, vcvtq_f32_u32(vmovl_u16(sums)), step);
	float32x4_t result = vaddq_f32(vld1q_f32(add), vdupq_n_f32(constant));

	result = vfmaq_f32(result, vld1q_f32(add + LOKI_BRIEF_BLOCK), terms);
	vst1q_f32(bounds, result);
	return result;
}

/* What 16 codes have in the two tables of a byte of their bits */
static inline uint8x16_t
look_up(const uint8 *tables, uint8x16_t bits)
{
	return vaddq_u8(vqtbl1q_u8(vld1q_u8(tables), vandq_u8(bits, vdupq_n_u8(15))),
					vqtbl1q_u8(vld1q_u8(tables + 16), vshrq_n_u8(bits, 4)));
}

static void
bounds_neon(int groups, const uint8 *tables, const void *block, float constant, float start,
			float step, float *bounds, float *least)
{
	const float *add = block;
	const uint8 *bits = (const uint8 *) (add + 2 * LOKI_BRIEF_BLOCK);
	uint16x8_t	sums[4];
	float32x4_t starts = vdupq_n_f32(start);
	float32x4_t lanes[2] = {vdupq_n_f32(FLT_MAX), vdupq_n_f32(FLT_MAX)};

	StaticAssertStmt(LOKI_BRIEF_LEAST == 8, "two registers have the least bounds of a block");
	for (int k = 0; k < 4; k++)
		sums[k] = vdupq_n_u16(0);
	for (int i = 0; i < groups * (LOKI_GROUP / 8); i += 2)
	{
		for (int half = 0; half < 2; half++)
		{
			uint8x16_t	sum = vaddq_u8(look_up(tables, vld1q_u8(bits + 16 * half)),
									   look_up(tables + 32, vld1q_u8(bits + 32 + 16 * half)));

			sums[2 * half] = vaddw_u8(sums[2 * half], vget_low_u8(sum));
			sums[2 * half + 1] = vaddw_u8(sums[2 * half + 1], vget_high_u8(sum));
		}
		tables += 64;
		bits += 64;
	}
	/* what is no number is not the least */
	for (int k = 0; k < 4; k++)
	{
		lanes[0] = vminnmq_f32(lanes[0], four_bounds(add + 8 * k, vget_low_u16(sums[k]),
													 constant, starts, step, bounds + 8 * k));
		lanes[1] = vminnmq_f32(lanes[1], four_bounds(add + 8 * k + 4, vget_high_u16(sums[k]),
													 constant, starts, step,
													 bounds + 8 * k + 4));
	}
	vst1q_f32(least, lanes[0]);
	vst1q_f32(least + 4, lanes[1]);
}

LOKI_DEFINE_WIDTHS(, neon)

const LokiCodeKernels loki_codes_neon = LOKI_CODE_KERNELS(LOKI_SIMD_NEON, "neon", neon);

#endif							/* __aarch64__ */
