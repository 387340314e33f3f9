/*-------------------------------------------------------------------------
 *
 * keys.h
 *	  Scans of an hnsw index for the join keys of another relation: what the
 *	  files of the node that collects the keys share.
 *
 * IDENTIFICATION
 *	  src/planner/join/keys.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_JOIN_KEYS_H
#define LOKI_PLANNER_JOIN_KEYS_H

#include "optimizer/paths.h"
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
extern void loki_join_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
								 RelOptInfo *inner, JoinType jointype,
								 JoinPathExtraData *extra);
extern void loki_join_keys_init(void);

/* functions in join/keys_exec.c */
extern const LokiNodeKind loki_join_keys_kind;

#endif							/* LOKI_PLANNER_JOIN_KEYS_H */
