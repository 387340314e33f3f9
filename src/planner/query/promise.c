/*-------------------------------------------------------------------------
 *
 * promise.c
 *	  What plans may rely on in a scan of an hnsw index.
 *
 * A path says in its order-by operator what the scan is to keep (src/hnsw/hnsw.h).
 * It is labelled where its costs are estimated, which every index path is that
 * the server or this library makes, so that there is none without: as exact.  Such
 * a scan returns every row, in order, and any node may be above it.
 *
 * Which scans become searches is decided in order/search.c, when plans are finished; here
 * is guessed at it, for costs.  src/planner/README, "Order", has the argument.
 *
 * IDENTIFICATION
 *	  src/planner/query/promise.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnsw.h"
#include "parser/parsetree.h"
#include "planner/query/promise.h"

/* ----------------------------------------------------------------
 * Labels
 * ----------------------------------------------------------------
 */

/* What a path asks of its scan */
static Oid
promise_bits(const IndexPath *path)
{
	return linitial_node(OpExpr, path->indexorderbys)->inputcollid;
}

/* The operator may be one that other paths have as well, so this one gets a copy. */
static void
replace_bits(IndexPath *path, Oid bits)
{
	OpExpr	   *op;

	if (promise_bits(path) == bits)
		return;
	op = copyObject(linitial_node(OpExpr, path->indexorderbys));
	op->inputcollid = bits;
	path->indexorderbys = list_make1(op);
}

/* Have the scan of a path put rows without a distance first: LOKI_FIRST_xxx. */
void
loki_promise_first(IndexPath *path, Oid first)
{
	replace_bits(path, promise_bits(path) | first);
}

/*
 * Label a path: called when its costs are estimated.  Under pgvector's limits a scan
 * returns what these leave, in order.
 */
void
loki_promise_label(IndexPath *path, bool complete)
{
	Oid			bits = promise_bits(path);

	if (bits & LOKI_PLAN_MADE)
		return;
	replace_bits(path, bits | LOKI_PLAN_MADE |
				 (complete ? LOKI_PLAN_COMPLETE | LOKI_PLAN_EXACT : 0));
}

/* Have the scan of a path return every row, whatever the settings say of others. */
void
loki_promise_exact(IndexPath *path)
{
	replace_bits(path, promise_bits(path) | LOKI_PLAN_MADE | LOKI_PLAN_COMPLETE |
				 LOKI_PLAN_EXACT);
}

/*
 * Have scans, given by their index paths, find rows by a search; `late` is
 * LOKI_PLAN_LATE if these may come late, as their order is made good, or 0.
 */
void
loki_promise_permit(List *scans, Oid late)
{
	ListCell   *cell;

	foreach(cell, scans)
	{
		IndexPath  *path = lfirst_node(IndexPath, cell);

		replace_bits(path, (promise_bits(path) & ~LOKI_PLAN_EXACT) | late);
	}
}

/* ----------------------------------------------------------------
 * What is likely, for costs
 * ----------------------------------------------------------------
 */

/* Whether something in a query has need of all rows, or of their order */
static bool
consumes_order(const Query *parse)
{
	return parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->distinctClause != NIL || parse->hasAggs ||
		(parse->hasWindowFuncs && !loki_ranks_rows(parse)) ||
		parse->setOperations != NULL || parse->havingQual != NULL;
}

static bool
has_limit(const Query *parse)
{
	return parse->limitCount != NULL && parse->limitOption == LIMIT_OPTION_COUNT &&
		!(IsA(parse->limitCount, Const) && ((Const *) parse->limitCount)->constisnull);
}

/* Whether a subquery is all that its parent selects from */
static bool
is_all_of_parent(const PlannerInfo *parent)
{
	const FromExpr *from = parent->parse->jointree;
	RangeTblRef *ref;

	if (list_length(from->fromlist) != 1 || from->quals != NULL)
		return false;
	ref = linitial(from->fromlist);
	return IsA(ref, RangeTblRef) &&
		rt_fetch(ref->rtindex, parent->parse->rtable)->rtekind == RTE_SUBQUERY;
}

/*
 * Whether scans of a query level are likely to be searches.  It decides over their
 * costs alone.
 */
bool
loki_promise_likely_search(const PlannerInfo *root)
{
	bool		ranks = false;

	while (!consumes_order(root->parse))
	{
		/* ranks are sorted by within their own query, or all rows have theirs */
		if (ranks && root->parse->sortClause != NIL)
			return false;
		ranks |= root->parse->hasWindowFuncs;
		if (has_limit(root->parse))
			return true;
		if (root->parse->limitCount != NULL)
			return false;
		if (root->parent_root == NULL)
			return root->tuple_fraction > 0 && !ranks;
		root = root->parent_root;
		if (!is_all_of_parent(root))
			return false;
	}
	return false;
}

/*
 * The rows that a query level takes of its scans, as far as it is known: 0 or less
 * where it is not.
 */
double
loki_promise_wanted(const PlannerInfo *root)
{
	if (root->limit_tuples <= 0 && root->tuple_fraction >= 1 && loki_ranks_rows(root->parse))
		return root->tuple_fraction;
	return root->limit_tuples;
}
