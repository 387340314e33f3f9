/*-------------------------------------------------------------------------
 *
 * words_tenant.h
 *	  Policies that show the rows of one tenant, whose words are counted alone, and those that hide rows unseen.
 *
 * IDENTIFICATION
 *	  src/planner/query/words_tenant.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_WORDS_TENANT_H
#define LOKI_PLANNER_QUERY_WORDS_TENANT_H

#include "nodes/pathnodes.h"
#include "types/bm25.h"

/*
 * Whether a policy, whose conditions are of varno 1, shows the rows of one tenant by an attribute of an index
 * of words.  Sets whose: the attribute, the operator and the value, an expression.
 */
extern bool loki_shows_tenant(const IndexOptInfo *columns, List *policy, Bm25Tenant *tenant, Node **value);

/* The same of what a query's conditions say of one column, which statistics_by names */
extern bool loki_states_tenant(const IndexOptInfo *columns, int column, List *conditions, Bm25Tenant *tenant,
							   Node **value);

/*
 * Whether row security or a barrier hides rows of a table whose entry in a query has none of the conditions.  `root` is
 * the query's own, or NULL.
 * Core leaves them out for
 *
 *		INSERT ... RETURNING words <@> q, ... DO UPDATE SET score = excluded.words <@> q
 *				which have only checks of the row that is written, also through a view with security_barrier
 *		partitions and children, whose WHERE core simplifies again, for an index that the parent has not
 *				the conditions are those of the parent
 */
extern bool loki_hides_without_conditions(const PlannerInfo *root, const Query *query, Index varno);

#endif							/* LOKI_PLANNER_QUERY_WORDS_TENANT_H */
