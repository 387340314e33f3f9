/*-------------------------------------------------------------------------
 *
 * compare.h
 *	  The functions behind the comparison operators of a type.
 *
 * IDENTIFICATION
 *	  src/types/compare.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_COMPARE_H
#define LOKI_COMPARE_H

#include "lokivector.h"

#define LOKI_COMPARISON(name, compare, result) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		int			order = compare(fcinfo); \
		result; \
	}

/*
 * TYPE_cmp, TYPE_lt and so on, from a function compare(fcinfo), which returns as qsort's
 * callbacks do how the first argument compares to the second.
 */
#define LOKI_COMPARISONS(type, compare) \
	LOKI_COMPARISON(type##_cmp, compare, PG_RETURN_INT32(order)) \
	LOKI_COMPARISON(type##_lt, compare, PG_RETURN_BOOL(order < 0)) \
	LOKI_COMPARISON(type##_le, compare, PG_RETURN_BOOL(order <= 0)) \
	LOKI_COMPARISON(type##_eq, compare, PG_RETURN_BOOL(order == 0)) \
	LOKI_COMPARISON(type##_ne, compare, PG_RETURN_BOOL(order != 0)) \
	LOKI_COMPARISON(type##_ge, compare, PG_RETURN_BOOL(order >= 0)) \
	LOKI_COMPARISON(type##_gt, compare, PG_RETURN_BOOL(order > 0))

#endif							/* LOKI_COMPARE_H */
