/*-------------------------------------------------------------------------
 *
 * index_clause.h
 *	  Index clauses for conditions that core does not match to an index.
 *
 * IDENTIFICATION
 *	  src/planner/query/index_clause.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_INDEX_CLAUSE_H
#define LOKI_PLANNER_QUERY_INDEX_CLAUSE_H

#include "nodes/pathnodes.h"

/* functions in query/index_clause.c: x = ANY (column), text = name, boolean columns */

/*
 * The first column of an index, from one on, that is an operand, and whose operators include
 * one, under its collation; -1 if there is none
 */
extern int	loki_operand_column(IndexOptInfo *info, int from, Node *operand, Oid opno,
								Oid collation);

/*
 * The index clauses of an index for conditions that core does not match to it.  An index clause is
 * evaluated before all others, so such a condition must not have to wait for a security barrier.
 */
extern List *loki_other_index_clauses(PlannerInfo *root, IndexOptInfo *info);

/*
 * Index clauses and those of `others` that they do not have, in the order of the index's columns, as
 * create_index_path() takes them; the same list if there are none
 */
extern List *loki_add_index_clauses(const IndexOptInfo *info, List *clauses, List *others);

/* The column below what makes it look like another type */
extern Node *loki_strip_relabel(Node *node);

/*
 * ARRAY[x] for x = ANY (column), of the type that the column's values have; NULL where
 * elements are not compared by the clause's operator.
 */
extern Node *loki_array_of_element(const ScalarArrayOpExpr *saop, Oid array_type);

/* Whether the slots of a path's index decide all of its conditions, so that no row is dropped */
extern bool loki_decides_all(const IndexPath *path);

#endif							/* LOKI_PLANNER_QUERY_INDEX_CLAUSE_H */
