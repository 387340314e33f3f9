/*-------------------------------------------------------------------------
 *
 * distance_expr.h
 *	  Expressions that rise or fall with a distance.
 *
 * IDENTIFICATION
 *	  src/planner/query/distance_expr.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_DISTANCE_EXPR_H
#define LOKI_PLANNER_QUERY_DISTANCE_EXPR_H

#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"

/* btree's float_ops, which has no name in the server's headers */
#define LOKI_FLOAT_OPFAMILY		1970

/* functions in query/distance.c */

/* Whether hnsw sorts by an operator */
extern bool loki_is_distance_operator(Oid opno);

/*
 * The operator that an expression is, or whose function it calls; NULL if there is none.
 * `falling`: the function's value is the distance with the other sign.
 */
extern OpExpr *loki_base_distance(Node *expr, bool *falling);

/* What values a distance can have, NaN aside; either end may be infinite */
extern void loki_distance_range(Oid opno, double *low, double *high);

/* The side of a distance from a constant that is of a table */
extern Node *loki_distance_column(PlannerInfo *root, const OpExpr *distance);

/*
 * Whether two distances are the same, but for casts to a number of dimensions.  The collations of their
 * operators have our labels, and do not count (src/hnsw/hnsw.h).
 */
extern bool loki_same_distance(const OpExpr *a, const OpExpr *b);

/* A vector below its casts to a number of dimensions, which change no value */
extern Node *loki_without_dimensions(Node *vector);

/*
 * The first column of an index, if that is this vector: the vector itself, or the index's expression that
 * casts it to a number of dimensions.  NULL for others.
 */
extern Node *loki_indexed_vector(IndexOptInfo *info, Node *vector);

/* How values of a type are sorted; no expression has it yet */
extern SortGroupClause *loki_sort_clause(Oid type, bool descending, bool nulls_first);

/* The sort key of an expression that is sorted by as a clause says; NULL for a constant */
extern PathKey *loki_sort_key(const PlannerInfo *root, Expr *expr, const SortGroupClause *like);

/* functions in query/distance_expr.c */

/* The function and arguments of an operator or a function, which has some; false for others */
extern bool loki_function_call(Node *expr, Oid *function, List **args);

/* Whether an expression is a finite constant of a type that scores have, and its value */
extern bool loki_finite_constant(const Node *expr, double *value);

/* Where an expression puts rows whose distance is NULL, or is NaN */
typedef enum LokiPlace
{
	LOKI_PLACE_ITSELF,			/* it is NULL, or NaN, as well */
	LOKI_PLACE_LEAST,			/* no value is less than theirs */
	LOKI_PLACE_GREATEST,
	LOKI_PLACE_BETWEEN			/* among the others */
} LokiPlace;

/*
 * What an expression says about a distance: 1 - (v <=> q) falls with v <=> q.
 * Both are float8, or the expression is float4 or numeric.
 */
typedef struct LokiDistanceExpr
{
	OpExpr	   *distance;		/* the operator, made of a function's call too */
	bool		falling;
	bool		wrapped;		/* there is more than the operator */
	LokiPlace	nulls;			/* BETWEEN: the order is right if there are
								 * none */
	LokiPlace	nans;			/* never BETWEEN */
} LokiDistanceExpr;

/* Whether a type, or a sort key's order, is one that such expressions have */
extern bool loki_is_score_type(Oid type);
extern bool loki_may_be_score_order(const PathKey *key);

/* Whether an expression is a monotone function of a distance */
extern bool loki_distance_expr(Node *expr, LokiDistanceExpr *result);

/*
 * Which rows without a distance come first where rows are in the order of such an expression,
 * as LOKI_FIRST_xxx: descending if it falls
 */
extern Oid	loki_order_first(bool nulls_first, const LokiDistanceExpr *distance);

/* The same of an expression in a Query that is not planned yet; and whether the first sort key of one is a score */
extern bool loki_unplanned_distance(Expr *expr, LokiDistanceExpr *distance);
extern bool loki_sorts_by_score(const Query *query);

/*
 * What a comparison says about a distance.  The bound is a float8 expression.
 * Where the distance is wrapped, the bound may be off by LOKI_BOUND_SLOP, absolute
 * or relative.  A bound that is NULL or NaN says nothing.  The clause itself has to
 * be checked in any case.
 */
typedef struct LokiDistanceBound
{
	OpExpr	   *distance;
	Expr	   *bound;			/* float8 */
	bool		upper;			/* distance < bound, or > bound */
	bool		nans;			/* the clause holds where the distance is NaN */
	bool		exact;			/* the clause compares the distance itself */
	bool		strict;			/* < or >, not <= or >= */
} LokiDistanceBound;

#define LOKI_BOUND_SLOP		1e-6

/*
 * Whether a clause is a comparison of floats, of which one side rises or falls with a distance
 * whose bound rounding moves by no more than LOKI_BOUND_SLOP
 */
extern bool loki_distance_bound(Node *clause, LokiDistanceBound *result);

/* Whether it is a bound of the distance that a scan orders by, or of one equal to that */
extern bool loki_bounds_order(LokiDistanceBound *bound, const OpExpr *order);

#endif							/* LOKI_PLANNER_QUERY_DISTANCE_EXPR_H */
