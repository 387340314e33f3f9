/*-------------------------------------------------------------------------
 *
 * registers_neon.h
 *	  Vector registers of arm64, where NEON is always present, as registers_avx2.h says.
 *
 * IDENTIFICATION
 *	  src/distance/registers_neon.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_REGISTERS_NEON_H
#define LOKI_REGISTERS_NEON_H

#include <arm_neon.h>

#include "distance/kernels.h"

#define TARGET
#define INLINE static pg_attribute_always_inline
#define LANES 4

typedef float32x4_t Floats;
typedef int32x4_t Integers;
typedef int16x8_t Words;

INLINE Floats
set(float x)
{
	return vdupq_n_f32(x);
}

/* Fused, as with FMA on x86: one rounding */
INLINE Floats
multiply_add(Floats a, Floats b, Floats sum)
{
	return vfmaq_f32(sum, a, b);
}

INLINE Floats
absolute(Floats v)
{
	return vabsq_f32(v);
}

/* The one that is a number, of a and b */
INLINE Floats
minimum(Floats a, Floats b)
{
	return vminnmq_f32(a, b);
}

INLINE Floats
maximum(Floats a, Floats b)
{
	return vmaxnmq_f32(a, b);
}

/* Rounded to the nearest, halfway to the even one: vcvtq would cut off */
INLINE Integers
rounded(Floats v)
{
	return vcvtnq_s32_f32(v);
}

INLINE Integers
truncated(Floats v)
{
	return vcvtq_s32_f32(v);
}

INLINE Floats
to_floats(Integers v)
{
	return vcvtq_f32_s32(v);
}

/* The order of loki_add_lanes(); vaddvq_f32() adds neighbors, which is another */
INLINE float
sum_lanes(Floats v)
{
	float32x2_t two = vadd_f32(vget_low_f32(v), vget_high_f32(v));

	return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/*
 * vpaddq adds neighbors: after two steps each lane has a sum of its own.  The order is another than in
 * sum_lanes(), so this is for estimates, not for what slots keep.
 */
INLINE void
sum_four(const Floats v[4], float *sums)
{
	vst1q_f32(sums, vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3])));
}

INLINE void
sum_four_integers(const Integers v[4], int32 *sums)
{
	vst1q_s32(sums, vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3])));
}

INLINE Floats
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const LokiHalf *) p + i)));
	if (element == LOKI_ELEMENT_U8)
	{
		uint32		word;			/* four bytes: a register would read on */

		memcpy(&word, (const uint8 *) p + i, sizeof(word));
		return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(word))))));
	}
	return vld1q_f32((const float *) p + i);
}

/* There are no masked loads: elements go through a small array, which compilers keep in registers. */
INLINE Floats
load_first(LokiElement element, const void *p, int i, int n)
{
	float		floats[LANES] = {0};
	LokiHalf	halves[LANES] = {0};
	uint8		bytes[LANES] = {0};

	for (int k = 0; k < n; k++)
	{
		if (element == LOKI_ELEMENT_F16)
			halves[k] = ((const LokiHalf *) p)[i + k];
		else if (element == LOKI_ELEMENT_U8)
			bytes[k] = ((const uint8 *) p)[i + k];
		else
			floats[k] = ((const float *) p)[i + k];
	}
	return element == LOKI_ELEMENT_F16 ? load(element, halves, 0) :
		element == LOKI_ELEMENT_U8 ? load(element, bytes, 0) : load(element, floats, 0);
}

/* Lanes behind the first n become zero */
INLINE Floats
keep_first(Floats v, int n)
{
	float		lanes[LANES] = {0};

	for (int k = 0; k < n; k++)
		lanes[k] = v[k];
	return vld1q_f32(lanes);
}

/*
 * Integers are rounded; what is out of the range of int16 loses its upper bits.  Callers scale by the
 * greatest element, so that none is.
 */
INLINE void
store(LokiElement element, void *p, int i, Floats v)
{
	if (element == LOKI_ELEMENT_F16)
		vst1_u16((LokiHalf *) p + i, vreinterpret_u16_f16(vcvt_f16_f32(v)));
	else if (element == LOKI_ELEMENT_I16)
		vst1_s16((int16 *) p + i, vmovn_s32(vcvtnq_s32_f32(v)));
	else
		vst1q_f32((float *) p + i, v);
}

/* No byte behind the n-th element is written: another array, or another process's slot, may begin there */
INLINE void
store_first(LokiElement element, void *p, int i, Floats v, int n)
{
	float		last[LANES];	/* or halves, or words */
	Size		size = element == LOKI_ELEMENT_F32 ? sizeof(float) : sizeof(int16);

	store(element, last, 0, v);
	memcpy((char *) p + i * size, last, n * size);
}

/* The low bytes of the lanes: narrowing cuts off the upper ones, whatever the sign */
INLINE void
store_bytes(void *p, Integers v)
{
	int16x4_t	words = vmovn_s32(v);

	vst1_lane_s32(p, vreinterpret_s32_s8(vmovn_s16(vcombine_s16(words, words))), 0);
}

/* Eight words; zeroes stand for those behind n, whose products add nothing */
INLINE Words
load_words(const int16 *p, int n)
{
	int16		rest[2 * LANES] = {0};

	if (n < 2 * LANES)
		p = memcpy(rest, p, n * sizeof(int16));
	return vld1q_s16(p);
}

/* Products of words; each lane takes one of the lower and one of the upper half */
INLINE Integers
add_words(Integers sum, Words a, Words b)
{
	return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b)), a, b);
}

#endif							/* LOKI_REGISTERS_NEON_H */
