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

/* functions in paths.c: install the hook that adds paths to base relations */
extern void loki_paths_init(void);

/* Called by _PG_init, after loki_hnsw_init() */
extern void loki_planner_init(void);

#endif							/* LOKI_PLANNER_H */
