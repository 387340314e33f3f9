/*-------------------------------------------------------------------------
 *
 * comparisons.c
 *	  Conditions that dropped rows of scans: lokivector_filter_columns().
 *
 * They show which attributes an index lacks.  Each index has a few places, which the first
 * different conditions take.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/comparisons.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/statistics/shared.h"
#include "lokivector.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_filter_columns);

/* The place of a condition, or the first that is free; NULL if there is none */
static LokiComparisonCount *
find_place(LokiCountsEntry *entry, const LokiComparison *comparison)
{
	for (int i = 0; i < LOKI_KEPT_COMPARISONS; i++)
	{
		LokiComparisonCount *count = &entry->comparisons[i];

		if (count->scans == 0 || (count->comparison.column == comparison->column &&
								  count->comparison.operator == comparison->operator))
			return count;
	}
	return NULL;
}

void
loki_counts_add_comparisons(LokiCountsEntry *entry, const LokiComparison *comparisons, int n)
{
	Assert(n <= LOKI_KEPT_COMPARISONS);
	for (int i = 0; i < n; i++)
	{
		LokiComparisonCount *count = find_place(entry, &comparisons[i]);

		if (count == NULL)
			continue;
		count->comparison = comparisons[i];
		count->scans++;
	}
}

/*
 * lokivector_filter_columns(index regclass): columns that are not in the index, and operators of
 * conditions on them that dropped rows, with the number of scans
 */
Datum
lokivector_filter_columns(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiComparisonCount counts[LOKI_KEPT_COMPARISONS] = {0};
	LokiCountsEntry *entry = loki_counts_table(false) == NULL ? NULL :
		loki_counts_find(RelationGetRelid(index), false);

	if (entry != NULL)
	{
		memcpy(counts, entry->comparisons, sizeof(counts));
		loki_counts_release(entry);
	}
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < LOKI_KEPT_COMPARISONS && counts[i].scans > 0; i++)
	{
		Oid			table = index->rd_index->indrelid;
		AttrNumber	column = counts[i].comparison.column;
		Datum		values[3];
		bool		nulls[3] = {0};

		if (!OidIsValid(get_atttype(table, column)))
			continue;			/* dropped since */
		values[0] = DirectFunctionCall1(namein,
										CStringGetDatum(get_attname(table, column, false)));
		values[1] = ObjectIdGetDatum(counts[i].comparison.operator);
		values[2] = Int64GetDatum((int64) counts[i].scans);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	relation_close(index, NoLock);
	return (Datum) 0;
}
