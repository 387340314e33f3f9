/*-------------------------------------------------------------------------
 *
 * rotate_simd.h
 *	  The rotation in vector registers: a template, included by rotate.c once
 *	  for each instruction set.
 *
 * The including file defines, and this one undefines:
 *		ROTATE		name of the function
 *		STEP(name)	name of a step of it
 *		TARGET		attributes of functions
 *		VEC, LANES	register type (with + - *) and floats in it
 *		LOAD(p), STORE(p, v), SET(x)
 *		FLIP(v, signs, i)	negate lanes by LANES bits from bit i of signs
 *		WITHIN(v)	the transform's stages inside a register
 *
 * IDENTIFICATION
 *	  src/quantize/rotate_simd.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */

static TARGET void
STEP(flip) (int padded, const uint8 *signs, float *r)
{
	for (int i = 0; i < padded; i += LANES)
		STORE(r + i, FLIP(LOAD(r + i), signs, i));
}

static TARGET void
STEP(mix) (int half, float *r)
{
	VEC			root = SET((float) M_SQRT1_2);

	for (int i = 0; i < half; i += LANES)
	{
		VEC			a = LOAD(r + i);
		VEC			b = LOAD(r + half + i);

		STORE(r + i, (a + b) * root);
		STORE(r + half + i, (a - b) * root);
	}
}

/* Two stages at once: distances h and 2 h, for one register of each quarter */
static inline TARGET void
STEP(two_stages) (VEC *a, VEC *b, VEC *c, VEC *d)
{
	VEC			sum = *a + *b;
	VEC			diff = *a - *b;
	VEC			sum2 = *c + *d;
	VEC			diff2 = *c - *d;

	*a = sum + sum2;
	*b = diff + diff2;
	*c = sum - sum2;
	*d = diff - diff2;
}

static TARGET void
STEP(hadamard) (int n, float scale, float *r)
{
	VEC			factor = SET(scale);
	int			h = 4 * LANES;

	for (int i = 0; i < n; i += h)
	{
		float	   *p = r + i;
		VEC			a = WITHIN(LOAD(p) * factor);
		VEC			b = WITHIN(LOAD(p + LANES) * factor);
		VEC			c = WITHIN(LOAD(p + 2 * LANES) * factor);
		VEC			d = WITHIN(LOAD(p + 3 * LANES) * factor);

		STEP(two_stages) (&a, &b, &c, &d);
		STORE(p, a);
		STORE(p + LANES, b);
		STORE(p + 2 * LANES, c);
		STORE(p + 3 * LANES, d);
	}

	for (; 2 * h < n; h *= 4)
	{
		for (int i = 0; i < n; i += 4 * h)
		{
			for (float *p = r + i; p < r + i + h; p += LANES)
			{
				VEC			a = LOAD(p);
				VEC			b = LOAD(p + h);
				VEC			c = LOAD(p + 2 * h);
				VEC			d = LOAD(p + 3 * h);

				STEP(two_stages) (&a, &b, &c, &d);
				STORE(p, a);
				STORE(p + h, b);
				STORE(p + 2 * h, c);
				STORE(p + 3 * h, d);
			}
		}
	}

	if (h < n)
	{
		for (float *p = r; p < r + h; p += LANES)
		{
			VEC			a = LOAD(p);
			VEC			b = LOAD(p + h);

			STORE(p, a + b);
			STORE(p + h, a - b);
		}
	}
}

TARGET void
ROTATE(int padded, const uint8 *signs, float *r)
{
	int			p = floor_power(padded);
	float		scale = 1.0f / sqrtf(p);

	for (int k = 0; k < LOKI_ROTATE_ROUNDS; k++)
	{
		STEP(flip) (padded, signs + k * padded / 8, r);
		if (k == LOKI_ROTATE_ROUNDS / 2 && needs_mixing(padded, p))
			STEP(mix) (padded / 2, r);
		STEP(hadamard) (p, scale, k % 2 == 0 ? r : r + padded - p);
	}
}

#undef ROTATE
#undef STEP
#undef TARGET
#undef VEC
#undef LANES
#undef LOAD
#undef STORE
#undef SET
#undef FLIP
#undef WITHIN
