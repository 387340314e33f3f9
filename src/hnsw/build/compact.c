/*-------------------------------------------------------------------------
 *
 * compact.c
 *	  Choosing the code of a compact index.
 *
 * The bits of a row can be spent on a few bits of all dimensions, or on more bits of the
 * principal ones.  Which is better depends on the rows: embeddings vary along few directions,
 * other data along all.  So the sample that the centroid is taken from is kept, and its principal
 * dimensions are computed, by subspace iteration (distance/products.h).  The code is chosen whose
 * estimates of the inner products of near rows have the least error: 768, 384 or 192 principal
 * dimensions with 1, 2 or 4 bits, or all dimensions.  The error of the levels is known
 * (quantize/README); what dimensions that are left out add to a product is measured.  The basis of the
 * dimensions that were chosen lies behind the centroid.
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

/*
 * Rows of the sample whose nearest others are found, and rows compared with them at a time.  The error of a
 * root mean square of 128 is some 6 %, and codes that are closer to each other than that are as good.
 */
#define QUERIES			128
#define PRODUCT_ROWS	256

/* What codes are measured by; all memory is in the sample's context */
typedef struct NearRows
{
	LokiBuild  *build;
	int			dim;			/* of a row */
	int			basis_dims;
	float	   *basis;
	float	   *constants;		/* centroid, then the basis as the index keeps
								 * it */

	/* a row of the sample and the two nearest others, as residuals */
	float	   *residuals[QUERIES][3];
	float	   *projected[QUERIES][3];	/* in the basis */
} NearRows;

/* Make room for a sample of `rows` rows, at most half of maintenance_work_mem. */
LokiSample *
loki_sample_make(LokiBuild *build, uint32 rows)
{
	Size		row_size = mul_size(build->geometry.dim, sizeof(float));
	LokiSample *sample = MemoryContextAllocZero(build->context, sizeof(LokiSample));

	sample->context = AllocSetContextCreate(build->context, "hnsw build sample",
											ALLOCSET_DEFAULT_SIZES);
	sample->capacity = (uint32) Min(rows,
									(Size) maintenance_work_mem * 1024 / 2 / row_size);
	sample->rows = MemoryContextAllocHuge(sample->context,
										  mul_size(Max(sample->capacity, 1), row_size));
	pg_prng_seed(&sample->prng, build->meta.code.seed);
	return sample;
}

/*
 * Keep a sample of rows, unless there is no choice: in another profile, up to 32 dimensions, above 4,096, or
 * with more bits than the alternatives have.
 */
void
loki_compact_begin(LokiBuild *build)
{
	int			bits = LokiIndexOptions(build->index)->bits;
	LokiCodeSpec alternatives[LOKI_COMPACT_ALTERNATIVES];
	int			n;

	if (build->geometry.profile != LOKI_PROFILE_COMPACT)
		return;
	n = loki_code_alternatives(&build->meta.code, bits == LOKI_BITS_AUTO ? 0 : bits, alternatives);
	if (n == 0)
		return;
	build->sample = loki_sample_make(build, LOKI_SAMPLE_ROWS);
	build->sample->nalternatives = n;
	memcpy(build->sample->alternatives, alternatives, n * sizeof(LokiCodeSpec));
}

/* ----------------------------------------------------------------
 * Principal dimensions
 * ----------------------------------------------------------------
 */

/*
 * Compute the basis, and pack it for the index.  Codes are measured by the basis before it was rounded to
 * int16: what that loses is far below what codes lose.  Takes dim^2 floats, 64 MB for 4,096 dimensions.
 */
static void
find_basis(NearRows *near)
{
	const LokiSample *sample = near->build->sample;
	int			dim = near->dim;
	int			n = near->basis_dims;
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
							near->constants, scratch, covariance);
	}
	loki_covariance_finish(dim, covariance);
	loki_subspace_start(dim, n, near->build->meta.code.seed, basis);
	for (int i = 0; i < LOKI_SUBSPACE_STEPS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		loki_subspace_step(dim, n, covariance, scratch, basis);
	}
	loki_subspace_finish(dim, n, basis);
	loki_basis_pack(elements, basis, (int16 *) (near->constants + dim));
	near->basis = basis;
	pfree(covariance);
	pfree(scratch);
}

/* ----------------------------------------------------------------
 * Near rows
 * ----------------------------------------------------------------
 */

/* Compute the residual of a row, and its projection to the basis. */
static void
project_row(const NearRows *near, const float *row, float **residual, float **projected)
{
	MemoryContext context = near->build->sample->context;
	int			dim = near->dim;

	*residual = MemoryContextAlloc(context, dim * sizeof(float));
	*projected = MemoryContextAlloc(context, near->basis_dims * sizeof(float));
	for (int i = 0; i < dim; i++)
		(*residual)[i] = row[i] - near->constants[i];
	for (int i = 0; i < near->basis_dims; i++)
		(*projected)[i] = loki_distance.dot_f32(dim, *residual, near->basis + (Size) i * dim);
}

static bool
same_row(const NearRows *near, const float *a, const float *b)
{
	return memcmp(a, b, near->dim * sizeof(float)) == 0;
}

/*
 * Find the two nearest others of rows all over the sample, by products and norms.  Duplicates
 * count once.
 */
static void
find_near_rows(NearRows *near)
{
	const LokiSample *sample = near->build->sample;
	Size		dim = near->dim;
	bool		is_l2 = near->build->meta.code.metric == LOKI_METRIC_L2;
	LokiVectors rows = {sample->rows, dim, 0};
	LokiVectors queries = {NULL, dim, QUERIES};
	float	   *copies = MemoryContextAlloc(sample->context, QUERIES * dim * sizeof(float));
	float	   *products = MemoryContextAlloc(sample->context,
											  QUERIES * PRODUCT_ROWS * sizeof(float));
	const float *nearest[QUERIES][3];
	float		least[QUERIES][3];

	Assert(sample->count >= QUERIES);
	queries.first = copies;
	for (int q = 0; q < QUERIES; q++)
	{
		const float *row = sample->rows + (uint64) q * sample->count / QUERIES * dim;

		memcpy(copies + q * dim, row, dim * sizeof(float));
		/* number 0 is the query itself; the others are it, too, until another row is found */
		nearest[q][0] = nearest[q][1] = nearest[q][2] = row;
		least[q][1] = least[q][2] = get_float4_infinity();
	}
	for (uint32 first = 0; first < sample->count; first += rows.count)
	{
		CHECK_FOR_INTERRUPTS();
		rows.first = sample->rows + first * dim;
		rows.count = Min(PRODUCT_ROWS, sample->count - first);
		loki_dot_products(dim, queries, rows, products, PRODUCT_ROWS);
		for (int i = 0; i < rows.count; i++)
		{
			const float *row = rows.first + i * dim;

			/* under cosine rows of the sample have unit length */
			float		half_square = is_l2 ? loki_distance.dot_f32(dim, row, row) / 2 : 0;

			for (int q = 0; q < QUERIES; q++)
			{
				float		distance = half_square - products[q * PRODUCT_ROWS + i];

				/* |row - q|^2 / 2 but for |q|^2 / 2, which is the same for all; NaN is not less */
				if (!(distance < least[q][2]) || same_row(near, row, nearest[q][0]) ||
					same_row(near, row, nearest[q][1]))
					continue;
				nearest[q][2] = row;
				least[q][2] = distance;
				if (distance < least[q][1])
				{
					nearest[q][2] = nearest[q][1];
					least[q][2] = least[q][1];
					nearest[q][1] = row;
					least[q][1] = distance;
				}
			}
		}
	}
	for (int q = 0; q < QUERIES; q++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < 3; i++)
			project_row(near, nearest[q][i], &near->residuals[q][i], &near->projected[q][i]);
	}
	pfree(copies);
	pfree(products);
}

/* What a product of query q and its i-th nearest row loses if only the first n dimensions are kept */
static double
missing(const NearRows *near, int n, int q, int i)
{
	return loki_distance.dot_f32(near->dim, near->residuals[q][0], near->residuals[q][i]) -
		loki_distance.dot_f32(n, near->projected[q][0], near->projected[q][i]);
}

/*
 * The error of a code that may put near rows out of order: its root mean square in the inner product
 * of a query and a row near to it, relative to the product of their norms.  What two near rows lose
 * alike leaves their order as it is.
 *
 * Sets the error of the dimensions that the code leaves out, relative to the norm of the row's
 * residual and that of what the query's residual loses.
 */
static float
measure_code(const NearRows *near, LokiCodeSpec *spec)
{
	bool		whole = spec->projection == LOKI_PROJECT_NONE;
	int			n = loki_code_dims(spec);
	double		inside = loki_code_error(spec);
	double		outside = 0;
	double		sum = 0;

	for (int q = 0; q < QUERIES; q++)
	{
		double		query2 = loki_distance.dot_f32(near->dim, near->residuals[q][0], near->residuals[q][0]);
		double		row2 = loki_distance.dot_f32(near->dim, near->residuals[q][1], near->residuals[q][1]);
		double		kept_query2 = query2;
		double		kept_row2 = row2;
		double		lost = 0;
		double		next_lost = 0;

		if (!whole)
		{
			kept_query2 = loki_distance.dot_f32(n, near->projected[q][0], near->projected[q][0]);
			kept_row2 = loki_distance.dot_f32(n, near->projected[q][1], near->projected[q][1]);
			lost = missing(near, n, q, 1);
			next_lost = missing(near, n, q, 2);
		}
		if (!isfinite(query2 * row2) || !(query2 * row2 > 0) || !isfinite(lost + next_lost))
			continue;
		sum += ((lost - next_lost) * (lost - next_lost) / 2 +
				inside * inside * kept_query2 * kept_row2) / (query2 * row2);
		if (spec->metric == LOKI_METRIC_IP)
			row2 = kept_row2;
		if (query2 > kept_query2 && row2 > 0)
			outside += lost * lost / ((query2 - kept_query2) * row2);
	}
	/* the error that searches allow for (quantize/README, "A part of the dimensions") */
	if (!whole)
		spec->outside = (float) Min(1, sqrt(outside / QUERIES));
	return (float) sqrt(sum / QUERIES);
}

/* Leave the code with the least error in the build's metapage; of equal ones the last, of more bits for each. */
static void
choose_code(const NearRows *near)
{
	LokiCodeSpec *alternatives = near->build->sample->alternatives;
	LokiCodeSpec *chosen = &near->build->meta.code;
	float		least = get_float4_infinity();

	if (chosen->projection == LOKI_PROJECT_NONE)
	{
		least = measure_code(near, chosen);
		elog(DEBUG1, "%d bits of all dimensions, error %g", chosen->bits, least);
	}
	for (int i = 0; i < near->build->sample->nalternatives; i++)
	{
		float		error = measure_code(near, &alternatives[i]);

		elog(DEBUG1, "%d bits of %u dimensions, error %g, outside %g", alternatives[i].bits,
			 alternatives[i].code_dims, error, alternatives[i].outside);
		if (error > least)
			continue;
		least = error;
		*chosen = alternatives[i];
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
	NearRows	near = {build};

	if (build->sample != NULL && build->sample->nalternatives > 0 && build->sample->count >= MIN_ROWS)
	{
		near.dim = code->dim;
		for (int i = 0; i < build->sample->nalternatives; i++)
			near.basis_dims = Max(near.basis_dims, build->sample->alternatives[i].code_dims);
		near.constants = MemoryContextAllocHuge(build->sample->context,
												mul_size((Size) (1 + near.basis_dims / 2) * code->dim,
														 sizeof(float)));
		memcpy(near.constants, geometry->centroid, code->dim * sizeof(float));
		find_basis(&near);
		find_near_rows(&near);
		choose_code(&near);

		geometry->centroid = MemoryContextAllocHuge(build->context,
													loki_code_constants(code) * sizeof(float));
		memcpy(geometry->centroid, near.constants,
			   loki_code_constants(code) * sizeof(float));
	}
	else if (geometry->profile == LOKI_PROFILE_COMPACT && code->projection == LOKI_PROJECT_RANDOM &&
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
