/*-------------------------------------------------------------------------
 *
 * join.h
 *	  Joins with the neighbors of a row.
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

#include "nodes/pathnodes.h"

/* functions in join/join.c: install the hook that adds paths to joins */
extern void loki_join_init(void);

#endif							/* LOKI_PLANNER_JOIN_JOIN_H */
