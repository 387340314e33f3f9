/*-------------------------------------------------------------------------
 *
 * sums.c
 *	  Sums of distances that rise with a single one.
 *
 *		ORDER BY 0.7 * (v <=> a) + 0.3 * (v <=> b) LIMIT 10
 *
 * By <#>, and by <=> with queries of unit length, a distance is linear in the query.  So a weighted
 * sum of distances is that from the weighted sum of the queries, times the length of this for <=>,
 * and a constant:
 *
 *		wa (v <#> a) + wb (v <#> b) = - v.(wa a + wb b) = v <#> s,		s = wa a + wb b
 *		wa (v <=> a) + wb (v <=> b) = wa + wb - v.s / |v|
 *									= wa + wb - |s| + |s| (v <=> s),	if |a| = |b| = 1
 *
 * If rows come by this distance, each says all about the sums of those to come, which
 * the distance from one of the queries does not.
 *
 * The queries must be constants of type vector, as parameters are in a custom plan.  L2 and L1 distances are not
 * linear in the query, and halfvec or bytevec could not hold s without rounding it.
 *
 * Only bounds and the order of the rows go by the rewritten sum.  The score of a row is computed as the query has
 * it, so the result is right to the last digit.
 *
 * IDENTIFICATION
 *	  src/planner/forms/sums.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "planner/forms/score.h"
#include "planner/query/distance_expr.h"
#include "planner/query/make_expr.h"
#include "planner/query/range.h"
#include "types/vector.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* Sums that are shorter than this share of their parts are mostly rounding */
#define LEAST_LENGTH	1e-3

/* What has been read of a sum */
typedef struct Sum
{
	OpExpr	   *first;			/* of its distances */
	int			n;				/* how many there are */
	bool		cosine;
	double		constant;
	double		lengths;		/* of the queries, each times its weight */
	double	   *query;			/* their sum */
} Sum;

/* The query of a distance, on its right side; NULL unless it is a constant of type vector */
static const Vector *
constant_query(const OpExpr *distance)
{
	const Const *query = lsecond(distance->args);

	return IsA(query, Const) && !query->constisnull &&
		strcmp(loki_type_name(query->consttype), "vector") == 0 ?
		DatumGetVector(query->constvalue) : NULL;
}

/*
 * Add a distance; false if it is not by the operator of those before, from the same column.
 *
 * Sums are in double, so that the order of the terms makes no difference that matters.  The cosine distance
 * from a query of length 0 is NaN, which is no part of a sum.
 */
static bool
add_distance(Sum *sum, OpExpr *distance, double weight)
{
	const Vector *query;
	double		length = 0;

	if (IsA(linitial(distance->args), Const) && (distance = loki_commuted(distance)) == NULL)
		return false;
	query = constant_query(distance);
	if (query == NULL)
		return false;
	if (sum->first == NULL)
	{
		const char *name = get_opname(distance->opno);

		sum->cosine = strcmp(name, "<=>") == 0;
		if (!sum->cosine && strcmp(name, "<#>") != 0)
			return false;
		sum->first = distance;
		sum->query = palloc0_array(double, query->dim);
	}
	if (distance->opno != sum->first->opno ||
		!equal(linitial(distance->args), linitial(sum->first->args)) ||
		query->dim != constant_query(sum->first)->dim)
		return false;
	for (int i = 0; i < query->dim; i++)
		length += (double) query->x[i] * query->x[i];
	length = sqrt(length);
	if (length == 0)
		return false;
	for (int i = 0; i < query->dim; i++)
		sum->query[i] += weight * query->x[i] / (sum->cosine ? length : 1);
	if (sum->cosine)			/* 1 - cosine */
		sum->constant += weight;
	sum->lengths += fabs(weight) * (sum->cosine ? 1 : length);
	sum->n++;
	return true;
}

/*
 * Add an expression times a weight; false if it is more than distances and numbers.  All is float8, as
 * numeric would be computed with other digits.
 */
static bool
add_expr(Sum *sum, Node *expr, double weight)
{
	Oid			function;
	List	   *args;
	bool		falling;
	double		number;

	if (loki_finite_constant(expr, &number))
	{
		sum->constant += weight * number;
		return true;
	}
	if (loki_base_distance(expr, &falling) != NULL)
		return add_distance(sum, (OpExpr *) expr, weight);
	if (!loki_function_call(expr, &function, &args) || exprType(expr) != FLOAT8OID)
		return false;
	switch (loki_operation(function))
	{
		case LOKI_ADD:
			return add_expr(sum, linitial(args), weight) && add_expr(sum, lsecond(args), weight);
		case LOKI_SUBTRACT:
			return add_expr(sum, linitial(args), weight) && add_expr(sum, lsecond(args), -weight);
		case LOKI_NEGATE:
			return add_expr(sum, linitial(args), -weight);
		case LOKI_MULTIPLY:
			if (loki_finite_constant(linitial(args), &number))
				return add_expr(sum, lsecond(args), weight * number);
			return loki_finite_constant(lsecond(args), &number) &&
				add_expr(sum, linitial(args), weight * number);
		case LOKI_DIVIDE:
			return loki_finite_constant(lsecond(args), &number) && number != 0 &&
				add_expr(sum, linitial(args), weight / number);
		default:
			return false;
	}
}

/*
 * A sum as one distance, from a query of unit length; NULL if that is not exact enough.  The opposite
 * query is 2 less the distance away by <=>, and less the distance by <#>.  `rounding` is how far the
 * distance may be off, to give the sum.
 *
 * A score that is sorted DESC must fall with the distance, or its rows would come worst first.  So the
 * query is turned round then, and the factor is negative.  LEAST_LENGTH sees to the case that the
 * queries cancel out, a - a: what is left is rounding, and has no direction.
 */
static Expr *
one_distance(const Sum *sum, bool falling, double *rounding)
{
	const Const *like = lsecond(sum->first->args);
	int			dim = constant_query(sum->first)->dim;
	Vector	   *query = loki_vector_make(dim);
	OpExpr	   *distance = copyObject(sum->first);
	double		length = 0;
	double		factor;
	Expr	   *product;

	for (int i = 0; i < dim; i++)
		length += sum->query[i] * sum->query[i];
	length = sqrt(length);
	if (!isfinite(length) || length <= LEAST_LENGTH * sum->lengths)
		return NULL;
	*rounding = LOKI_BOUND_SLOP * sum->lengths / length;
	factor = falling ? -length : length;
	for (int i = 0; i < dim; i++)
		query->x[i] = sum->query[i] / factor;
	lsecond(distance->args) = makeConst(like->consttype, like->consttypmod, like->constcollid,
										like->constlen, PointerGetDatum(query), false,
										like->constbyval);
	product = loki_make_call(F_FLOAT8MUL, FLOAT8OID, list_make2(loki_float_const(factor), distance));
	return loki_make_call(F_FLOAT8PL, FLOAT8OID,
						  list_make2(product, loki_float_const(sum->constant -
															   (sum->cosine ? factor : 0))));
}

/*
 * The largest sums come first, as they are on top.  Floats of a vector have 24 bits, so a bound is off by some 1e-7
 * of the queries' lengths, and by <#> that times the length of v.  LOKI_BOUND_SLOP is more than that for
 * vectors of usual length.
 */
Node *
loki_sums_as_one(Node *node, void *context)
{
	LokiScore  *score = context;
	Sum			sum = {0};
	double		rounding = 0;
	Expr	   *result;

	if (node == NULL)
		return NULL;
	check_stack_depth();
	if (IsA(node, OpExpr) && add_expr(&sum, node, 1) && sum.n > 1 &&
		(result = one_distance(&sum, score->descending, &rounding)) != NULL)
	{
		score->rounding = Max(score->rounding, rounding);
		return (Node *) result;
	}
	return expression_tree_mutator(node, loki_sums_as_one, context);
}
