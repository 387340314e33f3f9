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
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "distance/products.h"
#include "fmgr.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/rls.h"

/*
 * A float32 product of dim terms is wrong by dim roundings of |a| |b| at most, in any order
 * of the sum.  The 16 are for the norms, and for combining the two.
 */
#define PRODUCT_ERROR(dim)	(((dim) + 16) * (FLT_EPSILON / 2))

/* Rows that are looked at together before each of them is: hardly any is near */
#define STRIP	16

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

void
loki_queries_begin(LokiQueries *queries, const LokiColumn *column, int n)
{
	memset(queries, 0, sizeof(LokiQueries));
	queries->allocated = n;
	if (!loki_column_encoded(column))
		queries->values = palloc_extended(mul_size(mul_size(column->dim, n), sizeof(float)),
										  MCXT_ALLOC_HUGE);
	queries->data = palloc_array(Datum, n);
	queries->own = palloc_array(ItemPointerData, n);
	queries->nodes = palloc_array(uint32, n);
}

void
loki_query_add(LokiQueries *queries, const LokiColumn *column, Datum value, const ItemPointerData *own,
			   uint32 node)
{
	int			i = queries->n++;

	Assert(i < queries->allocated && !VARATT_IS_EXTENDED(DatumGetPointer(value)));
	if (queries->values != NULL)
		(void) loki_query_open(column, column->typid, value, queries->values + (Size) i * column->dim);
	queries->data[i] = value;
	if (own != NULL)
		queries->own[i] = *own;
	else
		ItemPointerSetInvalid(&queries->own[i]);
	queries->nodes[i] = node;
}

/*
 * Norms of the queries, and room for a block of rows: as many as fit into the memory that they leave.
 * A product of two matrices reads each row from memory once for many queries, where a distance for each
 * pair would read it once for each.  L1 is no product, and words of bits are no numbers.
 */
static void
begin_blocks(LokiExact *exact, Size memory)
{
	uint32		dim = exact->column->dim;
	int			nqueries = exact->queries->n;
	bool		products = exact->column->metric != LOKI_METRIC_L1 &&
		!loki_metric_of_bits(exact->column->metric);
	Size		row = dim * sizeof(float) + sizeof(float) + sizeof(ItemPointerData) +
		(products ? nqueries * sizeof(float) : 0);

	exact->query_norms = palloc_array(float, nqueries);
	for (int i = 0; i < nqueries; i++)
	{
		const float *query = exact->queries->values + (Size) i * dim;

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

/* How many of the nearest rows are wanted of a query */
static inline int
k_of(const LokiExact *exact, int query)
{
	const LokiQueries *queries = exact->queries;

	return queries->deep_every == 0 || query % queries->deep_every == 0 ? exact->k : queries->few;
}

/*
 * Put a distance among the k nearest of a query, which ascend, unless it is NaN.  Few of many rows are among
 * them, so moving the farther ones takes less time than the distances do.
 */
static void
keep_nearest(LokiExact *exact, int query, double distance)
{
	double	   *nearest = exact->nearest + (Size) query * exact->k;
	int			k = k_of(exact, query);
	int			n = exact->found[query];
	int			low = 0;
	int			high = n;

	Assert(n <= k);
	if (isnan(distance) || (n == k && distance >= nearest[n - 1]))
		return;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (nearest[middle] > distance)
			high = middle;
		else
			low = middle + 1;
	}
	exact->found[query] = Min(n + 1, k);
	memmove(nearest + low + 1, nearest + low, sizeof(double) * (exact->found[query] - 1 - low));
	nearest[low] = distance;
}

/* Rows are farther than a limit whose product with the query is less than a + b |x|^2 + c |x| */
typedef struct FartherBound
{
	float		a;
	float		b;
	float		c;
} FartherBound;

/*
 * The true product is within PRODUCT_ERROR of |a| |b|; of L2, twice it and the rounding of both norms.  The sum of
 * floats that the bound is allows for the rounding of its own terms, 8 FLT_EPSILON of each.
 */
static FartherBound
farther_than(const LokiExact *exact, int query, double limit)
{
	double		query_norm = exact->query_norms[query];
	double		error = PRODUCT_ERROR(exact->column->dim) + 8 * FLT_EPSILON;
	FartherBound bound = {.c = (float) (-error * query_norm)};

	switch (exact->column->metric)
	{
		case LOKI_METRIC_L2:
			bound.a = (float) (((1 - error) * query_norm * query_norm - limit * limit) / 2);
			bound.b = (float) ((1 - error) / 2);
			break;
		case LOKI_METRIC_IP:
			bound.a = (float) -limit;
			break;
		default:
			Assert(exact->column->metric == LOKI_METRIC_COSINE);
			bound.c = (float) ((1 - limit - 2 * error) * query_norm);
	}
	return bound;
}

/* What overflowed shows nothing: a comparison with NaN is false. */
static inline bool
is_farther(const FartherBound *bound, float product, float norm)
{
	float		least = bound->a + bound->b * norm * norm + bound->c * norm;

	return (product < least) & (least <= FLT_MAX);
}

/* The same of each of STRIP rows, which the compiler computes for several at once */
static bool
all_farther(const FartherBound *bound, const float *products, const float *norms)
{
	uint32		near = 0;

	for (int i = 0; i < STRIP; i++)
		near |= !is_farther(bound, products[i], norms[i]);
	return near == 0;
}

/*
 * Find the nearest rows of the block for each query, and empty it.  A query's own row is left out by its TID (M2).
 * The last block may be smaller than block_rows.
 */
static void
flush_block(LokiExact *exact)
{
	uint32		dim = exact->column->dim;

	if (exact->nrows == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	if (exact->products != NULL)
	{
		LokiVectors queries = {exact->queries->values, dim, exact->queries->n};
		LokiVectors rows = {exact->rows, dim, exact->nrows};

		loki_dot_products(dim, queries, rows, exact->products, exact->nrows);
	}
	for (int i = 0; i < exact->queries->n; i++)
	{
		const float *values = exact->queries->values + (Size) i * dim;
		ItemPointer own = &exact->queries->own[i];
		const double *nearest = exact->nearest + (Size) i * exact->k;
		bool		has_own = ItemPointerIsValid(own);
		int			k = k_of(exact, i);

		CHECK_FOR_INTERRUPTS();
		for (int first = 0; first < exact->nrows; first += STRIP)
		{
			const float *norms = exact->row_norms + first;
			const float *products = NULL;
			int			n = Min(STRIP, exact->nrows - first);
			bool		full = exact->products != NULL && exact->found[i] == k;
			FartherBound bound = {0};

			if (full)
			{
				products = exact->products + (Size) i * exact->nrows + first;
				bound = farther_than(exact, i, nearest[k - 1]);
			}
			/* nearly all rows end here */
			if (full && n == STRIP && all_farther(&bound, products, norms))
				continue;

			/*
			 * others are measured as scans do, since a hit may be at the same
			 * distance to the last bit (M1)
			 */
			for (int row = 0; row < n; row++)
				if (!(full && is_farther(&bound, products[row], norms[row])) &&
					!(has_own && ItemPointerEquals(own, &exact->tids[first + row])))
					keep_nearest(exact, i, loki_exact_distance(exact->column->metric, dim, values,
															   exact->rows + (Size) (first + row) * dim));
		}
	}
	exact->nrows = 0;
}

/* Add a row by its value, where floats are encodings. */
static void
add_value(LokiExact *exact, LokiRows *rows, Datum datum, bool isnull)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	const LokiQueries *queries = exact->queries;
	ItemPointer tid = &rows->slot->tts_tid;

	if (!isnull)
		datum = PointerGetDatum(PG_DETOAST_DATUM(datum));
	for (int i = 0; i < queries->n; i++)
	{
		double		distance;

		CHECK_FOR_INTERRUPTS();
		if (ItemPointerIsValid(&queries->own[i]) && ItemPointerEquals(&queries->own[i], tid))
			continue;
		if (loki_value_distance(&rows->column, datum, isnull,
								(struct varlena *) DatumGetPointer(queries->data[i]), &distance))
			keep_nearest(exact, i, distance);
	}
	MemoryContextSwitchTo(old);
}

/* See recall.h.  Only rows that the index has count; distances that are NaN are of no row. */
void
loki_exact_answer(LokiExact *exact, LokiRows *rows, const LokiQueries *queries, int k, Size memory)
{
	uint32		dim = rows->column.dim;
	int			n = queries->n;
	TableScanDesc scan;

	Assert(k > 0 && n > 0);
	memset(exact, 0, sizeof(LokiExact));
	exact->column = &rows->column;
	exact->queries = queries;
	exact->k = k;
	exact->nearest = palloc_extended(mul_size(mul_size(n, k), sizeof(double)), MCXT_ALLOC_HUGE);
	exact->found = palloc0_array(int, n);
	if (queries->values != NULL)
		begin_blocks(exact, memory);
	scan = loki_table_beginscan(rows->heap, rows->snapshot);
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
		if (queries->values == NULL)
			add_value(exact, rows, value, isnull);
		else if ((x = loki_rows_vector(rows, value, isnull)) != NULL)
		{
			int			i = exact->nrows++;

			Assert(i < exact->block_rows && ItemPointerIsValid(&rows->slot->tts_tid));
			memcpy(exact->rows + (Size) i * dim, x, dim * sizeof(float));
			exact->row_norms[i] = sqrtf(loki_distance.dot_f32(dim, x, x));
			exact->tids[i] = rows->slot->tts_tid;
			if (exact->nrows == exact->block_rows)
				flush_block(exact);
		}
	}
	table_endscan(scan);
	ExecClearTuple(rows->slot);
	flush_block(exact);
	Assert(exact->nrows == 0);
}

/* ----------------------------------------------------------------
 * Queries that the caller gives
 * ----------------------------------------------------------------
 */

/*
 * See recall.h.  The nearest row of such a query is as far from it as it is from itself.  By an inner
 * product another row may be nearer than the query's own, and then it is not counted.
 */
int
loki_exact_count_rows(const LokiExact *exact)
{
	const LokiColumn *column = exact->column;
	const LokiQueries *queries = exact->queries;
	int			count = 0;

	for (int i = 0; i < queries->n; i++)
	{
		double		self;

		CHECK_FOR_INTERRUPTS();
		if (queries->values != NULL)
		{
			const float *x = queries->values + (Size) i * column->dim;

			self = loki_exact_distance(column->metric, column->dim, x, x);
		}
		else
			(void) loki_value_distance(column, queries->data[i], false,
									   (struct varlena *) DatumGetPointer(queries->data[i]), &self);
		count += exact->found[i] > 0 && exact->nearest[(Size) i * exact->k] == self;
	}
	return count;
}

/*
 * WARNING if most of n given queries are rows.  Such a query is found through its own node, whose links
 * lead to its neighbors.  New queries have no node, and are harder to answer.  So recall that is
 * measured with rows is too high for them, and widths that are calibrated with rows are too narrow.
 */
void
loki_warn_of_rows(const LokiRows *rows, int found, int n)
{
	Assert(found <= n);
	/* the count would show rows that a policy hides from the caller */
	if (n < LOKI_LEAST_QUERIES || found <= n / 2 ||
		check_enable_rls(RelationGetRelid(rows->heap), rows->userid, true) == RLS_ENABLED)
		return;
	ereport(WARNING,
			(errmsg("queries for index \"%s\" are rows of its table",
					RelationGetRelationName(rows->index)),
			 errdetail("%d of %d queries are equal to a row. Searches for rows find more than searches for new vectors do.",
					   found, n),
			 errhint("Give queries that the table does not have. Without an array of queries, rows serve, and each is left out of its own answer.")));
}
