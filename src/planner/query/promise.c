/*-------------------------------------------------------------------------
 *
 * promise.c
 *	  What plans may rely on in a scan of an hnsw index (P1 of src/planner/README).
 *
 * A path has a label in its order-by operator that says what the scan must keep to
 * (src/hnsw/hnsw.h).  It gets the label when its costs are estimated.  This happens to
 * every index path that the server or this library makes, so no path is without one.
 * The first label is exact: the scan returns every row, in order, and any node may be
 * above it.  pgvector's limits are for searches, so they do not change that.
 *
 * order/search.c decides which scans become searches, when plans are finished.  This
 * file only guesses that, for the costs.  src/planner/README, "Order", has the argument.
 *
 * The label is in a collation since that is a field of the operator that core copies from path to plan, writes
 * out for parallel workers and reads back, and never looks at for a function without one.
 *
 * IDENTIFICATION
 *	  src/planner/query/promise.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnsw.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "planner/query/groups.h"
#include "planner/query/promise.h"

/* What a LIMIT is taken for that the planner does not know (cost/cost.c) */
#define UNKNOWN_LIMIT	40

#define FIRST_BITS		(LOKI_FIRST_NULLS | LOKI_FIRST_NANS)
#define PLAN_BITS \
	(LOKI_PLAN_MADE | LOKI_PLAN_COMPLETE | LOKI_PLAN_EXACT | LOKI_PLAN_LATE)

/* ----------------------------------------------------------------
 * Labels
 * ----------------------------------------------------------------
 */

/* The label of a path, which goes by one distance */
static Oid
promise_bits(const IndexPath *path)
{
	Oid			bits = linitial_node(OpExpr, path->indexorderbys)->inputcollid;

	Assert(list_length(path->indexorderbys) == 1);
	/* distances have no collation: all that is there is ours */
	Assert((bits & ~(FIRST_BITS | PLAN_BITS)) == 0);
	/* a scan that may be late is a search */
	Assert((bits & (LOKI_PLAN_EXACT | LOKI_PLAN_LATE)) != (LOKI_PLAN_EXACT | LOKI_PLAN_LATE));
	return bits;
}

/* Other paths may share the operator, so this one gets a copy: core makes one list for all paths of an index. */
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

void
loki_promise_first(IndexPath *path, Oid first)
{
	Assert((first & ~FIRST_BITS) == 0);
	replace_bits(path, promise_bits(path) | first);
}

void
loki_promise_label(IndexPath *path)
{
	Oid			bits = promise_bits(path);

	if (bits & LOKI_PLAN_MADE)
		return;
	Assert((bits & PLAN_BITS) == 0);
	replace_bits(path, bits | LOKI_PLAN_MADE | LOKI_PLAN_COMPLETE | LOKI_PLAN_EXACT);
}

void
loki_promise_permit(IndexPath *path, bool complete, Oid late)
{
	Oid			bits = promise_bits(path);

	Assert(late == 0 || late == LOKI_PLAN_LATE);
	/* a level above may permit what a subquery's own level has permitted */
	Assert(bits & LOKI_PLAN_MADE);
	replace_bits(path, (bits & ~(LOKI_PLAN_EXACT | LOKI_PLAN_COMPLETE)) |
				 (complete ? LOKI_PLAN_COMPLETE : 0) | late);
}

/* ----------------------------------------------------------------
 * What is likely, for costs
 * ----------------------------------------------------------------
 */

bool
loki_consumes_order(const Query *parse)
{
	return parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->distinctClause != NIL || parse->hasAggs ||
		(parse->hasWindowFuncs && !loki_ranks_rows(parse)) ||
		parse->setOperations != NULL || parse->havingQual != NULL;
}

bool
loki_changes_rows(const Query *parse)
{
	return parse->commandType != CMD_SELECT || parse->hasAggs || parse->hasWindowFuncs ||
		parse->hasTargetSRFs || parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->havingQual != NULL || parse->distinctClause != NIL || parse->rowMarks != NIL;
}

/* LIMIT NULL and LIMIT ALL take all rows; the parser makes a constant of both. */
bool
loki_has_limit(const Query *parse)
{
	return parse->limitCount != NULL && parse->limitOption == LIMIT_OPTION_COUNT &&
		!(IsA(parse->limitCount, Const) && ((Const *) parse->limitCount)->constisnull);
}

const RangeTblEntry *
loki_only_source(const Query *parse)
{
	const List *from = parse->jointree->fromlist;

	return list_length(from) == 1 && IsA(linitial(from), RangeTblRef) ?
		rt_fetch(linitial_node(RangeTblRef, from)->rtindex, parse->rtable) : NULL;
}

/*
 * The level above one that has no LIMIT, and is all that it selects from; NULL for others.  Conditions
 * above would drop rows, so that more are taken than LIMIT says.
 */
static const PlannerInfo *
parent_of_all(const PlannerInfo *root)
{
	const PlannerInfo *parent = root->parse->limitCount == NULL ? root->parent_root : NULL;
	const RangeTblEntry *rte = parent != NULL && parent->parse->jointree->quals == NULL ?
		loki_only_source(parent->parse) : NULL;

	return rte != NULL && rte->rtekind == RTE_SUBQUERY ? parent : NULL;
}

/* Upwards from a scan's level to that of a LIMIT, as order/search.c will come down from it */
bool
loki_promise_likely_search(const PlannerInfo *root, bool complete)
{
	LokiGroups	groups;
	bool		ranks = false;
	List	   *ties;

	if (loki_groups(root, &groups) || loki_ranks_wanted(root, &ties) != NULL)
		return true;
	while (root != NULL && !loki_consumes_order(root->parse))
	{
		/* an order of the level above needs the ranks of all rows */
		if (ranks && root->parse->sortClause != NIL)
			return false;
		ranks |= root->parse->hasWindowFuncs;
		if (loki_has_limit(root->parse) || (!complete && !ranks))
			return true;
		root = parent_of_all(root);
	}
	return false;
}

/*
 * The value of LIMIT or OFFSET: 0 if it is absent, -1 if the planner cannot tell it.  Core's
 * preprocess_limit() does the same for the query's own level, and guesses a tenth of the rows where it
 * cannot tell.
 */
static double
known_count(const PlannerInfo *root, Node *count)
{
	if (count == NULL)
		return 0;
	count = estimate_expression_value(unconstify(PlannerInfo *, root), count);
	if (!IsA(count, Const))
		return -1;
	return ((Const *) count)->constisnull ? 0 :
		Max((double) DatumGetInt64(((Const *) count)->constvalue), 0);
}

/* Whether the planner cannot tell LIMIT, or OFFSET */
static bool
limit_is_unknown(const PlannerInfo *root)
{
	return known_count(root, root->parse->limitCount) < 0 ||
		known_count(root, root->parse->limitOffset) < 0;
}

/* Whether rows that a window function numbers are sorted by something else, all of them */
static bool
sorts_ranked_rows(const PlannerInfo *root)
{
	return root->parse->hasWindowFuncs && root->parse->sortClause != NIL &&
		!pathkeys_contained_in(root->sort_pathkeys, root->window_pathkeys) &&
		!loki_sorts_by_rank(root);
}

/* None if something needs all rows first: then the server expects no share of them to be taken. */
const PlannerInfo *
loki_promise_unknown_limit(const PlannerInfo *root)
{
	LokiGroups	groups;

	if (loki_groups(root, &groups))
		return limit_is_unknown(groups.limit) ? groups.limit : NULL;
	if (root->tuple_fraction <= 0)
		return NULL;
	while (root != NULL && !loki_consumes_order(root->parse) && !sorts_ranked_rows(root))
	{
		if (loki_has_limit(root->parse))
			return limit_is_unknown(root) ? root : NULL;
		root = parent_of_all(root);
	}
	return NULL;
}

/*
 * limit_tuples is what core knows of a LIMIT of this level that no node above the scans and joins
 * changes.  Without it the LIMIT may be that of groups, of ranks, or of a level above.
 */
double
loki_promise_wanted(const PlannerInfo *root)
{
	const PlannerInfo *limit;
	LokiGroups	groups;
	Node	   *ranks;
	List	   *ties;

	if (loki_groups(root, &groups))
		limit = groups.limit;
	else if ((ranks = loki_ranks_wanted(root, &ties)) != NULL)
		return Max(known_count(root, ranks), known_count(root, ranks) < 0 ? UNKNOWN_LIMIT : 1);
	else if (root->limit_tuples <= 0 && root->tuple_fraction >= 1 && loki_ranks_rows(root->parse))
		return root->tuple_fraction;
	else if (root->limit_tuples > 0 || (limit = loki_promise_unknown_limit(root)) == NULL)
		return root->limit_tuples;
	return Max(known_count(limit, limit->parse->limitCount),
			   limit_is_unknown(limit) ? UNKNOWN_LIMIT : 0) +
		Max(known_count(limit, limit->parse->limitOffset), 0);
}
