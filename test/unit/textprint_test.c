/*-------------------------------------------------------------------------
 *
 * textprint_test.c
 *	  The texts of numbers: the shortest that read as the same float.
 *
 * Sources: src/types/textprint.c
 *
 * What the server makes of a float is made here by printf() and strtof(), so
 * that the library of the server's functions need not exist for the machine.
 * All 2^32 floats against that library itself, in two to four minutes:
 *
 *		I=$(pg_config --includedir-server) L=$(pg_config --pkglibdir)
 *		cc -O2 -DALL_FLOATS -DFRONTEND -Isrc -Itest/unit -I$I -o build/floats \
 *			test/unit/textprint_test.c src/types/textprint.c \
 *			$L/libpgcommon.a $L/libpgport.a -lm && build/floats
 *
 * IDENTIFICATION
 *	  test/unit/textprint_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "common/shortest_dec.h"
#include "types/textprint.h"

#define ROUNDS 50000
#define LONGEST_LIST 100

static float
float_of_bits(uint32 bits)
{
	float		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

#ifndef ALL_FLOATS

/* Whether a text is exactly between two floats, so that readers may differ */
static bool
is_halfway(const char *text, float x)
{
	double		decimal = strtod(text, NULL);
	float		next = nextafterf(x, decimal > x ? INFINITY : -INFINITY);

	return decimal == ((double) x + next) / 2;
}

int
float_to_shortest_decimal_bufn(float x, char *result)
{
	int			decimals = 0;
	int			exponent;

	for (;; decimals++)
	{
		int			length = sprintf(result, "%.*e", decimals, x);

		exponent = atoi(strchr(result, 'e') + 1);
		if (!isfinite(x) || (strtof(result, NULL) == x && !is_halfway(result, x)))
		{
			if (x == 0 || (exponent >= -4 && exponent < 6))
				length = sprintf(result, "%.*f", Max(decimals - exponent, 0), x);
			return length;
		}
	}
}

#endif

/*
 * Whether loki_print_float() has the server's text, and keeps within its room
 */
static bool
same_as_server(float x)
{
	char		wanted[64];
	char		got[LOKI_PRINT_LENGTH + 1];
	int			length = float_to_shortest_decimal_bufn(x, wanted);
	char	   *end;

	got[LOKI_PRINT_LENGTH] = '?';
	end = loki_print_float(got, x);
	if (end - got == length && memcmp(got, wanted, length) == 0 &&
		length < LOKI_PRINT_LENGTH && got[LOKI_PRINT_LENGTH] == '?')
		return true;
	diag("%a: %.*s in place of %.*s", x, (int) (end - got), got, length, wanted);
	return false;
}

#ifdef ALL_FLOATS

int
main(void)
{
	uint32		bits = 0;
	int64		different = 0;

	do
	{
		float		x = float_of_bits(bits);

		if (isfinite(x) && !same_as_server(x))
			different++;
	} while (++bits != 0);
	ok(different == 0, "all floats as the server prints them");
	return unit_done();
}

#else

/* A float, its negative, and some floats above and below it */
static bool
same_around(float x)
{
	uint32		bits;
	bool		same = true;

	memcpy(&bits, &x, sizeof(bits));
	for (int i = -3; i <= 3 && same; i++)
	{
		float		near = float_of_bits(bits + i);

		if (isfinite(near))
			same = same_as_server(near) && same_as_server(-near);
	}
	return same;
}

static void
test_boundaries(void)
{
	bool		same = same_around(0);

	for (int e = -149; e <= 127 && same; e++)
		same = same_around(ldexpf(1, e));
	ok(same, "powers of two and the floats beside them");

	same = true;
	for (int e = -45; e <= 38 && same; e++)
		for (int digit = 1; digit <= 9 && same; digit++)
			same = same_around((float) (digit * pow(10, e)));
	ok(same, "numbers of one digit and the floats beside them");
}

/* Every exponent of plain numbers, with all kinds of fractions */
static void
test_exponents(void)
{
	bool		same = true;

	for (int e = -15; e <= 20 && same; e++)
		for (int i = 0; i < ROUNDS / 20 && same; i++)
			same = same_as_server((float) ldexp(1 + unit_uniform(), e));
	ok(same, "floats of every exponent from 2^-15 to 2^20");
}

static void
test_short(void)
{
	bool		same = true;

	for (int places = 0; places <= 6 && same; places++)
		for (int i = 0; i < ROUNDS / 10 && same; i++)
			same = same_as_server((float) ((double) (unit_random() % 1000000) / pow(10, places)));
	ok(same, "decimals of up to six digits");

	same = true;
	for (int i = 0; i <= 65536 && same; i++)
		same = same_as_server(i / 16.0f);
	ok(same, "integers and sixteenths");

	same = true;
	for (int h = 0; h < 0x7c00 && same; h++)
		same = same_as_server(ldexpf((h & 1023) + (h < 1024 ? 0 : 1024), Max(h >> 10, 1) - 25));
	ok(same, "all halves");
}

static void
test_random(void)
{
	bool		same = true;

	for (int i = 0; i < ROUNDS && same; i++)
	{
		float		x = float_of_bits((uint32) unit_random());

		same = !isfinite(x) || same_as_server(x);
	}
	ok(same, "floats of random bits");
}

/* Numbers with commas, in memory of exactly the size that callers allocate */
static void
test_lists(void)
{
	float		x[LONGEST_LIST];
	char		wanted[LONGEST_LIST * 20];
	bool		same = true;

	for (int n = 1; n <= LONGEST_LIST && same; n++)
	{
		char	   *got = malloc(LOKI_PRINT_LENGTH * n);
		char	   *p = wanted;
		char	   *end;

		for (int i = 0; i < n; i++)
		{
			x[i] = (float) ((unit_uniform() - 0.5) * pow(10, unit_random() % 8));
			p += float_to_shortest_decimal_bufn(x[i], p);
			*p++ = ',';
		}
		end = loki_print_floats(got, n, x);
		same = end - got == p - 1 - wanted && memcmp(got, wanted, end - got) == 0;
		free(got);
	}
	ok(same, "lists of up to %d numbers", LONGEST_LIST);
}

int
main(void)
{
	test_boundaries();
	test_exponents();
	test_short();
	test_random();
	test_lists();
	return unit_done();
}

#endif
