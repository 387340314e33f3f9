/*-------------------------------------------------------------------------
 *
 * textscan_test.c
 *	  The number scanner against strtof(), and the bracket scanner.
 *
 * Sources: src/types/textscan.c
 *
 * Each text is scanned from memory of exactly its size, so that the address
 * sanitizer sees a read past its end.
 *
 * IDENTIFICATION
 *	  test/unit/textscan_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "types/textscan.h"

#define ROUNDS 500000

static LokiScanStatus
expected_status(const char *start, const char *end, float value, int error)
{
	if (end == start)
		return LOKI_SCAN_SYNTAX;
	if (isnan(value))
		return LOKI_SCAN_NAN;
	if (isinf(value))
		return error == ERANGE ? LOKI_SCAN_RANGE : LOKI_SCAN_INFINITE;
	return LOKI_SCAN_OK;
}

/* Whether loki_scan_float() takes the same number as strtof() */
static bool
same_as_strtof(const char *source)
{
	char	   *copy = strdup(source);
	LokiTextScan	scan = {copy};
	float		value = 0;
	LokiScanStatus status = loki_scan_float(&scan, &value);
	char	   *end;
	float		wanted;
	LokiScanStatus wanted_status;
	bool		same;

	errno = 0;
	wanted = strtof(copy, &end);
	wanted_status = expected_status(copy, end, wanted, errno);
	same = status == wanted_status && scan.at == end && scan.number == copy &&
		(status != LOKI_SCAN_OK || memcmp(&value, &wanted, sizeof(float)) == 0);
	if (!same)
		diag("\"%s\": status %d, %a, %d characters; strtof: status %d, %a, %d",
			 copy, status, value, (int) (scan.at - copy),
			 wanted_status, wanted, (int) (end - copy));
	free(copy);
	return same;
}

/* What the random tests write numbers into */
static char written[256];

static float
random_float(void)
{
	uint32		bits;
	float		value;

	do
	{
		bits = (uint32) unit_random();
		memcpy(&value, &bits, sizeof(value));
	} while (!isfinite(value));
	return value;
}

static void
write_float(void)
{
	snprintf(written, sizeof(written), "%.*g", 1 + (int) (unit_random() % 9),
			 random_float());
}

static void
write_fixed(void)
{
	snprintf(written, sizeof(written), "%.*f", (int) (unit_random() % 20),
			 (unit_uniform() - 0.5) * pow(10, (double) (unit_random() % 8)));
}

static void
write_double(void)
{
	snprintf(written, sizeof(written), "%.*g", 10 + (int) (unit_random() % 8),
			 ldexp(unit_uniform() - 0.5, (int) (unit_random() % 300) - 155));
}

/*
 * A decimal close to the middle between two floats: the middle itself, if it
 * is short enough, or cut off, and perhaps moved by one unit of its last digit.
 */
static void
write_halfway(void)
{
	float		low = ldexpf(1 + unit_uniform(), (int) (unit_random() % 250) - 125);
	float		high = nextafterf(low, INFINITY);
	double		middle = low + ((double) high - low) / 2;
	int			digits = (int) (unit_random() % 24);
	int			where;

	snprintf(written, sizeof(written), "%.*e", digits, middle);
	where = digits == 0 ? 0 : digits + 1;
	switch (unit_random() % 3)
	{
		case 0:
			if (written[where] != '9')
				written[where]++;
			break;
		case 1:
			if (written[where] != '0')
				written[where]--;
			break;
		default:
			break;
	}
}

/* Integers around and beyond 2^24, ties among them */
static void
write_integer(void)
{
	uint64		n = unit_random() >> (unit_random() % 64);

	if (unit_random() % 2)
		n &= ~UINT64CONST(0) << (unit_random() % 40);
	snprintf(written, sizeof(written), UINT64_FORMAT, n);
}

/* Digits at random, with a point and an exponent perhaps */
static void
write_digits(void)
{
	int			digits = 1 + (int) (unit_random() % 26);
	int			point = (int) (unit_random() % 40);
	char	   *p = written;

	if (unit_random() % 4 == 0)
		*p++ = unit_random() % 2 ? '-' : '+';
	for (int i = 0; i < digits; i++)
	{
		if (i == point)
			*p++ = '.';
		*p++ = (i < (int) (unit_random() % 8)) ? '0' : '0' + (char) (unit_random() % 10);
	}
	*p = '\0';
	if (unit_random() % 2)
		sprintf(p, "e%d", (int) (unit_random() % 150) - 90);
}

/* Characters that numbers are made of, in no order */
static void
write_garbage(void)
{
	static const char letters[] = "0123456789012345678901234567890.eE+-xXpinfaNty(,] ";
	int			n = (int) (unit_random() % 20);

	for (int i = 0; i < n; i++)
		written[i] = letters[unit_random() % (sizeof(letters) - 1)];
	written[n] = '\0';

	/* strtof() skips space in front, loki_scan_float() leaves it to others */
	if (written[0] == ' ')
		written[0] = '-';
}

static void
test_random(const char *name, void (*write) (void))
{
	int			i;

	for (i = 0; i < ROUNDS; i++)
	{
		write();
		if (!same_as_strtof(written))
			break;
	}
	ok(i == ROUNDS, "%d numbers as strtof reads them: %s", ROUNDS, name);
}

/* Every text of up to five of these characters */
static void
test_short(void)
{
	static const char letters[] = "059.eE+-xin";
	const int	n = sizeof(letters) - 1;
	bool		same = true;

	for (int length = 0; length <= 5 && same; length++)
	{
		int			count = (int) pow(n, length);

		for (int i = 0; i < count && same; i++)
		{
			for (int c = 0, rest = i; c < length; c++, rest /= n)
				written[c] = letters[rest % n];
			written[length] = '\0';
			same = same_as_strtof(written);
		}
	}
	ok(same, "short texts as strtof reads them");
}

static void
test_chosen(void)
{
	static const char *const numbers[] = {
		"0", "-0", "+0", "0.0", "-0.0e5", "0e99999999999", "1", "-1", "1.", ".5",
		"1e", "1e+", "1e-", "1e5e5", "0x", "0x1", "0x1.8p3", "0X1P-149", "0x.8",
		"inf", "-inf", "infinity", "infinit", "nan", "-nan", "nan(1)", "nan(",
		"3.4028235e38", "3.4028236e38", "340282346638528859811704183484516925440",
		"3.40282346638528859811704183484516925439e38",
		"3.4028235677973366e38", "3.4028235677973365e38", "4e38", "-4e38", "1e400",
		"1.17549435e-38", "1.1754943e-38", "1.1754942e-38", "1e-45", "7.006492e-46",
		"7.006493e-46", "7.0064923216240853e-46", "7.0064923216240854e-46", "1e-46",
		"1e-400", "1e-99999", "1e99999", "1e00000000000000000000005",
		"16777217", "16777217.0000000000000000000001", "16777216.9999999999999999",
		"9999999999999999999", "99999999999999999999", "18446744073709551615",
		"18446744073709551616", "0.000000000000000000000000000000000000000000001",
		"00000000000000000000000000000000000000000012345.678", "1_000", "1 2", "",
		"0.1", "0.2", "0.3", "1e-64", "1e-65", "1e38", "1e39", "12345678", "1234567",
		"123456789", "1234567.8", "0.12345678", "0.123456789012345678901234567890",
		"10000000000000000000000000000000000000000e-2"
	};
	bool		same = true;

	for (int i = 0; i < lengthof(numbers); i++)
		same = same_as_strtof(numbers[i]) && same;
	ok(same, "chosen numbers as strtof reads them");
}

/* ------------------------------------------------------------------------
 * Brackets
 * ------------------------------------------------------------------------
 */

static void
test_array(const char *source, LokiScanStatus status, int count)
{
	char	   *copy = strdup(source);
	LokiTextScan	scan = {copy};
	float		values[3];
	int			n;
	LokiScanStatus got = loki_scan_array(&scan, lengthof(values), INFINITY, values, &n);
	bool		right = got == status && n == count;

	for (int i = 0; right && i < count; i++)
		right = values[i] == i + 1;
	for (char *c = copy; *c != '\0'; c++)
		if (*c < ' ')
			*c = '_';			/* TAP is a line a check */
	if (!ok(right, "array \"%s\"", copy))
		diag("status %d, %d numbers", got, n);
	free(copy);
}

/* A number is too large from the limit on, and is where the scan names it. */
static void
test_limit(void)
{
	const char *source = "[1,-2,3]";
	LokiTextScan scan = {source};
	float		values[3];
	int			n;

	ok(loki_scan_array(&scan, 3, 2, values, &n) == LOKI_SCAN_RANGE && n == 1 &&
	   scan.number == source + 3 && scan.at == source + 5, "a number at the limit");
	scan.at = source;
	ok(loki_scan_array(&scan, 3, 3.5, values, &n) == LOKI_SCAN_OK && n == 3, "numbers below the limit");
}

static void
test_arrays(void)
{
	test_array("[1]", LOKI_SCAN_OK, 1);
	test_array("[1,2,3]", LOKI_SCAN_OK, 3);
	test_array("\\t[ 1 , 2 ]", LOKI_SCAN_NO_START, 0);
	test_array(" \t\r\n\v\f[ \t1\n,\v2 ,\f 3\r] ", LOKI_SCAN_OK, 3);
	test_array("[1,2,3,4]", LOKI_SCAN_TOO_MANY, 3);
	test_array("[1,2,3,", LOKI_SCAN_TOO_MANY, 3);
	test_array("", LOKI_SCAN_NO_START, 0);
	test_array(" ", LOKI_SCAN_NO_START, 0);
	test_array("1,2", LOKI_SCAN_NO_START, 0);
	test_array("{1,2}", LOKI_SCAN_NO_START, 0);
	test_array("[]", LOKI_SCAN_EMPTY, 0);
	test_array(" [ ] ", LOKI_SCAN_EMPTY, 0);
	test_array("[", LOKI_SCAN_SYNTAX, 0);
	test_array("[ ", LOKI_SCAN_SYNTAX, 0);
	test_array("[,", LOKI_SCAN_SYNTAX, 0);
	test_array("[1", LOKI_SCAN_SYNTAX, 1);
	test_array("[1,", LOKI_SCAN_SYNTAX, 1);
	test_array("[1,]", LOKI_SCAN_SYNTAX, 1);
	test_array("[1,,2]", LOKI_SCAN_SYNTAX, 1);
	test_array("[1 2]", LOKI_SCAN_SYNTAX, 1);
	test_array("[1;2]", LOKI_SCAN_SYNTAX, 1);
	test_array("[1}", LOKI_SCAN_SYNTAX, 1);
	test_array("[1e]", LOKI_SCAN_SYNTAX, 1);
	test_array("[- 1]", LOKI_SCAN_SYNTAX, 0);
	test_array("[1,hello]", LOKI_SCAN_SYNTAX, 1);
	test_array("[1]]", LOKI_SCAN_JUNK, 1);
	test_array("[1,2] x", LOKI_SCAN_JUNK, 2);
	test_array("[1,nan]", LOKI_SCAN_NAN, 1);
	test_array("[1,-inf]", LOKI_SCAN_INFINITE, 1);
	test_array("[1,4e38,x]", LOKI_SCAN_RANGE, 1);
}

int
main(void)
{
	test_chosen();
	test_short();
	test_random("floats", write_float);
	test_random("fixed point", write_fixed);
	test_random("doubles", write_double);
	test_random("near the middle of two floats", write_halfway);
	test_random("integers", write_integer);
	test_random("random digits", write_digits);
	test_random("garbage", write_garbage);
	test_arrays();
	test_limit();
	return unit_done();
}
