/*-------------------------------------------------------------------------
 *
 * codes_neon.c
 *	  Code kernels for arm64: the instructions that each such processor has.
 *
 * A group of 64 dimensions is four registers of bytes.  SDOT, which newer processors have, is
 * not used: a library is built for all of them, and the kernels wait for memory more than for
 * products.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_neon.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

#if defined(__aarch64__)

#include "distance/registers_neon.h"

#define BYTES 16
#define PARTS (LOKI_GROUP / BYTES)

typedef uint8x16_t Bytes;

/* As in codes_avx2.c, at distance 1 and 2 */
INLINE Floats
within(Floats v)
{
	static const float signs[2][4] = {{1, -1, 1, -1}, {1, 1, -1, -1}};

	v = vfmaq_f32(vrev64q_f32(v), v, vld1q_f32(signs[0]));
	return vfmaq_f32(vextq_f32(v, v, 2), v, vld1q_f32(signs[1]));
}

/* Four signs are half a byte; a lane's bit moves to where floats have their sign. */
INLINE Floats
flip(Floats v, const uint8 *signs, int i)
{
	static const uint32 bits[4] = {1, 2, 4, 8};
	uint32x4_t	minus = vtstq_u32(vdupq_n_u32(signs[i / 8] >> (i % 8)),
								vld1q_u32(bits));

	return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v),
										   vshlq_n_u32(minus, 31)));
}

/* Bytes 4 * i to 4 * i + 3 of a table of 32: there is a lookup of bytes alone */
INLINE Floats
pick(const float *table, Integers i)
{
	Integers	places = i * 0x04040404 + 0x03020100;
	uint8x16x2_t bytes = {{vld1q_u8((const uint8 *) table), vld1q_u8((const uint8 *) (table + 4))}};

	return vreinterpretq_f32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_s32(places)));
}

INLINE float
largest_lane(Floats v)
{
	return vmaxvq_f32(v);
}

INLINE int32
sum_integers(Integers v)
{
	return vaddvq_s32(v);
}

INLINE int64
sum_wide(Integers v)
{
	return vaddlvq_s32(v);
}

INLINE Bytes
load_bytes(const void *p)
{
	return vld1q_u8(p);
}

INLINE void
store_bytes_at(void *p, Bytes v)
{
	vst1q_u8(p, v);
}

/* A table is one register. */
#define load_table load_bytes

/* Each byte of v is an index below 16; greater ones would yield 0 here, and other bytes with AVX2 */
INLINE Bytes
look_up(Bytes table, Bytes v)
{
	return vqtbl1q_u8(table, v);
}

/* NEON shifts bytes, so that no bits of neighbors come in */
INLINE Bytes
high_nibbles(Bytes v)
{
	return vshrq_n_u8(v, 4);
}

/* Down if n is negative */
INLINE Bytes
shift_up(Bytes v, int n)
{
	return vshlq_u8(v, vdupq_n_s8(n));
}

/* Pairs in int16, then pairs of these in int32: widening adds lose nothing */
INLINE Integers
add_bytes(Integers sum, Bytes v)
{
	return vpadalq_s16(sum, vpaddlq_s8(vreinterpretq_s8_u8(v)));
}

static const uint8 bit_of_lane[16] = {
	1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128
};

/*
 * Quarters of a group are shifted to their bits and put one on another, as in codes_avx2.c: dimensions that
 * share a byte are 16 (width 2) or 32 (width 4) apart, so unpacking is one shift of whole registers.
 */
INLINE void
pack_group(int width, int shift, const uint8 *u, uint8 *packed)
{
	Bytes		v[PARTS];

	for (int k = 0; k < PARTS; k++)
	{
		v[k] = shift_up(load_bytes(u + BYTES * k), -shift) & vdupq_n_u8((1 << width) - 1);
		if (width == 1)
		{
			/* eight lanes with a bit each add up to a byte */
			v[k] *= load_bytes(bit_of_lane);
			packed[2 * k] = vaddv_u8(vget_low_u8(v[k]));
			packed[2 * k + 1] = vaddv_u8(vget_high_u8(v[k]));
		}
	}
	if (width == 2)
		store_bytes_at(packed, v[0] | v[1] << 2 | v[2] << 4 | v[3] << 6);
	else if (width == 4)
	{
		store_bytes_at(packed, v[0] | v[2] << 4);
		store_bytes_at(packed + BYTES, v[1] | v[3] << 4);
	}
}

/* A quarter of a group; for one bit each lane tests its own of the quarter's two bytes */
INLINE Bytes
unpack_part(int width, int quarter, const uint8 *packed)
{
	Bytes		v;

	if (width == 1)
	{
		v = vcombine_u8(vdup_n_u8(packed[2 * quarter]),
						vdup_n_u8(packed[2 * quarter + 1]));
		v = vtstq_u8(v, load_bytes(bit_of_lane));
	}
	else if (width == 2)
		v = shift_up(load_bytes(packed), -2 * quarter);
	else
		v = shift_up(load_bytes(packed + BYTES * (quarter % 2)), -4 * (quarter / 2));
	return v & vdupq_n_u8((1 << width) - 1);
}

/* Products of levels and query are added in pairs as int16, which levels of at most 127 leave exact. */
INLINE Integers
add_group(int width, Integers sum, const uint8 *packed, const int8 *query)
{
	for (int k = 0; k < PARTS; k++)
	{
		Bytes		v = unpack_part(width, k, packed);
		int8x16_t	q = vld1q_s8(query + BYTES * k);
		int8x16_t	level;
		int16x8_t	products;

		if (width == 4)
			v = look_up(load_table(loki_levels4), v);
		level = vreinterpretq_s8_u8(v);
		products = vmull_s8(vget_low_s8(level), vget_low_s8(q));
		sum = vpadalq_s16(sum, vmlal_high_s8(products, level, q));
	}
	return sum;
}

/* Tables of bytes that the int16 levels are put together from: vld2 takes low and high bytes apart */
typedef struct Levels
{
	uint8x16x2_t bases;			/* low and high bytes */
	Bytes		steps;
} Levels;

INLINE Levels
load_levels(const LokiLevelTable *table)
{
	return (Levels)
	{
		vld2q_u8((const uint8 *) table->base), load_table(table->step)
	};
}

/* Eight dimensions, with levels as in codes_avx2.c */
INLINE Integers
add_half(Integers sum, uint8x8_t base_low, uint8x8_t base_high, uint8x8_t step, uint8x8_t low,
		 const int16 *query)
{
	uint16x8_t	base = vorrq_u16(vmovl_u8(base_low), vshll_n_u8(base_high, 8));
	int16x8_t	level = vreinterpretq_s16_u16(vmlal_u8(base, step, low));
	int16x8_t	q = vld1q_s16(query);

	return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(level), vget_low_s16(q)), level, q);
}

/* Sixteen dimensions of full codes: level = base of the leading four bits + step * the other four */
INLINE Integers
add_levels(Integers sum, const Levels *levels, const uint8 *u, const int16 *query)
{
	Bytes		v = load_bytes(u);
	Bytes		leading = high_nibbles(v);
	Bytes		low = v & vdupq_n_u8(15);
	Bytes		base_low = look_up(levels->bases.val[0], leading);
	Bytes		base_high = look_up(levels->bases.val[1], leading);
	Bytes		step = look_up(levels->steps, leading);

	sum = add_half(sum, vget_low_u8(base_low), vget_low_u8(base_high), vget_low_u8(step),
				   vget_low_u8(low), query);
	return add_half(sum, vget_high_u8(base_low), vget_high_u8(base_high), vget_high_u8(step),
					vget_high_u8(low), query + 8);
}

#include "quantize/codes_simd.h"

/* Four bounds, of as many sums */
INLINE Floats
four_bounds(const float *add, uint16x4_t sums, float constant, float32x4_t start, float step,
			float *bounds)
{
	float32x4_t terms = vfmaq_n_f32(start, vcvtq_f32_u32(vmovl_u16(sums)), step);
	float32x4_t result = vaddq_f32(vld1q_f32(add), vdupq_n_f32(constant));

	result = vfmaq_f32(result, vld1q_f32(add + LOKI_SKETCH_BLOCK), terms);
	vst1q_f32(bounds, result);
	return result;
}

/* What 16 codes have in the two tables of a byte of their bits */
INLINE Bytes
look_up_byte(const uint8 *tables, uint8x16_t bits)
{
	return vaddq_u8(vqtbl1q_u8(vld1q_u8(tables), vandq_u8(bits, vdupq_n_u8(15))),
					vqtbl1q_u8(vld1q_u8(tables + 16), vshrq_n_u8(bits, 4)));
}

/*
 * As loki_bounds_avx2(), with 16 codes in a register: two bytes of bits at a time, whose four table entries
 * are added as bytes, 252 at most, and then to int16.
 */
static void
score_block(int groups, const uint8 *tables, const void *block, float constant, float start,
			float step, float *bounds, float *least)
{
	const float *add = block;
	const uint8 *bits = (const uint8 *) (add + 2 * LOKI_SKETCH_BLOCK);
	uint16x8_t	sums[4];
	float32x4_t starts = vdupq_n_f32(start);
	float32x4_t lanes[2] = {vdupq_n_f32(FLT_MAX), vdupq_n_f32(FLT_MAX)};

	StaticAssertStmt(LOKI_SKETCH_LEAST == 8, "two registers have the least bounds of a block");
	Assert(groups > 0 && groups <= LOKI_SKETCH_DIMS / LOKI_GROUP);
	for (int k = 0; k < 4; k++)
		sums[k] = vdupq_n_u16(0);
	for (int i = 0; i < groups * (LOKI_GROUP / 8); i += 2)
	{
		for (int half = 0; half < 2; half++)
		{
			uint8x16_t	sum = vaddq_u8(look_up_byte(tables, vld1q_u8(bits + 16 * half)),
									   look_up_byte(tables + 32, vld1q_u8(bits + 32 + 16 * half)));

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

const LokiCodeKernels loki_codes_neon = LOKI_CODE_KERNELS(LOKI_SIMD_NEON, "neon");

#endif							/* __aarch64__ */
