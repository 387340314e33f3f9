/*-------------------------------------------------------------------------
 *
 * words_tenant.h
 *	  Policies that show the rows of one tenant, whose words are counted alone.
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

#include "nodes/pg_list.h"
#include "types/bm25.h"
#include "utils/relcache.h"

/*
 * Whether a policy, whose conditions are of varno 1, shows the rows of one tenant by an attribute of an index
 * of words.  Sets whose: the attribute, the operator and the value, an expression.
 */
extern bool loki_shows_tenant(Relation index, List *policy, Bm25Tenant *tenant, Node **value);

#endif							/* LOKI_PLANNER_QUERY_WORDS_TENANT_H */
