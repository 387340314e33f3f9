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

#include "nodes/primnodes.h"

/* Arguments are expressions, Node or Expr, and are not copied. */
extern Expr *loki_float_const(double value);
extern Expr *loki_bigint_const(int64 value);
extern OpExpr *loki_make_operator(Oid opno, void *left, void *right, Oid collation);
extern Expr *loki_make_call(Oid function, Oid type, List *args);
extern Expr *loki_make_cast(Oid function, Oid type, void *arg);
extern Expr *loki_make_case(void *condition, void *result, void *other);
extern Expr *loki_make_extreme(MinMaxOp op, void *a, void *b);
extern Expr *loki_make_null_test(void *arg, NullTestType type);

/* The same with its sides exchanged; NULL if no operator is that */
extern OpExpr *loki_commuted(const OpExpr *op);

/* The negative of a float8 expression */
extern Expr *loki_negative(void *expr);

/* The rows that a Limit takes; this copies what it takes apart */
extern Node *loki_rows_taken(Node *count, Node *offset);

#endif							/* LOKI_PLANNER_QUERY_MAKE_EXPR_H */
