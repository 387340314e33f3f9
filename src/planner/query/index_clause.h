/*-------------------------------------------------------------------------
 *
 * index_clause.h
 *	  Index clauses for conditions that core does not match to an index.
 *
 * IDENTIFICATION
 *	  src/planner/query/index_clause.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_INDEX_CLAUSE_H
#define LOKI_PLANNER_QUERY_INDEX_CLAUSE_H

#include "nodes/pathnodes.h"

/* functions in query/index_clause.c: x = ANY (column), text = name, boolean columns */
extern bool loki_is_text_equality(Node *clause);
extern IndexClause *loki_index_clause(RestrictInfo *rinfo, RestrictInfo *indexqual, int col);
extern IndexClause *loki_other_index_clause(PlannerInfo *root, IndexOptInfo *info,
											RestrictInfo *rinfo);

#endif							/* LOKI_PLANNER_QUERY_INDEX_CLAUSE_H */
