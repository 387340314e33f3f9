/*-------------------------------------------------------------------------
 *
 * shared.c
 *	  The shared table of counts, counting, and forgetting what was dropped.
 *
 * As pgstat's own table since PostgreSQL 15, this is a dshash in dynamic shared memory.  The
 * first backend that counts makes it.  So the library need not be among
 * shared_preload_libraries.  Main shared memory, which then has little room left, holds only
 * CountsShared: where the table is.
 *
 * Locks: an entry is locked through its partition of the dshash, from loki_counts_entry() or
 * loki_counts_find() to loki_counts_release().  Nothing else is locked meanwhile, so there is
 * no order to keep.  Samples (sampled.c) lie in the same DSA area; the lock of the entry that
 * points to them protects them as well.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/shared.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/statistics/shared.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/dsa.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Entries that are kept whatever they belong to */
#define PURGE_LEAST		1000

/*
 * Where the table is, and how much it holds.  AddinShmemInitLock protects all but the atomics,
 * which may lag behind the table by what backends are doing now.
 */
typedef struct CountsShared
{
	int			tranche;		/* of the area's locks and the table's */
	bool		made;			/* area and table exist */
	dsa_handle	area;
	dshash_table_handle table;
	pg_atomic_uint32 entries;	/* of all databases */
	pg_atomic_uint32 purge_above;	/* more of them call for a purge */
	pg_atomic_uint64 sampled;	/* bytes of sampled searches */
} CountsShared;

/* The most memory that queries and results of sampled searches may take */
#define SAMPLED_BYTES	(32 * 1024 * 1024)

static dshash_table *counts_table = NULL;
static dsa_area *counts_area = NULL;	/* not NULL if the table is not */
static CountsShared *counts_shared = NULL;	/* not NULL if the table is not */

/*
 * The table of counts, for this process; NULL if no backend has made it, unless `create`.  The
 * first call of a process holds AddinShmemInitLock for that time; later ones take no lock.
 * ERROR for want of memory, which leaves nothing half made (loki_shared_try()).
 */
dshash_table *
loki_counts_table(bool create)
{
	MemoryContext old;
	CountsShared *shared;
	char		name[48];		/* the longest of a shared structure until 18 */
	bool		found;

	if (counts_table != NULL)
		return counts_table;
	old = MemoryContextSwitchTo(TopMemoryContext);

	/*
	 * A library that was replaced while the server is running is in some
	 * backends only. Libraries that do not share one form have tables of
	 * their own.
	 */
	snprintf(name, sizeof(name), "lokivector counts " LOKI_VERSION " %d",
			 (int) (sizeof(LokiCountsEntry) + sizeof(CountsShared)));
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(name, sizeof(CountsShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(CountsShared));
		shared->tranche = LokiNewTranche("LokivectorCounts");
		pg_atomic_init_u32(&shared->entries, 0);
		pg_atomic_init_u32(&shared->purge_above, PURGE_LEAST);
		pg_atomic_init_u64(&shared->sampled, 0);
	}
	counts_shared = shared;
	LokiNameTranche(shared->tranche, "LokivectorCounts");
	if (shared->made || create)
	{
		dshash_parameters parameters = LOKI_DSHASH_PARAMETERS(sizeof(LokiCountsKey),
															  sizeof(LokiCountsEntry),
															  shared->tranche);
		dsa_area   *area = shared->made ? dsa_attach(shared->area) : dsa_create(shared->tranche);
		dshash_table *table = shared->made ? dshash_attach(area, &parameters, shared->table, NULL) :
			dshash_create(area, &parameters, NULL);

		if (!shared->made)
		{
			dsa_pin(area);
			shared->area = dsa_get_handle(area);
			shared->table = dshash_get_hash_table_handle(table);
			shared->made = true;
		}
		dsa_pin_mapping(area);
		counts_area = area;
		counts_table = table;
	}
	LWLockRelease(AddinShmemInitLock);
	MemoryContextSwitchTo(old);
	return counts_table;
}

/*
 * The entry of an index of this database, locked exclusively until loki_counts_release().  If
 * there was none, or if `reset`, its counts begin at `now`; its samples are forgotten then.
 * ERROR for want of memory: see loki_shared_try().
 */
LokiCountsEntry *
loki_counts_entry(Oid index, bool reset, TimestampTz now)
{
	LokiCountsKey key = {MyDatabaseId, index};
	bool		found;
	LokiCountsEntry *entry = dshash_find_or_insert(loki_counts_table(true), &key, &found);

	if (!found)
		pg_atomic_fetch_add_u32(&counts_shared->entries, 1);
	if (found && reset)
		loki_sampled_free(entry);
	if (!found || reset)
	{
		memset(entry, 0, sizeof(*entry));
		entry->key = key;
		entry->since = now;
		entry->samples = InvalidDsaPointer;
	}
	Assert(entry->key.database == MyDatabaseId && entry->key.index == index);
	return entry;
}

/*
 * The entry of an index of this database; NULL if it has none.  Its part of the table is locked,
 * in exclusive or share mode, until loki_counts_release().
 */
LokiCountsEntry *
loki_counts_find(Oid index, bool exclusive)
{
	LokiCountsKey key = {MyDatabaseId, index};

	Assert(counts_table != NULL && OidIsValid(index));
	return dshash_find(counts_table, &key, exclusive);
}

/* Unlock an entry that loki_counts_entry() or loki_counts_find() returned. */
void
loki_counts_release(LokiCountsEntry *entry)
{
	dshash_release_lock(counts_table, entry);
}

/*
 * Memory of the area for samples of an entry, which is locked exclusively, zeroed;
 * InvalidDsaPointer if there is no more, or if samples of all indexes would take more than
 * SAMPLED_BYTES.  Two backends may exceed that by one sample each, since nothing locks both.
 */
dsa_pointer
loki_shared_allocate(LokiCountsEntry *entry, Size size)
{
	dsa_pointer pointer;

	Assert(counts_area != NULL && size > 0);
	if (pg_atomic_read_u64(&counts_shared->sampled) + size > SAMPLED_BYTES)
		return InvalidDsaPointer;
	pointer = dsa_allocate_extended(counts_area, size, DSA_ALLOC_NO_OOM | DSA_ALLOC_ZERO);
	if (!DsaPointerIsValid(pointer))
		return pointer;
	pg_atomic_fetch_add_u64(&counts_shared->sampled, size);
	entry->sampled += size;
	Assert(entry->sampled <= SAMPLED_BYTES);
	return pointer;
}

/* Where memory of loki_shared_allocate() is in this process, as long as its entry is locked */
void *
loki_shared_address(dsa_pointer pointer)
{
	Assert(DsaPointerIsValid(pointer));
	return dsa_get_address(counts_area, pointer);
}

/* Give memory of an entry back, which is locked exclusively.  `size` is what was asked for. */
void
loki_shared_free(LokiCountsEntry *entry, dsa_pointer pointer, Size size)
{
	Assert(DsaPointerIsValid(pointer) && entry->sampled >= size);
	Assert(pg_atomic_read_u64(&counts_shared->sampled) >= size);
	dsa_free(counts_area, pointer);
	pg_atomic_fetch_sub_u64(&counts_shared->sampled, size);
	entry->sampled -= size;
}

/*
 * See shared.h.  A subtransaction would cost more than what is counted.  What dsa and dshash
 * leave when they fail are locks, and segments that a resource owner of ours remembers.  These are
 * released as an abort releases them; other errors are thrown on.
 */
bool
loki_shared_try(LokiSharedWork work, void *argument)
{
	ResourceOwner owner = CurrentResourceOwner;
	ResourceOwner own = ResourceOwnerCreate(owner, "lokivector counts");
	MemoryContext context = CurrentMemoryContext;
	uint32		holdoff = InterruptHoldoffCount;
	volatile bool done = false;

	CurrentResourceOwner = own;
	PG_TRY();
	{
		work(argument);
		done = true;
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		CurrentResourceOwner = owner;
		/* others than for want of memory, files or places for them */
		if (category != ERRCODE_INSUFFICIENT_RESOURCES && category != ERRCODE_SYSTEM_ERROR)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		/* as an abort does; the caller held no lightweight lock */
		LWLockReleaseAll();
		InterruptHoldoffCount = holdoff;
	}
	PG_END_TRY();
	/* memory that a failure left half made; what is to last is not its */
	ResourceOwnerRelease(own, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
	CurrentResourceOwner = owner;
	ResourceOwnerDelete(own);
	return done;
}

/* ----------------------------------------------------------------
 * What belongs to nothing any more
 * ----------------------------------------------------------------
 */

/*
 * Whether an index of this database was dropped, for good.  One whose creation is not
 * committed is not seen in the catalog, but is locked.  So is one that is being dropped, by
 * this transaction too.
 */
static bool
was_dropped(Oid index)
{
	LOCKTAG		tag;
	bool		dropped;

	/* a lock may be waited for, and the catalogs are read */
	Assert(OidIsValid(index) && IsTransactionState());
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, index);
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index)) ||
		LokiLockHeld(&tag, AccessExclusiveLock) ||
		!ConditionalLockRelationOid(index, AccessShareLock))
		return false;
	AcceptInvalidationMessages();
	dropped = !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index));
	UnlockRelationOid(index, AccessShareLock);
	return dropped;
}

/*
 * See shared.h.  An access method has no callback for DROP INDEX, and pgstat's is for its own entries.
 * So entries are compared with the catalogs when the counts are read, and when there are many more of
 * them than at the last time, as autovacuum compares pgstat's with pg_class.
 *
 * The list is made first, since neither catalogs nor heavyweight locks may be
 * asked for under the lock of a partition.  An entry that is made meanwhile is not in it.
 */
List *
loki_counts_purge(dshash_table *table)
{
	List	   *keys = NIL;
	dshash_seq_status status;
	LokiCountsEntry *entry;
	ListCell   *cell;

	Assert(loki_no_buffer_locked());
	dshash_seq_init(&status, table, false);
	while ((entry = dshash_seq_next(&status)) != NULL)
		keys = lappend(keys, memcpy(palloc(sizeof(LokiCountsKey)), &entry->key, sizeof(LokiCountsKey)));
	dshash_seq_term(&status);
	foreach(cell, keys)
	{
		LokiCountsKey *key = lfirst(cell);
		bool		ours = key->database == MyDatabaseId;
		bool		gone = ours ? was_dropped(key->index) :
			!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(key->database));

		CHECK_FOR_INTERRUPTS();
		if (ours && !gone)
			continue;
		if (gone && (entry = dshash_find(counts_table, key, true)) != NULL)
		{
			/* whoever made the entry counted it before the lock was released */
			Assert(pg_atomic_read_u32(&counts_shared->entries) > 0);
			loki_sampled_free(entry);
			dshash_delete_entry(counts_table, entry);
			pg_atomic_fetch_sub_u32(&counts_shared->entries, 1);
		}
		keys = foreach_delete_current(keys, cell);
	}
	return keys;
}

/* ----------------------------------------------------------------
 * Counting
 * ----------------------------------------------------------------
 */

/* LokiSharedWork: make the entry of an index, and the table if there is none. */
static void
make_entry(void *index)
{
	loki_counts_release(loki_counts_entry(RelationGetRelid((Relation) index), false,
										  GetCurrentStatementStartTimestamp()));
}

/*
 * See statistics.h.  The lock of the entry is taken once, for all counts together.  What was
 * done at once is dated by the clock, scans and inserts by the statement, which costs nothing.
 */
void
loki_count(Relation index, const LokiCounts *counts)
{
	LokiCountsEntry *entry;
	TimestampTz now;
	bool		made = false;

	Assert(loki_no_buffer_locked());
	if (!pgstat_track_counts || !IsUnderPostmaster)
		return;
	now = counts->of[LOKI_COUNT_BUILDS] + counts->of[LOKI_COUNT_VACUUMS] +
		counts->of[LOKI_COUNT_CALIBRATIONS] > 0 ?
		GetCurrentTimestamp() : GetCurrentStatementStartTimestamp();
	entry = counts_table != NULL ? loki_counts_find(RelationGetRelid(index), true) : NULL;
	if (entry == NULL)
	{
		made = loki_shared_try(make_entry, index);
		entry = made ? loki_counts_find(RelationGetRelid(index), true) : NULL;
		if (entry == NULL)
			return;
	}
	Assert(entry->key.index == RelationGetRelid(index));
	for (int i = 0; i < LOKI_ALL_COUNTS; i++)
		entry->counts.of[i] += counts->of[i];
	if (counts->of[LOKI_COUNT_CALIBRATIONS] + counts->of[LOKI_COUNT_BUILDS] > 0)
		entry->counts.of[LOKI_COUNT_ROWS_CHANGED] = 0;
	for (int i = 0; i < LOKI_DATED_COUNTS; i++)
		if (counts->of[loki_dated_counts[i]] > 0)
			entry->last[i] = now;
	loki_counts_release(entry);
	/* remove what belongs to nothing, whenever there are twice as many entries as were left */
	if (!made || pg_atomic_read_u32(&counts_shared->entries) <=
		pg_atomic_read_u32(&counts_shared->purge_above))
		return;
	list_free_deep(loki_counts_purge(counts_table));
	pg_atomic_write_u32(&counts_shared->purge_above,
						Max(PURGE_LEAST, 2 * pg_atomic_read_u32(&counts_shared->entries)));
}
