/*-------------------------------------------------------------------------
 *
 * planner.h
 *	  What the library sees of the planner folder.
 *
 * IDENTIFICATION
 *	  src/planner/planner.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_H
#define LOKI_PLANNER_H

/* Called by _PG_init, once, after loki_hnsw_init() */
extern void loki_planner_init(void);

#endif							/* LOKI_PLANNER_H */
