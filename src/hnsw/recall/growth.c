/*-------------------------------------------------------------------------
 *
 * growth.c
 *	  How distances grow around the rows, which says how far a search looks (graph/README).
 *
 * It is measured for nodes by their codes, which takes no row and no pass over the table: by calibrations,
 * and by inserts without the rest of a calibration, each time that node IDs have doubled.  For an index
 * that fills up is calibrated by the first vacuum alone, and until then searches for vectors that are far
 * from all rows would end at the width, long before the nearest rows.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/growth.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "hnsw/graph/neighbors.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/scan/width.h"

/* Nodes that an insert measures growth with; of fewer walks than half the median is chance */
#define GROWTH_NODES		32

/* Growth is measured up to this node, in a walk that has expanded the nearest of them */
#define GROWTH_TO			64

/* See calibrate.h. */
uint16
loki_grown_form(uint32 end)
{
	return (uint16) ceil(log2(Max(end, 1)) * LOKI_GROWN_SCALE);
}

/*
 * See calibrate.h.  Nodes are live ones from all over the node IDs, most of which may be free: rows whose newest
 * versions alone are left have the last ones.  d_i / d_k is (i / k) to the power of how distances grow around
 * one.  The median, so that neither outliers nor rows at hardly any distance count for more than others.
 */
uint16
loki_growth_around(Relation index, LokiIndex *state, uint32 end, int n)
{
	LokiMetaPageData meta;
	LokiSearch	search;
	LokiUpperFound entries[LOKI_SCAN_ENTRIES];
	int			nnarrow;
	const int	first = loki_calibration_ks[1];
	double	   *growths = palloc_array(double, n);
	uint64		step = loki_golden_step(end);
	int			asked = 0;
	int			found = 0;

	Assert(n > 0 && loki_no_buffer_locked());
	if (!loki_distances_grow(state))
		return 0;
	loki_meta_read(index, &meta);
	loki_search_begin(&search, index, state, CurrentMemoryContext);
	for (uint32 i = 0; i < end && asked < n; i++)
	{
		uint32		node = (uint32) (i * step % end);
		double		from;
		int			nentries;

		LokiVacuumDelayPoint();
		if (!loki_node_is_live(state, index, node))
			continue;
		asked++;
		if (!loki_search_query_node(&search, node))
			continue;
		/* around the node, as if it did not exist (M2) */
		loki_search_skip(&search, node);
		nentries = loki_scan_entries(&search, &meta, false, entries, &nnarrow);
		loki_search_layer0(&search, entries, nentries, GROWTH_TO);
		if (search.pool.n < GROWTH_TO)
			continue;
		/* where the nearest are at distance 0, any other is infinitely farther */
		from = search.pool.nearest[first - 1].distance;
		growths[found] = from <= 0 ? DBL_MAX :
			log(search.pool.nearest[GROWTH_TO - 1].distance / from) / log((double) GROWTH_TO / first);
		found += growths[found] >= 0;
	}
	if (found < n / 2)
		return 0;
	qsort(growths, found, sizeof(double), loki_compare_doubles);
	return (uint16) rint(Min(Max(growths[found / 2] * LOKI_GROWTH_SCALE, 1), PG_UINT16_MAX));
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
		uint16		growth = loki_growth_around(index, state, end, GROWTH_NODES);

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
