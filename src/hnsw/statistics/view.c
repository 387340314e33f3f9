/*-------------------------------------------------------------------------
 *
 * view.c
 *	  lokivector_index_counts and lokivector_reset_counts: the counts, for users.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/view.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "compat/pgcompat.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/statistics/shared.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_index_counts);
LOKI_FUNCTION(lokivector_reset_counts);

/*
 * lokivector_index_counts(): a row for each index of this database that has counts.  Its columns are the index,
 * LokiCount in that order, times in milliseconds, and when each was done last; NULL: never, or not for this user.
 */
Datum
lokivector_index_counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	dshash_table *table = loki_counts_table(false);
	List	   *keys = table != NULL ? loki_counts_purge(table) : NIL;

	InitMaterializedSRF(fcinfo, 0);
	foreach_ptr(LokiCountsKey, key, keys)
	{
		LokiCountsEntry *entry = loki_counts_find(key->index, false);
		LokiCountsEntry copy;
		Datum		values[LOKI_ALL_COUNTS + 6];
		bool		nulls[LOKI_ALL_COUNTS + 6] = {0};
		bool		all;
		int			n = 0;

		Assert(key->database == MyDatabaseId);
		if (entry == NULL)
			continue;
		/* rights are looked up without the lock */
		copy = *entry;
		loki_counts_release(entry);
		all = loki_may_read(copy.key.index);
		values[n++] = ObjectIdGetDatum(copy.key.index);
		for (int i = 0; i < LOKI_COUNTS; i++, n++)
		{
			values[n] = Int64GetDatum((int64) copy.counts.of[i]);

			/*
			 * Whoever adds or searches for a row of his own would learn of rows that a policy hides from him, by
			 * counts that depend on what rows there are
			 */
			nulls[n] = !all && ((i >= LOKI_COUNT_WALKS && i <= LOKI_COUNT_LATE_ROWS) ||
								(i >= LOKI_COUNT_DUPLICATES_JOINED && i <= LOKI_COUNT_AGREED) ||
								i == LOKI_COUNT_NODES_FREED);
		}
		for (int i = LOKI_COUNTS; i < LOKI_ALL_COUNTS; i++)
			values[n++] = Float8GetDatum(copy.counts.of[i] / 1000.0);
		for (int i = 0; i < LOKI_DATED_COUNTS; i++, n++)
		{
			values[n] = TimestampTzGetDatum(copy.last[i]);
			nulls[n] = copy.last[i] == 0;
		}
		values[n++] = TimestampTzGetDatum(copy.since);
		Assert(n == result->setDesc->natts);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* lokivector_reset_counts(index regclass): set its counts back to 0. */
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
