/*-------------------------------------------------------------------------
 *
 * half_test.c
 *	  Half precision numbers: conversions, and the kernels over them.
 *
 * Sources: src/distance
 *
 * A kernel over halves must give, to the last bit, what the same level's
 * kernel gives over the same numbers as floats, which distance_test.c checks.
 * Arrays end at a page that cannot be read.
 *
 * IDENTIFICATION
 *	  test/unit/half_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "distance/distance.h"

#define MAX_DIM 4096

/* The value of a half, by its definition */
static double
half_value(LokiHalf h)
{
	int			exponent = (h >> 10) & 31;
	int			fraction = h & 1023;
	double		value;

	if (exponent == 31)
		value = fraction ? NAN : INFINITY;
	else if (exponent == 0)
		value = ldexp(fraction, -24);
	else
		value = ldexp(1024 + fraction, exponent - 25);
	return h & 0x8000 ? -value : value;
}

static bool
same_bits(float a, float b)
{
	return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static void
test_halves(void)
{
	bool		values = true;
	bool		back = true;

	for (int h = 0; h <= 0xffff; h++)
	{
		float		f = loki_half_to_float(h);

		values = values && same_bits(f, half_value(h));
		back = back && (isnan(f) ? isnan(half_value(loki_float_to_half(f))) :
						loki_float_to_half(f) == h);
	}
	ok(values, "a half is the float of its value");
	ok(back, "and that float the half");
}

/* Around a float, two bits are enough: half way to the next half, and beside */
static void
test_rounding(void)
{
	bool		ties = true;
	bool		above = true;
	bool		below = true;

	for (int h = 0; h < 0x7c00; h++)
	{
		/* the largest half rounds as if there was another beyond */
		double		next = h == 0x7bff ? 65536 : half_value(h + 1);
		float		middle = (half_value(h) + next) / 2;

		ties = ties && loki_float_to_half(middle) == h + h % 2 &&
			loki_float_to_half(-middle) == (0x8000 | (h + h % 2));
		above = above && loki_float_to_half(nextafterf(middle, INFINITY)) == h + 1;
		below = below && loki_float_to_half(nextafterf(middle, 0)) == h;
	}
	ok(ties, "half way between two halves, the even one is taken");
	ok(above, "above that, the upper");
	ok(below, "below that, the lower");
	ok(isinf(half_value(loki_float_to_half(65520))) &&
	   isinf(half_value(loki_float_to_half(3e38f))) &&
	   isinf(half_value(loki_float_to_half(-INFINITY))) &&
	   loki_float_to_half(65519.996f) == 0x7bff,
	   "the range ends where rounding would leave it");
	ok(loki_float_to_half(1e-45f) == 0 && loki_float_to_half(-0.0f) == 0x8000,
	   "tiny numbers become zero, which keeps its sign");
}

/* A level's conversions against those of half.h, for every length */
static void
test_conversions(const LokiDistanceKernels *kernels)
{
	LokiHalf   *halves = (LokiHalf *) unit_guarded_end(MAX_DIM * sizeof(LokiHalf));
	float	   *floats = (float *) unit_guarded_end(MAX_DIM * sizeof(float));
	bool		to_float = true;
	bool		to_half = true;

	for (int start = 0; start <= 0xffff; start += MAX_DIM)
	{
		for (int i = 0; i < MAX_DIM; i++)
			halves[i - MAX_DIM] = start + i;
		kernels->f16_to_f32(MAX_DIM, halves - MAX_DIM, floats - MAX_DIM);
		for (int i = -MAX_DIM; i < 0; i++)
			to_float = to_float && same_bits(floats[i], loki_half_to_float(halves[i]));
	}
	for (int n = 0; n < 70; n++)
	{
		for (int i = -n; i < 0; i++)
			halves[i] = unit_random() & 0x7bff;
		kernels->f16_to_f32(n, halves - n, floats - n);
		for (int i = -n; i < 0; i++)
			to_float = to_float && floats[i] == loki_half_to_float(halves[i]);
	}
	ok(to_float, "%s: halves to floats", kernels->name);

	for (int round = 0; round < 3000; round++)
	{
		int			n = round % 130;

		for (int i = -n; i < 0; i++)
		{
			uint32		bits = unit_random();

			/* all floats; then those near the range of halves */
			if (round % 3 != 0)
				bits = (bits & 0x80000fff) + ((100 + (bits >> 20) % 50) << 23) +
					(round % 3 == 1 ? 0x1000 * (bits >> 12 & 0x7ff) : bits & 0x7ff000);
			memcpy(&floats[i], &bits, sizeof(bits));
		}
		kernels->f32_to_f16(n, floats - n, halves - n);
		for (int i = -n; i < 0; i++)
			to_half = to_half && (isnan(floats[i]) ? isnan(half_value(halves[i])) :
								  halves[i] == loki_float_to_half(floats[i]));
	}
	ok(to_half, "%s: floats to halves", kernels->name);
}

static void
test_kernels(const LokiDistanceKernels *kernels)
{
	LokiHalf   *end_a = (LokiHalf *) unit_guarded_end(MAX_DIM * sizeof(LokiHalf));
	LokiHalf   *end_b = (LokiHalf *) unit_guarded_end(MAX_DIM * sizeof(LokiHalf));
	static float x[MAX_DIM];
	static float y[MAX_DIM];
	bool		same[4] = {true, true, true, true};

	for (int round = 0; round < 3000; round++)
	{
		int			dim = round < 2500 ? round / 8 : (int) (unit_random() % MAX_DIM);
		int			offset = round % 8;
		LokiHalf   *a = end_a - dim - offset;
		LokiHalf   *b = end_b - dim - (offset * 5) % 8;
		float		of_halves[3];
		float		of_floats[3];

		if (dim > MAX_DIM - 8)
			continue;
		for (int i = 0; i < dim; i++)
		{
			a[i] = loki_float_to_half(ldexpf(unit_uniform() - 0.5, unit_random() % 20 - 10));
			b[i] = loki_float_to_half(ldexpf(unit_uniform() - 0.5, unit_random() % 20 - 10));
			x[i] = loki_half_to_float(a[i]);
			y[i] = loki_half_to_float(b[i]);
		}
		same[0] &= kernels->l2sq_f16(dim, a, b) == kernels->l2sq_f32(dim, x, y);
		same[1] &= kernels->dot_f16(dim, a, b) == kernels->dot_f32(dim, x, y);
		same[2] &= kernels->l1_f16(dim, a, b) == kernels->l1_f32(dim, x, y);
		kernels->cosine_f16(dim, a, b, &of_halves[0], &of_halves[1], &of_halves[2]);
		kernels->cosine_f32(dim, x, y, &of_floats[0], &of_floats[1], &of_floats[2]);
		same[3] &= memcmp(of_halves, of_floats, sizeof(of_halves)) == 0;
	}
	ok(same[0], "%s: l2sq of halves is that of floats", kernels->name);
	ok(same[1], "%s: dot of halves is that of floats", kernels->name);
	ok(same[2], "%s: l1 of halves is that of floats", kernels->name);
	ok(same[3], "%s: cosine of halves is that of floats", kernels->name);
}

int
main(void)
{
	loki_distance_init();
	test_halves();
	test_rounding();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiDistanceKernels *kernels = loki_distance_kernels(simd);

		if (kernels == NULL)
			continue;
		test_conversions(kernels);
		test_kernels(kernels);
	}
	return unit_done();
}
