/*-------------------------------------------------------------------------
 *
 * statistics.h
 *	  What was done with each index since the server started, by all backends.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/statistics.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_STATISTICS_STATISTICS_H
#define LOKI_STATISTICS_STATISTICS_H

#include "portability/instr_time.h"

/* In the order of the columns of lokivector_index_counts() */
typedef enum LokiCount
{
	LOKI_COUNT_SCANS,
	LOKI_COUNT_WALKS,			/* scans by their strategy: */
	LOKI_COUNT_HOPS,
	LOKI_COUNT_FLAT_SCANS,
	LOKI_COUNT_LIST_SCANS,
	LOKI_COUNT_MAP_SCANS,
	LOKI_COUNT_EXACT_SCANS,		/* of all scans, by any strategy: */
	LOKI_COUNT_WIDENED_SCANS,	/* whose first walk was too narrow */
	LOKI_COUNT_NODES_SCORED,
	LOKI_COUNT_NODES_FILTERED,
	LOKI_COUNT_NODES_REFINED,
	LOKI_COUNT_HEAP_FETCHES,
	LOKI_COUNT_ROWS,			/* returned */
	LOKI_COUNT_ROWS_DROPPED,	/* read, but not passed by conditions */
	LOKI_COUNT_LATE_ROWS,
	LOKI_COUNT_INSERTS,			/* of these: */
	LOKI_COUNT_DUPLICATES_JOINED,	/* joined the node of others */
	LOKI_COUNT_NODES_REUSED,	/* that took a node that vacuum had freed */
	LOKI_COUNT_COMPARED,		/* nearest nodes of some rows, and ... */
	LOKI_COUNT_AGREED,			/* ... those that a default search had found,
								 * too */
	LOKI_COUNT_BUILDS,
	LOKI_COUNT_VACUUMS,
	LOKI_COUNT_NODES_FREED,
	LOKI_COUNT_CALIBRATIONS,
	LOKI_COUNT_ROWS_CHANGED,	/* inserted and removed since the last
								 * calibration or build */
	LOKI_COUNTS,				/* those before are integers; times follow */
	LOKI_TIME_SEARCH = LOKI_COUNTS,
	LOKI_TIME_BUILD,
	LOKI_TIME_VACUUM,
	LOKI_ALL_COUNTS
} LokiCount;

/* Numbers, and times in microseconds */
typedef struct LokiCounts
{
	uint64		of[LOKI_ALL_COUNTS];
} LokiCounts;

/* Microseconds since `start`, which INSTR_TIME_SET_CURRENT() has set */
static inline uint64
loki_microseconds_since(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_MICROSEC(now);
}

/*
 * Add to the counts of an index.  Does nothing if track_counts is off, or if there is no shared
 * memory.  No buffer may be locked, nor any other lightweight lock held.
 */
extern void loki_count(Relation index, const LokiCounts *counts);

#endif							/* LOKI_STATISTICS_STATISTICS_H */
