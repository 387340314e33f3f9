/*-------------------------------------------------------------------------
 *
 * recall.c
 *	  lokivector_recall: how much of the exact answer an index finds.
 *
 * Queries are rows of the table, chosen at random among those in the index, or vectors that
 * the caller gives, or those of searches that were sampled, which go by the settings that
 * they had then.  Their exact answers come from one pass over the table
 * (recall/exact.c).  The index answers by scans like those of the executor, under the
 * caller's settings, so the result is what users get.  A returned row counts as right if it
 * is no farther than the k-th row of the exact answer.
 *
 * A row that is a query is left out of both answers.  Scans go around its node, whose links
 * lead to its neighbors.  So rows are no easier to search for than vectors that the table
 * does not have.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/recall.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/recall.h"
#include "hnsw/scan/scan.h"
#include "lokivector.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

LOKI_FUNCTION(lokivector_recall);
LOKI_FUNCTION(lokivector_recall_of);
LOKI_FUNCTION(lokivector_measure_samples);

#define RECALL_COLUMNS		6

/* A table and its index, being measured */
typedef struct Recall
{
	LokiRows	rows;
	int			k;
	LokiQueries queries;

	/* results */
	double	   *recalls;		/* of each query; NaN: there is nothing to
								 * find */
	double		seconds;
	double		width;			/* sums over all queries */
} Recall;

/* ----------------------------------------------------------------
 * Table and index
 * ----------------------------------------------------------------
 */

/* Open an index and its table.  ERROR for users who may not read all rows. */
static Relation
open_relations(Oid indexid, Relation *heap)
{
	Relation	index = loki_open_allowed(indexid, AccessShareLock, LOKI_RIGHT_ROWS, heap);

	loki_require_valid(index, "measure");
	return index;
}

/* ----------------------------------------------------------------
 * Queries
 * ----------------------------------------------------------------
 */

/* Make room for one query more. */
static void
grow_queries(Recall *recall)
{
	LokiQueries *queries = &recall->queries;
	Size		size = mul_size(recall->rows.column.dim, sizeof(float));
	bool		first = queries->allocated == 0;

	queries->allocated = Max(64, 2 * queries->allocated);
	size = mul_size(size, queries->allocated);
	if (!loki_column_sketched(&recall->rows.column))
		queries->values = first ? palloc_extended(size, MCXT_ALLOC_HUGE) :
			repalloc_huge(queries->values, size);
	if (first)
	{
		queries->data = palloc_array(Datum, queries->allocated);
		queries->own = palloc_array(ItemPointerData, queries->allocated);
		queries->nodes = palloc_array(uint32, queries->allocated);
		return;
	}
	queries->data = repalloc_array(queries->data, Datum, queries->allocated);
	queries->own = repalloc_array(queries->own, ItemPointerData, queries->allocated);
	queries->nodes = repalloc_array(queries->nodes, uint32, queries->allocated);
}

static void
add_query(Recall *recall, Datum value, const float *values, ItemPointer own, uint32 node)
{
	LokiQueries *queries = &recall->queries;

	if (queries->n == queries->allocated)
		grow_queries(recall);
	if (queries->values != NULL)
		memcpy(queries->values + (Size) queries->n * recall->rows.column.dim, values,
			   sizeof(float) * recall->rows.column.dim);
	queries->data[queries->n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	if (own != NULL)
		queries->own[queries->n] = *own;
	else
		ItemPointerSetInvalid(&queries->own[queries->n]);
	queries->nodes[queries->n] = node;
	queries->n++;
}

/* Add the queries that the caller gives. */
static void
add_given(Recall *recall, ArrayType *array)
{
	const LokiColumn *column = &recall->rows.column;
	float	   *values = palloc_array(float, column->dim);
	Datum	   *elements;
	int			n = loki_query_array(column, array, &elements);

	loki_warn_of_rows(&recall->rows, elements, n);
	for (int i = 0; i < n; i++)
	{
		(void) loki_query_open(column, column->typid, elements[i], values);
		add_query(recall, elements[i], values, NULL, LOKI_NONE);
		CHECK_FOR_INTERRUPTS();
	}
	pfree(values);
}

/*
 * The row of a slot of TID, or of DUPLICATE, which are numbered after those of TID.  Each row
 * has one slot.  False if the slot has no row.
 */
static bool
row_of_slot(Recall *recall, LokiIndex *state, uint64 number, ItemPointer tid,
			uint32 *node)
{
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_TID];
	uint64		ntids = (uint64) array->npages * array->per_page;
	LokiDuplicateData duplicate;
	LokiTidData slot;
	int			slot_state;

	if (number < ntids)
	{
		if (!loki_slot_read(state, recall->rows.index, LOKI_SLOTS_TID,
							(uint32) number, &slot))
			return false;
		slot_state = LokiTidState(&slot);
		*tid = slot.u.heap;
		*node = (uint32) number;
	}
	else
	{
		if (!loki_slot_read(state, recall->rows.index, LOKI_SLOTS_DUPLICATE,
							(uint32) (number - ntids), &duplicate))
			return false;
		slot_state = duplicate.state & LOKI_TID_STATE_MASK;
		*tid = duplicate.heap;
		*node = LOKI_NONE;
	}
	return slot_state == LOKI_TID_LIVE || slot_state == LOKI_TID_KILLED;
}

/*
 * Choose rows of the index at random, each at most once.  Slots are visited from a random one
 * on, in steps of the golden section of their number.  That spreads the rows over the index,
 * and reaches every slot in the end.
 */
static void
add_sampled(Recall *recall, int wanted)
{
	LokiIndex  *state = loki_index_open(recall->rows.index, NULL);
	pg_prng_state prng;
	uint64		total;
	uint64		number;
	uint64		step;

	loki_index_refresh(state, recall->rows.index);
	total = (uint64) state->arrays[LOKI_SLOTS_TID].npages *
		state->arrays[LOKI_SLOTS_TID].per_page +
		(uint64) state->arrays[LOKI_SLOTS_DUPLICATE].npages *
		state->arrays[LOKI_SLOTS_DUPLICATE].per_page;
	if (total == 0)
		return;
	pg_prng_seed(&prng, loki_build_seed >= 0 ? (uint64) loki_build_seed :
				 pg_prng_uint64(&pg_global_prng_state));
	number = pg_prng_uint64_range(&prng, 0, total - 1);
	step = loki_golden_step(total);

	for (uint64 i = 0; i < total && recall->queries.n < wanted; i++)
	{
		ItemPointerData tid;
		uint32		node;

		CHECK_FOR_INTERRUPTS();
		number = (number + step) % total;
		if (!row_of_slot(recall, state, number, &tid, &node))
			continue;
		if (loki_rows_fetch(&recall->rows, &tid))
		{
			bool		isnull;
			Datum		value = loki_rows_value(&recall->rows, &isnull);
			const float *x = loki_rows_vector(&recall->rows, value, isnull);

			if (x != NULL)
				add_query(recall, value, x, &recall->rows.slot->tts_tid, node);
		}
		loki_rows_release(&recall->rows);
	}
}

/* ----------------------------------------------------------------
 * Answers
 * ----------------------------------------------------------------
 */

/* How many rows a query asks for */
static int
rows_of_query(const Recall *recall, int query)
{
	const LokiSampled *samples = recall->queries.samples;

	return samples != NULL ? samples[query].rows : recall->k;
}

/* Tell the scan of a query what the caller of a search would. */
static void
plan_scan(Recall *recall, IndexScanDesc scan, int query)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	const LokiQueries *queries = &recall->queries;

	so->plan.measuring = true;
	so->plan.limit = recall->k;
	so->plan.skip = queries->nodes[query];
	if (queries->samples != NULL)
	{
		so->plan.given = &queries->samples[query].settings;
		so->plan.limit = queries->samples[query].limit;
	}
	else if (ItemPointerIsValid(&queries->own[query]) && so->plan.skip == LOKI_NONE)
		so->plan.limit++;
}

/*
 * Let the index answer one query.  Returns how many of its rows are hits: no farther than
 * `limit`, that of an exact answer of n rows.
 */
static int
answer_by_index(Recall *recall, IndexScanDesc scan, ScanKey order, int query,
				int n, double limit)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	ItemPointerData *own = &recall->queries.own[query];
	bool		has_own = ItemPointerIsValid(own);
	int			wanted = rows_of_query(recall, query);
	instr_time	start;
	instr_time	end;
	int			rows = 0;
	int			right = 0;

	Assert(n > 0 && n <= wanted && wanted <= recall->k);
	INSTR_TIME_SET_CURRENT(start);
	plan_scan(recall, scan, query);
	index_rescan(scan, NULL, 0, order, 1);
	while (rows < wanted &&
		   index_getnext_slot(scan, ForwardScanDirection, recall->rows.slot))
	{
		if (has_own && ItemPointerEquals(own, &recall->rows.slot->tts_tid))
			continue;
		rows++;
		if (!scan->xs_orderbynulls[0] &&
			DatumGetFloat8(scan->xs_orderbyvals[0]) <= limit)
			right++;
	}
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	recall->seconds += INSTR_TIME_GET_DOUBLE(end);
	recall->width += so->course.width;
	ExecClearTuple(recall->rows.slot);
	return Min(right, n);
}

/* Compare the index's answers with the exact ones. */
static void
compare_answers(Recall *recall, const LokiExact *exact, int first)
{
	ScanKeyData order;
	IndexScanDesc scan = loki_rows_begin_scan(&recall->rows, &order);

	for (int i = 0; i < exact->nqueries; i++)
	{
		int			n = Min(exact->found[i], rows_of_query(recall, first + i));
		int			right;

		CHECK_FOR_INTERRUPTS();
		recall->recalls[first + i] = get_float8_nan();
		if (n == 0)
			continue;
		order.sk_argument = exact->data[i];
		right = answer_by_index(recall, scan, &order, first + i, n,
								loki_hit_limit(exact->nearest[(Size) i * exact->k + n - 1]));
		recall->recalls[first + i] = (double) right / n;
	}
	index_endscan(scan);
}

/* Answer all queries, as many at a time as fit into maintenance_work_mem. */
static void
measure(Recall *recall)
{
	int			nqueries = recall->queries.n;
	int			most = loki_exact_queries(recall->rows.column.dim, recall->k,
										  (Size) maintenance_work_mem * 1024);

	recall->recalls = palloc_array(double, Max(nqueries, 1));
	for (int first = 0; first < nqueries; first += most)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
													  "lokivector_recall pass",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		LokiExact	exact;

		loki_exact_begin(&exact, &recall->rows.column, recall->k, &recall->queries, first,
						 Min(most, nqueries - first), (Size) maintenance_work_mem * 1024);
		loki_exact_answer(&exact, &recall->rows);
		compare_answers(recall, &exact, first);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */
/* The result's row */
static Datum
form_result(Recall *recall, FunctionCallInfo fcinfo)
{
	TupleDesc	desc;
	Datum		values[RECALL_COLUMNS];
	bool		isnull[RECALL_COLUMNS] = {0};
	int			n = 0;
	double		sum = 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != RECALL_COLUMNS)
		elog(ERROR, "return type must be a row type");

	for (int i = 0; i < recall->queries.n; i++)
		if (!isnan(recall->recalls[i]))
			recall->recalls[n++] = recall->recalls[i];
	qsort(recall->recalls, n, sizeof(double), loki_compare_doubles);
	for (int i = 0; i < n; i++)
		sum += recall->recalls[i];
	values[0] = Int32GetDatum(n);
	if (n > 0)
	{
		values[1] = Float8GetDatum(recall->width / n);
		values[2] = Float8GetDatum(sum / n);
		/* one query in a hundred is no better */
		values[3] = Float8GetDatum(recall->recalls[(n - 1) / 100]);
		values[4] = Float8GetDatum(recall->recalls[0]);
		values[5] = Float8GetDatum(recall->seconds * 1000 / n);
	}
	else
		memset(isnull + 1, true, RECALL_COLUMNS - 1);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

static void
check_count(const char *name, int value, int most)
{
	if (value < 1 || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 1 and %d", name, most)));
}

/* Open an index for measuring, whose expressions are evaluated as its owner from here on. */
static void
begin_measuring(Recall *recall, Oid indexid)
{
	Relation	heap;
	Relation	index = open_relations(indexid, &heap);

	loki_rows_begin(&recall->rows, heap, index, GetActiveSnapshot());
}

static void
end_measuring(Recall *recall)
{
	loki_rows_end(&recall->rows);
	relation_close(recall->rows.index, AccessShareLock);
	table_close(recall->rows.heap, AccessShareLock);
}

/* Measure with `wanted` rows of the index as queries, or with those given. */
static Datum
measure_recall(FunctionCallInfo fcinfo, int wanted, ArrayType *given, int k)
{
	Recall		recall = {0};
	Datum		result;

	check_count("k", k, LOKI_RECALL_MAX_K);
	begin_measuring(&recall, PG_GETARG_OID(0));
	recall.k = k;
	if (given != NULL)
		add_given(&recall, given);
	else
		add_sampled(&recall, wanted);
	measure(&recall);
	result = form_result(&recall, fcinfo);
	end_measuring(&recall);
	return result;
}

/*
 * lokivector_recall(index regclass, queries integer, k integer)
 */
Datum
lokivector_recall(PG_FUNCTION_ARGS)
{
	check_count("queries", PG_GETARG_INT32(1), LOKI_RECALL_MAX_QUERIES);
	return measure_recall(fcinfo, PG_GETARG_INT32(1), NULL, PG_GETARG_INT32(2));
}

/*
 * lokivector_recall(index regclass, queries vector[], k integer)
 */
Datum
lokivector_recall_of(PG_FUNCTION_ARGS)
{
	return measure_recall(fcinfo, 0, PG_GETARG_ARRAYTYPE_P(1), PG_GETARG_INT32(2));
}

/* Measure what was sampled, pausing as VACUUM does. */
static void
measure_slowly(Recall *recall)
{
	LokiVacuumCostBegin();
	PG_TRY();
	{
		measure(recall);
	}
	PG_FINALLY();
	{
		LokiVacuumCostEnd();
	}
	PG_END_TRY();
}

/*
 * lokivector_measure_samples(index regclass): measure the searches that were sampled.  They
 * wait no more then, nor if an error ends this.
 */
Datum
lokivector_measure_samples(PG_FUNCTION_ARGS)
{
	Recall		recall = {0};
	LokiSampled *samples;
	float	   *values;
	int			n;
	int			measured = 0;

	begin_measuring(&recall, PG_GETARG_OID(0));
	n = loki_sampled_waiting(recall.rows.index, true, &samples);
	values = palloc_array(float, recall.rows.column.dim);
	for (int i = 0; i < n; i++)
	{
		Datum		query = PointerGetDatum(samples[i].query);

		(void) loki_query_open(&recall.rows.column, recall.rows.column.typid, query, values);
		add_query(&recall, query, values, NULL, LOKI_NONE);
		recall.k = Max(recall.k, samples[i].rows);
	}
	recall.queries.samples = samples;
	measure_slowly(&recall);
	for (int i = 0; i < n; i++)
	{
		if (isnan(recall.recalls[i]))
			continue;
		loki_sampled_measured(recall.rows.index, &samples[i], recall.recalls[i]);
		measured++;
	}
	end_measuring(&recall);
	PG_RETURN_INT32(measured);
}
