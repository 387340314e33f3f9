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
 * lead to its neighbors, and over links as they would be without it (loki_search_skip()).  So rows are as
 * easy to search for as vectors of their kind that the table does not have.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/recall.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "compat/compare_numbers.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/recall.h"
#include "hnsw/scan/scan.h"
#include "lokivector.h"
#include "portability/instr_time.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

LOKI_FUNCTION(lokivector_recall);
LOKI_FUNCTION(lokivector_recall_of);
LOKI_FUNCTION(lokivector_measure_samples);

/* A table and its index, being measured */
typedef struct Recall
{
	LokiRows	rows;
	int			k;
	LokiQueries queries;		/* of the pass, as many as fit into half of
								 * maintenance_work_mem */
	Size		bytes;			/* of their values */

	/* where queries come from */
	int			wanted;			/* in all */
	int			chosen;			/* so far */
	const Datum *given;			/* NULL: rows of the index */
	int			equal;			/* of these, to a row */
	const LokiSampled *samples; /* the searches that they are of; NULL: none */
	uint64		total;			/* slots of the index that may have rows */
	uint64		visited;
	uint64		number;			/* of the slot that was visited last */

	/* results */
	double	   *recalls;		/* of each query that was answered; NaN: there
								 * is nothing to find */
	MemoryContext context;		/* of these */
	int			answered;
	uint64		allocated;
	double		seconds;
	double		width;			/* sums over all queries */
} Recall;

/* ----------------------------------------------------------------
 * Queries
 * ----------------------------------------------------------------
 */

/* What queries and answers of a pass may take, in bytes; the other half is for blocks of rows. */
static Size
half_of_memory(void)
{
	return (Size) maintenance_work_mem * 1024 / 2;
}

/* Whether the pass takes another query, and there is to be one */
static bool
takes_query(const Recall *recall)
{
	return recall->chosen < recall->wanted &&
		recall->queries.n < recall->queries.allocated && recall->bytes < half_of_memory();
}

/* Add a query, as loki_query_add(). */
static void
add_exact_query(Recall *recall, Datum value, const ItemPointerData *own, uint32 node)
{
	Assert(recall->chosen < recall->wanted);
	loki_query_add(&recall->queries, &recall->rows.column, value, own, node);
	recall->bytes += VARSIZE(DatumGetPointer(value));
	recall->chosen++;
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
 * Add rows of the index, each at most once.  By slots of the index, and not of the table: rows of a large
 * table need not be read to find some, and each row in the index has the same chance.  Slots are visited
 * from a random one on, in steps of the golden section of their number.  That spreads the rows over the
 * index, and reaches every slot in the end.
 */
static void
add_chosen(Recall *recall)
{
	LokiIndex  *state = loki_index_open(recall->rows.index, NULL);
	uint64		step;

	if (recall->total == 0)
	{
		const LokiSlotArray *tids = &state->arrays[LOKI_SLOTS_TID];
		const LokiSlotArray *duplicates = &state->arrays[LOKI_SLOTS_DUPLICATE];
		pg_prng_state prng;

		loki_index_refresh(state, recall->rows.index);
		recall->total = (uint64) tids->npages * tids->per_page +
			(uint64) duplicates->npages * duplicates->per_page;
		if (recall->total == 0)
			return;
		loki_seed_prng(&prng);
		recall->number = pg_prng_uint64_range(&prng, 0, recall->total - 1);
	}
	step = loki_golden_step(recall->total);
	for (; recall->visited < recall->total && takes_query(recall); recall->visited++)
	{
		ItemPointerData tid;
		uint32		node;

		CHECK_FOR_INTERRUPTS();
		recall->number = (recall->number + step) % recall->total;
		if (!row_of_slot(recall, state, recall->number, &tid, &node))
			continue;
		if (loki_rows_fetch(&recall->rows, &tid))
		{
			bool		isnull;
			Datum		value = loki_rows_value(&recall->rows, &isnull);

			if (loki_rows_vector(&recall->rows, value, isnull) != NULL)
				add_exact_query(recall, PointerGetDatum(PG_DETOAST_DATUM_COPY(value)),
								&recall->rows.slot->tts_tid, node);
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

/*
 * Let the index answer one query.  Returns how many of its rows are hits: no farther than
 * `limit`, that of an exact answer of n rows.  The scan gets what the executor's search would: the LIMIT, by which
 * it chooses its width.  One row more is asked for if the query's own row cannot be left out by its node, as it
 * shares one with others.
 */
static int
answer_by_index(Recall *recall, IndexScanDesc scan, ScanKey order, int query,
				int n, double limit)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	const LokiQueries *queries = &recall->queries;
	ItemPointerData *own = &queries->own[query];
	bool		has_own = ItemPointerIsValid(own);
	int			wanted = rows_of_query(recall, query);
	instr_time	start;
	instr_time	end;
	int			rows = 0;
	int			right = 0;

	Assert(n > 0 && n <= wanted && wanted <= recall->k);
	/* time is that of the scan alone: what the pass over the table took does not count */
	INSTR_TIME_SET_CURRENT(start);
	so->plan.measuring = true;
	so->plan.limit = recall->k;
	so->plan.skip = queries->nodes[query];
	if (queries->samples != NULL)
	{
		so->plan.given = &queries->samples[query].settings;
		so->plan.limit = queries->samples[query].limit;
	}
	else if (has_own && so->plan.skip == LOKI_NONE)
		so->plan.limit++;
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
	Assert(right <= rows && rows <= wanted);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	recall->seconds += INSTR_TIME_GET_DOUBLE(end);
	recall->width += so->course.width;
	ExecClearTuple(recall->rows.slot);
	return Min(right, n);
}

/* Compare the index's answers with the exact ones.  A query without any row to find counts for nothing. */
static void
compare_answers(Recall *recall, const LokiExact *exact)
{
	LokiRows   *rows = &recall->rows;
	Oid			type;
	Oid			operator = loki_ordering_operator(rows->index->rd_opfamily[0],
												 rows->index->rd_opcintype[0], &type);
	IndexScanDesc scan = LokiIndexBeginScanKeys(rows->heap, rows->index, rows->snapshot, NULL, 0, 1);
	ScanKeyData order;

	/* each query becomes the argument of the key, which index_rescan() takes */
	ScanKeyEntryInitialize(&order, SK_ORDER_BY, 1, 1, type, InvalidOid, get_opcode(operator), (Datum) 0);
	for (int i = 0; i < recall->queries.n; i++)
	{
		int			n = Min(exact->found[i], rows_of_query(recall, i));
		double		value = get_float8_nan();

		CHECK_FOR_INTERRUPTS();
		if (n > 0)
		{
			order.sk_argument = recall->queries.data[i];
			value = (double) answer_by_index(recall, scan, &order, i, n,
											 loki_hit_limit(exact->nearest[(Size) i * exact->k + n - 1])) / n;
		}
		Assert(isnan(value) || (value >= 0 && value <= 1));
		Assert(recall->answered < recall->chosen);
		recall->recalls = loki_grow(recall->context, recall->recalls, &recall->allocated,
									recall->answered + 1, 1024, sizeof(double));
		recall->recalls[recall->answered++] = value;
	}
	index_endscan(scan);
}

/* Answer all queries, as many at a time as fit into maintenance_work_mem. */
static void
measure(Recall *recall)
{
	MemoryContext pass = AllocSetContextCreate(CurrentMemoryContext, "lokivector_recall pass",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	const LokiColumn *column = &recall->rows.column;
	LokiExact	exact;
	Size		most;

	recall->context = old;
	for (;;)
	{
		MemoryContextReset(pass);
		MemoryContextSwitchTo(pass);
		/* at least one, whatever the memory: else there would be no progress */
		most = half_of_memory() / loki_exact_query_size(column, recall->k);
		loki_queries_begin(&recall->queries, column, (int) Max(1, Min(most, recall->wanted - recall->chosen)));
		recall->bytes = 0;
		if (recall->samples != NULL)
			recall->queries.samples = recall->samples + recall->chosen;
		if (recall->given == NULL)
			add_chosen(recall);
		while (recall->given != NULL && takes_query(recall))
		{
			CHECK_FOR_INTERRUPTS();
			add_exact_query(recall, PointerGetDatum(PG_DETOAST_DATUM(recall->given[recall->chosen])), NULL,
							LOKI_NONE);
		}
		if (recall->queries.n == 0)
			break;
		loki_exact_answer(&exact, &recall->rows, &recall->queries, recall->k,
						  (Size) maintenance_work_mem * 1024);
		compare_answers(recall, &exact);
		recall->equal += recall->given != NULL ? loki_exact_count_rows(&exact) : 0;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(pass);
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */

/* ERROR if an argument of a function is out of range */
static void
check_count(const char *name, int value, int most)
{
	if (value < 1 || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 1 and %d", name, most)));
}

/*
 * Open an index for measuring, whose expressions are evaluated as its owner from here on.  ERROR for
 * users who may not read all rows.
 */
static void
begin_measuring(Recall *recall, Oid indexid)
{
	Relation	heap;
	Relation	index = loki_open_allowed(indexid, AccessShareLock, LOKI_RIGHT_ROWS, &heap);

	loki_require_valid(index, "measure");
	if (loki_is_words_index(index))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot measure index \"%s\"", RelationGetRelationName(index)),
				 errdetail("Searches for words are exact, and rows are no queries of them.")));
	loki_rows_begin(&recall->rows, heap, index, GetActiveSnapshot());
}

/* Close what begin_measuring() opened, and be the caller again. */
static void
end_measuring(Recall *recall)
{
	loki_rows_end(&recall->rows);
	relation_close(recall->rows.index, AccessShareLock);
	table_close(recall->rows.heap, AccessShareLock);
}

/*
 * Answer what was asked for, after begin_measuring(), and make the result's row: how many queries had something to
 * find; then means over these of the width, the recall, the recall that one in a hundred does not exceed, the least,
 * and milliseconds
 */
static Datum
measure_recall(Recall *recall, FunctionCallInfo fcinfo)
{
	TupleDesc	desc;
	Datum		values[6];
	bool		isnull[lengthof(values)] = {0};
	int			n = 0;
	double		sum = 0;

	measure(recall);
	loki_warn_of_rows(&recall->rows, recall->equal, recall->wanted);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != lengthof(values))
		elog(ERROR, "return type must be a row type");
	for (int i = 0; i < recall->answered; i++)
		if (!isnan(recall->recalls[i]))
			recall->recalls[n++] = recall->recalls[i];
	if (n > 0)
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
		memset(isnull + 1, true, lengthof(values) - 1);
	end_measuring(recall);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/*
 * lokivector_recall(index regclass, queries integer, k integer): with rows of the index as queries
 */
Datum
lokivector_recall(PG_FUNCTION_ARGS)
{
	Recall		recall = {.wanted = PG_GETARG_INT32(1), .k = PG_GETARG_INT32(2)};

	check_count("queries", recall.wanted, LOKI_RECALL_MAX_QUERIES);
	check_count("k", recall.k, LOKI_RECALL_MAX_K);
	begin_measuring(&recall, PG_GETARG_OID(0));
	return measure_recall(&recall, fcinfo);
}

/*
 * lokivector_recall(index regclass, queries vector[], k integer): with queries of the caller
 */
Datum
lokivector_recall_of(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Recall		recall = {.k = PG_GETARG_INT32(2)};
	Datum	   *elements;

	check_count("k", recall.k, LOKI_RECALL_MAX_K);
	begin_measuring(&recall, PG_GETARG_OID(0));
	recall.wanted = loki_query_array(&recall.rows.column, array, &elements);
	recall.given = elements;
	return measure_recall(&recall, fcinfo);
}

/* Measure what was sampled, pausing as VACUUM does: it is run beside users' work, by a job. */
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
	Datum	   *given;
	int			n;
	int			measured = 0;

	/* taken out before they are measured, so that an error of one does not come back every night */
	begin_measuring(&recall, PG_GETARG_OID(0));
	n = loki_sampled_waiting(recall.rows.index, true, &samples);
	given = palloc_array(Datum, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		given[i] = PointerGetDatum(samples[i].query);
		recall.k = Max(recall.k, samples[i].rows);
	}
	recall.wanted = n;
	recall.given = given;
	recall.samples = samples;
	measure_slowly(&recall);
	Assert(recall.answered == n);
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
