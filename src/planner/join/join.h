/*-------------------------------------------------------------------------
 *
 * join.h
 *	  Joins with the neighbors of a row, and scans for the join keys of another relation.
 *
 * IDENTIFICATION
 *	  src/planner/join/join.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_JOIN_JOIN_H
#define LOKI_PLANNER_JOIN_JOIN_H

#include "planner/order/node.h"

/* What a plan carries in custom_private: a list of OIDs */
typedef enum LokiJoinKeysPrivate
{
	LOKI_JOIN_KEYS_TYPE,		/* of the keys */
	LOKI_JOIN_KEYS_ORDER,		/* < by which they are compared ... */
	LOKI_JOIN_KEYS_COLLATION,	/* ... and its collation */
	LOKI_JOIN_KEYS_HASH			/* function by which what takes them hashes them, or none */
} LokiJoinKeysPrivate;

/* functions in join/keys.c */

/* Add paths to a join whose outer relation is scanned for the inner relation's keys. */
extern void loki_join_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
								 RelOptInfo *inner, PathKey *key, JoinType jointype,
								 JoinPathExtraData *extra);

/* Whether a relation may be read twice in a plan, with the same rows both times (P10) */
extern bool loki_may_read_twice(PlannerInfo *root, RelOptInfo *rel);

/* Define the setting. */
extern void loki_join_keys_init(void);

/* functions in join/keys_exec.c */
extern const LokiNodeKind loki_join_keys_kind;

/* function in join/outer.c: add paths to a left join by a sort key that is a distance of its nullable side */
extern void loki_outer_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
								  RelOptInfo *inner, PathKey *key, JoinType jointype,
								  JoinPathExtraData *extra);

/* function in join/join.c: add paths to a join with rows that have the query vectors */
extern void loki_vector_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
								   RelOptInfo *inner, PathKey *key, JoinType jointype,
								   JoinPathExtraData *extra);

#endif							/* LOKI_PLANNER_JOIN_JOIN_H */
