/*-------------------------------------------------------------------------
 *
 * explain.c
 *	  What EXPLAIN shows for a scan within a bitmap or a distance.
 *
 * Conditions are shown as for core's scans.  With ANALYZE there are the strategies by which rows
 * were found, the bitmaps that were made and their rows, and the work of the access method; all are
 * sums over the loops of this process, as a parallel worker's are not sent to the leader.
 *
 *		Custom Scan (LokivectorHybridScan) on items
 *		  Index: items_v_idx
 *		  Order By: (v <-> '[...]'::vector)
 *		  Recheck Cond: (words @@ '''whale'''::tsquery)
 *		  Strategy: rows
 *		  Bitmaps: 1
 *
 * Counts of a node's work are shown to those alone who may see all rows of its table (P11): how many nodes were met
 * tells of rows that a policy hides.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/explain.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "planner/hybrid/hybrid.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

/* Show expressions of the scan, joined by AND, as core's show_qual() does, which other code cannot call */
static void
show_expressions(const char *label, List *expressions, PlanState *ps, List *ancestors,
				 ExplainState *es)
{
	bool		prefix = LokiExplainedTables(es) > 1 || es->verbose;
	List	   *context;

	if (expressions == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, ps->plan, ancestors);
	ExplainPropertyText(label,
						deparse_expression((Node *) make_ands_explicit(expressions),
										   context, prefix, false), es);
}

/* Show the work of scans of the index, if there were any, and rows read in all. */
static void
show_work(const LokiScanWork *work, bool scanned, uint64 heap_fetches, ExplainState *es)
{
	if (scanned || es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyUInteger("Nodes Scored", NULL, work->nodes_scored, es);
		ExplainPropertyUInteger("Nodes Filtered", NULL, work->nodes_filtered, es);
		ExplainPropertyUInteger("Nodes Refined", NULL, work->nodes_refined, es);
		ExplainPropertyUInteger("Flat Scans", NULL, work->flat_scans, es);
		if (work->late_rows > 0 || es->format != EXPLAIN_FORMAT_TEXT)
			ExplainPropertyUInteger("Late Rows", NULL, work->late_rows, es);
	}
	ExplainPropertyUInteger("Heap Fetches", NULL, work->heap_fetches + heap_fetches, es);
}

/* Show how a node found its rows, in all of its loops. */
static void
show_strategy(const LokiScanWork *work, bool by_rows, ExplainState *es)
{
	StringInfoData names;

	initStringInfo(&names);
	if (work->walks > 0)
		appendStringInfoString(&names, "walk");
	if (work->flats > 0)
		appendStringInfo(&names, "%sflat", names.len > 0 ? " and " : "");
	if (work->rests > 0)
		appendStringInfo(&names, "%srest", names.len > 0 ? " and " : "");
	if (by_rows)
		appendStringInfo(&names, "%srows", names.len > 0 ? " and " : "");
	ExplainPropertyText("Strategy", names.len > 0 ? names.data : "none", es);
}

/* ExplainCustomScan */
void
loki_hybrid_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	LokiHybridState *state = (LokiHybridState *) node;
	LokiHybridCounts counts = state->counts;
	LokiScanWork work = {0};
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	PlanState  *ps = &node->ss.ps;
	Oid			index = linitial_oid(list_nth(scan->custom_private, LOKI_HYBRID_INDEX));

	ExplainPropertyText("Index", get_rel_name(index), es);
	show_expressions("Index Cond", LokiHybridExpr(scan, LOKI_HYBRID_KEYS_ROW), ps,
					 ancestors, es);
	if (LokiHybridHas(scan, LOKI_HYBRID_ALONE))
		ExplainPropertyBool("Index Only", true, es);
	else
		show_expressions("Order By", LokiHybridExpr(scan, LOKI_HYBRID_ORDER_ROW), ps,
						 ancestors, es);
	show_expressions("Distance Bound", LokiHybridExpr(scan, LOKI_HYBRID_BOUND_ROW), ps,
					 ancestors, es);
	show_expressions("Recheck Cond", LokiHybridExpr(scan, LOKI_HYBRID_BITMAP_ROW), ps,
					 ancestors, es);
	Assert(counts.bitmaps == 0 || state->bitmap != NULL);

	/* nodes are fewer than rows where hidden rows have the same vector */
	if (!es->analyze || counts.walks + counts.row_scans + counts.bitmaps == 0 || !loki_sees_all_rows(index))
		return;
	if (state->walk.scan != NULL)
		loki_hnsw_scan_work(state->walk.scan, &work);
	show_strategy(&work, counts.row_scans > 0, es);
	if (state->bitmap != NULL)
	{
		ExplainPropertyUInteger("Bitmaps", NULL, counts.bitmaps, es);
		ExplainPropertyFloat("Bitmap Rows", NULL, counts.bitmap_rows, 0, es);
		if (counts.lossy_pages > 0 || es->format != EXPLAIN_FORMAT_TEXT)
			ExplainPropertyUInteger("Lossy Pages", NULL, counts.lossy_pages, es);
	}
	show_work(&work, counts.walks > 0, counts.heap_fetches, es);
	if (counts.rechecked > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Rows Removed by Recheck", NULL, counts.rechecked, es);
}

static LokiExplainNodeHook previous_explain_node = NULL;

/* What EXPLAIN (ANALYZE) shows for plain index scans, if the server has a hook for it: 18 has */
static void
explain_plain_scan(PlanState *ps, List *ancestors, const char *relationship,
				   const char *plan_name, struct ExplainState *es)
{
	IndexScanState *scan = (IndexScanState *) ps;
	LokiScanWork work;

	if (previous_explain_node)
		previous_explain_node(ps, ancestors, relationship, plan_name, es);

	/* how many nodes have a word shows hidden rows, see above */
	if (!es->analyze || !IsA(ps, IndexScanState) || scan->iss_ScanDesc == NULL ||
		!loki_is_hnsw_index(scan->iss_RelationDesc) ||
		!loki_sees_all_rows(RelationGetRelid(scan->iss_RelationDesc)))
		return;
	loki_hnsw_scan_work(scan->iss_ScanDesc, &work);
	if (work.walks + work.flats + work.rests > 0)
	{
		show_strategy(&work, false, es);
		show_work(&work, true, 0, es);
	}
}

void
loki_hybrid_explain_init(void)
{
	previous_explain_node = LokiSetExplainNodeHook(explain_plain_scan);
}
