/*-------------------------------------------------------------------------
 *
 * range.c
 *	  The values that an expression can have: interval arithmetic.
 *
 * It answers two questions of a score: whether an operation is monotone and defined on all that its
 * argument can be, and what the best score is that a row to come can have.
 *
 *		0.7 * (1 - (v <=> $1)) + 0.3 * exp(-age)
 *				v <=> $1 is 0 to 2 and age 0 to 9, say, so the score is -0.7 to 1
 *
 * Each operation maps the ranges of its arguments to one that has all of its values, and
 * maybe others: the arguments are taken for independent, so that d - d is not 0.  A range is open
 * where it ends in infinity, since a float8 that overflows is an error and no value.
 *
 * Ends are float8.  Sums, products, quotients and roots of floats are rounded as a row's own are, which keeps
 * their order, so that ends of ranges that are equal to a value stay equal.  After each operation and
 * conversion that a row does in other steps, of numeric, of times, by exp() or ln(), the ends are widened by more
 * than either can be off: widen_ends().
 *
 * Functions are known by their OIDs, which are the same in each database (fmgroids.h).  So a user's
 * function that has the name of one of them is not taken for it, whatever search_path says.
 *
 * IDENTIFICATION
 *	  src/planner/query/range.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "planner/query/distance_expr.h"
#include "planner/query/range.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/* Whole numbers up to this have a float8 each */
#define MOST_EXACT		9007199254740992.0

#define EPOCH_SECONDS	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY)

const LokiRange loki_any_range = {-INFINITY, INFINITY, true, true};

bool
loki_range_is_number(Oid type)
{
	switch (type)
	{
		case FLOAT8OID:
		case FLOAT4OID:
		case NUMERICOID:
		case INT8OID:
		case INT4OID:
		case INT2OID:
		case BOOLOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case DATEOID:
			return true;
		default:
			return false;
	}
}

/*
 * Times become seconds, so that the difference of two of them is an interval in the unit that
 * EXTRACT(epoch) has.  An infinite time is no number: sums with it are no sums of numbers.
 */
bool
loki_range_number(Datum value, Oid type, double *number)
{
	switch (type)
	{
		case FLOAT8OID:
			*number = DatumGetFloat8(value);
			return true;
		case FLOAT4OID:
			*number = DatumGetFloat4(value);
			return true;
		case NUMERICOID:
			*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
			return true;
		case INT8OID:
			*number = (double) DatumGetInt64(value);
			return true;
		case INT4OID:
			*number = DatumGetInt32(value);
			return true;
		case INT2OID:
			*number = DatumGetInt16(value);
			return true;
		case BOOLOID:
			*number = DatumGetBool(value);
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*number = (double) DatumGetTimestamp(value) / USECS_PER_SEC;
			return !TIMESTAMP_NOT_FINITE(DatumGetTimestamp(value));
		case DATEOID:
			*number = DatumGetDateADT(value);
			return !DATE_NOT_FINITE(DatumGetDateADT(value));
		default:
			return false;
	}
}

/*
 * The low end of a range, or the opposite of the high one, moved outwards by `unit` times itself.
 *
 * A numeric may be larger than any float8, and smaller than any but zero.  So an end of infinity, on the side of the
 * numbers, is but the largest number, and -0 is but nearly zero: 0 itself may come of numbers above it alone.
 */
static double
widened_end(double end, double unit)
{
	if (isinf(end))
		return Min(end, DBL_MAX);
	if (signbit(end) && end > -DBL_MIN)
		return nextafter(end, -INFINITY);
	return end - fabs(end) * unit;
}

/*
 * Move the ends of a range outwards by a unit of their last digit, of so many decimal digits that a number is
 * computed to: DBL_DIG wherever that is a float8 or a numeric, of which the server computes 16 digits at least.
 * A range that begins with 0 goes on to do so.
 */
static void
widen_ends(LokiRange *range, int digits)
{
	double		unit = pow(10, 1 - digits);

	Assert(range->low <= range->high);
	range->low = widened_end(range->low, unit);
	range->high = -widened_end(-range->high, unit);
}

/* Set both ends */
static bool
set_ends(LokiRange *range, double low, double high)
{
	range->low = low;
	range->high = high;
	return true;
}

/*
 * Zero times infinity is zero: the ends of ranges are limits.  x * y with x = 0 is 0 however large y is,
 * and infinity itself is in no range but that of a distance (forms/scores.c).
 */
static double
product(double a, double b)
{
	return a == 0 || b == 0 ? 0 : a * b;
}

/*
 * The range of a function that rises or falls in each of its arguments while the other one is held.
 * Then its extremes are among the values at the four corners of the arguments' ranges.
 */
static void
from_corners(double (*function) (double, double), const LokiRange *a, const LokiRange *b,
			 LokiRange *result)
{
	const double corners[] = {function(a->low, b->low), function(a->low, b->high),
	function(a->high, b->low), function(a->high, b->high)};

	result->low = result->high = corners[0];
	for (int i = 1; i < lengthof(corners); i++)
	{
		result->low = Min(result->low, corners[i]);
		result->high = Max(result->high, corners[i]);
	}
}

/* Zero has the sign of the numbers that are divided by; infinity by infinity is between other corners. */
static double
quotient(double a, double b)
{
	if (a == 0 || isinf(b))
		return 0;
	return b == 0 ? copysign(INFINITY, b) * a : a / b;
}

/*
 * Functions by what they do to numbers.  Casts that round are LOKI_ROUND: float8 to int4.  Functions
 * that depend on a setting are not here, as casts between timestamp and timestamptz.
 */
static const struct
{
	LokiOperation operation;
	Oid			functions[26];	/* up to InvalidOid */
}			operations[] =
{
	{LOKI_ADD, {F_FLOAT8PL, F_FLOAT4PL, F_FLOAT48PL, F_FLOAT84PL, F_NUMERIC_ADD, F_INT4PL,
	F_INT8PL, F_INT48PL, F_INT84PL}},
	{LOKI_SUBTRACT, {F_FLOAT8MI, F_FLOAT4MI, F_FLOAT48MI, F_FLOAT84MI, F_NUMERIC_SUB, F_INT4MI,
	F_INT8MI, F_INT48MI, F_INT84MI, F_TIMESTAMPTZ_MI, F_TIMESTAMP_MI, F_DATE_MI}},
	{LOKI_MULTIPLY, {F_FLOAT8MUL, F_FLOAT4MUL, F_FLOAT48MUL, F_FLOAT84MUL, F_NUMERIC_MUL,
	F_INT4MUL, F_INT8MUL, F_INT48MUL, F_INT84MUL}},
	{LOKI_DIVIDE, {F_FLOAT8DIV, F_FLOAT4DIV, F_FLOAT48DIV, F_FLOAT84DIV, F_NUMERIC_DIV}},
	{LOKI_POWER, {F_DPOW, F_POW_FLOAT8_FLOAT8, F_POWER_FLOAT8_FLOAT8, F_NUMERIC_POWER,
	F_POW_NUMERIC_NUMERIC, F_POWER_NUMERIC_NUMERIC}},
	{LOKI_NEGATE, {F_FLOAT8UM, F_FLOAT4UM, F_NUMERIC_UMINUS, F_INT4UM, F_INT8UM}},
	{LOKI_ABS, {F_ABS_FLOAT8, F_ABS_FLOAT4, F_ABS_NUMERIC, F_NUMERIC_ABS, F_ABS_INT8,
	F_ABS_INT4, F_FLOAT8ABS, F_FLOAT4ABS, F_INT4ABS}},
	{LOKI_EXP, {F_EXP_FLOAT8, F_DEXP, F_EXP_NUMERIC, F_NUMERIC_EXP}},
	{LOKI_SQRT, {F_SQRT_FLOAT8, F_DSQRT, F_SQRT_NUMERIC, F_NUMERIC_SQRT}},
	{LOKI_LN, {F_LN_FLOAT8, F_DLOG1, F_LN_NUMERIC, F_NUMERIC_LN}},
	{LOKI_LOG, {F_LOG_FLOAT8, F_LOG10_FLOAT8, F_DLOG10, F_LOG_NUMERIC, F_LOG10_NUMERIC}},
	{LOKI_ROUND, {F_ROUND_FLOAT8, F_DROUND, F_TRUNC_FLOAT8, F_DTRUNC, F_FLOOR_FLOAT8,
	F_CEIL_FLOAT8, F_CEILING_FLOAT8, F_ROUND_NUMERIC, F_TRUNC_NUMERIC, F_FLOOR_NUMERIC,
	F_CEIL_NUMERIC, F_CEILING_NUMERIC, F_INT4_FLOAT8, F_INT8_FLOAT8, F_INT4_NUMERIC,
	F_INT8_NUMERIC}},
	{LOKI_ROUND_DIGITS, {F_ROUND_NUMERIC_INT4, F_TRUNC_NUMERIC_INT4}},
	{LOKI_TYPMOD, {F_NUMERIC_NUMERIC_INT4}},
	{LOKI_SAME, {F_NUMERIC_UPLUS, F_FLOAT8UP, F_NUMERIC_FLOAT8, F_NUMERIC_FLOAT4,
	F_NUMERIC_INT8, F_NUMERIC_INT4, F_NUMERIC_INT2, F_FLOAT8_NUMERIC, F_FLOAT8_FLOAT4,
	F_FLOAT8_INT8, F_FLOAT8_INT4, F_FLOAT8_INT2, F_FLOAT4_NUMERIC, F_FLOAT4_FLOAT8,
	F_FLOAT4_INT8, F_FLOAT4_INT4, F_FLOAT4_INT2, F_INT8_INT4, F_INT8_INT2, F_INT4_INT2,
	F_INT4_BOOL}},
	{LOKI_SHARE, {F_TS_RANK_TSVECTOR_TSQUERY}},
};

/* A linear search will do: the table has about a hundred functions, and a score a few calls. */
LokiOperation
loki_operation(Oid function)
{
	for (int i = 0; i < lengthof(operations); i++)
		for (const Oid *known = operations[i].functions; OidIsValid(*known); known++)
			if (*known == function)
				return operations[i].operation;
	return LOKI_UNKNOWN;
}

/*
 * The range of a function that rises, and is defined from `least` on.  False if its argument may be
 * below that, where the call is an error: a plan that left such rows out would hide it.
 */
static bool
rise(double (*function) (double), double least, const LokiRange *a, LokiRange *result)
{
	return set_ends(result, function(Max(a->low, least)), function(Max(a->high, least))) && a->low >= least;
}

/*
 * Apply an operation to the ends of ranges; false if its range is not known.
 *
 * A power of a base that may be negative is defined for whole exponents alone, and neither rises nor
 * falls.  ROUND stands for floor, ceil and trunc too, so the range ends at the whole numbers around it.
 */
static bool
apply(LokiOperation operation, const LokiRange *a, const LokiRange *b, LokiRange *result)
{
	LokiRange	divisor;

	switch (operation)
	{
		case LOKI_ADD:
			return set_ends(result, a->low + b->low, a->high + b->high);
		case LOKI_SUBTRACT:
			return set_ends(result, a->low - b->high, a->high - b->low);
		case LOKI_MULTIPLY:
			from_corners(product, a, b, result);
			return true;
		case LOKI_DIVIDE:

			/*
			 * 1 / x goes to infinity on either side of zero.  Zero itself is
			 * an error and gives no value, so a divisor may end there.
			 */
			if (b->low < 0 && b->high > 0)
				return false;
			divisor = *b;
			if (b->low == 0)
				divisor.low = 0.0;	/* and not -0 */
			if (b->high == 0)
				divisor.high = -0.0;
			from_corners(quotient, a, &divisor, result);
			return true;
		case LOKI_POWER:
			from_corners(pow, a, b, result);
			return a->low >= 0;
		case LOKI_NEGATE:
			return set_ends(result, -a->high, -a->low);
		case LOKI_ABS:
			return set_ends(result, Max(Max(a->low, -a->high), 0), Max(-a->low, a->high));
		case LOKI_EXP:
			return rise(exp, -INFINITY, a, result);
		case LOKI_SQRT:
			return rise(sqrt, 0, a, result);
		case LOKI_LN:
			return rise(log, 0, a, result);
		case LOKI_LOG:
			return rise(log10, 0, a, result);
		case LOKI_ROUND:
			return set_ends(result, floor(a->low), ceil(a->high));
		case LOKI_ROUND_DIGITS:
			return set_ends(result, a->low - pow(10, -b->low), a->high + pow(10, -b->low));
		case LOKI_TYPMOD:		/* may round, if it is any number */
		case LOKI_SAME:
			return set_ends(result, a->low, a->high) && (operation == LOKI_SAME || (isinf(a->low) && isinf(a->high)));
		case LOKI_SHARE:
			result->nans = false;	/* its argument is no number */
			return set_ends(result, 0, 1.1);	/* words of weight B before many of A */
		case LOKI_UNKNOWN:
			break;
	}
	return false;
}

/*
 * The functions of the table are strict, so a NULL argument is what makes a NULL.  An end that is NaN, as
 * of infinity less infinity, means that nothing is known.
 *
 * Functions of the C library may be off by a few units, and need not rise where what they compute does.  A
 * numeric has the 6 digits of a float4 that are certain.
 */
bool
loki_range_of_call(Oid function, const LokiRange *a, const LokiRange *b, LokiRange *result)
{
	LokiOperation operation = loki_operation(function);

	Assert(a->low <= a->high && (b == NULL || b->low <= b->high));
	result->nulls = a->nulls || (b != NULL && b->nulls);
	result->nans = a->nans || (b != NULL && b->nans);
	if (!apply(operation, a, b, result) || isnan(result->low) || isnan(result->high) ||
		result->low > result->high)
		return false;
	if (function == F_NUMERIC_FLOAT4)
		widen_ends(result, FLT_DIG);
	else if (operation == LOKI_EXP || operation == LOKI_LN || operation == LOKI_LOG ||
			 operation == LOKI_POWER)
		widen_ends(result, DBL_DIG);
	return true;
}

/*
 * A part of a time: EXTRACT(epoch FROM created), EXTRACT(day FROM now() - created).
 *
 * An interval is known here only as a difference of two times.  Such a one has days and seconds, but no
 * months, so that its days are its seconds by the day, without the fraction.  Days of the month, as of a
 * timestamp, do not rise with the time.
 */
static bool
range_of_part(Oid function, Node *part, const LokiRange *time, LokiRange *result)
{
	bool		interval = function == F_EXTRACT_TEXT_INTERVAL || function == F_DATE_PART_TEXT_INTERVAL;
	char	   *name;

	if ((!interval && function != F_EXTRACT_TEXT_TIMESTAMPTZ && function != F_EXTRACT_TEXT_TIMESTAMP) ||
		!IsA(part, Const) || ((Const *) part)->constisnull)
		return false;
	name = TextDatumGetCString(((Const *) part)->constvalue);
	*result = *time;
	widen_ends(result, DBL_DIG);
	if (pg_strcasecmp(name, "epoch") == 0)
	{
		result->low += interval ? 0 : EPOCH_SECONDS;
		result->high += interval ? 0 : EPOCH_SECONDS;
		return true;
	}
	set_ends(result, trunc(result->low / SECS_PER_DAY), trunc(result->high / SECS_PER_DAY));
	return interval && (pg_strcasecmp(name, "day") == 0 || pg_strcasecmp(name, "days") == 0);
}

/* Have a range take in another one, and what is between them */
static void
unite(LokiRange *range, const LokiRange *other)
{
	range->low = Min(range->low, other->low);
	range->high = Max(range->high, other->high);
	range->nulls |= other->nulls;
	range->nans |= other->nans;
}

/*
 * The least value of GREATEST, or the greatest of LEAST.  An argument that may be NULL may
 * have no part in it.
 *
 *		GREATEST(a, b), a from 0 and b from 5		from 5
 *		the same where b may be NULL				from 0: a alone may be the result
 *		the same where both may be					from 0: either alone may be
 */
static double
inner_end(bool greatest, bool a_null, double a, bool b_null, double b)
{
	if (a_null != b_null)
		return a_null ? b : a;
	return greatest != a_null ? Max(a, b) : Min(a, b);
}

/*
 * GREATEST and LEAST pass over NULL; NaN is greater than all numbers.  So GREATEST is NaN if one
 * argument is, and LEAST if all are that are not NULL.  Arguments are taken two at a time, from the
 * left.
 */
static void
range_of_extreme(MinMaxExpr *expr, LokiRangeOf known, void *context, LokiRange *result)
{
	bool		greatest = expr->op == IS_GREATEST;
	ListCell   *cell;

	loki_range_of_expr(linitial(expr->args), known, context, result);
	for_each_from(cell, expr->args, 1)
	{
		LokiRange	a = *result;
		LokiRange	b;

		loki_range_of_expr(lfirst(cell), known, context, &b);
		unite(result, &b);
		if (greatest)
			result->low = inner_end(true, a.nulls, a.low, b.nulls, b.low);
		else
		{
			result->high = inner_end(false, a.nulls, a.nans ? INFINITY : a.high,
									 b.nulls, b.nans ? INFINITY : b.high);
			result->nans = (a.nans && (b.nans || b.nulls)) || (b.nans && a.nulls);
		}
		result->nulls = a.nulls && b.nulls;
		Assert(result->low <= result->high);
	}
}

/* COALESCE.  Only a value that may be NULL lets a later one pass. */
static void
range_of_coalesce(CoalesceExpr *expr, LokiRangeOf known, void *context, LokiRange *result)
{
	ListCell   *cell;

	loki_range_of_expr(linitial(expr->args), known, context, result);
	for_each_from(cell, expr->args, 1)
	{
		LokiRange	other;

		if (!result->nulls)
			break;
		loki_range_of_expr(lfirst(cell), known, context, &other);
		unite(result, &other);
		result->nulls = other.nulls;
	}
}

/* CASE.  Which branch is taken is not known; without ELSE it may be none, and the value NULL. */
static void
range_of_case(CaseExpr *expr, LokiRangeOf known, void *context, LokiRange *result)
{
	if (expr->defresult == NULL)
	{
		*result = loki_any_range;
		return;
	}
	loki_range_of_expr((Node *) expr->defresult, known, context, result);
	foreach_node(CaseWhen, when, expr->args)
	{
		LokiRange	other;

		loki_range_of_expr((Node *) when->result, known, context, &other);
		unite(result, &other);
	}
}

/* A condition, for (kind = 3)::int.  It is false or true, or NULL if it depends on what may be. */
static void
range_of_condition(List *args, LokiRangeOf known, void *context, LokiRange *result)
{
	*result = (LokiRange) {0, 1, false, false};
	foreach_ptr(Node, node, args)
	{
		LokiRange	arg;

		loki_range_of_expr(node, known, context, &arg);
		result->nulls |= arg.nulls;
	}
}

/*
 * An operator's or a function's call; false if its range is not known.
 *
 * A distance has the range of its metric, whatever its arguments are, and may be NULL or NaN.  A
 * comparison is looked at as a condition, since the table has no functions that return boolean.
 */
static bool
range_of_operation(Node *expr, LokiRangeOf known, void *context, LokiRange *result)
{
	Oid			function;
	List	   *args;
	LokiRange	a;
	LokiRange	b;
	bool		falling;
	OpExpr	   *distance;

	if (!loki_function_call(expr, &function, &args))
		return false;
	distance = loki_base_distance(expr, &falling);
	if (distance != NULL)
	{
		loki_distance_range(distance->opno, &a.low, &a.high);
		a.nulls = a.nans = true;
		*result = a;
		return !falling || loki_range_of_call(F_FLOAT8UM, &a, NULL, result);
	}
	if (exprType(expr) == BOOLOID && IsA(expr, OpExpr))
	{
		range_of_condition(args, known, context, result);

		/*
		 * of the server's operators, those of jsonpath alone; nothing is
		 * known of a user's
		 */
		result->nulls |= function >= FirstUnpinnedObjectId || function == F_JSONB_PATH_EXISTS_OPR ||
			function == F_JSONB_PATH_MATCH_OPR;
		return true;
	}
	if (list_length(args) > 2)
		return false;
	loki_range_of_expr(linitial(args), known, context, &a);
	if (list_length(args) == 1)
		return loki_range_of_call(function, &a, NULL, result);
	loki_range_of_expr(lsecond(args), known, context, &b);
	return range_of_part(function, linitial(args), &b, result) ||
		loki_range_of_call(function, &a, &b, result);
}

/*
 * The float4 that is nearest to a number.  Where two of these stand side by side, GCC 12 converts both at once (-O2),
 * and then drops the conversion there and back, as it takes what it knows of the vectors for the precision of their
 * elements.  Such an end was that of no float4.
 */
static double
as_float4(double number)
{
	volatile float rounded = (float) number;

	return rounded;
}

/*
 * The caller's knowledge comes first: of columns, parameters, and the distance that rows come by.
 *
 * The ends are rounded as values of the type are.  Rounding to float4 keeps the order of numbers: a row may have
 * one beyond an end that is not rounded, as the float4 of 0.7 is more than 0.7.  Integers that a float8 holds are
 * exact.  Times are seconds here and microseconds in a row; an interval is the difference of two.
 */
void
loki_range_of_expr(Node *expr, LokiRangeOf known, void *context, LokiRange *result)
{
	const Const *constant = (const Const *) expr;
	double		number;

	check_stack_depth();
	if (!known(expr, context, result))
		switch (nodeTag(expr))
		{
			case T_Const:

				/*
				 * It may be no number.  NaN sorts after all numbers, so it stands at infinity.  What is infinite
				 * becomes NaN where it is multiplied by 0.
				 */
				*result = loki_any_range;
				result->nulls = constant->constisnull;
				if (constant->constisnull ||
					!loki_range_number(constant->constvalue, constant->consttype, &number))
					break;
				result->nans = !isfinite(number);
				result->low = result->high = isnan(number) ? INFINITY : number;
				break;
			case T_RelabelType:
				loki_range_of_expr((Node *) ((RelabelType *) expr)->arg, known, context, result);
				break;
			case T_MinMaxExpr:
				range_of_extreme((MinMaxExpr *) expr, known, context, result);
				break;
			case T_CoalesceExpr:
				range_of_coalesce((CoalesceExpr *) expr, known, context, result);
				break;
			case T_CaseExpr:
				range_of_case((CaseExpr *) expr, known, context, result);
				break;
			case T_NullTest:
			case T_BooleanTest:
			case T_DistinctExpr:
				range_of_condition(NIL, known, context, result);
				break;
			case T_BoolExpr:
				range_of_condition(((BoolExpr *) expr)->args, known, context, result);
				break;
			default:
				if (!range_of_operation(expr, known, context, result))
					*result = loki_any_range;
		}
	Assert(result->low <= result->high);	/* neither is NaN */
	switch (exprType(expr))
	{
		case FLOAT4OID:
			set_ends(result, as_float4(result->low), as_float4(result->high));
			break;
		case INT8OID:
			if (result->low <= -MOST_EXACT || result->high >= MOST_EXACT)
				widen_ends(result, DBL_DIG);
			break;
		case NUMERICOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
			widen_ends(result, DBL_DIG);
			break;
	}
}
