/*-------------------------------------------------------------------------
 *
 * exact.c
 *	  The exact answers that recall is measured against.
 *
 * This is a sequential scan and a top-N sort for many queries at once.  A block of rows is multiplied
 * with all queries, as a matrix with a matrix, which takes a fraction of the time of single distances.
 * Products and norms give distances with a known error.  Rows that could be among the nearest by that
 * are measured by loki_exact_distance().  For L1, and bit strings, all rows are.
 *
 *	queries | q0 .. qn |  x  | block of rows |  ->  | products, a row of them for each query |
 *
 * Memory: for each query its floats and k distances; for each row of a block its floats and a product
 * with each query.  The pass takes as many rows at a time as fit, so that any number of queries that
 * fits needs one scan of the table.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/exact.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "compat/compare.h"
#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "distance/products.h"
#include "fmgr.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "utils/float.h"

/*
 * A float32 product of dim terms is wrong by dim roundings of |a| |b| at most, in any order
 * of the sum.  The 16 are for the norms, and for combining the two.
 */
#define PRODUCT_ERROR(dim)	(((dim) + 16) * (FLT_EPSILON / 2))

/* See recall.h.  A Datum is kept of each query, but its value is the caller's. */
Size
loki_exact_query_size(const LokiColumn *column, int k)
{
	Size		size = k * sizeof(double) + sizeof(float) + sizeof(int) + sizeof(Datum) +
		sizeof(ItemPointerData) + sizeof(uint32);

	if (!loki_column_encoded(column))
		size += column->dim * sizeof(float) + loki_value_size(column);
	return size;
}

/*
 * Norms of the queries, and room for a block of rows: as many as fit into the memory that they leave.
 * A product of two matrices reads each row from memory once for many queries, where a distance for each
 * pair would read it once for each.  L1 is no product, and words of bits are no numbers.
 */
static void
begin_blocks(LokiExact *exact, const LokiColumn *column, Size memory)
{
	uint32		dim = exact->dim;
	int			nqueries = exact->nqueries;
	bool		products = column->metric != LOKI_METRIC_L1 &&
		!loki_metric_of_bits(column->metric);
	Size		row = dim * sizeof(float) + sizeof(float) + sizeof(ItemPointerData) +
		(products ? nqueries * sizeof(float) : 0);

	exact->query_norms = palloc_array(float, nqueries);
	for (int i = 0; i < nqueries; i++)
	{
		const float *query = exact->queries + (Size) i * dim;

		exact->query_norms[i] = sqrtf(loki_distance.dot_f32(dim, query, query));
	}
	exact->block_rows = (int) Max(1, Min(1024, memory / 2 / row));
	Assert(exact->block_rows > 0 && exact->nrows == 0);
	exact->rows = palloc_extended(mul_size(mul_size(exact->block_rows, dim), sizeof(float)),
								  MCXT_ALLOC_HUGE);
	exact->row_norms = palloc_array(float, exact->block_rows);
	exact->tids = palloc_array(ItemPointerData, exact->block_rows);
	if (products)
		exact->products = palloc_extended(mul_size(mul_size(exact->block_rows, nqueries),
												   sizeof(float)),
										  MCXT_ALLOC_HUGE);
}

/* Begin a pass over the table for some queries. */
void
loki_exact_begin(LokiExact *exact, const LokiColumn *column, int k,
				 const LokiQueries *queries, Size memory)
{
	int			n = queries->n;

	Assert(k > 0 && n > 0);
	Assert(queries->data != NULL && queries->own != NULL);
	memset(exact, 0, sizeof(LokiExact));
	exact->metric = column->metric;
	exact->dim = column->dim;
	exact->k = k;
	exact->nqueries = n;
	exact->own = queries->own;
	exact->nearest = palloc_extended(mul_size(mul_size(n, k), sizeof(double)),
									 MCXT_ALLOC_HUGE);
	exact->found = palloc0_array(int, n);
	exact->data = queries->data;
	if (queries->values == NULL)
		return;
	exact->queries = queries->values;
	begin_blocks(exact, column, memory);
}

/* Put a distance into a max-heap of the k nearest: heap[0] is the farthest, which the next one drives out. */
static void
keep_nearest(double *heap, int *n, int k, double distance)
{
	int			i;

	Assert(*n <= k && !isnan(distance));
	if (*n < k)
	{
		for (i = (*n)++; i > 0 && heap[(i - 1) / 2] < distance; i = (i - 1) / 2)
			heap[i] = heap[(i - 1) / 2];
		heap[i] = distance;
		return;
	}
	if (!(distance < heap[0]))
		return;
	for (i = 0;;)
	{
		int			child = 2 * i + 1;

		if (child + 1 < k && heap[child + 1] > heap[child])
			child++;
		if (child >= k || heap[child] <= distance)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = distance;
}

/*
 * Whether a row cannot be nearer than `limit`, by its product with the query.  Numbers that
 * overflowed show nothing: a comparison with NaN is false, and the row is measured.  The true product is
 * within PRODUCT_ERROR of |a| |b|; of L2, twice it and the rounding of both norms.
 */
static inline bool
is_farther(const LokiExact *exact, float product, float query_norm, float row_norm,
		   double limit)
{
	double		scale = (double) query_norm * row_norm;
	double		error = PRODUCT_ERROR(exact->dim) * scale;

	Assert(exact->metric != LOKI_METRIC_L1 && !loki_metric_of_bits(exact->metric));
	switch (exact->metric)
	{
		case LOKI_METRIC_L2:
			{
				double		norms = (double) query_norm * query_norm +
					(double) row_norm * row_norm;

				error = 2 * error + PRODUCT_ERROR(exact->dim) * norms;
				return norms - 2.0 * product - error > limit * limit;
			}
		case LOKI_METRIC_IP:
			return -product - error > limit;
		case LOKI_METRIC_COSINE:
			return 1 - (product + 2 * error) / scale > limit;
		default:
			elog(ERROR, "metric %d has no product", (int) exact->metric);
			pg_unreachable();
	}
}

/*
 * Find the nearest rows of the block for one query.  The query's own row is left out by its TID (M2).
 */
static void
search_block(LokiExact *exact, int query)
{
	const float *values = exact->queries + (Size) query * exact->dim;
	double	   *nearest = exact->nearest + (Size) query * exact->k;
	int		   *found = &exact->found[query];
	bool		own = ItemPointerIsValid(&exact->own[query]);

	for (int i = 0; i < exact->nrows; i++)
	{
		double		distance;

		/*
		 * nearly all rows end here; others are measured as scans do, since a
		 * hit may be at the same distance to the last bit (M1)
		 */
		if (exact->products != NULL && *found == exact->k &&
			is_farther(exact, exact->products[(Size) query * exact->nrows + i],
					   exact->query_norms[query], exact->row_norms[i], nearest[0]))
			continue;
		if (own && ItemPointerEquals((ItemPointer) &exact->own[query], &exact->tids[i]))
			continue;
		distance = loki_exact_distance(exact->metric, exact->dim, values,
									   exact->rows + (Size) i * exact->dim);
		if (!isnan(distance))
			keep_nearest(nearest, found, exact->k, distance);
	}
}

/* Search the rows of the block, and empty it.  The last one may be smaller than block_rows. */
static void
flush_block(LokiExact *exact)
{
	Assert(exact->nrows == 0 || exact->queries != NULL);
	if (exact->nrows == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	if (exact->products != NULL)
	{
		LokiVectors queries = {exact->queries, exact->dim, exact->nqueries};
		LokiVectors rows = {exact->rows, exact->dim, exact->nrows};

		loki_dot_products(exact->dim, queries, rows, exact->products, exact->nrows);
	}
	for (int i = 0; i < exact->nqueries; i++)
	{
		CHECK_FOR_INTERRUPTS();
		search_block(exact, i);
	}
	exact->nrows = 0;
}

/* Add a row by the floats of its vector. */
static void
add_vector(LokiExact *exact, const float *values, ItemPointer tid)
{
	int			i = exact->nrows++;

	Assert(i < exact->block_rows && ItemPointerIsValid(tid));
	memcpy(exact->rows + (Size) i * exact->dim, values, exact->dim * sizeof(float));
	exact->row_norms[i] = sqrtf(loki_distance.dot_f32(exact->dim, values, values));
	exact->tids[i] = *tid;
	if (exact->nrows == exact->block_rows)
		flush_block(exact);
}

/* Add a row by its value, where floats are encodings. */
static void
add_value(LokiExact *exact, LokiRows *rows, Datum datum, bool isnull)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	ItemPointer tid = &rows->slot->tts_tid;

	if (!isnull)
		datum = PointerGetDatum(PG_DETOAST_DATUM(datum));
	for (int i = 0; i < exact->nqueries; i++)
	{
		double		distance;

		CHECK_FOR_INTERRUPTS();
		if (ItemPointerIsValid(&exact->own[i]) &&
			ItemPointerEquals((ItemPointer) &exact->own[i], tid))
			continue;
		if (loki_value_distance(&rows->column, datum, isnull,
								(struct varlena *) DatumGetPointer(exact->data[i]), &distance) &&
			!isnan(distance))
			keep_nearest(exact->nearest + (Size) i * exact->k, &exact->found[i], exact->k,
						 distance);
	}
	MemoryContextSwitchTo(old);
}

/* Add the rows of the table that the index has. */
static void
add_rows(LokiExact *exact, LokiRows *rows)
{
	TableScanDesc scan = table_beginscan(rows->heap, rows->snapshot, 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, rows->slot))
	{
		const float *x;
		Datum		value;
		bool		isnull;

		/* vacuum calibrates, too; the point also serves interrupts */
		LokiVacuumDelayPoint();
		if (!loki_rows_match(rows))
			continue;
		value = loki_rows_value(rows, &isnull);
		if (exact->queries == NULL)
			add_value(exact, rows, value, isnull);
		else if ((x = loki_rows_vector(rows, value, isnull)) != NULL)
			add_vector(exact, x, &rows->slot->tts_tid);
	}
	table_endscan(scan);
	ExecClearTuple(rows->slot);
}

/* See recall.h.  Distances that are NaN are of no row. */
void
loki_exact_answer(LokiExact *exact, LokiRows *rows)
{
	add_rows(exact, rows);
	flush_block(exact);
	Assert(exact->nrows == 0);
	for (int i = 0; i < exact->nqueries; i++)
		qsort(exact->nearest + (Size) i * exact->k, exact->found[i], sizeof(double),
			  loki_compare_doubles);
}
