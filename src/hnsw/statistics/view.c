/*-------------------------------------------------------------------------
 *
 * view.c
 *	  lokivector_index_counts and lokivector_reset_counts: the counts, for users.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/view.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/statistics/shared.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

LOKI_FUNCTION(lokivector_index_counts);
LOKI_FUNCTION(lokivector_reset_counts);

/*
 * Whether an index of this database was dropped.  One whose creation is not committed is
 * not seen in the catalog, but is locked.
 */
static bool
was_dropped(Oid index)
{
	bool		dropped;

	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index)) ||
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

/* Copy an entry; false if it is gone */
static bool
read_entry(dshash_table *table, const LokiCountsKey *key, LokiCountsEntry *copy)
{
	LokiCountsEntry *entry = dshash_find(table, key, false);

	if (entry == NULL)
		return false;
	*copy = *entry;
	dshash_release_lock(table, entry);
	return true;
}

static void
put_row(ReturnSetInfo *result, const LokiCountsEntry *entry)
{
	Datum		values[LOKI_ALL_COUNTS + 5];
	bool		nulls[LOKI_ALL_COUNTS + 5] = {0};
	const TimestampTz times[] = {entry->last_scan, entry->last_build, entry->last_vacuum,
	entry->since};
	int			n = 0;

	values[n++] = ObjectIdGetDatum(entry->key.index);
	for (int i = 0; i < LOKI_COUNTS; i++)
		values[n++] = Int64GetDatum((int64) entry->counts.of[i]);
	for (int i = LOKI_COUNTS; i < LOKI_ALL_COUNTS; i++)
		values[n++] = Float8GetDatum(entry->counts.of[i] / 1000.0);
	for (int i = 0; i < lengthof(times); i++, n++)
	{
		values[n] = TimestampTzGetDatum(times[i]);
		nulls[n] = times[i] == 0;
	}
	Assert(n == result->setDesc->natts);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * lokivector_index_counts(): a row for each index of this database that has counts.  Entries
 * of indexes and databases that were dropped are removed on this occasion.
 */
Datum
lokivector_index_counts(PG_FUNCTION_ARGS)
{
	dshash_table *table = loki_counts_table(false);
	List	   *keys = table != NULL ? list_entries(table) : NIL;
	LokiCountsEntry entry;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, keys)
	{
		LokiCountsKey *key = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (key->database == MyDatabaseId ? was_dropped(key->index) :
			!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(key->database)))
			dshash_delete_key(table, key);
		else if (key->database == MyDatabaseId && read_entry(table, key, &entry))
			put_row((ReturnSetInfo *) fcinfo->resultinfo, &entry);
	}
	return (Datum) 0;
}

/* lokivector_reset_counts(index regclass): its counts begin anew. */
Datum
lokivector_reset_counts(PG_FUNCTION_ARGS)
{
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_CHANGE, NULL);

	loki_counts_release(loki_counts_entry(RelationGetRelid(index), true,
										  GetCurrentTimestamp()));
	index_close(index, AccessShareLock);
	PG_RETURN_VOID();
}
