/*-------------------------------------------------------------------------
 *
 * rows_taken.h
 *	  The rows that a Limit takes, as an expression.
 *
 * IDENTIFICATION
 *	  src/planner/query/rows_taken.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_ROWS_TAKEN_H
#define LOKI_PLANNER_QUERY_ROWS_TAKEN_H

#include "nodes/primnodes.h"

extern Node *loki_bigint_const(int64 value);
extern Node *loki_bigint_call(Oid function, Oid type, Node *left, Node *right);
extern Node *loki_rows_taken(Node *count, Node *offset);

#endif							/* LOKI_PLANNER_QUERY_ROWS_TAKEN_H */
