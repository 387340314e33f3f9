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
 * order/limit_search.c decides which scans become searches, when plans are finished.  Costs go by a guess before that
 * (query/level.c).  src/planner/README, "Order", has the argument.
 *
 * The label is in a field of the operator that core copies from path to plan, writes out for parallel workers and
 * reads back, and never looks at for a function without a collation.  Gap P21; no version has another place;
 * sql/planner_promise.
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
#include "planner/query/promise.h"

/* The operator of a path, which goes by one distance */
static OpExpr *
distance_of(const IndexPath *path)
{
	Assert(list_length(path->indexorderbys) == 1);
	return linitial_node(OpExpr, path->indexorderbys);
}

/* Other paths may share the operator, so this one gets a copy: core makes one list for all paths of an index. */
static void
replace_label(IndexPath *path, LokiPromise promise, int first)
{
	path->indexorderbys = copyObject(path->indexorderbys);
	loki_set_label(distance_of(path), (LokiLabel) {promise, first});
}

void
loki_promise_first(IndexPath *path, int first)
{
	LokiLabel	label = loki_label_of_operator(distance_of(path));

	if ((first & ~label.first) != 0)
		replace_label(path, label.promise, label.first | first);
}

void
loki_promise_label(IndexPath *path)
{
	LokiLabel	label = loki_label_of_operator(distance_of(path));

	if (label.promise == LOKI_PROMISE_NONE)
		replace_label(path, LOKI_PROMISE_EXACT, label.first);
}

void
loki_promise_permit(IndexPath *path, bool complete, bool late)
{
	LokiLabel	label = loki_label_of_operator(distance_of(path));

	/* a level above may permit what a subquery's own level has permitted */
	Assert(label.promise != LOKI_PROMISE_NONE);
	replace_label(path, complete ? (late ? LOKI_PROMISE_SEARCH_LATE : LOKI_PROMISE_SEARCH) :
				  (late ? LOKI_PROMISE_LIMITED_LATE : LOKI_PROMISE_LIMITED), label.first);
}
