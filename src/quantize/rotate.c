/*-------------------------------------------------------------------------
 *
 * rotate.c
 *	  Random rotation of the padded space.
 *
 * Four rounds of random signs and a fast Walsh-Hadamard transform, by turns
 * over the first and the last p dimensions, where p is the largest power of
 * two that the padded dimension holds.  These may share as few as 64: too few
 * to carry the weight of one end to the other.  So where they share less than
 * p / 2, dimensions i and i + half are mixed ((a + b) / sqrt 2, (a - b) / sqrt
 * 2) in the middle: after each dimension has been through a transform, since a
 * single large element could else be missed by all of them.
 *
 * Each step is orthonormal, and rounds only where one sum or product does, so
 * that every instruction set yields the same bits.
 *
 * IDENTIFICATION
 *	  src/quantize/rotate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/hash.h"
#include "quantize/codes.h"

/*
 * The sign of dimension i in round k is bit k * padded + i of the output of
 * the generator started at seed, whose words are taken from their low ends: a set
 * bit is a minus.
 */
void
loki_rotate_init(int padded, uint64 seed, uint8 *signs)
{
	AssertPadded(padded);
	for (int i = 0; i < LOKI_ROTATE_ROUNDS * padded / 64; i++)
	{
		uint64		z = loki_next_random(&seed);

		for (int j = 0; j < 8; j++)
			*signs++ = (uint8) (z >> (8 * j));
	}
}

/*
 * The scalar version, specification of the others.
 */

/* r * scale, transformed; n is a power of two */
static void
hadamard_scalar(int n, float scale, float *r)
{
	Assert(n > 0 && (n & (n - 1)) == 0);
	for (int i = 0; i < n; i++)
		r[i] *= scale;
	for (int h = 1; h < n; h *= 2)
	{
		for (int i = 0; i < n; i += 2 * h)
		{
			for (int j = i; j < i + h; j++)
			{
				float		a = r[j];
				float		b = r[j + h];

				r[j] = a + b;
				r[j + h] = a - b;
			}
		}
	}
}

void
loki_rotate_scalar(int padded, const uint8 *signs, float *r)
{
	int			p = loki_floor_power(padded);
	int			half = padded / 2;
	float		scale = 1.0f / sqrtf(p);

	AssertPadded(padded);
	Assert(p <= padded && 2 * p > padded);
	for (int k = 0; k < LOKI_ROTATE_ROUNDS; k++, signs += padded / 8)
	{
		/* change the signs of dimensions whose bit is set */
		for (int i = 0; i < padded; i++)
			if ((signs[i / 8] >> (i % 8)) & 1)
				r[i] = -r[i];
		/* mix dimensions i and i + half */
		if (k == LOKI_ROTATE_ROUNDS / 2 && loki_needs_mixing(padded, p))
			for (int i = 0; i < half; i++)
			{
				float		a = r[i];
				float		b = r[i + half];

				r[i] = (a + b) * (float) M_SQRT1_2;
				r[i + half] = (a - b) * (float) M_SQRT1_2;
			}
		hadamard_scalar(p, scale, k % 2 == 0 ? r : r + padded - p);
	}
}
