/*-------------------------------------------------------------------------
 *
 * flat.h
 *	  What the files of flat scans share.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/flat.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_FLAT_H
#define LOKI_SCAN_FLAT_H

#include "hnsw/scan/scan.h"

/* Nodes that are scored at once */
#define LOKI_SCORE_BATCH		64

/* The best nodes of a flat scan: a max-heap by distance */
typedef struct LokiSelection
{
	LokiCandidate *heap;		/* a heap once it is full; estimates or bounds */
	uint32		n;
	uint32		allocated;
	uint32		capacity;		/* nodes that are kept at most */
	bool		overflowed;		/* something was left behind */
} LokiSelection;

/* When to check that nodes are live and have a row that the scan is kept to */
typedef enum LokiLiveCheck
{
	LOKI_CHECK_GATHERED,		/* before they are scored: few may have */
	LOKI_CHECK_SELECTED,		/* once they are known to be near */
	LOKI_CHECK_LATER			/* when their rows are read: nearly all have */
} LokiLiveCheck;

/* A running flat scan: nodes wait to be scored while codes of others are prefetched */
typedef struct LokiFlatScan
{
	LokiScan   *so;
	LokiSelection selection;
	float		horizon;		/* what is farther may have been left behind,
								 * though the selection has such nodes ... */
	uint32		nearest;		/* ... and the number that are not farther */
	LokiBatch  *gathered;		/* nodes that passed so far ... */
	LokiBatch  *waiting;		/* ... and those before them */
	LokiLiveCheck check;
	uint64	   *joint;			/* bits of the nodes of a second list, which
								 * has all that match as well; NULL: none is
								 * read */
	LokiBatch  *few;			/* all nodes that were found, if they need not
								 * be scored; or NULL */
} LokiFlatScan;

/* functions in scan/flat.c; no page may be locked, and none is afterwards */

/* Keep a node if it is among the nearest so far */
extern void loki_flat_keep(LokiSelection *selection, float distance, uint32 node);

/* Begin a flat scan; score what is left at its end */
extern void loki_flat_start(LokiScan *so, LokiFlatScan *flat);
extern void loki_flat_finish(LokiFlatScan *flat);

/* Test and gather n nodes, which lie anywhere; or all from `first` up to `end` */
extern void loki_flat_batch(LokiFlatScan *flat, const uint32 *nodes, int n);
extern void loki_flat_nodes(LokiFlatScan *flat, uint32 first, uint32 end);

/* Score the waiting nodes, while the codes of the gathered ones are prefetched */
extern void loki_flat_score(LokiFlatScan *flat);

/* Clear passes[] of those of n nodes from `first` on, LOKI_TEST_BATCH at most, that do not match */
extern void loki_flat_test(LokiScan *so, uint32 first, uint32 n, uint8 *passes);

/* functions in scan/flat_list.c */

/*
 * A flat scan over the nodes of a sorted list, and those that the list does not have.  False
 * if lists were made again in between, and nothing counts.
 */
extern bool loki_flat_list(LokiScan *so, LokiFlatScan *flat);

#endif							/* LOKI_SCAN_FLAT_H */
