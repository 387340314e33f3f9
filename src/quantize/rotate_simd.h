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

/* As flip_scalar() */
static TARGET void
flip_all(int padded, const uint8 *signs, float *r)
{
	for (int i = 0; i < padded; i += LANES)
		store(LOKI_ELEMENT_F32, r + i, 0, flip(load(LOKI_ELEMENT_F32, r + i, 0), signs, i));
}

/* As mix_scalar() */
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

/*
 * Two stages at once: distances h and 2 h, for one register of each quarter.  So values are loaded and
 * stored half as often, and memory is what a transform in the first cache waits for.
 */
INLINE void
two_stages(Floats *a, Floats *b, Floats *c, Floats *d)
{
	Floats		sum = *a + *b;
	Floats		diff = *a - *b;
	Floats		sum2 = *c + *d;
	Floats		diff2 = *c - *d;

	*a = sum + sum2;
	*b = diff + diff2;
	*c = sum - sum2;
	*d = diff - diff2;
}

/* As hadamard_scalar(): the first stages within registers, the others two at a time */
static TARGET void
hadamard(int n, float scale, float *r)
{
	Floats		factor = set(scale);
	int			h = 4 * LANES;

	Assert(n % h == 0 && (n & (n - 1)) == 0);
	for (int i = 0; i < n; i += h)
	{
		float	   *p = r + i;
		Floats		a = within(load(LOKI_ELEMENT_F32, p, 0) * factor);
		Floats		b = within(load(LOKI_ELEMENT_F32, p + LANES, 0) * factor);
		Floats		c = within(load(LOKI_ELEMENT_F32, p + 2 * LANES, 0) * factor);
		Floats		d = within(load(LOKI_ELEMENT_F32, p + 3 * LANES, 0) * factor);

		two_stages(&a, &b, &c, &d);
		store(LOKI_ELEMENT_F32, p, 0, a);
		store(LOKI_ELEMENT_F32, p + LANES, 0, b);
		store(LOKI_ELEMENT_F32, p + 2 * LANES, 0, c);
		store(LOKI_ELEMENT_F32, p + 3 * LANES, 0, d);
	}

	/* two stages a pass, as long as there are two */
	for (; 2 * h < n; h *= 4)
	{
		for (int i = 0; i < n; i += 4 * h)
		{
			for (float *p = r + i; p < r + i + h; p += LANES)
			{
				Floats		a = load(LOKI_ELEMENT_F32, p, 0);
				Floats		b = load(LOKI_ELEMENT_F32, p + h, 0);
				Floats		c = load(LOKI_ELEMENT_F32, p + 2 * h, 0);
				Floats		d = load(LOKI_ELEMENT_F32, p + 3 * h, 0);

				two_stages(&a, &b, &c, &d);
				store(LOKI_ELEMENT_F32, p, 0, a);
				store(LOKI_ELEMENT_F32, p + h, 0, b);
				store(LOKI_ELEMENT_F32, p + 2 * h, 0, c);
				store(LOKI_ELEMENT_F32, p + 3 * h, 0, d);
			}
		}
	}

	/* the last, if their number is odd */
	if (h < n)
	{
		for (float *p = r; p < r + h; p += LANES)
		{
			Floats		a = load(LOKI_ELEMENT_F32, p, 0);
			Floats		b = load(LOKI_ELEMENT_F32, p + h, 0);

			store(LOKI_ELEMENT_F32, p, 0, a + b);
			store(LOKI_ELEMENT_F32, p + h, 0, a - b);
		}
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

