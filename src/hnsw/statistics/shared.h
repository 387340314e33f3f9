/*-------------------------------------------------------------------------
 *
 * shared.h
 *	  The shared table of counts, for the files of this folder.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/shared.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_STATISTICS_SHARED_H
#define LOKI_STATISTICS_SHARED_H

#include "datatype/timestamp.h"
#include "hnsw/statistics/statistics.h"
#include "lib/dshash.h"
#include "nodes/pg_list.h"

/* Without padding, as it is hashed and compared byte by byte */
typedef struct LokiCountsKey
{
	Oid			database;
	Oid			index;
} LokiCountsKey;

typedef struct LokiCountsEntry
{
	LokiCountsKey key;
	TimestampTz since;			/* when its counts began */
	TimestampTz last_scan;		/* 0: none since then */
	TimestampTz last_build;
	TimestampTz last_vacuum;
	TimestampTz last_calibration;
	LokiCounts	counts;
} LokiCountsEntry;

/* NULL if no backend has counted anything, unless `create` */
extern dshash_table *loki_counts_table(bool create);

extern LokiCountsEntry *loki_counts_entry(Oid index, bool anew, TimestampTz now);
extern void loki_counts_release(LokiCountsEntry *entry);

/* Remove the entry of an index, if it has one.  The table was opened. */
extern void loki_counts_remove(const LokiCountsKey *key);

/*
 * The keys of all entries (LokiCountsKey *), without those of indexes and databases that were
 * dropped, which are removed.
 */
extern List *loki_counts_purge(dshash_table *table);

#endif							/* LOKI_STATISTICS_SHARED_H */
