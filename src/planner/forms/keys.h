/*-------------------------------------------------------------------------
 *
 * keys.h
 *	  Scans for the join keys of another relation: what the planner and the node share.
 *
 * IDENTIFICATION
 *	  src/planner/forms/keys.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_FORMS_KEYS_H
#define LOKI_PLANNER_FORMS_KEYS_H

#include "planner/order/node.h"

/* What a plan carries in custom_private: a list of OIDs */
typedef enum LokiJoinKeysPrivate
{
	LOKI_JOIN_KEYS_TYPE,		/* of the keys */
	LOKI_JOIN_KEYS_ORDER,		/* < by which they are compared ... */
	LOKI_JOIN_KEYS_COLLATION,	/* ... and its collation */
	LOKI_JOIN_KEYS_HASH			/* function by which what takes them hashes them, or none */
} LokiJoinKeysPrivate;

/* In forms/keys_exec.c */
extern const LokiNodeKind loki_join_keys_kind;

#endif							/* LOKI_PLANNER_FORMS_KEYS_H */
