/*-------------------------------------------------------------------------
 *
 * range.h
 *	  The values that an expression can have: interval arithmetic.
 *
 * IDENTIFICATION
 *	  src/planner/query/range.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_RANGE_H
#define LOKI_PLANNER_QUERY_RANGE_H

#include "nodes/primnodes.h"

/*
 * Numbers, from low to high.  Times are seconds, dates are days, and false and true are 0
 * and 1.
 */
typedef struct LokiRange
{
	double		low;
	double		high;
	bool		nulls;			/* it may be NULL */
	bool		nans;			/* it may be NaN, too */
} LokiRange;

/* What a function does to numbers */
typedef enum LokiOperation
{
	LOKI_UNKNOWN,
	/* of two */
	LOKI_ADD,
	LOKI_SUBTRACT,
	LOKI_MULTIPLY,
	LOKI_DIVIDE,
	LOKI_POWER,
	LOKI_ROUND_DIGITS,			/* to a number of digits */
	LOKI_TYPMOD,				/* to those of a type */
	LOKI_SHARE,					/* of anything: 0 to 1, or slightly more */
	/* of one */
	LOKI_NEGATE,
	LOKI_ABS,
	LOKI_EXP,
	LOKI_SQRT,
	LOKI_LN,
	LOKI_LOG,
	LOKI_ROUND,
	LOKI_SAME					/* another type, or a plus */
} LokiOperation;

/* The range of an expression of which nothing is known */
extern const LokiRange loki_any_range;

/* What a function of the server's does to numbers, as far as it is known */
extern LokiOperation loki_operation(Oid function);

/* Finds the range of an expression that its caller knows; false if it does not */
typedef bool (*LokiRangeOf) (Node *expr, void *context, LokiRange *range);

/* Whether values of a type are numbers, but for some that are infinite */
extern bool loki_range_is_number(Oid type);

/* A value as a number; false if its type has none */
extern bool loki_range_number(Datum value, Oid type, double *number);

/*
 * The range of a call.  False if the function is not known, or not defined on all of its
 * arguments' range.  b is NULL if there is one argument.
 */
extern bool loki_range_of_call(Oid function, const LokiRange *a, const LokiRange *b,
							   LokiRange *result);

/* The range of an expression; what is not known can have any value */
extern void loki_range_of_expr(Node *expr, LokiRangeOf known, void *context,
							   LokiRange *result);

#endif							/* LOKI_PLANNER_QUERY_RANGE_H */
