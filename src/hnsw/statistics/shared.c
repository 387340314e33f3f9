/*-------------------------------------------------------------------------
 *
 * shared.c
 *	  The shared table of counts, and counting.
 *
 * The table is a dshash in dynamic shared memory, which the first backend that counts
 * makes.  So the library need not be among shared_preload_libraries.  Main shared memory,
 * which then has little room left, holds only where the table is.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/shared.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat/pgcompat.h"
#include "hnsw/page/held.h"
#include "hnsw/statistics/shared.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/dsa.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Where the table is */
typedef struct CountsShared
{
	int			tranche;
	bool		made;
	dsa_handle	area;
	dshash_table_handle table;
} CountsShared;

static dshash_table *counts_table = NULL;

/* Make the table, or attach to it.  AddinShmemInitLock is held. */
static dshash_table *
open_table(CountsShared *shared)
{
	dshash_parameters parameters = LOKI_DSHASH_PARAMETERS(sizeof(LokiCountsKey),
														  sizeof(LokiCountsEntry),
														  shared->tranche);
	dshash_table *table;
	dsa_area   *area;

	if (shared->made)
	{
		area = dsa_attach(shared->area);
		table = dshash_attach(area, &parameters, shared->table, NULL);
		dsa_pin_mapping(area);
		return table;
	}
	area = dsa_create(shared->tranche);
	table = dshash_create(area, &parameters, NULL);
	dsa_pin(area);
	dsa_pin_mapping(area);
	shared->area = dsa_get_handle(area);
	shared->table = dshash_get_hash_table_handle(table);
	shared->made = true;
	return table;
}

/* The table of counts.  An error, such as want of memory, leaves nothing half made. */
dshash_table *
loki_counts_table(bool create)
{
	MemoryContext old;
	CountsShared *shared;
	bool		found;

	if (counts_table != NULL)
		return counts_table;
	old = MemoryContextSwitchTo(TopMemoryContext);
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("lokivector counts", sizeof(CountsShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(CountsShared));
		shared->tranche = LWLockNewTrancheId();
	}
	LWLockRegisterTranche(shared->tranche, "LokivectorCounts");
	if (shared->made || create)
		counts_table = open_table(shared);
	LWLockRelease(AddinShmemInitLock);
	MemoryContextSwitchTo(old);
	return counts_table;
}

/*
 * The entry of an index of this database, locked.  If there was none, or if `anew`, its counts
 * begin at `now`.
 */
LokiCountsEntry *
loki_counts_entry(Oid index, bool anew, TimestampTz now)
{
	LokiCountsKey key = {MyDatabaseId, index};
	bool		found;
	LokiCountsEntry *entry = dshash_find_or_insert(loki_counts_table(true), &key, &found);

	if (!found || anew)
	{
		memset(entry, 0, sizeof(*entry));
		entry->key = key;
		entry->since = now;
	}
	return entry;
}

void
loki_counts_release(LokiCountsEntry *entry)
{
	dshash_release_lock(counts_table, entry);
}

/*
 * Add to the counts of an index.  Does nothing if track_counts is off.  No buffer may be
 * locked.
 */
void
loki_count(Relation index, const LokiCounts *counts)
{
	LokiCountsEntry *entry;
	TimestampTz now;

	Assert(loki_no_buffer_locked());
	if (!pgstat_track_counts || !IsUnderPostmaster)
		return;
	now = counts->of[LOKI_COUNT_BUILDS] + counts->of[LOKI_COUNT_VACUUMS] > 0 ?
		GetCurrentTimestamp() : GetCurrentStatementStartTimestamp();
	entry = loki_counts_entry(RelationGetRelid(index), false, now);
	for (int i = 0; i < LOKI_ALL_COUNTS; i++)
		entry->counts.of[i] += counts->of[i];
	if (counts->of[LOKI_COUNT_SCANS] > 0)
		entry->last_scan = now;
	if (counts->of[LOKI_COUNT_BUILDS] > 0)
		entry->last_build = now;
	if (counts->of[LOKI_COUNT_VACUUMS] > 0)
		entry->last_vacuum = now;
	loki_counts_release(entry);
}
