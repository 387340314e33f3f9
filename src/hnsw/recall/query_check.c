/*-------------------------------------------------------------------------
 *
 * query_check.c
 *	  Queries that the caller gives: whether they are rows of the table.
 *
 * A query that is a row is found through its own node, whose links lead to its neighbors.
 * New queries have no node, and are harder to answer.  So recall that is measured with rows
 * is too high for them, and widths that are calibrated with rows are too narrow.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/query_check.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "hnsw/recall/recall.h"
#include "hnsw/scan/scan.h"
#include "miscadmin.h"
#include "utils/rls.h"

/*
 * Whether the nearest row has the value of a query.  By an inner product, another row may be
 * nearer than the one with this value, and the answer is false.
 */
static bool
is_row(LokiRows *rows, IndexScanDesc scan, ScanKey order, Datum query)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	Datum		value;
	bool		isnull;
	bool		result = false;

	Assert(so->plan.caller == NULL && so->plan.skip == LOKI_NONE);
	so->plan.measuring = true;
	so->plan.limit = 1;
	order->sk_argument = query;
	index_rescan(scan, NULL, 0, order, 1);
	if (index_getnext_slot(scan, ForwardScanDirection, rows->slot))
	{
		value = loki_rows_value(rows, &isnull);
		result = !isnull &&
			DatumGetInt32(FunctionCall2(loki_value_order(&rows->column), value, query)) == 0;
	}
	ExecClearTuple(rows->slot);
	return result;
}

/* See recall.h.  A hundred of the queries are searched for, at equal intervals. */
void
loki_warn_of_rows(LokiRows *rows, const Datum *queries, int n)
{
	int			looked_at = Min(n, 100);
	int			found = 0;
	ScanKeyData order;
	IndexScanDesc scan;

	if (n < LOKI_LEAST_QUERIES)
		return;

	/* the count would show rows that a policy hides from the caller */
	if (check_enable_rls(RelationGetRelid(rows->heap), rows->userid, true) == RLS_ENABLED)
		return;
	scan = loki_rows_begin_scan(rows, &order);
	for (int i = 0; i < looked_at; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_row(rows, scan, &order, queries[(int64) i * n / looked_at]))
			found++;
	}
	index_endscan(scan);
	Assert(found <= looked_at && looked_at <= n);
	if (found <= looked_at / 2)
		return;
	ereport(WARNING,
			(errmsg("queries for index \"%s\" are rows of its table",
					RelationGetRelationName(rows->index)),
			 errdetail("%d of %d queries are equal to a row. Searches for rows find more than searches for new vectors do.",
					   found, looked_at),
			 errhint("Give queries that the table does not have. Without an array of queries, rows serve, and each is left out of its own answer.")));
}
