/*-------------------------------------------------------------------------
 *
 * rotate.c
 *	  Random rotation of the padded space.
 *
 * Four rounds of random signs and a fast Walsh-Hadamard transform, by turns
 * over the first and the last p dimensions, where p is the largest power of
 * two that the padded dimension holds.  Unless p is all of it, dimensions i
 * and i + half are mixed ((a + b) / sqrt 2, (a - b) / sqrt 2) between rounds:
 * first and last p dimensions may share as few as 64, too few to carry the
 * weight of one end to the other.  Each step is orthonormal, and rounds only
 * where one sum or product does, so that every instruction set yields the
 * same bits.
 *
 * IDENTIFICATION
 *	  src/quantize/rotate.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <math.h>

#include "quantize/codes.h"

/* The largest power of two in n */
static inline int
floor_power(int n)
{
	int			p = 1;

	while (p * 2 <= n)
		p *= 2;
	return p;
}

Size
loki_rotate_size(int padded)
{
	return (Size) LOKI_ROTATE_ROUNDS * padded / 8;
}

/*
 * The signs of round k and dimensions 64 j .. 64 j + 63 are the bits of word
 * k * padded / 64 + j of the generator splitmix64, started at seed: a set bit
 * is a minus.
 */
void
loki_rotate_init(int padded, uint64 seed, uint64 *signs)
{
	for (int i = 0; i < LOKI_ROTATE_ROUNDS * padded / 64; i++)
	{
		uint64		z = (seed += UINT64CONST(0x9e3779b97f4a7c15));

		z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
		signs[i] = z ^ (z >> 31);
	}
}

/* Flip signs, scale, and transform n elements, not yet normalised. */
static void
hadamard_scalar(int n, float scale, const uint64 *signs, float *x)
{
	for (int i = 0; i < n; i++)
	{
		x[i] *= scale;
		if ((signs[i / 64] >> (i % 64)) & 1)
			x[i] = -x[i];
	}
	for (int h = 1; h < n; h *= 2)
	{
		for (int i = 0; i < n; i += 2 * h)
		{
			for (int j = i; j < i + h; j++)
			{
				float		a = x[j];
				float		b = x[j + h];

				x[j] = a + b;
				x[j + h] = a - b;
			}
		}
	}
}

static void
mix_scalar(int half, float *x)
{
	for (int i = 0; i < half; i++)
	{
		float		a = x[i] + x[i + half];
		float		b = x[i] - x[i + half];

		x[i] = a * (float) M_SQRT1_2;
		x[i + half] = b * (float) M_SQRT1_2;
	}
}

void
loki_rotate_scalar(int padded, const uint64 *signs, float *r)
{
	int			p = floor_power(padded);
	float		scale = 1.0f / sqrtf(p);

	for (int k = 0; k < LOKI_ROTATE_ROUNDS; k++)
	{
		int			start = k % 2 == 0 ? 0 : padded - p;

		hadamard_scalar(p, scale, signs + (k * padded + start) / 64, r + start);
		if (p != padded && k < LOKI_ROTATE_ROUNDS - 1)
			mix_scalar(padded / 2, r);
	}
}
