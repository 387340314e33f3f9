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

#define LOKI_COMPARISON(name, result) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		int			order = compare_arguments(fcinfo); \
		result; \
	}

/*
 * TYPE_cmp, TYPE_lt and so on, from the file's compare_arguments(fcinfo), which
 * returns as qsort's callbacks do how the first argument compares to the second.
 */
#define LOKI_COMPARISONS(type) \
	LOKI_COMPARISON(type##_cmp, PG_RETURN_INT32(order)) \
	LOKI_COMPARISON(type##_lt, PG_RETURN_BOOL(order < 0)) \
	LOKI_COMPARISON(type##_le, PG_RETURN_BOOL(order <= 0)) \
	LOKI_COMPARISON(type##_eq, PG_RETURN_BOOL(order == 0)) \
	LOKI_COMPARISON(type##_ne, PG_RETURN_BOOL(order != 0)) \
	LOKI_COMPARISON(type##_ge, PG_RETURN_BOOL(order >= 0)) \
	LOKI_COMPARISON(type##_gt, PG_RETURN_BOOL(order > 0))

#endif							/* LOKI_COMPARE_H */
