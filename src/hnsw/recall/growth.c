/*-------------------------------------------------------------------------
 *
 * growth.c
 *	  How distances grow around the rows, which says how far a search looks (graph/README).
 *
 * Calibrations measure it by the way, with walks for their queries (recall/measure.c).  But an index that
 * fills up is calibrated by the first vacuum alone, and until then searches for vectors that are far from
 * all rows would end at the width, long before the nearest rows.  So inserts measure growth, without the
 * widths: for nodes by their codes, which takes no row and no pass over the table, each time that node IDs
 * have doubled.  For 32 nodes that is some 20 ms, or 32 walks in all the inserts of as many nodes as there
 * were before.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/growth.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/compare.h"
#include "hnsw/graph/neighbors.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/scan/width.h"

/* Nodes that an insert measures growth with; of fewer walks the median is chance */
#define GROWTH_NODES		32
#define LEAST_GROWTHS		16

/* See calibrate.h.  Where the nearest are at distance 0, any other is infinitely farther. */
double
loki_growth_of_pool(const struct LokiPool *pool)
{
	int			first = loki_calibration_ks[1];
	float		from;

	if (pool->n < LOKI_GROWTH_TO)
		return -1;
	from = pool->nearest[first - 1].distance;
	return from <= 0 ? DBL_MAX :
		log((double) pool->nearest[LOKI_GROWTH_TO - 1].distance / from) /
		log((double) LOKI_GROWTH_TO / first);
}

/* See calibrate.h.  The median, so that neither outliers nor rows at hardly any distance count for more. */
uint16
loki_growth_form(const double *growths, int n)
{
	double		sorted[LOKI_CALIBRATE_QUERIES];

	Assert(n <= LOKI_CALIBRATE_QUERIES);
	if (n < LEAST_GROWTHS)
		return 0;
	memcpy(sorted, growths, n * sizeof(double));
	qsort(sorted, n, sizeof(double), loki_compare_doubles);
	return (uint16) rint(Min(Max(sorted[n / 2] * LOKI_GROWTH_SCALE, 1), PG_UINT16_MAX));
}

uint16
loki_grown_form(uint32 end)
{
	return (uint16) ceil(log2(Max(end, 1)) * LOKI_GROWN_SCALE);
}

/* Walk around a node, as if it did not exist (M2).  Returns the growth; below 0: there are too few nodes. */
static double
growth_around(LokiSearch *search, const LokiMetaPageData *meta, uint32 node)
{
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries;

	if (!loki_search_query_node(search, node))
		return -1;
	loki_search_skip(search, node);
	nentries = loki_search_entries(search, meta, LOKI_ENTRY_WIDTH, entries);
	loki_search_layer0(search, entries, nentries, LOKI_GROWTH_TO);
	return loki_growth_of_pool(&search->pool);
}

/* The growth around live nodes at equal intervals of node IDs, as the metapage has it */
static uint16
measure_growth(Relation index, LokiIndex *state, const LokiMetaPageData *meta, uint32 end)
{
	LokiSearch	search;
	double		growths[GROWTH_NODES];
	int			n = 0;

	loki_search_begin(&search, index, state, CurrentMemoryContext);
	for (int i = 0; i < GROWTH_NODES; i++)
	{
		uint32		node = (uint32) ((uint64) end * i / GROWTH_NODES);
		uint32		next = (uint32) ((uint64) end * (i + 1) / GROWTH_NODES);

		for (; node < next && !loki_node_is_live(state, index, node); node++)
			CHECK_FOR_INTERRUPTS();
		if (node == next)
			continue;
		growths[n] = growth_around(&search, meta, node);
		n += growths[n] >= 0;
	}
	return loki_growth_form(growths, n);
}

/* See calibrate.h.  Nodes may come and go meanwhile, which is harmless to a walk (graph/README). */
void
loki_growth_measure(Relation index)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	uint32		end;

	Assert(loki_no_buffer_locked());
	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	if (!loki_growth_is_due(state, &meta, end) || !loki_growth_lock(index))
		return;
	/* another process may have measured it just now */
	loki_meta_read(index, &meta);
	if (loki_growth_is_due(state, &meta, end))
	{
		LokiChange	change;
		LokiCalibrationData *kept;
		uint16		growth = measure_growth(index, state, &meta, end);

		loki_change_begin(&change, state, index);
		kept = &loki_change_meta(&change)->calibration;
		/* of too few nodes nothing is known: what was before stays */
		if (growth > 0)
			kept->at[LOKI_CALIBRATION_GROWTH].other = growth;
		kept->at[LOKI_CALIBRATION_GROWN].other = loki_grown_form(end);
		loki_change_finish(&change);
	}
	loki_growth_unlock(index);
}
