/*-------------------------------------------------------------------------
 *
 * centers.c
 *	  Choosing local centers for the codes of an index.
 *
 * Codes around one mean tell rows of a crowd apart by what little of their
 * bits the crowd leaves: none, if its rows are a hundred times nearer to each
 * other than to the mean.  Around local centers they are told apart as rows
 * elsewhere.  That costs: the build of such an index takes longer, and so do
 * inserts.  So a build looks whether the sample has crowds, which takes
 * milliseconds, and takes the one mean if not.
 *
 * Centers are found by k-means in the rotated space, from rows of the sample;
 * those are assigned as encode() does.  All depends on the sample and on the
 * seed of the code alone.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/centers.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/distance.h"
#include "hnsw/build/build.h"
#include "utils/memutils.h"

/* Rows of the table, and rows of the sample, that there are at least for each center */
#define ROWS_PER_CENTER		64
#define SAMPLED_PER_CENTER	8

/* Bytes of all centers, of which each backend that uses the index has a copy */
#define CENTERS_SIZE		((Size) 1024 * 1024)

/* Rounds of k-means, and rows that are kept for it */
#define ROUNDS				4
#define MOST_SAMPLED		(32 * LOKI_MAX_CENTERS)

/* Rows nearer than that, relative to the mean, are equal */
#define EQUAL_SQUARE		1e-10f

/* The work in progress; all memory is in the sample's context */
typedef struct Centers
{
	LokiBuild  *build;
	LokiCodeSpec spec;
	float	   *constants;		/* centroid, then the centers */
	LokiQuantizer *quantizer;
	float	   *turned;			/* a row's residual, rotated */
	pg_prng_state prng;			/* its own, so that builds that take no centers
								 * are as they would be without this */
} Centers;

/*
 * Keep the sample from which centers may be chosen, unless there can be none: those that the index is to
 * have, or any number.
 */
void
loki_centers_begin(LokiBuild *build)
{
	if (LokiIndexOptions(build->index)->centers != 0 && build->sample == NULL &&
		build->geometry.profile != LOKI_PROFILE_COMPACT &&
		loki_code_may_have_centers(&build->meta.code))
		build->sample = loki_sample_make(build, MOST_SAMPLED);
}

/* The number of centers, by what the user asked for and what the rows allow */
static int
count_centers(const LokiBuild *build)
{
	int			wanted = LokiIndexOptions(build->index)->centers;
	double		most = Min(build->expected_rows / ROWS_PER_CENTER,
						   (double) build->sample->count / SAMPLED_PER_CENTER);
	Size		fit = CENTERS_SIZE / (sizeof(float) * loki_center_dims(&build->meta.code));

	most = Min(most, Max(fit, 1));
	return (int) Min(most, wanted == LOKI_CENTERS_AUTO ? LOKI_MAX_CENTERS : wanted);
}

/* A random row of the sample; turned is its residual from the centroid, rotated */
static const float *
turn_random_row(Centers *centers, float *turned)
{
	const LokiSample *sample = centers->build->sample;
	const float *row = sample->rows + (pg_prng_uint64(&centers->prng) % sample->count) * centers->spec.dim;
	float		near;

	(void) loki_nearest_center(centers->quantizer, row, centers->turned, &near);
	memcpy(turned, centers->turned, loki_center_dims(&centers->spec) * sizeof(float));
	return row;
}

/*
 * Whether the rows have crowds.  By inner product, rows of one direction and of many lengths are none: the
 * short ones lie near each other and far from the mean, but none of them is among the nearest.
 */
static bool
has_crowds(Centers *centers)
{
	Size		dim = centers->spec.dim;
	Size		dims = loki_center_dims(&centers->spec);
	const float *mean = centers->constants;
	float		mean_square = loki_distance.dot_f32(dim, mean, mean);
	float	   *rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * dims * (LOKI_CROWD_SEEN_FROM + 1));
	float	   *row = rows + dims * LOKI_CROWD_SEEN_FROM;
	int			crowded = 0;

	for (int i = 0; i < LOKI_CROWD_SEEN_FROM; i++)
		(void) turn_random_row(centers, rows + i * dims);
	for (int i = 0; i < LOKI_CROWD_LOOKED_AT; i++)
	{
		const float *whole;
		float		square;
		int			near = 0;

		CHECK_FOR_INTERRUPTS();
		whole = turn_random_row(centers, row);
		/* of its distance to the mean, by inner product to the nearest multiple of that */
		if (centers->spec.metric == LOKI_METRIC_IP)
		{
			float		along = loki_distance.dot_f32(dim, whole, mean);

			square = loki_distance.dot_f32(dim, whole, whole) -
				(mean_square > 0 ? along / mean_square * along : 0);
		}
		else
			square = loki_distance.dot_f32(dims, row, row);
		for (int j = 0; j < LOKI_CROWD_SEEN_FROM; j++)
		{
			float		distance = loki_distance.l2sq_f32(dims, row, rows + j * dims);

			near += distance < LOKI_CROWD_SQUARE * square && distance > EQUAL_SQUARE * square;
		}
		crowded += near >= LOKI_CROWD_ROWS;
	}
	elog(DEBUG1, "%d of %d rows are in crowds", crowded, LOKI_CROWD_LOOKED_AT);
	return crowded * LOKI_CROWDED_SHARE >= LOKI_CROWD_LOOKED_AT;
}

/* Move each center to the mean of the rows that have it. */
static void
move_centers(Centers *centers, double *sums, int *counts)
{
	const LokiSample *sample = centers->build->sample;
	Size		dims = loki_center_dims(&centers->spec);

	memset(sums, 0, sizeof(double) * dims * centers->spec.centers);
	memset(counts, 0, sizeof(int) * centers->spec.centers);
	for (uint32 i = 0; i < sample->count; i++)
	{
		const float *row = sample->rows + (Size) i * centers->spec.dim;
		float		near;
		int			center = loki_nearest_center(centers->quantizer, row, centers->turned, &near) - 1;

		CHECK_FOR_INTERRUPTS();
		if (center < 0)
			continue;
		counts[center]++;
		for (Size d = 0; d < dims; d++)
			sums[center * dims + d] += centers->turned[d];
	}
	for (int i = 0; i < centers->spec.centers; i++)
	{
		float	   *center = loki_code_center(&centers->spec, centers->constants, i + 1);

		for (Size d = 0; d < dims && counts[i] > 0; d++)
			center[d] = (float) (sums[i * dims + d] / counts[i]);
	}
	loki_quantizer_init(centers->quantizer, &centers->spec, centers->constants);
}

/*
 * Choose centers and put them behind the centroid, which is set; or leave the code as it is.  The sample stays
 * for loki_compact_choose(), which frees it.
 */
void
loki_centers_choose(LokiBuild *build)
{
	Centers		centers = {build, build->meta.code};
	MemoryContext old;
	Size		size;

	if (build->sample == NULL || build->sample->nalternatives > 0 || build->sample->count == 0 ||
		count_centers(build) == 0)
		return;
	centers.spec.centers = count_centers(build);
	old = MemoryContextSwitchTo(build->sample->context);
	size = mul_size(loki_code_constants(&centers.spec), sizeof(float));
	pg_prng_seed(&centers.prng, centers.spec.seed);
	centers.constants = palloc0(size);
	memcpy(centers.constants, build->geometry.centroid, centers.spec.dim * sizeof(float));
	centers.quantizer = loki_make_quantizer(CurrentMemoryContext, &centers.spec, centers.constants);
	centers.turned = palloc(loki_center_dims(&centers.spec) * sizeof(float));
	/* slots of codes with centers are longer, and have to fit pages */
	if (centers.quantizer->code_size <= LOKI_PAGE_PAYLOAD && centers.quantizer->refine_size <= LOKI_PAGE_PAYLOAD &&
		(LokiIndexOptions(build->index)->centers != LOKI_CENTERS_AUTO || has_crowds(&centers)))
	{
		double	   *sums = palloc(sizeof(double) * loki_center_dims(&centers.spec) * centers.spec.centers);
		int		   *counts = palloc(sizeof(int) * centers.spec.centers);

		/* begin with random rows of the sample */
		for (int i = 1; i <= centers.spec.centers; i++)
			(void) turn_random_row(&centers, loki_code_center(&centers.spec, centers.constants, i));
		loki_quantizer_init(centers.quantizer, &centers.spec, centers.constants);
		for (int round = 0; round < ROUNDS; round++)
			move_centers(&centers, sums, counts);
		build->meta.code.centers = centers.spec.centers;
		build->geometry.centroid = MemoryContextAllocHuge(build->context, size);
		memcpy(build->geometry.centroid, centers.constants, size);
	}
	MemoryContextSwitchTo(old);
}
