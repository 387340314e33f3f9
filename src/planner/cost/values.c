/*-------------------------------------------------------------------------
 *
 * values.c
 *	  What statistics tell of the values of columns, for costs.
 *
 * No row, bound or label depends on it (P12).
 *
 * IDENTIFICATION
 *	  src/planner/cost/values.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "planner/cost/selectivity.h"
#include "planner/query/bounds.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/snapmgr.h"

/* A value of statistics, and the share of rows that it stands for */
typedef struct ListedValue
{
	double		value;
	double		share;
} ListedValue;

/*
 * List the values of a column's statistics; false if some are no finite numbers.  The most common values have shares
 * of their own, and what these leave is that of the histogram, in equal parts.
 */
static bool
list_values(HeapTuple statistics, ListedValue **values, int *n)
{
	const int	kinds[] = {STATISTIC_KIND_MCV, STATISTIC_KIND_HISTOGRAM};
	double		rest = 1;

	*n = 0;
	*values = NULL;
	for (int k = 0; k < lengthof(kinds); k++)
	{
		bool		common = kinds[k] == STATISTIC_KIND_MCV;
		AttStatsSlot slot;

		if (!get_attstatsslot(&slot, statistics, kinds[k], InvalidOid,
							  ATTSTATSSLOT_VALUES | (common ? ATTSTATSSLOT_NUMBERS : 0)))
			continue;
		*values = *values == NULL ? palloc_array(ListedValue, slot.nvalues) :
			repalloc_array(*values, ListedValue, *n + slot.nvalues);
		for (int i = 0; i < slot.nvalues; i++)
		{
			ListedValue *value = &(*values)[(*n)++];

			if (!loki_range_number(slot.values[i], slot.valuetype, &value->value) || !isfinite(value->value))
				return false;
			value->share = common ? slot.numbers[i] : Max(rest, 0) / slot.nvalues;
			rest -= common ? value->share : 0;
		}
		free_attstatsslot(&slot);
	}
	return *n > 0;
}

/* The quantiles are those of the column's statistics, within its bounds. */
void
loki_estimate_values(PlannerInfo *root, LokiColumnValues *column)
{
	LokiRange  *range = &column->range;
	VariableStatData data;
	ListedValue *values;
	double		all = 0;
	double		passed = 0;
	int			n;
	int			at = 0;
	bool		listed;

	examine_variable(root, (Node *) column->column, 0, &data);
	listed = HeapTupleIsValid(data.statsTuple) && list_values(data.statsTuple, &values, &n);
	ReleaseVariableStats(data);
	if (listed)
	{
		qsort(values, n, sizeof(ListedValue), loki_compare_doubles);
		for (int i = 0; i < n; i++)
			all += values[i].share;
		for (int i = 0; i < n; i++)
		{
			passed += values[i].share;
			while (at < LOKI_QUANTILES && passed >= all * at / (LOKI_QUANTILES - 1))
				column->quantiles[at++] = values[i].value;
		}
		while (at < LOKI_QUANTILES)
			column->quantiles[at++] = values[n - 1].value;
	}
	*range = loki_bounds_read(&column->bounds, ActiveSnapshotSet() ? GetActiveSnapshot() : NULL);
	if (!isfinite(range->low) || !isfinite(range->high))
		return;
	for (int i = 0; i < LOKI_QUANTILES; i++)
		column->quantiles[i] = listed ? Max(Min(column->quantiles[i], range->high), range->low) :
			range->low + (range->high - range->low) * i / (LOKI_QUANTILES - 1);
	column->typical = column->quantiles[LOKI_QUANTILES / 2];
	Assert(range->low <= range->high);
}

float4
loki_null_share(PlannerInfo *root, Node *column, Index relid)
{
	VariableStatData data;
	float4		share = 0;

	examine_variable(root, column, (int) relid, &data);
	if (HeapTupleIsValid(data.statsTuple))
		share = ((Form_pg_statistic) GETSTRUCT(data.statsTuple))->stanullfrac;
	ReleaseVariableStats(data);
	return share;
}
