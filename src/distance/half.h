/*-------------------------------------------------------------------------
 *
 * half.h
 *	  Half precision numbers (IEEE 754 binary16), one at a time.
 *
 * Every half is a float, so that all arithmetic is done on floats.  Whole
 * arrays are converted by loki_distance.f16_to_f32 and f32_to_f16, with the
 * same results (except the payloads of NaNs).
 *
 * IDENTIFICATION
 *	  src/distance/half.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HALF_H
#define LOKI_HALF_H

#include "c.h"

/* Sign, 5 bits of exponent, 10 of fraction */
typedef uint16 LokiHalf;

#define LOKI_HALF_SIGN		0x8000
#define LOKI_HALF_INFINITY	0x7c00
#define LOKI_HALF_NAN		0x7e00

/* Difference of the exponents' biases, and of the lengths of the fractions */
#define LOKI_HALF_BIAS		(127 - 15)
#define LOKI_HALF_SHIFT		(23 - 10)

/*
 * The float of the same value; each half has one.  Shifted, exponent and fraction are where a float has
 * them, and only the exponent's bias differs.
 */
static inline float
loki_half_to_float(LokiHalf h)
{
	uint32		magnitude = h & ~LOKI_HALF_SIGN & 0xffff;
	uint32		bits = magnitude << LOKI_HALF_SHIFT;
	float		f;

	/* infinite or not a number, which keeps its fraction */
	if (magnitude >= LOKI_HALF_INFINITY)
		bits |= (uint32) 0xff << 23;
	else if (magnitude >= 1 << 10)
		bits += (uint32) LOKI_HALF_BIAS << 23;
	else
	{
		/* without an implicit bit: a number of units of 2^-24 */
		f = (float) magnitude / (1 << 24);
		memcpy(&bits, &f, sizeof(bits));
	}
	bits |= (uint32) (h & LOKI_HALF_SIGN) << 16;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

/*
 * The nearest half, that with an even fraction of two equally near ones;
 * infinite where the largest half, rounded up, would be nearer.
 */
static inline LokiHalf
loki_float_to_half(float f)
{
	uint32		bits;
	uint32		sign;

	memcpy(&bits, &f, sizeof(bits));
	sign = (bits >> 16) & LOKI_HALF_SIGN;
	bits &= 0x7fffffff;

	if (bits > (uint32) 0xff << 23)
		return sign | LOKI_HALF_NAN;
	if (bits >= (uint32) (16 + 127) << 23)
		return sign | LOKI_HALF_INFINITY;
	if (bits < (uint32) (LOKI_HALF_BIAS + 1) << 23)
	{
		/* the last place of a float at one half is 2^-24: let it round */
		memcpy(&f, &bits, sizeof(f));
		f += 0.5f;
		memcpy(&bits, &f, sizeof(bits));
		return sign | (bits - ((uint32) 126 << 23));
	}

	/* a carry goes into the exponent, and from the greatest to infinity */
	bits += (1 << (LOKI_HALF_SHIFT - 1)) - 1 + ((bits >> LOKI_HALF_SHIFT) & 1);
	return sign | ((bits - ((uint32) LOKI_HALF_BIAS << 23)) >> LOKI_HALF_SHIFT);
}

#endif							/* LOKI_HALF_H */
