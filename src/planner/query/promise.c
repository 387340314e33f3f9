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
 * order/search.c decides which scans become searches, when plans are finished.  Costs go by a guess before that
 * (query/level.c).  src/planner/README, "Order", has the argument.
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
#include "planner/query/promise.h"

#define FIRST_BITS		(LOKI_FIRST_NULLS | LOKI_FIRST_NANS)
#define PLAN_BITS \
	(LOKI_PLAN_MADE | LOKI_PLAN_COMPLETE | LOKI_PLAN_EXACT | LOKI_PLAN_LATE)

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
