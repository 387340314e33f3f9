/*-------------------------------------------------------------------------
 *
 * compact.c
 *	  Choosing the code of a compact index.
 *
 * The bits of a row can be spent on a few bits of all dimensions, or on more bits of the
 * principal ones.  Which is better depends on the rows: embeddings vary along few directions,
 * other data along all.  So the sample that the centroid is taken from is kept, its principal
 * dimensions are computed, by subspace iteration (distance/products.h), and each possible code is
 * tried on a part of the sample: 768, 384 and 192 principal dimensions with 1, 2 and 4 bits, and
 * all dimensions.  The basis of the dimensions that were chosen lies behind the centroid.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/compact.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/distance.h"
#include "distance/products.h"
#include "hnsw/build/build.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* The fewest rows from which principal dimensions are computed */
#define MIN_ROWS		1024

/* Rows that a code is tried on, queries among them, and neighbors of each query */
#define TRIAL_ROWS		2048
#define TRIAL_QUERIES	128
#define TRIAL_NEAREST	10

/* Rows of the sample whose distances are measured at a time */
#define PRODUCT_ROWS	256

/* The trials of codes; all memory is in the sample's context */
typedef struct Trial
{
	LokiBuild  *build;
	int			dim;			/* of a row */
	int			nrows;
	const float **rows;			/* as sampled */
	int			basis_dims;
	float	   *basis;
	float	   *constants;		/* centroid, then the basis as the index keeps
								 * it */
	int			nqueries;
	int			step;			/* query q is row q * step */
	int			nearest[TRIAL_QUERIES][TRIAL_NEAREST];

	/* each query and the nearest row of the whole sample, as residuals */
	float	   *pairs[TRIAL_QUERIES][2];
	float	   *projected[TRIAL_QUERIES][2];	/* in the basis */
	float	   *distances;		/* one for each row */
} Trial;

/* Make room for a sample of rows, at most half of maintenance_work_mem. */
void
loki_compact_begin(LokiBuild *build)
{
	Size		row_size = mul_size(build->geometry.dim, sizeof(float));
	LokiSample *sample = MemoryContextAllocZero(build->context, sizeof(LokiSample));
	LokiCodeSpec alternatives[LOKI_COMPACT_ALTERNATIVES];
	int			bits = LokiIndexOptions(build->index)->bits;

	if (loki_code_alternatives(&build->meta.code, bits == LOKI_BITS_AUTO ? 0 : bits,
							   alternatives) == 0)
		return;
	sample->context = AllocSetContextCreate(build->context, "hnsw build sample",
											ALLOCSET_DEFAULT_SIZES);
	sample->capacity = (uint32) Min(LOKI_SAMPLE_ROWS,
									(Size) maintenance_work_mem * 1024 / 2 / row_size);
	sample->rows = MemoryContextAllocHuge(sample->context,
										  mul_size(Max(sample->capacity, 1), row_size));
	build->sample = sample;
}

/* Keep the seen-th sampled row, or not: each with the same chance. */
void
loki_sample_add(LokiBuild *build, const float *x, double scale, double seen)
{
	LokiSample *sample = build->sample;
	uint32		dim = build->geometry.dim;
	uint32		place = sample->count;
	float	   *row;

	if (place < sample->capacity)
		sample->count++;
	else
		place = (uint32) (pg_prng_double(&build->prng) * seen);
	if (place >= sample->capacity)
		return;
	Assert(sample->count <= sample->capacity && place < sample->count && seen >= sample->count);
	row = sample->rows + (Size) place * dim;
	for (uint32 i = 0; i < dim; i++)
		row[i] = (float) (x[i] * scale);
}

/* ----------------------------------------------------------------
 * Principal dimensions
 * ----------------------------------------------------------------
 */

/* Compute the basis, and pack it for the index. */
static void
find_basis(Trial *trial)
{
	const LokiSample *sample = trial->build->sample;
	int			dim = trial->dim;
	int			n = trial->basis_dims;
	Size		elements = (Size) n * dim;
	float	   *basis = MemoryContextAllocHuge(sample->context, mul_size(elements, sizeof(float)));
	float	   *covariance = MemoryContextAllocExtended(sample->context,
														mul_size(mul_size(dim, dim),
																 sizeof(float)),
														MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	float	   *scratch = MemoryContextAllocHuge(sample->context,
												 mul_size(Max(n, LOKI_COVARIANCE_ROWS),
														  mul_size(dim, sizeof(float))));

	for (uint32 row = 0; row < sample->count; row += LOKI_COVARIANCE_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		loki_covariance_add(dim, sample->rows + (Size) row * dim,
							Min(LOKI_COVARIANCE_ROWS, sample->count - row),
							trial->constants, scratch, covariance);
	}
	loki_covariance_finish(dim, covariance);
	loki_subspace_start(dim, n, trial->build->meta.code.seed, basis);
	for (int i = 0; i < LOKI_SUBSPACE_STEPS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		loki_subspace_step(dim, n, covariance, scratch, basis);
	}
	loki_subspace_finish(dim, n, basis);
	loki_basis_pack(elements, basis, (int16 *) (trial->constants + dim));
	trial->basis = basis;
	pfree(covariance);
	pfree(scratch);
}

/* ----------------------------------------------------------------
 * Trials
 * ----------------------------------------------------------------
 */

/* Find the nearest rows by trial->distances, ascending, without the row `self`. */
static void
select_nearest(const Trial *trial, int self, int *nearest)
{
	const float *distances = trial->distances;
	int			n = 0;

	for (int row = 0; row < trial->nrows; row++)
	{
		int			place;

		if (row == self || (n == TRIAL_NEAREST &&
							!(distances[row] < distances[nearest[n - 1]])))
			continue;
		place = n < TRIAL_NEAREST ? n++ : n - 1;
		while (place > 0 && distances[nearest[place - 1]] > distances[row])
		{
			nearest[place] = nearest[place - 1];
			place--;
		}
		nearest[place] = row;
	}
	Assert(n == TRIAL_NEAREST);
}

/*
 * The distances of each query from all rows of the sample, by products and norms: good
 * enough to rank rows.
 */
static float *
measure_distances(const Trial *trial)
{
	const LokiSample *sample = trial->build->sample;
	int			dim = trial->dim;
	LokiMetric	metric = trial->build->meta.code.metric;
	float	   *distances = MemoryContextAllocHuge(sample->context,
												   mul_size(mul_size(trial->nqueries, sample->count),
															sizeof(float)));
	float	   *queries = MemoryContextAllocHuge(sample->context,
												 mul_size(mul_size(trial->nqueries, dim),
														  sizeof(float)));
	float		squares[TRIAL_QUERIES];

	for (int q = 0; q < trial->nqueries; q++)
	{
		const float *query = trial->rows[q * trial->step];

		memcpy(queries + (Size) q * dim, query, dim * sizeof(float));
		squares[q] = loki_distance.dot_f32(dim, query, query);
	}
	for (uint32 first = 0; first < sample->count; first += PRODUCT_ROWS)
	{
		int			n = Min(PRODUCT_ROWS, sample->count - first);
		LokiVectors rows = {sample->rows + (Size) first * dim, dim, n};

		CHECK_FOR_INTERRUPTS();
		loki_dot_products(dim, (LokiVectors)
/**INDENT** Error@198: Unbalanced parens */
						  {
			queries, dim, trial->nqueries
		}, rows,
/**INDENT** Warning@199: Extra ) */
			distances + first, sample->count);
		for (int i = 0; i < rows.count; i++)
		{
			const float *row = rows.first + (Size) i * dim;
			float		square = loki_distance.dot_f32(dim, row, row);

			for (int q = 0; q < trial->nqueries; q++)
			{
				float	   *distance = distances + (Size) q * sample->count + first + i;

				/* under cosine rows of the sample have unit length */
				*distance = metric == LOKI_METRIC_L2 ? squares[q] + square - 2 * *distance :
					-*distance;
			}
		}
	}
	pfree(queries);
	return distances;
}

/* The row of the whole sample that is nearest to x, but not equal to it */
static const float *
find_nearest(const Trial *trial, const float *x, const float *distances)
{
	const LokiSample *sample = trial->build->sample;
	const float *nearest = x;
	float		least = get_float4_infinity();

	for (uint32 i = 0; i < sample->count; i++)
	{
		const float *row = sample->rows + (Size) i * trial->dim;

		if (distances[i] < least && memcmp(row, x, trial->dim * sizeof(float)) != 0)
		{
			least = distances[i];
			nearest = row;
		}
	}
	return nearest;
}

/* Compute the residual of a row, and its projection to the basis. */
static void
project_row(const Trial *trial, const float *row, float **residual, float **projected)
{
	MemoryContext context = trial->build->sample->context;
	int			dim = trial->dim;

	*residual = MemoryContextAlloc(context, dim * sizeof(float));
	*projected = MemoryContextAlloc(context, trial->basis_dims * sizeof(float));
	for (int i = 0; i < dim; i++)
		(*residual)[i] = row[i] - trial->constants[i];
	for (int i = 0; i < trial->basis_dims; i++)
		(*projected)[i] = loki_distance.dot_f32(dim, *residual, trial->basis + (Size) i * dim);
}

/* The place in the sample of a row of the trial */
static uint32
sampled_row(const Trial *trial, int row)
{
	return (uint32) ((uint64) row * trial->build->sample->count / trial->nrows);
}

/* Choose rows and queries of the sample, and find the true neighbors of each query. */
static void
begin_trial(Trial *trial)
{
	const LokiSample *sample = trial->build->sample;
	MemoryContext context = sample->context;
	int			dim = trial->dim;
	float	   *all;

	trial->nrows = Min(sample->count, TRIAL_ROWS);
	trial->nqueries = Min(trial->nrows, TRIAL_QUERIES);
	trial->step = trial->nrows / trial->nqueries;
	Assert(trial->nrows > TRIAL_NEAREST && (trial->nqueries - 1) * trial->step < trial->nrows);
	trial->rows = MemoryContextAlloc(context, trial->nrows * sizeof(float *));
	trial->distances = MemoryContextAlloc(context, trial->nrows * sizeof(float));
	for (int row = 0; row < trial->nrows; row++)
		trial->rows[row] = sample->rows + (Size) sampled_row(trial, row) * dim;
	all = measure_distances(trial);
	for (int q = 0; q < trial->nqueries; q++)
	{
		const float *query = trial->rows[q * trial->step];
		const float *distances = all + (Size) q * sample->count;

		CHECK_FOR_INTERRUPTS();
		for (int row = 0; row < trial->nrows; row++)
			trial->distances[row] = distances[sampled_row(trial, row)];
		select_nearest(trial, q * trial->step, trial->nearest[q]);
		project_row(trial, query, &trial->pairs[q][0], &trial->projected[q][0]);
		project_row(trial, find_nearest(trial, query, distances), &trial->pairs[q][1],
					&trial->projected[q][1]);
	}
	pfree(all);
}

/*
 * The error in the inner product of a query and the row nearest to it, if only the first n
 * dimensions of the basis are kept: its root mean square, relative to the product of two
 * norms, that of the row's residual and that of what the query's residual loses.
 */
static float
measure_outside(const Trial *trial, int n)
{
	double		sum = 0;

	for (int q = 0; q < trial->nqueries; q++)
	{
		const float *a = trial->pairs[q][0];
		const float *b = trial->pairs[q][1];
		const float *pa = trial->projected[q][0];
		const float *pb = trial->projected[q][1];
		double		missing = loki_distance.dot_f32(trial->dim, a, b) -
			loki_distance.dot_f32(n, pa, pb);
		double		left = loki_distance.dot_f32(trial->dim, a, a) -
			loki_distance.dot_f32(n, pa, pa);
		double		norm2 = trial->build->meta.code.metric == LOKI_METRIC_IP ?
			loki_distance.dot_f32(n, pb, pb) :
			loki_distance.dot_f32(trial->dim, b, b);

		if (left > 0 && norm2 > 0 && isfinite(missing))
			sum += missing * missing / (left * norm2);
	}
	return (float) Min(1, sqrt(sum / trial->nqueries));
}

/* Encode all rows of a trial, into slots[]. */
static void
encode_trial(const Trial *trial, const LokiQuantizer *quantizer, MemoryContext context,
			 void **slots)
{
	char	   *codes = MemoryContextAllocZero(context, (Size) trial->nrows * quantizer->code_size);
	char	   *refine = MemoryContextAllocZero(context, Max(quantizer->refine_size, 1));

	/* what refines a code is not looked at */
	for (int row = 0; row < trial->nrows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		slots[row] = codes + (Size) row * quantizer->code_size;
		quantizer->encode(quantizer, trial->rows[row], slots[row], refine);
	}
}

/* How many of all queries' true neighbors the estimates of a code find */
static int
try_code(Trial *trial, const LokiCodeSpec *spec)
{
	MemoryContext context = AllocSetContextCreate(trial->build->sample->context,
												  "hnsw build trial",
												  ALLOCSET_DEFAULT_SIZES);
	LokiQuantizer *quantizer = loki_make_quantizer(context, spec, trial->constants);
	void	  **slots = MemoryContextAlloc(context, trial->nrows * sizeof(void *));
	LokiQuery  *query = (LokiQuery *)
		TYPEALIGN(64, MemoryContextAlloc(context, quantizer->query_size + 64));
	int			hits = 0;

	encode_trial(trial, quantizer, context, slots);
	for (int q = 0; q < trial->nqueries; q++)
	{
		int			found[TRIAL_NEAREST];

		CHECK_FOR_INTERRUPTS();
		quantizer->prepare(quantizer, trial->rows[q * trial->step], query);
		quantizer->score(quantizer, query, (const void *const *) slots, trial->nrows,
						 trial->distances);
		select_nearest(trial, q * trial->step, found);
		for (int i = 0; i < TRIAL_NEAREST; i++)
			for (int j = 0; j < TRIAL_NEAREST; j++)
				hits += found[i] == trial->nearest[q][j];
	}
	MemoryContextDelete(context);
	return hits;
}

/* Try all codes, and leave the best in the build's metapage. */
static void
choose_code(Trial *trial, const LokiCodeSpec *alternatives, int n)
{
	LokiCodeSpec *chosen = &trial->build->meta.code;
	int			best = -1;

	Assert(n <= LOKI_COMPACT_ALTERNATIVES);
	if (chosen->projection == LOKI_PROJECT_NONE)
	{
		best = try_code(trial, chosen);
		elog(DEBUG1, "%d bits of all dimensions find %d of %d neighbors",
			 chosen->bits, best, trial->nqueries * TRIAL_NEAREST);
	}
	for (int i = 0; i < n; i++)
	{
		LokiCodeSpec spec = alternatives[i];
		int			hits;

		spec.outside = measure_outside(trial, spec.code_dims);
		hits = try_code(trial, &spec);
		elog(DEBUG1, "%d bits of %u dimensions find %d of %d neighbors, error outside %g",
			 spec.bits, spec.code_dims, hits, trial->nqueries * TRIAL_NEAREST, spec.outside);
		if (hits < best)
			continue;
		best = hits;
		*chosen = spec;
	}
}

/*
 * Choose the code, from the sample if that has enough rows.  The centroid is set already; the
 * basis is put behind it.  A build that leaves the index pending chooses none.
 */
void
loki_compact_choose(LokiBuild *build)
{
	LokiIndex  *geometry = &build->geometry;
	LokiCodeSpec *code = &build->meta.code;
	LokiCodeSpec alternatives[LOKI_COMPACT_ALTERNATIVES];
	int			bits = LokiIndexOptions(build->index)->bits;
	Trial		trial = {build};
	int			n;

	if (build->sample != NULL && build->sample->count >= MIN_ROWS)
	{
		n = loki_code_alternatives(code, bits == LOKI_BITS_AUTO ? 0 : bits, alternatives);
		trial.dim = code->dim;
		for (int i = 0; i < n; i++)
			trial.basis_dims = Max(trial.basis_dims, alternatives[i].code_dims);
		trial.constants = MemoryContextAllocHuge(build->sample->context,
												 mul_size((Size) (1 + trial.basis_dims / 2) * code->dim,
														  sizeof(float)));
		memcpy(trial.constants, geometry->centroid, code->dim * sizeof(float));
		find_basis(&trial);
		begin_trial(&trial);
		choose_code(&trial, alternatives, n);

		geometry->centroid = MemoryContextAllocHuge(build->context,
													loki_code_constants(code) * sizeof(float));
		memcpy(geometry->centroid, trial.constants,
			   loki_code_constants(code) * sizeof(float));
	}
	else if (code->projection == LOKI_PROJECT_RANDOM &&
			 build->expected_rows >= build->meta.pending)
		ereport(NOTICE,
				(errmsg("compact index \"%s\" was created with too little data to choose its codes",
						RelationGetRelationName(build->index)),
				 errdetail("This will cause low recall."),
				 errhint("REINDEX it when the table has %d rows or more.", MIN_ROWS)));

	if (build->sample != NULL)
		MemoryContextDelete(build->sample->context);
	build->sample = NULL;
}
