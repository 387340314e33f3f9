/*-------------------------------------------------------------------------
 *
 * distance_expr.c
 *	  Expressions that rise or fall with a distance.
 *
 * People sort by scores: 1 - (v <=> q) DESC, inner_product(v, q) DESC.  Such
 * an expression is peeled down to a distance, one operation after the other:
 *
 *		round(100 * (1 - (v <=> q))) DESC
 *				round(x), 100 * x and 1 - x: falls with v <=> q, DESC makes it rise
 *		WHERE 1 - (v <=> q) > 0.8
 *				v <=> q < 1 - 0.8
 *
 * Each operation must be monotone in the range that its argument can be in.
 * It need not be strictly monotone, since rows with equal scores have no order.
 * GREATEST, LEAST, COALESCE and CASE give rows without a distance a score, which
 * must be no better and no worse than all others, so that these rows come at an end.
 *
 * The other argument of an operation must be a constant.  A parameter may have
 * another value, and another sign, at the next execution of the plan.
 *
 * An expression that could raise an error for some rows is refused, such as sqrt(v <#> q).  A sort
 * computes it for all rows and would report that; a scan that ends early would not.
 *
 * The order is exact.  A bound is not, if it had to be solved for the distance: it is good to
 * LOKI_BOUND_SLOP, and the clause is checked on each row.
 *
 * IDENTIFICATION
 *	  src/planner/query/distance_expr.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner/query/distance_expr.h"
#include "planner/query/make_expr.h"
#include "planner/query/promise.h"
#include "planner/query/range.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * Constants must lie between 1 / MAX_FACTOR and MAX_FACTOR, and a bound may be
 * wrapped in MAX_OPERATIONS at most.  Then a bound of up to MAX_VALUE, which is far
 * beyond any distance, cannot overflow.
 */
#define MAX_FACTOR		1e10
#define MAX_VALUE		1e100
#define MAX_OPERATIONS	16

/* One operation of a wrapping, with what it does to the values below it */
typedef struct Peeled
{
	Node	   *below;
	bool		falling;
	Oid			inverse;		/* float8 function that undoes it, or invalid */
	Const	   *constant;		/* argument of the inverse, or NULL */
	double		k;				/* its value */
	bool		constant_first;
} Peeled;

bool
loki_is_score_type(Oid type)
{
	return type == FLOAT8OID || type == FLOAT4OID || type == NUMERICOID;
}

bool
loki_finite_constant(const Node *expr, double *value)
{
	const Const *constant = (const Const *) expr;

	return IsA(expr, Const) && !constant->constisnull && loki_is_score_type(constant->consttype) &&
		loki_range_number(constant->constvalue, constant->consttype, value) && isfinite(*value);
}

/* The parser leaves opfuncid open, and operators of raw queries come here too (forms/arms.c). */
bool
loki_function_call(Node *expr, Oid *function, List **args)
{
	if (IsA(expr, OpExpr))
	{
		set_opfuncid((OpExpr *) expr);
		*function = ((OpExpr *) expr)->opfuncid;
		*args = ((OpExpr *) expr)->args;
	}
	else if (IsA(expr, FuncExpr))
	{
		*function = ((FuncExpr *) expr)->funcid;
		*args = ((FuncExpr *) expr)->args;
	}
	else
		return false;
	return *args != NIL;
}

/*
 * Peel an operation of two arguments of the expression's type, one of them constant.  A division by the
 * other argument is monotone only where that cannot be zero; is_monotone() checks this.
 *
 * float4 is refused, since it overflows at values that ranges, which are float8, know nothing of.
 * Operators of two types, as float4 + float8, are refused: the inverses are those of float8.  So is a
 * factor of 0, which says nothing about the distance, and one that is very large or small (MAX_FACTOR).
 * numeric division is refused, since it rounds to a scale that depends on the argument.
 */
static bool
peel_arithmetic(LokiOperation operation, Oid type, List *args, Peeled *peeled)
{
	bool		first = !loki_finite_constant(lsecond(args), &peeled->k);
	double		k;

	Assert(list_length(args) == 2 && !peeled->falling);
	if (first && !loki_finite_constant(linitial(args), &peeled->k))
		return false;
	k = peeled->k;
	peeled->below = first ? lsecond(args) : linitial(args);
	peeled->constant = first ? linitial(args) : lsecond(args);
	if (type == FLOAT4OID || exprType(peeled->below) != type || peeled->constant->consttype != type ||
		(k != 0 && (fabs(k) > MAX_FACTOR || fabs(k) < 1 / MAX_FACTOR)))
		return false;
	switch (operation)
	{
		case LOKI_ADD:
			peeled->inverse = F_FLOAT8MI;
			return true;
		case LOKI_SUBTRACT:
			peeled->falling = peeled->constant_first = first;
			peeled->inverse = first ? F_FLOAT8MI : F_FLOAT8PL;
			return true;
		case LOKI_MULTIPLY:
			peeled->falling = k < 0;
			peeled->inverse = F_FLOAT8DIV;
			return k != 0;
		case LOKI_DIVIDE:
			/* k / x, for x > 0 */
			peeled->falling = first ? k > 0 : k < 0;
			peeled->inverse = first ? InvalidOid : F_FLOAT8MUL;
			return k != 0 && type == FLOAT8OID;
		default:
			return false;
	}
}

/*
 * Take one operation off an expression, whose type is one of scores, as those of its arguments
 * are.  The result says nothing yet of where the operation is monotone: is_monotone() does.
 *
 * What rounds has no inverse, and can be part of an order, but of no bound.
 */
static bool
peel_operation(Node *expr, Peeled *peeled)
{
	LokiOperation operation;
	Oid			function;
	Oid			type;
	List	   *args;
	Node	   *last;

	if (!loki_function_call(expr, &function, &args) || list_length(args) > 2)
		return false;
	type = exprType(expr);
	if (!loki_is_score_type(type) || !loki_is_score_type(exprType(linitial(args))))
		return false;
	memset(peeled, 0, sizeof(Peeled));
	peeled->below = linitial(args);
	last = llast(args);
	operation = loki_operation(function);
	switch (operation)
	{
		case LOKI_ROUND_DIGITS:
		case LOKI_TYPMOD:
			return IsA(last, Const) && !((Const *) last)->constisnull;
		case LOKI_ROUND:
		case LOKI_SAME:
			return true;
		case LOKI_EXP:
		case LOKI_SQRT:

			/*
			 * of a numeric, nothing is known of the range in which it is
			 * defined
			 */
			return type == FLOAT8OID;
		case LOKI_NEGATE:
			peeled->falling = true;
			peeled->inverse = function == F_FLOAT8UM ? F_FLOAT8UM : InvalidOid;
			return type != FLOAT4OID;
		default:
			return list_length(args) == 2 && peel_arithmetic(operation, type, args, peeled);
	}
}

/*
 * LokiRangeOf: nothing is known of the range of a numeric.  Its digits are not those of the float8 that
 * would be its end, so a sharp comparison with zero could be wrong.
 */
static bool
numeric_range(Node *expr, void *context, LokiRange *range)
{
	*range = loki_any_range;
	return exprType(expr) == NUMERICOID;
}

/*
 * Whether an operation is monotone, and defined, in the whole range of its argument.
 *
 * peel_operation() lets through only what is monotone where it is defined.  So a range of the result is a proof, but
 * for k / x: that has a range also where x ends in zero.  numeric operations that peel_operation() knows are defined
 * everywhere.
 */
static bool
is_monotone(Node *expr, const Peeled *peeled)
{
	LokiRange	below;
	LokiRange	k = {.low = peeled->k, .high = peeled->k};
	LokiRange	result;
	bool		second;
	Oid			function;
	List	   *args;

	if (exprType(expr) == NUMERICOID)
		return true;
	if (!loki_function_call(expr, &function, &args))
		return false;
	loki_range_of_expr(peeled->below, numeric_range, NULL, &below);
	second = list_length(args) == 2 && peeled->below == lsecond(args);
	return (loki_operation(function) != LOKI_DIVIDE || !second || below.low > 0) &&
		loki_range_of_call(function, second ? &k : &below,
						   list_length(args) == 1 ? NULL : second ? &below : &k, &result);
}

/* The place of rows in the opposite order; NULL and NaN are nobody's opposite */
static LokiPlace
opposite(LokiPlace place)
{
	if (place == LOKI_PLACE_LEAST)
		return LOKI_PLACE_GREATEST;
	return place == LOKI_PLACE_GREATEST ? LOKI_PLACE_LEAST : place;
}

/*
 * Rows whose distance is NULL have a value instead.  An index returns them beyond those
 * whose distance is NaN, which is greater than all values.  If that value is the greatest number, a sort
 * puts NaN behind it, and the index before it: BETWEEN.
 */
static void
place_nulls(LokiDistanceExpr *result, LokiPlace place)
{
	Assert(result->nans != LOKI_PLACE_BETWEEN);
	if (place == LOKI_PLACE_GREATEST && result->nans == LOKI_PLACE_ITSELF)
		place = LOKI_PLACE_BETWEEN;
	result->nulls = place;
}

/*
 * An expression that has values also for rows without a distance.
 *
 *		GREATEST(0, 1 - (v <=> q))		or LEAST, of a score and constants
 *		COALESCE(1 - (v <=> q), -1)
 *		CASE WHEN v IS NULL THEN -1 ELSE 1 - (v <=> q) END		or the same by IS NOT NULL
 *
 * The first are monotone, as they clip.  They pass over NULL, so a row without a vector has the greatest, or least,
 * constant.  To LEAST, NaN is greater than all constants, and becomes the least of them as well.
 *
 * The query of the last is a constant: if it were NULL, v would say nothing about the score.  Then all rows with a
 * vector would have the score NULL, and those without the constant.
 */
static bool
filled_score(Node *expr, LokiDistanceExpr *result)
{
	Node	   *score = NULL;
	LokiRange	range;
	double		k;

	if (IsA(expr, MinMaxExpr))
	{
		LokiPlace	place = ((MinMaxExpr *) expr)->op == IS_GREATEST ? LOKI_PLACE_LEAST : LOKI_PLACE_GREATEST;

		foreach_ptr(Node, arg, ((MinMaxExpr *) expr)->args)
		{
			if (loki_finite_constant(arg, &k))
				continue;
			if (score != NULL)
				return false;
			score = arg;
		}
		if (list_length(((MinMaxExpr *) expr)->args) < 2 || !loki_distance_expr(score, result))
			return false;
		if (place == LOKI_PLACE_GREATEST && result->nans == LOKI_PLACE_ITSELF)
			result->nans = place;
		if (result->nulls == LOKI_PLACE_ITSELF)
			place_nulls(result, place);
		return true;
	}
	if (IsA(expr, CoalesceExpr))
	{
		List	   *args = ((CoalesceExpr *) expr)->args;

		score = linitial(args);
		if (list_length(args) != 2 || !loki_finite_constant(lsecond(args), &k) || !loki_distance_expr(score, result))
			return false;
		if (result->nulls != LOKI_PLACE_ITSELF)
			return true;
	}
	else if (IsA(expr, CaseExpr))
	{
		CaseExpr   *choice = (CaseExpr *) expr;
		CaseWhen   *when = linitial_node(CaseWhen, choice->args);
		NullTest   *test = (NullTest *) when->expr;
		Node	   *filler;
		Node	   *query;

		if (choice->arg != NULL || list_length(choice->args) != 1 || !IsA(test, NullTest) ||
			choice->defresult == NULL)
			return false;
		score = (Node *) (test->nulltesttype == IS_NULL ? choice->defresult : when->result);
		filler = (Node *) (test->nulltesttype == IS_NULL ? when->result : choice->defresult);
		if (!loki_finite_constant(filler, &k) || !loki_distance_expr(score, result))
			return false;
		query = equal(test->arg, linitial(result->distance->args)) ?
			lsecond(result->distance->args) : linitial(result->distance->args);
		if (!IsA(query, Const) || ((Const *) query)->constisnull ||
			!list_member(result->distance->args, test->arg))
			return false;
	}
	else
		return false;
	/* k takes the place of NULL: at an end if no score can be beyond it, among them otherwise */
	loki_range_of_expr(score, numeric_range, NULL, &range);
	place_nulls(result, k <= range.low ? LOKI_PLACE_LEAST :
				k >= range.high ? LOKI_PLACE_GREATEST : LOKI_PLACE_BETWEEN);
	return true;
}

/*
 * The innermost distance is found first, and what is around it is applied on the way back.  A falling
 * operation exchanges the ends, also those where rows without a distance are.
 */
bool
loki_distance_expr(Node *expr, LokiDistanceExpr *result)
{
	Peeled		peeled;

	memset(result, 0, sizeof(LokiDistanceExpr));
	if (expr == NULL)
		return false;
	result->distance = loki_base_distance(expr, &result->falling);
	if (result->distance != NULL)
	{
		Assert(result->distance->opresulttype == FLOAT8OID &&
			   list_length(result->distance->args) == 2);
		result->wrapped = (Node *) result->distance != expr;
		return true;
	}
	check_stack_depth();
	if (filled_score(expr, result))
	{
		result->wrapped = true;
		return true;
	}
	if (!peel_operation(expr, &peeled) || !loki_distance_expr(peeled.below, result) ||
		!is_monotone(expr, &peeled))
		return false;
	result->falling ^= peeled.falling;
	result->wrapped = true;
	if (peeled.falling)
	{
		result->nans = opposite(result->nans);
		place_nulls(result, opposite(result->nulls));
	}
	return true;
}

/* btree's numeric_ops, which has no name in the server's headers */
#define NUMERIC_OPFAMILY	1988

/*
 * float_ops has float4 and float8.  Another operator family may order the same type otherwise, so that its
 * keys are refused.  A volatile expression has another value each time that it is computed.
 */
bool
loki_may_be_score_order(const PathKey *key)
{
	return (key->pk_opfamily == LOKI_FLOAT_OPFAMILY || key->pk_opfamily == NUMERIC_OPFAMILY) &&
		!key->pk_eclass->ec_has_volatile;
}

/* Whether rows are the first that have a place in a descending or ascending order */
static bool
comes_first(LokiPlace place, bool itself_first, bool descending)
{
	if (place == LOKI_PLACE_ITSELF)
		return itself_first;
	return descending == (place == LOKI_PLACE_GREATEST);
}

/* NaN sorts as the greatest number, so it is first in a descending order, whatever NULLS says. */
Oid
loki_order_first(bool nulls_first, const LokiDistanceExpr *distance)
{
	bool		falling = distance->falling;

	Assert(distance->nans != LOKI_PLACE_BETWEEN);
	return (comes_first(distance->nulls, nulls_first, falling) ? LOKI_FIRST_NULLS : 0) |
		(comes_first(distance->nans, falling, falling) ? LOKI_FIRST_NANS : 0);
}

/*
 * Turn the bound of a wrapped distance into a bound of the distance itself, by
 * undoing the operations one after the other.  NULL if rounding could move it by
 * more than LOKI_BOUND_SLOP: a sum loses what is small beside its constant.  Relative errors are not counted.
 *
 *		100 * (1 - (v <=> q)) > b		v <=> q < 1 - b / 100
 *
 * fl(x + k) is off by DBL_EPSILON / 2 times x + k.  That happens in the clause, and again as the bound is
 * solved; 4 is twice as much as that comes to for an x as large as k.
 *
 * The result is an expression, not a value: b may be a parameter.
 */
static Expr *
undo_operations(Node *expr, Expr *bound)
{
	Peeled		peeled;
	bool		falling;
	double		rounding = 0;	/* how far it may move `expr`, in the operations
								 * above it */
	int			operations = 0;

	Assert(exprType((Node *) bound) == FLOAT8OID);

	/*
	 * Keep the value within MAX_VALUE, so that no operation overflows: a plan
	 * must not raise an error that the clause does not.  NULL and NaN give
	 * MAX_VALUE.  Then the bound excludes no row or all.  It excludes all
	 * only where the clause holds for none.
	 */
	if (loki_base_distance(expr, &falling) == NULL)
		bound = loki_make_extreme(IS_GREATEST,
								  loki_make_extreme(IS_LEAST, bound, loki_float_const(MAX_VALUE)),
								  loki_float_const(-MAX_VALUE));
	while (loki_base_distance(expr, &falling) == NULL)
	{
		List	   *args;
		double		k;

		if (++operations > MAX_OPERATIONS || !peel_operation(expr, &peeled) ||
			!OidIsValid(peeled.inverse) || exprType(expr) != FLOAT8OID)
			return NULL;
		k = fabs(peeled.k);
		Assert(k <= MAX_FACTOR);
		Assert(k >= 1 / MAX_FACTOR || (peeled.inverse != F_FLOAT8DIV && peeled.inverse != F_FLOAT8MUL));
		rounding = peeled.inverse == F_FLOAT8DIV ? rounding / k :
			peeled.inverse == F_FLOAT8MUL ? rounding * k : rounding + 4 * DBL_EPSILON * k;
		if (rounding > LOKI_BOUND_SLOP)
			return NULL;
		args = peeled.constant == NULL ? list_make1(bound) :
			peeled.constant_first ? list_make2(copyObject(peeled.constant), bound) :
			list_make2(bound, copyObject(peeled.constant));
		bound = loki_make_call(peeled.inverse, FLOAT8OID, args);
		expr = peeled.below;
	}
	return falling ? loki_negative(bound) : bound;
}

/*
 * Equality bounds nothing that an index could use.  float4 on the distance's side is refused, as it rounds
 * the distance; on the other side it is exact as a float8.
 */
bool
loki_distance_bound(Node *clause, LokiDistanceBound *result)
{
	OpExpr	   *op = (OpExpr *) clause;
	LokiDistanceExpr distance;
	Node	   *left;
	Node	   *right;
	int			strategy;

	if (clause == NULL || !IsA(clause, OpExpr) || list_length(op->args) != 2)
		return false;
	strategy = get_op_opfamily_strategy(op->opno, LOKI_FLOAT_OPFAMILY);
	if (strategy == 0 || strategy == BTEqualStrategyNumber)
		return false;
	left = linitial(op->args);
	right = lsecond(op->args);
	if (!loki_distance_expr(left, &distance))
	{
		if (!loki_distance_expr(right, &distance))
			return false;
		left = lsecond(op->args);
		right = linitial(op->args);
		strategy = BTMaxStrategyNumber + 1 - strategy;
	}
	if (exprType(left) != FLOAT8OID)
		return false;
	if (exprType(right) == FLOAT4OID)
		right = (Node *) loki_make_cast(F_FLOAT8_FLOAT4, FLOAT8OID, right);
	else if (exprType(right) != FLOAT8OID)
		return false;

	/* the distance is on the left now, and the operator is not equality */
	Assert(strategy >= BTLessStrategyNumber && strategy <= BTGreaterStrategyNumber &&
		   strategy != BTEqualStrategyNumber);
	result->distance = distance.distance;
	result->bound = undo_operations(left, (Expr *) right);
	result->upper = (strategy < BTEqualStrategyNumber) != distance.falling;

	/*
	 * NaN is above all numbers, so > and >= hold for it.  d <= NaN holds for
	 * it as well; a bound that was unwrapped is never NaN.
	 */
	result->nans = strategy > BTEqualStrategyNumber ||
		(distance.wrapped && strategy == BTLessEqualStrategyNumber);
	result->exact = !distance.wrapped;
	result->strict = strategy == BTLessStrategyNumber || strategy == BTGreaterStrategyNumber;
	return result->bound != NULL;
}

/*
 * The scan has the column on the left.  Clients pass a vector once for each place where it stands:
 *
 *		WHERE v <-> $1 < 0.5 ORDER BY v <-> $2 LIMIT 10
 *
 * If both queries are parameters, the bound holds as long as they are equal.  A bound that is NULL says nothing, so that
 * a scan with other parameters goes without it.
 */
bool
loki_bounds_order(LokiDistanceBound *bound, const OpExpr *order)
{
	const OpExpr *distance = bound->distance;
	Node	   *column = loki_without_dimensions(linitial(order->args));
	Param	   *other = lsecond(order->args);
	Param	   *query;
	Oid			equality;

	Assert(list_length(order->args) == 2 && list_length(distance->args) == 2);
	if (!equal(loki_without_dimensions(linitial(distance->args)), column) &&
		((distance = loki_commuted(distance)) == NULL ||
		 !equal(loki_without_dimensions(linitial(distance->args)), column)))
		return false;
	if (distance->opno != order->opno)
		return false;
	query = lsecond(distance->args);
	if (equal(query, other))
		return true;
	if (!IsA(query, Param) || !IsA(other, Param) || query->paramkind != PARAM_EXTERN ||
		other->paramkind != PARAM_EXTERN || query->paramtype != other->paramtype)
		return false;
	equality = lookup_type_cache(query->paramtype, TYPECACHE_EQ_OPR)->eq_opr;
	if (!OidIsValid(equality))
		return false;
	bound->bound = loki_make_case(loki_make_operator(equality, copyObject(query), copyObject(other), InvalidOid),
								  bound->bound, makeNullConst(exprType((Node *) bound->bound), -1, InvalidOid));
	bound->exact = false;
	return true;
}

/* Recognize a score in an expression that has not been simplified.  A copy is, as the Query must stay as it is. */
bool
loki_unplanned_distance(Expr *expr, LokiDistanceExpr *distance)
{
	Node	   *simple = eval_const_expressions(NULL, copyObject((Node *) expr));

	return loki_distance_expr(loki_words_as_by_index(simple, NULL), distance);
}

bool
loki_sorts_by_score(const Query *query)
{
	LokiDistanceExpr distance;

	return query->sortClause != NIL &&
		loki_unplanned_distance((Expr *) get_sortgroupclause_expr(linitial(query->sortClause), query->targetList),
								&distance);
}
