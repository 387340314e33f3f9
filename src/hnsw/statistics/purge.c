/*-------------------------------------------------------------------------
 *
 * purge.c
 *	  Forgetting the counts of indexes and databases that were dropped.
 *
 * An access method has no callback for DROP INDEX, and pgstat's is for its own entries.  So
 * entries are compared with the catalogs when the counts are read, and when there are many
 * more of them than at the last time, as autovacuum compares pgstat's with pg_class.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/purge.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "compat/pgcompat.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/statistics/shared.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/syscache.h"

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

/* The keys of all entries.  The table is locked part by part, and not afterwards. */
static List *
list_entries(dshash_table *table)
{
	List	   *keys = NIL;
	dshash_seq_status status;
	LokiCountsEntry *entry;

	dshash_seq_init(&status, table, false);
	while ((entry = dshash_seq_next(&status)) != NULL)
	{
		LokiCountsKey *key = palloc(sizeof(LokiCountsKey));

		*key = entry->key;
		keys = lappend(keys, key);
	}
	dshash_seq_term(&status);
	return keys;
}

/*
 * See shared.h.  The list is made first, since neither catalogs nor heavyweight locks may be
 * asked for under the lock of a partition.  An entry that is made meanwhile is not in it.
 */
List *
loki_counts_purge(dshash_table *table)
{
	List	   *keys = list_entries(table);
	ListCell   *cell;

	Assert(loki_no_buffer_locked());
	foreach(cell, keys)
	{
		LokiCountsKey *key = lfirst(cell);
		bool		ours = key->database == MyDatabaseId;

		CHECK_FOR_INTERRUPTS();
		if (ours ? was_dropped(key->index) :
			!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(key->database)))
			loki_counts_remove(key);
		else if (ours)
			continue;
		keys = foreach_delete_current(keys, cell);
	}
	return keys;
}
