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
#include "planner/query/form.h"

/* What a plan carries in custom_private: a list of OIDs */
typedef enum LokiJoinKeysPrivate
{
	LOKI_JOIN_KEYS_TYPE,		/* of the keys */
	LOKI_JOIN_KEYS_ORDER,		/* < by which they are compared ... */
	LOKI_JOIN_KEYS_COLLATION,	/* ... and its collation */
	LOKI_JOIN_KEYS_HASH			/* function by which what takes them hashes them, or none */
} LokiJoinKeysPrivate;

/* In join/keys_exec.c */
extern const LokiNodeKind loki_join_keys_kind;

/*
 * The forms of this folder: joins whose outer relation is scanned for the inner relation's keys (keys.c); left joins
 * by a sort key that is a distance of their nullable side (outer.c); joins with rows that have the query vectors
 */
extern const LokiForm loki_join_keys_form;
extern const LokiForm loki_outer_join_form;
extern const LokiForm loki_vector_join_form;

#endif							/* LOKI_PLANNER_JOIN_JOIN_H */
