/*-------------------------------------------------------------------------
 *
 * codes_test.c
 *	  The kernels under the codes: each instruction set against plain C, and
 *	  the rotation by what it promises.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/codes_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "quantize/codes.h"

static const LokiCodeKernels *const plain = &loki_codes_scalar;

static float *
make_floats(int count)
{
	float	   *values = unit_allocate(count * sizeof(float));

	for (int i = 0; i < count; i++)
		values[i] = unit_normal();
	return values;
}

static uint8 *
make_bytes(int count)
{
	uint8	   *values = unit_allocate(count);

	for (int i = 0; i < count; i++)
		values[i] = unit_random();
	return values;
}

static LokiLevelTable
make_table(void)
{
	LokiLevelTable table;

	for (int i = 0; i < 16; i++)
	{
		table.base[i] = (int16) (unit_random() % 8001) - 4000;
		table.step[i] = unit_random() % 128;
		table.small[i] = (int8) (unit_random() % 255) - 127;
	}
	table.base[15] = 4000;
	table.step[15] = 127;
	return table;
}

static void
test_rotate(const LokiCodeKernels *k, int padded)
{
	uint8	   *signs = unit_allocate(LOKI_ROTATE_SIZE(padded));
	float	   *a = make_floats(padded);
	float	   *b = unit_allocate(padded * sizeof(float));

	memcpy(b, a, padded * sizeof(float));
	loki_rotate_init(padded, 3, signs);
	plain->rotate(padded, signs, a);
	k->rotate(padded, signs, b);
	ok(memcmp(a, b, padded * sizeof(float)) == 0, "%s %d: rotate", k->name, padded);
	free(signs);
	free(a);
	free(b);
}

static void
test_encode(const LokiCodeKernels *k, int padded)
{
	static const LokiLevels levels = {
		{1, 2, 3, 4, 5, 6, 7, 8}, {1, 1, 1, 1, 2, 2, 3, 4}, 12
	};
	float	   *r = make_floats(padded);
	uint8	   *a = unit_allocate(padded);
	uint8	   *b = unit_allocate(padded);
	LokiEncodeSums wanted;
	LokiEncodeSums found;

	r[0] = 0;
	r[1] = -7;
	r[2] = 7;
	r[3] = -0.0f;
	plain->encode(padded, r, 64, &levels, &levels, a, &wanted);
	k->encode(padded, r, 64, &levels, &levels, b, &found);
	ok(memcmp(a, b, padded) == 0 &&
	   memcmp(&found, &wanted, sizeof(found)) == 0,
	   "%s %d: encode", k->name, padded);

	memset(b, 0, padded);
	k->encode(padded, r, 64, &levels, NULL, b, &found);
	ok(memcmp(a, b, padded) == 0 && found.code_dot == wanted.code_dot,
	   "%s %d: encode without refining", k->name, padded);
	free(r);
	free(a);
	free(b);
}

static void
test_pack(const LokiCodeKernels *k, int padded)
{
	int			groups = padded / LOKI_GROUP;
	uint8	   *u = make_bytes(padded);
	uint8	   *a = unit_allocate(padded);
	uint8	   *b = unit_allocate(padded);
	uint8	   *packed = unit_allocate(padded);
	bool		same = true;

	for (int width = 1; width <= 4; width *= 2)
	{
		for (int shift = 0; shift + width <= 8; shift++)
		{
			plain->pack(groups, u, width, shift, a);
			k->pack(groups, u, width, shift, packed);
			same &= memcmp(a, packed, groups * 8 * width) == 0;
			for (int add = 0; add < 2; add++)
			{
				memset(a, 0x81, padded);
				memset(b, 0x81, padded);
				plain->unpack(groups, packed, width, shift, add, a);
				k->unpack(groups, packed, width, shift, add, b);
				same &= memcmp(a, b, padded) == 0;
			}
		}
	}
	ok(same, "%s %d: pack and unpack", k->name, padded);
	free(u);
	free(a);
	free(b);
	free(packed);
}

static void
test_queries(const LokiCodeKernels *k, int padded)
{
	float	   *r = make_floats(padded);
	uint8	   *u = make_bytes(padded);
	int8	   *a = unit_allocate(padded);
	int8	   *b = unit_allocate(padded);
	LokiLevelTable table = make_table();

	r[padded / 2] = -7;
	ok(plain->max_abs(padded, r) == k->max_abs(padded, r),
	   "%s %d: max_abs", k->name, padded);
	ok(plain->quantize8(padded, r, 127 / 7.0f, a) ==
	   k->quantize8(padded, r, 127 / 7.0f, b) &&
	   memcmp(a, b, padded) == 0, "%s %d: quantize8", k->name, padded);
	ok(plain->decode8(padded / LOKI_GROUP, u, &table, a) ==
	   k->decode8(padded / LOKI_GROUP, u, &table, b) &&
	   memcmp(a, b, padded) == 0, "%s %d: decode8", k->name, padded);
	free(r);
	free(u);
	free(a);
	free(b);
}

/* The last round is the worst case of every partial sum. */
static void
test_dot16(const LokiCodeKernels *k, int padded)
{
	int			groups = padded / LOKI_GROUP;
	uint8	   *u = make_bytes(padded);
	int16	   *query = unit_allocate(padded * sizeof(int16));
	LokiLevelTable table = make_table();
	bool		same = true;

	for (int round = 0; round < 3; round++)
	{
		for (int i = 0; i < padded; i++)
			query[i] = round == 2 ? LOKI_QUERY16_MAX :
				(int16) (unit_random() % (2 * LOKI_QUERY16_MAX + 1)) - LOKI_QUERY16_MAX;
		if (round == 2)
			memset(u, 0xff, padded);
		same &= plain->dot16(groups, u, &table, query) ==
			k->dot16(groups, u, &table, query);
	}
	ok(same, "%s %d: dot16", k->name, padded);
	free(u);
	free(query);
}

/*
 * Products with 1 to 64 codes, of which the second has every bit set.
 */
static void
test_dot(const LokiCodeKernels *k, int padded, int width)
{
	int			groups = padded / LOKI_GROUP;
	int			stride = LOKI_FACTOR_SIZE + groups * 8 * width;
	uint8	   *slots = make_bytes(stride * 64 + 4);
	int8	   *query = unit_allocate(padded);
	const void *codes[64];
	int32		a[64];
	int32		b[64];
	bool		same = true;

	memset(slots + 4 + stride, 0xff, stride);
	for (int i = 0; i < 64; i++)
		codes[i] = slots + 4 + i * stride;	/* no more than 4-byte aligned */
	for (int n = 1; n <= 64; n++)
	{
		if (n <= 2)
			memset(query, n == 1 ? 127 : -127, padded);
		else
			for (int i = 0; i < padded; i++)
				query[i] = (int8) (unit_random() % 255) - 127;
		plain->dot(width, groups, query, codes, n, a);
		k->dot(width, groups, query, codes, n, b);
		same &= memcmp(a, b, n * sizeof(int32)) == 0;
	}
	ok(same, "%s %d: dot%d", k->name, padded, width);
	free(slots);
	free(query);
}

static void
test_l1(const LokiCodeKernels *k, int padded)
{
	float	   *q = make_floats(padded);
	uint8	   *u = make_bytes(padded);
	bool		same = true;

	for (int dim = Max(1, padded - 65); dim <= padded; dim++)
		same &= fabs(k->l1_u8(dim, q, u, 0.01f, -1.2f) /
					 plain->l1_u8(dim, q, u, 0.01f, -1.2f) - 1) < 1e-4;
	ok(same, "%s %d: l1_u8", k->name, padded);
	free(q);
	free(u);
}

/*
 * A rotation keeps norms, and makes something like normal numbers (of fourth
 * moment 3) of a vector with three dimensions, wherever they are.
 */
static void
test_rotation(int padded)
{
	uint8	   *signs = unit_allocate(LOKI_ROTATE_SIZE(padded));
	float	   *r = unit_allocate(padded * sizeof(float));
	double		off = 0;
	double		fourth = 0;
	int			rounds = 40;

	for (int seed = 0; seed < rounds; seed++)
	{
		double		norm2 = 0;
		double		rotated = 0;

		memset(r, 0, padded * sizeof(float));
		for (int i = 0; i < 3; i++)
		{
			int			d = (padded * (seed % 8) / 8 + i) % padded;

			r[d] = unit_normal() * sqrt(padded / 3.0);
			norm2 += r[d] * r[d];
		}
		loki_rotate_init(padded, seed, signs);
		plain->rotate(padded, signs, r);
		for (int i = 0; i < padded; i++)
			rotated += r[i] * r[i];
		for (int i = 0; i < padded; i++)
			fourth += pow(r[i], 4) / norm2 / norm2 * padded / rounds;
		off = Max(off, fabs(rotated / norm2 - 1));
	}
	ok(off < 1e-5, "rotation of %d keeps norms", padded);
	ok(fourth < 3.3, "rotation of %d spreads evenly", padded);
	free(signs);
	free(r);
}

static void
test_kernels(const LokiCodeKernels *k, int padded)
{
	test_rotate(k, padded);
	test_encode(k, padded);
	test_pack(k, padded);
	test_queries(k, padded);
	test_dot(k, padded, 1);
	test_dot(k, padded, 2);
	test_dot(k, padded, 4);
	test_dot16(k, padded);
	test_l1(k, padded);
}

int
main(void)
{
	loki_distance_init();
	loki_quantize_init();
	diag("kernels: %s", loki_quantize_simd());

	for (int simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiCodeKernels *kernels = loki_code_kernels(simd);

		if (kernels == NULL)
			continue;
		for (int padded = 64; padded <= 1088; padded += 64)
			test_kernels(kernels, padded);
		test_kernels(kernels, LOKI_MAX_PADDED);
	}

	for (int padded = 64; padded <= 2048; padded += 64)
		test_rotation(padded);
	test_rotation(LOKI_MAX_PADDED);
	return unit_done();
}
