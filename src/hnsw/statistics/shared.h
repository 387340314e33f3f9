/*-------------------------------------------------------------------------
 *
 * shared.h
 *	  The shared table of counts, for the files of this folder.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/shared.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_STATISTICS_SHARED_H
#define LOKI_STATISTICS_SHARED_H

#include "datatype/timestamp.h"
#include "hnsw/statistics/statistics.h"
#include "lib/dshash.h"
#include "nodes/pg_list.h"
#include "utils/dsa.h"

/* Without padding, as it is hashed and compared byte by byte */
typedef struct LokiCountsKey
{
	Oid			database;
	Oid			index;
} LokiCountsKey;

/* What is dated when it is counted, in the order of the columns of lokivector_index_counts() */
#define LOKI_DATED_COUNTS	4
static const LokiCount loki_dated_counts[LOKI_DATED_COUNTS] = {
	LOKI_COUNT_SCANS, LOKI_COUNT_BUILDS, LOKI_COUNT_VACUUMS, LOKI_COUNT_CALIBRATIONS
};

/*
 * What was counted of an index.  The counts belong to statistics/shared.c, the last two fields
 * to statistics/sampled.c.
 */
typedef struct LokiCountsEntry
{
	LokiCountsKey key;
	TimestampTz since;			/* when its counts began */
	TimestampTz last[LOKI_DATED_COUNTS];	/* by loki_dated_counts; 0: none
											 * since then */
	LokiCounts	counts;
	dsa_pointer samples;		/* a Samples; invalid: none */
	Size		sampled;		/* bytes of its samples: of that struct, and
								 * of the queries that wait */
} LokiCountsEntry;

/* functions in statistics/shared.c */

/* NULL if no backend has counted anything, unless `create` */
extern dshash_table *loki_counts_table(bool create);

/* The entry of an index of this database, made if there is none, and locked exclusively */
extern LokiCountsEntry *loki_counts_entry(Oid index, bool reset, TimestampTz now);
extern void loki_counts_release(LokiCountsEntry *entry);

/* The same, NULL if the index has none; share locked unless `exclusive`.  The table was opened. */
extern LokiCountsEntry *loki_counts_find(Oid index, bool exclusive);

/*
 * Remove the entries of indexes and databases that were dropped.  Returns the keys of the others
 * of this database (LokiCountsKey *).  Reads catalogs; no buffer may be locked, nor any entry.
 */
extern List *loki_counts_purge(dshash_table *table);

/*
 * Do some work on shared memory.  False if there is no memory for it: no statement fails
 * because it is counted.  No lightweight lock may be held.
 */
typedef void (*LokiSharedWork) (void *argument);
extern bool loki_shared_try(LokiSharedWork work, void *argument);

/*
 * Memory for samples of an entry, which is locked exclusively; invalid if there is no more for it.
 */
extern dsa_pointer loki_shared_allocate(LokiCountsEntry *entry, Size size);
extern void *loki_shared_address(dsa_pointer pointer);
extern void loki_shared_free(LokiCountsEntry *entry, dsa_pointer pointer, Size size);

/* functions in statistics/sampled.c */

/* Forget what was sampled of an entry, which is locked */
extern void loki_sampled_free(LokiCountsEntry *entry);

#endif							/* LOKI_STATISTICS_SHARED_H */
