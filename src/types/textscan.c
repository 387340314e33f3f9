/*-------------------------------------------------------------------------
 *
 * textscan.c
 *	  The scanner under the text input of all types.
 *
 * Reading a vector's text is reading numbers, and strtof() is slow: it has to
 * serve every base, locale and length.  Nearly all numbers are plain, a few
 * decimal digits with a small exponent, and a double is enough to find the
 * right float of those in all but a few in 10^8 cases.
 *
 * Let the number be w * 10^e with an integer w below 10^19.  Converting w to
 * double, the constant 10^e and the product are each rounded once, so the
 * product d is off by less than 3 * 2^-53 of itself, which is at most three
 * units in its last place.  Rounding d to float gives the float nearest to the
 * number unless a point halfway between two floats lies between them.  Such a
 * point has the lowest 29 bits of its double at 2^28; if those of d are within
 * NEAR_HALFWAY of that, strtof() decides, as it does on everything that is
 * not plain.
 *
 * IDENTIFICATION
 *	  src/types/textscan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <errno.h>
#include <float.h>
#include <math.h>

#include "types/textscan.h"

/* The longest decimal integer that surely fits a uint64 */
#define MAX_DIGITS 19

/* Units in the last place of a double that the product may be off, and more */
#define NEAR_HALFWAY 8

#define MIN_POWER (-64)
#define MAX_POWER 38

/* 10^MIN_POWER to 10^MAX_POWER */
static const double powers[] = {
	1e-64, 1e-63, 1e-62, 1e-61, 1e-60, 1e-59, 1e-58, 1e-57, 1e-56, 1e-55,
	1e-54, 1e-53, 1e-52, 1e-51, 1e-50, 1e-49, 1e-48, 1e-47, 1e-46, 1e-45,
	1e-44, 1e-43, 1e-42, 1e-41, 1e-40, 1e-39, 1e-38, 1e-37, 1e-36, 1e-35,
	1e-34, 1e-33, 1e-32, 1e-31, 1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25,
	1e-24, 1e-23, 1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15,
	1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4,
	1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
	1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34,
	1e35, 1e36, 1e37, 1e38
};

StaticAssertDecl(lengthof(powers) == MAX_POWER - MIN_POWER + 1,
				 "table of powers of ten is incomplete");

static inline bool
is_digit(char c)
{
	return (unsigned char) (c - '0') <= 9;
}

/* Append the digits at p to *w, which may wrap around, and return the end of them. */
static inline const char *
take_digits(const char *p, uint64 *w)
{
	while (is_digit(*p))
		*w = *w * 10 + (*p++ - '0');
	return p;
}

/*
 * Digits from p to end, a point among them perhaps, that count: all but
 * leading zeros.
 */
static int
significant_digits(const char *p, const char *end)
{
	int			n = 0;

	while (p < end && (*p == '0' || *p == '.'))
		p++;
	for (; p < end; p++)
		if (*p != '.')
			n++;
	return n;
}

/*
 * Add the exponent at *p, if there is one, to *power.  A letter without
 * digits after it is none, and not part of the number.
 */
static inline bool
take_exponent(const char **p, int *power)
{
	const char *s = *p + 1;
	bool		negative = (*s == '-');
	const char *start;
	int			exponent = 0;

	if (*s == '-' || *s == '+')
		s++;
	start = s;
	while (is_digit(*s) && s - start <= 4)
		exponent = exponent * 10 + (*s++ - '0');
	if (s - start > 4)
		return false;			/* far out of range, or padded with zeros */
	if (s > start)
	{
		*power += negative ? -exponent : exponent;
		*p = s;
	}
	return true;
}

/*
 * The float nearest to w * 10^power; false unless a double decides it.
 */
static inline bool
round_to_float(uint64 w, int power, float *value)
{
	double		d;
	uint64		bits;

	if (w == 0)
	{
		*value = 0;
		return true;
	}
	if (power < MIN_POWER || power > MAX_POWER)
		return false;
	d = (double) w * powers[power - MIN_POWER];

	/* denormals have fewer bits; the largest float has its own rules */
	if (!(d > 2 * FLT_MIN && d < FLT_MAX / 2))
		return false;

	memcpy(&bits, &d, sizeof(bits));
	bits = (bits & ((1 << 29) - 1)) - ((1 << 28) - NEAR_HALFWAY);
	if (bits <= 2 * NEAR_HALFWAY)
		return false;
	*value = (float) d;
	return true;
}

/*
 * Take a plain number.  Returns false, with nothing taken, if it is not plain.
 */
static inline bool
scan_plain(LokiTextScan *scan, float *value)
{
	const char *p = scan->at;
	bool		negative = (*p == '-');
	const char *start;
	uint64		w = 0;
	int			digits;
	int			power = 0;

	p += (*p == '-') | (*p == '+');
	start = p;
	p = take_digits(p, &w);
	digits = p - start;
	if (*p == '.')
	{
		const char *fraction = ++p;

		p = take_digits(p, &w);
		power = -(int) (p - fraction);
		digits -= power;
	}
	else if (*p == 'x' || *p == 'X')
		return false;			/* maybe hexadecimal */
	if (digits == 0)
		return false;
	if (digits > MAX_DIGITS && significant_digits(start, p) > MAX_DIGITS)
		return false;
	if ((*p == 'e' || *p == 'E') && !take_exponent(&p, &power))
		return false;
	if (!round_to_float(w, power, value))
		return false;

	/* signs are as hard to predict as lengths */
	*value = negative ? -*value : *value;
	scan->at = p;
	return true;
}

LokiScanStatus
loki_scan_float(LokiTextScan *scan, float *value)
{
	char	   *end;

	Assert(!loki_is_space(*scan->at));
	scan->number = scan->at;
	if (likely(scan_plain(scan, value)))
		return LOKI_SCAN_OK;

	errno = 0;
	*value = strtof(scan->at, &end);
	if (end == scan->at)
		return LOKI_SCAN_SYNTAX;
	scan->at = end;
	if (isnan(*value))
		return LOKI_SCAN_NAN;
	if (isinf(*value))
		return errno == ERANGE ? LOKI_SCAN_RANGE : LOKI_SCAN_INFINITE;
	return LOKI_SCAN_OK;
}

LokiScanStatus
loki_scan_array(LokiTextScan *scan, int max, float limit, float *values, int *n)
{
	LokiScanStatus status;

	Assert(max > 0 && limit > 0);
	*n = 0;
	loki_skip_space(scan);
	if (*scan->at != '[')
		return LOKI_SCAN_NO_START;
	scan->at++;
	loki_skip_space(scan);
	if (*scan->at == ']')
		return LOKI_SCAN_EMPTY;

	for (;;)
	{
		if (*n == max)
			return LOKI_SCAN_TOO_MANY;
		loki_skip_space(scan);
		status = loki_scan_float(scan, &values[*n]);
		if (status != LOKI_SCAN_OK)
			return status;
		if (unlikely(fabsf(values[*n]) >= limit))
			return LOKI_SCAN_RANGE;
		(*n)++;
		loki_skip_space(scan);
		if (*scan->at != ',')
			break;
		scan->at++;
	}
	if (*scan->at != ']')
		return LOKI_SCAN_SYNTAX;

	scan->at++;
	loki_skip_space(scan);
	return *scan->at == '\0' ? LOKI_SCAN_OK : LOKI_SCAN_JUNK;
}
