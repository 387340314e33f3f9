/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  Sampling of searches whose recall will be measured.
 *
 * A search is sampled when it begins, as its query may be gone when it ends, and is kept when
 * it ends, as only then is it known how many rows it returned.  It is not one if it has a
 * filter, or has to be exact.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/sample.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/pg_prng.h"
#include "hnsw/scan/scan.h"
#include "utils/timestamp.h"

/* See scan.h.  The query is copied, without TOAST, since the executor may free it before the scan ends. */
void
loki_scan_choose_sample(LokiScan *so)
{
	ScanKey		key = &so->scan->orderByData[0];
	MemoryContext old;

	/*
	 * A search that begins again with new codes has been chosen before.  It
	 * looks for the nearest of all rows, and may miss some.
	 */
	if (so->work.sample.query != NULL || so->plan.measuring || so->plan.exact ||
		so->scan->numberOfKeys > 0 || so->filter.nodes.any || so->filter.nodes.never ||
		so->filter.within != NULL || loki_is_bounded(so) || so->query.isnull || so->query.zero ||
		pg_prng_double(&pg_global_prng_state) >= so->plan.settings.recall_sample_rate)
		return;
	old = MemoryContextSwitchTo(so->context);
	so->work.sample.query = loki_query_value(&so->state->column, key->sk_subtype, key->sk_argument);
	MemoryContextSwitchTo(old);
	if (so->work.sample.query == NULL)
		return;
	so->work.sample.at = GetCurrentStatementStartTimestamp();
	so->work.sample.settings = so->plan.settings;
	so->work.sample.settings.complete = so->plan.complete;
	so->work.sample.limit = so->plan.limit;
}

/*
 * Keep the search that ends for measuring, unless it returned nothing, or has become one
 * with a filter.
 */
void
loki_scan_end_sample(LokiScan *so)
{
	LokiSampled *sample = &so->work.sample;
	double		rows = Min(so->course.returned, LOKI_SAMPLED_ROWS);

	Assert(sample->query != NULL);
	if (sample->limit > 0)
		rows = Min(rows, sample->limit);
	sample->rows = (int) rows;
	if (sample->rows > 0 && so->ranking.dropped == 0)
		loki_sampled_add(so->scan->indexRelation, sample);
	pfree(sample->query);
	sample->query = NULL;
}
