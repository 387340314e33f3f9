/*-------------------------------------------------------------------------
 *
 * rotate_simd.h
 *	  The rotation in vector registers: included by codes_simd.h.
 *
 * Inside a register (within(), of the including file) a stage adds to each lane its partner,
 * or subtracts it from the partner: one fused step, exact except for the sum's rounding.
 *
 * IDENTIFICATION
 *	  src/quantize/rotate_simd.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */

/* Change the signs of dimensions whose bit is set. */
static TARGET void
flip_all(int padded, const uint8 *signs, float *r)
{
	for (int i = 0; i < padded; i += LANES)
		store(LOKI_ELEMENT_F32, r + i, 0, flip(load(LOKI_ELEMENT_F32, r + i, 0), signs, i));
}

/* Mix dimensions i and i + half. */
static TARGET void
mix(int half, float *r)
{
	Floats		root = set((float) M_SQRT1_2);

	for (int i = 0; i < half; i += LANES)
	{
		Floats		a = load(LOKI_ELEMENT_F32, r + i, 0);
		Floats		b = load(LOKI_ELEMENT_F32, r + half + i, 0);

		store(LOKI_ELEMENT_F32, r + i, 0, (a + b) * root);
		store(LOKI_ELEMENT_F32, r + half + i, 0, (a - b) * root);
	}
}

/* As hadamard_scalar(): the first stages within registers, the others between two of them */
static TARGET void
hadamard(int n, float scale, float *r)
{
	Floats		factor = set(scale);

	Assert(n % LANES == 0 && (n & (n - 1)) == 0);
	for (int i = 0; i < n; i += LANES)
		store(LOKI_ELEMENT_F32, r, i, within(load(LOKI_ELEMENT_F32, r, i) * factor));
	for (int h = LANES; h < n; h *= 2)
		for (int i = 0; i < n; i += 2 * h)
			for (float *p = r + i; p < r + i + h; p += LANES)
			{
				Floats		a = load(LOKI_ELEMENT_F32, p, 0);
				Floats		b = load(LOKI_ELEMENT_F32, p + h, 0);

				store(LOKI_ELEMENT_F32, p, 0, a + b);
				store(LOKI_ELEMENT_F32, p + h, 0, a - b);
			}
}

/*
 * As loki_rotate_scalar().  The transform takes a power of two.  Of another number of dimensions it takes
 * the leading p and the last p by turns, which overlap, and halves are mixed once.
 */
static TARGET void
rotate(int padded, const uint8 *signs, float *r)
{
	int			p = loki_floor_power(padded);
	float		scale = 1.0f / sqrtf(p);

	AssertPadded(padded);
	for (int k = 0; k < LOKI_ROTATE_ROUNDS; k++)
	{
		flip_all(padded, signs + k * padded / 8, r);
		if (k == LOKI_ROTATE_ROUNDS / 2 && loki_needs_mixing(padded, p))
			mix(padded / 2, r);
		hadamard(p, scale, k % 2 == 0 ? r : r + padded - p);
	}
}

