/*-------------------------------------------------------------------------
 *
 * textprint.c
 *	  The numbers in the text output of all types.
 *
 * The text of a float is that of the server: the decimal of the fewest digits
 * between the two points halfway to the floats next to it, these excluded; of
 * several the one nearest to the float, and of two as near the even one.  The
 * server finds it by the algorithm of Adams, "Ryu: fast float-to-string
 * conversion" (PLDI 2018), for floats of any size.  Those that float4 writes
 * without an exponent, from 1e-4 to less than 1e6, have a shorter way here, and
 * nearly all elements of vectors are among them.
 *
 * Let the float be f / 2^s, where f has 24 bits and s is 4 to 37, and d the
 * least number with 10^d >= 2^s.  With d places after the point the float is
 * the number f * 10^d / 2^s, of seven to nine digits, and the halfway points
 * are 10^d / 2^s / 2 to both sides.  So at least one integer is between these,
 * and at most one that ends in zero.  That one is the shortest, except for more
 * zeros at its end; if there is none, the integer nearest to the float is.  The
 * same thought is in Giulietti, "The Schubfach way to render doubles" (2020).
 * In units of 2^-32 all these numbers are integers of 64 bits, since d is at
 * most 12, and 10^d is a multiple of 2^d.
 *
 * The float below a power of two is nearer than the one above.  For none of the
 * 34 that come here does it make a difference.
 *
 * Lengths and signs of numbers are what a processor cannot predict, so they
 * decide where characters go, but no branch.
 *
 * IDENTIFICATION
 *	  src/types/textprint.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "common/shortest_dec.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "types/textprint.h"

StaticAssertDecl(LOKI_PRINT_LENGTH > FLOAT_SHORTEST_DECIMAL_LEN,
				 "the server writes more than there is room for");

/* Bits of floats */
#define SIGN_SHIFT 31
#define FRACTION_BITS 23
#define FRACTION_MASK ((1 << FRACTION_BITS) - 1)

#define TEN_THOUSANDTH 0x38d1b717	/* the float nearest to 1e-4 */
#define ONE 0x3f800000
#define MILLION 0x49742400

#define TEN_TO_8 100000000

/*
 * 10^d / 2^s in units of 2^-32, and d, for each exponent of floats from
 * TEN_THOUSANDTH to less than MILLION.
 */
#define LEAST_EXPONENT (TEN_THOUSANDTH >> FRACTION_BITS)
#define STEP(s, d, power) {(uint64) (power / (UINT64CONST(1) << (s)) * 4294967296.0), d}

static const struct
{
	uint64		step;
	int			places;
}			steps[] =
{
	STEP(37, 12, 1e12), STEP(36, 11, 1e11), STEP(35, 11, 1e11),
	STEP(34, 11, 1e11), STEP(33, 10, 1e10), STEP(32, 10, 1e10),
	STEP(31, 10, 1e10), STEP(30, 10, 1e10), STEP(29, 9, 1e9),
	STEP(28, 9, 1e9), STEP(27, 9, 1e9), STEP(26, 8, 1e8),
	STEP(25, 8, 1e8), STEP(24, 8, 1e8), STEP(23, 7, 1e7),
	STEP(22, 7, 1e7), STEP(21, 7, 1e7), STEP(20, 7, 1e7),
	STEP(19, 6, 1e6), STEP(18, 6, 1e6), STEP(17, 6, 1e6),
	STEP(16, 5, 1e5), STEP(15, 5, 1e5), STEP(14, 5, 1e5),
	STEP(13, 4, 1e4), STEP(12, 4, 1e4), STEP(11, 4, 1e4),
	STEP(10, 4, 1e4), STEP(9, 3, 1e3), STEP(8, 3, 1e3),
	STEP(7, 3, 1e3), STEP(6, 2, 1e2), STEP(5, 2, 1e2),
	STEP(4, 2, 1e2)
};

StaticAssertDecl(lengthof(steps) == (MILLION >> FRACTION_BITS) - LEAST_EXPONENT + 1,
				 "table of steps is incomplete");

/*
 * The float of these bits, from TEN_THOUSANDTH to less than MILLION, as an
 * integer that has *places digits after the point.  Zeros may end it.
 */
static inline uint32
shortest_decimal(uint32 bits, int *places)
{
	uint32		exponent = (bits >> FRACTION_BITS) - LEAST_EXPONENT;
	uint32		fraction = (bits & FRACTION_MASK) | (FRACTION_MASK + 1);
	uint64		step = steps[exponent].step;
	uint64		value = fraction * step;
	uint64		low = value - step / 2;
	uint64		high = value + step / 2;
	uint32		tens = (uint32) ((high - 1) >> 32) / 10 * 10;
	uint32		odd = (uint32) (value >> 32) & 1;
	uint32		nearest = (uint32) ((value + 0x7fffffff + odd) >> 32);
	uint32		shorter = -(uint32) ((uint64) tens << 32 > low);

	Assert(bits >= TEN_THOUSANDTH && bits < MILLION);
	*places = steps[exponent].places;
	return (tens & shorter) | (nearest & ~shorter);
}

/*
 * The eight digits of n in the eight bytes of a word, the first one lowest:
 * four, two and one digit at a time.
 */
static inline uint64
eight_digits(uint32 n)
{
	uint64		w = n / 10000;
	uint64		high;

	Assert(n < TEN_TO_8);
	w |= (uint64) (n - w * 10000) << 32;
	high = ((w * 10486) >> 20) & UINT64CONST(0x0000007f0000007f);
	w = high | ((w - high * 100) << 16);
	high = ((w * 103) >> 10) & UINT64CONST(0x000f000f000f000f);
	return high | ((w - high * 10) << 8);
}

/* How many of these digits are left without zeros at the end */
static inline int
without_zeros(uint64 digits)
{
	return (pg_leftmost_one_pos64((digits << 3) | 1) + 5) / 8;
}

/* Write eight digits, the first one first; those not wanted are written over later. */
static inline void
store_digits(char *p, uint64 digits)
{
	digits |= UINT64CONST(0x3030303030303030);
#ifdef WORDS_BIGENDIAN
	digits = pg_bswap64(digits);
#endif
	memcpy(p, &digits, sizeof(digits));
}

/* "0.", zeros, and nine digits that may begin with zeros */
static inline char *
print_below_one(char *p, uint32 bits)
{
	int			places;
	uint32		n = shortest_decimal(bits, &places);
	uint32		first = n >= TEN_TO_8;
	uint64		digits = eight_digits(n - first * TEN_TO_8);

	Assert(places >= 8 && places <= 12);
	memcpy(p, "0.000000", 8);
	p[places - 7] = (char) ('0' + first);
	store_digits(p + places - 6, digits);
	memcpy(p, "0.", 2);			/* over the first digits of eight places */
	return p + 2 + places - 8 + without_zeros(digits);
}

/*
 * Eight digits, or a one and eight digits, with the point where it belongs.
 * From one on, integers of shortest_decimal() are never of seven digits.
 */
static inline char *
print_from_one(char *p, uint32 bits)
{
	int			places;
	uint32		n = shortest_decimal(bits, &places);
	uint32		first = n >= TEN_TO_8;
	uint64		digits = eight_digits(n - first * TEN_TO_8);
	int			whole = 8 - places;
	int			length = without_zeros(digits);

	Assert(whole > 0 && whole < 8);
	*p = '1';
	p += first;
	store_digits(p, digits);
	p[whole] = '.';
	store_digits(p + whole + 1, digits >> (8 * whole));
	length += length > whole;	/* the point */
	return p + Max(length, whole);
}

/* Write a float, in LOKI_PRINT_LENGTH characters; returns where its text ends. */
static inline char *
print_float(char *p, float x)
{
	uint32		bits;
	uint32		magnitude;

	memcpy(&bits, &x, sizeof(bits));
	magnitude = bits & ~((uint32) 1 << SIGN_SHIFT);
	*p = '-';
	if (magnitude - TEN_THOUSANDTH < ONE - TEN_THOUSANDTH)
		return print_below_one(p + (bits >> SIGN_SHIFT), magnitude);
	if (magnitude - ONE < MILLION - ONE)
		return print_from_one(p + (bits >> SIGN_SHIFT), magnitude);
	return p + float_to_shortest_decimal_bufn(x, p);
}

char *
loki_print_floats(char *p, int n, const float *x)
{
	Assert(n > 0);
	for (int i = 0; i < n; i++)
	{
		p = print_float(p, x[i]);
		*p++ = ',';
	}
	return p - 1;
}

char *
loki_print_float(char *p, float x)
{
	return loki_print_floats(p, 1, &x);
}
