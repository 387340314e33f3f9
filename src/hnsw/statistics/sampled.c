/*-------------------------------------------------------------------------
 *
 * sampled.c
 *	  Searches that were sampled, and their recall once it is measured.
 *
 * They are kept beside the counts of their index: the queries of some until they are measured
 * (recall/recall.c), the recall of the last afterwards.  Which searches wait is decided by
 * reservoir sampling (Vitter, 1985, algorithm R), as ANALYZE chooses rows: each that was sampled
 * is as likely as any other to be among them, however many there were.
 *
 * Everything here is in shared memory, under the exclusive lock of the index's entry.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/sampled.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "common/pg_prng.h"
#include "compat/pgcompat.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/statistics/sampled.h"
#include "hnsw/statistics/shared.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_sampled_recall);
LOKI_FUNCTION(lokivector_sampled_queries);

/* Searches of an index that may wait, and of which the recall is kept */
#define WAITING		100
#define MEASURED	1000

/* A search that waits.  Its `query` is of the backend that added it. */
typedef struct Waiting
{
	LokiSampled sample;
	dsa_pointer query;
} Waiting;

typedef struct Measured
{
	TimestampTz at;
	int32		rows;
	float4		recall;
} Measured;

/* Of one index: a reservoir of searches that wait, and a ring of what was measured */
typedef struct Samples
{
	Oid			type;			/* of queries; it shows whether an index that
								 * has the number of a dropped one is that */
	uint64		seen;			/* sampled since all that waited were taken */
	int			nwaiting;		/* of these, WAITING at most wait */
	uint64		nmeasured;		/* ever; the last is in place (n - 1) %
								 * MEASURED */
	Waiting		waiting[WAITING];
	Measured	measured[MEASURED];
} Samples;

/* ----------------------------------------------------------------
 * Searches that wait
 * ----------------------------------------------------------------
 */

/* Free the query of a search that waits. */
static void
free_query(LokiCountsEntry *entry, const Waiting *waiting)
{
	loki_shared_free(entry, waiting->query, VARSIZE(loki_shared_address(waiting->query)));
}

/* Free the queries of all searches that wait. */
static void
forget_waiting(LokiCountsEntry *entry, Samples *samples)
{
	int			n = samples->nwaiting;

	samples->seen = samples->nwaiting = 0;
	for (int i = 0; i < n; i++)
		free_query(entry, &samples->waiting[i]);
}

/* See shared.h.  The entry is locked exclusively, and has no samples afterwards. */
void
loki_sampled_free(LokiCountsEntry *entry)
{
	dsa_pointer pointer = entry->samples;

	if (!DsaPointerIsValid(pointer))
		return;
	forget_waiting(entry, loki_shared_address(pointer));
	entry->samples = InvalidDsaPointer;
	loki_shared_free(entry, pointer, sizeof(Samples));
	Assert(entry->sampled == 0);
}

/*
 * The samples of an entry; NULL if it has none, or those of an index of another type that had
 * the same number.
 */
static Samples *
samples_of(const LokiCountsEntry *entry, Oid type)
{
	Samples    *samples;

	if (entry == NULL || !DsaPointerIsValid(entry->samples))
		return NULL;
	samples = loki_shared_address(entry->samples);
	return samples->type == type ? samples : NULL;
}

/* What loki_sampled_add() was given */
typedef struct Addition
{
	Relation	index;
	const LokiSampled *sample;
	bool		missing;		/* there was no memory for it */
} Addition;

/*
 * Add a search to those that wait, or pass it by: each that was sampled is as likely as any
 * other to be among them.  False without memory: they stay what they are.
 */
static bool
add_waiting(LokiCountsEntry *entry, Samples *samples, const LokiSampled *sample)
{
	Size		size = VARSIZE(sample->query);
	uint64		place = samples->nwaiting < WAITING ? (uint64) samples->nwaiting :
		pg_prng_uint64_range(&pg_global_prng_state, 0, samples->seen);

	Assert(samples->nwaiting <= WAITING && (uint64) samples->nwaiting <= samples->seen);
	if (place < WAITING)
	{
		Waiting    *waiting = &samples->waiting[place];
		dsa_pointer query = loki_shared_allocate(entry, size);

		if (!DsaPointerIsValid(query))
			return false;
		memcpy(loki_shared_address(query), sample->query, size);
		if (place < (uint64) samples->nwaiting)
			free_query(entry, waiting);
		else
			samples->nwaiting++;
		waiting->sample = *sample;
		waiting->query = query;
	}
	samples->seen++;
	return true;
}

/* LokiSharedWork: add a search to the samples of its index, which are made if there are none. */
static void
add_sample(void *argument)
{
	Addition   *addition = argument;
	LokiCountsEntry *entry = loki_counts_entry(RelationGetRelid(addition->index), false,
											   addition->sample->at);
	Oid			type = addition->index->rd_opcintype[0];
	Samples    *samples = samples_of(entry, type);

	if (samples == NULL)
	{
		loki_sampled_free(entry);
		entry->samples = loki_shared_allocate(entry, sizeof(Samples));
		if (DsaPointerIsValid(entry->samples))
		{
			samples = loki_shared_address(entry->samples);
			samples->type = type;
		}
	}
	addition->missing = samples == NULL || !add_waiting(entry, samples, addition->sample);
	loki_counts_release(entry);
}

/*
 * See sampled.h.  If there is no memory, samples of dropped indexes go first, then those of one that
 * has most: the searches of it that wait are forgotten, or if none do, all of its samples.  So an index always gets
 * as much as others have.  If that does not help, the search is passed by.
 */
void
loki_sampled_add(Relation index, const LokiSampled *sample)
{
	Addition	addition = {.index = index, .sample = sample};
	dshash_table *table;
	dshash_seq_status status;
	LokiCountsEntry *entry;
	LokiCountsKey largest = {0};
	Size		most = 0;

	Assert(loki_no_buffer_locked());
	Assert(sample->rows > 0 && sample->rows <= LOKI_SAMPLED_ROWS);
	if (!IsUnderPostmaster || !loki_shared_try(add_sample, &addition) || !addition.missing)
		return;

	table = loki_counts_table(false);
	list_free_deep(loki_counts_purge(table));
	if (!loki_shared_try(add_sample, &addition) || !addition.missing)
		return;
	dshash_seq_init(&status, table, false);
	while ((entry = dshash_seq_next(&status)) != NULL)
	{
		if (entry->sampled <= most)
			continue;
		most = entry->sampled;
		largest = entry->key;
	}
	dshash_seq_term(&status);
	if (most > 0 && (entry = dshash_find(table, &largest, true)) != NULL)
	{
		Samples    *samples = DsaPointerIsValid(entry->samples) ?
			loki_shared_address(entry->samples) : NULL;

		if (samples != NULL && samples->nwaiting > 0)
			forget_waiting(entry, samples);
		else
			loki_sampled_free(entry);
		loki_counts_release(entry);
	}
	(void) loki_shared_try(add_sample, &addition);
}

/*
 * See sampled.h.  The entry is locked while its samples are copied.  An ERROR for want of memory
 * releases it, and forgets none.
 */
int
loki_sampled_waiting(Relation index, bool forget, LokiSampled **result)
{
	LokiCountsEntry *entry = loki_counts_table(false) == NULL ? NULL :
		loki_counts_find(RelationGetRelid(index), true);
	Samples    *samples = samples_of(entry, index->rd_opcintype[0]);
	int			n = samples == NULL ? 0 : samples->nwaiting;

	*result = palloc_array(LokiSampled, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		struct varlena *query = loki_shared_address(samples->waiting[i].query);

		(*result)[i] = samples->waiting[i].sample;
		(*result)[i].query = memcpy(palloc(VARSIZE(query)), query, VARSIZE(query));
	}
	if (samples != NULL && forget)
		forget_waiting(entry, samples);
	if (entry != NULL)
		loki_counts_release(entry);
	return n;
}

/*
 * See sampled.h.  Does nothing if the samples were forgotten, as by a reset, since they were
 * taken.  The table is open: loki_sampled_waiting() has returned the sample.
 */
void
loki_sampled_measured(Relation index, const LokiSampled *sample, double recall)
{
	LokiCountsEntry *entry = loki_counts_find(RelationGetRelid(index), true);
	Samples    *samples = samples_of(entry, index->rd_opcintype[0]);

	Assert(recall >= 0 && recall <= 1 && loki_no_buffer_locked());
	if (samples != NULL)
		samples->measured[samples->nmeasured++ % MEASURED] =
			(Measured) {sample->at, sample->rows, (float4) recall};
	if (entry != NULL)
		loki_counts_release(entry);
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */

/* A row of lokivector_sampled_recall(); `recall` is NULL for a search that waits. */
static void
put_sampled_recall(ReturnSetInfo *result, Oid index, TimestampTz at, int rows, const float4 *recall)
{
	Datum		values[] = {ObjectIdGetDatum(index), TimestampTzGetDatum(at),
		Int32GetDatum(rows), recall == NULL ? (Datum) 0 : Float4GetDatum(*recall)
	};
	bool		nulls[] = {false, false, false, recall == NULL};

	Assert(result->setDesc->natts == lengthof(values));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * lokivector_sampled_recall(): the searches that were sampled, of each index of this database
 * that the user may look into; recall is NULL as long as it is not measured.
 */
Datum
lokivector_sampled_recall(PG_FUNCTION_ARGS)
{
	dshash_table *table = loki_counts_table(false);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *keys = table != NULL ? loki_counts_purge(table) : NIL;

	InitMaterializedSRF(fcinfo, 0);
	foreach_ptr(LokiCountsKey, key, keys)
	{
		LokiCountsEntry *entry;
		Samples    *samples = NULL;

		CHECK_FOR_INTERRUPTS();
		if (!loki_has_right(key->index, LOKI_RIGHT_READ) ||
			(entry = loki_counts_find(key->index, false)) == NULL)
			continue;
		/* a copy, as rows are put out without the lock */
		if (DsaPointerIsValid(entry->samples))
			samples = memcpy(palloc(sizeof(Samples)), loki_shared_address(entry->samples),
							 sizeof(Samples));
		loki_counts_release(entry);
		if (samples == NULL)
			continue;
		for (uint64 i = 0; i < Min(samples->nmeasured, MEASURED); i++)
			put_sampled_recall(result, key->index, samples->measured[i].at, samples->measured[i].rows,
							   &samples->measured[i].recall);
		for (int i = 0; i < samples->nwaiting; i++)
			put_sampled_recall(result, key->index, samples->waiting[i].sample.at,
							   samples->waiting[i].sample.rows, NULL);
		pfree(samples);
	}
	return (Datum) 0;
}

/*
 * lokivector_sampled_queries(index regclass): the queries of searches that wait, as text.
 * Only for the owner, as they are what others asked for.
 */
Datum
lokivector_sampled_queries(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_CHANGE, NULL);
	LokiSampled *samples;
	int			n = loki_sampled_waiting(index, false, &samples);
	Oid			output;
	bool		varlena;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	getTypeOutputInfo(index->rd_opcintype[0], &output, &varlena);
	for (int i = 0; i < n; i++)
	{
		char	   *text = OidOutputFunctionCall(output, PointerGetDatum(samples[i].query));
		Datum		value = CStringGetTextDatum(text);
		bool		isnull = false;

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	relation_close(index, AccessShareLock);
	return (Datum) 0;
}
