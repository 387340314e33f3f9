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

/*
 * The index clauses of an index for conditions that core does not match to it, as it does `matched`.  An index clause
 * is evaluated before all others, so such a condition must not have to wait for a security barrier.
 */
extern List *loki_other_index_clauses(PlannerInfo *root, const IndexOptInfo *info, List *matched);

/*
 * Index clauses and those of `others` that they do not have, in the order of the index's columns, as
 * create_index_path() takes them; the same list if there are none
 */
extern List *loki_add_index_clauses(const IndexOptInfo *info, List *clauses, List *others);

/* Whether the slots of a path's index decide all of its conditions, so that no row is dropped */
extern bool loki_decides_all(const IndexPath *path);

#endif							/* LOKI_PLANNER_QUERY_INDEX_CLAUSE_H */
