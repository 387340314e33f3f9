/*-------------------------------------------------------------------------
 *
 * promise.c
 *	  What plans may rely on in a scan of an hnsw index.
 *
 * A path says in its order-by operator what the scan is to keep (src/hnsw/hnsw.h).
 * It is labelled where its costs are estimated, which every index path is that
 * the server or this library makes, so that there is none without.
 *
 * IDENTIFICATION
 *	  src/planner/promise.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "planner/promise.h"

/* What a path asks of its scan */
Oid
loki_promise_bits(const IndexPath *path)
{
	return linitial_node(OpExpr, path->indexorderbys)->inputcollid;
}

/*
 * Set bits of a path's order-by operator.  The operator may be one that other paths
 * have as well, so that this one gets a copy.
 */
void
loki_promise_set(IndexPath *path, Oid bits)
{
	OpExpr	   *op;

	if ((loki_promise_bits(path) & bits) == bits)
		return;
	op = copyObject(linitial_node(OpExpr, path->indexorderbys));
	op->inputcollid |= bits;
	path->indexorderbys = list_make1(op);
}

/* Label a path that is new: called when its costs are estimated. */
void
loki_promise_label(IndexPath *path, const LokiScanSettings *settings)
{
	loki_promise_set(path, LOKI_PLAN_MADE | (settings->complete ? LOKI_PLAN_COMPLETE : 0));
}
