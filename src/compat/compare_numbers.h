/*-------------------------------------------------------------------------
 *
 * compare_numbers.h
 *	  For qsort(): ascending, by the number that an element is or begins with.
 *
 * IDENTIFICATION
 *	  src/compat/compare_numbers.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_COMPARE_H
#define LOKI_COMPARE_H

static inline int
loki_compare_int32(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return (x > y) - (x < y);
}

static inline int
loki_compare_uint32(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return (x > y) - (x < y);
}

/* NaN is not among them */
static inline int
loki_compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

#endif							/* LOKI_COMPARE_H */
