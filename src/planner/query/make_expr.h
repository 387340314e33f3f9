/*-------------------------------------------------------------------------
 *
 * make_expr.h
 *	  Expressions that are made for plans, besides those of makefuncs.h.
 *
 * IDENTIFICATION
 *	  src/planner/query/make_expr.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_MAKE_EXPR_H
#define LOKI_PLANNER_QUERY_MAKE_EXPR_H

#include "nodes/pathnodes.h"

/*
 * Arguments are expressions, Node or Expr, and are not copied.  Results are in the current
 * context, have no location, and are of the type that a user's own would have: of calls and casts
 * it is given.
 */
extern Expr *loki_float_const(double value);
extern Expr *loki_bigint_const(int64 value);
extern OpExpr *loki_make_operator(Oid opno, void *left, void *right, Oid collation);
extern Expr *loki_make_call(Oid function, Oid type, List *args);
extern Expr *loki_make_cast(Oid function, Oid type, void *arg);

/* CASE WHEN condition THEN result ELSE other END, LEAST or GREATEST, IS [NOT] NULL, and IS NOT TRUE */
extern Expr *loki_make_case(void *condition, void *result, void *other);
extern Expr *loki_make_extreme(MinMaxOp op, void *a, void *b);
extern Expr *loki_make_null_test(void *arg, NullTestType type);
extern Expr *loki_is_not_true(void *condition);

/* A copy of an operator with its sides exchanged; NULL if no operator is that */
extern OpExpr *loki_commuted(const OpExpr *op);

/* The negative of a float8 expression */
extern Expr *loki_negative(void *expr);

/* Whether an expression, or a list of them, has the same value each time, and no sub-plans; so has NULL */
extern bool loki_is_repeatable(void *expr);

/* Conditions up to the first that has not */
extern List *loki_repeatable_part(List *quals);

/* What each condition takes for a row */
extern struct LokiConditionWork *loki_work_of(List *quals);

/* Whether LIMIT and OFFSET may be evaluated twice (P4) */
extern bool loki_may_repeat(Node *count, Node *offset);

/*
 * How many rows a Limit takes, including those that it skips: a bigint expression that is
 * NULL, or very large, for all rows.  It is made of copies.
 */
extern Node *loki_rows_taken(Node *count, Node *offset);

/* The same in preprocess_limit()'s form; -1: not known */
extern int64 loki_rows_taken_estimate(const FinalPathExtraData *final);

#endif							/* LOKI_PLANNER_QUERY_MAKE_EXPR_H */
