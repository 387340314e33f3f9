/*-------------------------------------------------------------------------
 *
 * centers_test.c
 *	  Codes around local centers: estimates, errors and limits against exact
 *	  distances, between codes too; the same bytes by all instruction sets.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/centers_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "true_distance.h"

#include <float.h>

#include "quantize/codes.h"
#include "quantize/rotated.h"

#define CROWDS	6				/* of which all but the last have a center, ... */
#define CENTERS	(CROWDS - 1)	/* ... that of the first two is one and the same */
#define ROWS	120
#define QUERIES 6

static const char *const metric_names[] = {NULL, "L2", "IP", "cosine"};

/* Rows in crowds; a row's crowd is its number modulo CROWDS */
typedef struct Set
{
	LokiCodeSpec spec;
	float	   *rows;			/* and the queries behind them */
	float	   *constants;
	LokiQuantizer *quantizer;
	char	   *codes;
	char	   *refines;
	LokiQuery  *query;
} Set;

static float *
row_of(const Set *set, int i)
{
	return set->rows + (Size) i * set->spec.dim;
}

static const void *
code_of(const Set *set, int i)
{
	return set->codes + (Size) i * set->quantizer->code_size;
}

static const void *
refine_of(const Set *set, int i)
{
	return set->refines + (Size) i * set->quantizer->refine_size;
}

/*
 * Crowds of a noise relative to their middles; the second lies next to the first, so that two centers
 * are near each other if `noise` is small.  The centroid is `far` times as long as a row, as long rows make it.
 */
static Set
make_set(int metric, int dim, int bits, int refine_bits, double noise, double far)
{
	Set			set = {{LOKI_CODE_ROTATED, metric, bits, refine_bits, dim, 7, .centers = CENTERS}};
	float	   *middles = malloc(sizeof(float) * dim * CROWDS);
	float	   *turned = unit_allocate(sizeof(float) * LOKI_PADDED(dim));
	int			padded = LOKI_PADDED(dim);
	float		near;

	set.rows = unit_allocate(sizeof(float) * dim * (ROWS + QUERIES));
	set.constants = calloc(loki_code_constants(&set.spec), sizeof(float));
	for (int i = 0; i < dim; i++)
	{
		for (int c = 0; c < CROWDS; c++)
			middles[c * dim + i] = (float) (0.3 + unit_normal());
		middles[dim + i] = (float) (middles[i] + 3 * noise * unit_normal());
		set.constants[i] = (float) (metric == LOKI_METRIC_COSINE ? 0.01 + far * middles[i] / sqrt(dim) :
									0.3 + far * middles[i]);
	}
	for (int r = 0; r < ROWS + QUERIES; r++)
		for (int i = 0; i < dim; i++)
			row_of(&set, r)[i] = (float) (middles[r % CROWDS * dim + i] + noise * unit_normal());
	set.quantizer = unit_allocate(loki_quantizer_size(&set.spec));
	loki_quantizer_init(set.quantizer, &set.spec, set.constants);
	for (int c = 0; c < CENTERS; c++)
	{
		(void) loki_nearest_center(set.quantizer, middles + (Size) c * dim, turned, &near);
		memcpy(loki_code_center(&set.spec, set.constants, c + 1), turned, sizeof(float) * padded);
	}
	loki_quantizer_init(set.quantizer, &set.spec, set.constants);
	set.codes = unit_allocate((Size) ROWS * set.quantizer->code_size);
	set.refines = unit_allocate((Size) ROWS * Max(set.quantizer->refine_size, 4));
	for (int i = 0; i < ROWS; i++)
		set.quantizer->encode(set.quantizer, row_of(&set, i), (void *) code_of(&set, i),
							  (void *) refine_of(&set, i));
	set.query = unit_allocate(set.quantizer->query_size);
	free(middles);
	free(turned);
	return set;
}

static void
free_set(Set *set)
{
	free(set->rows);
	free(set->constants);
	free(set->quantizer);
	free(set->codes);
	free(set->refines);
	free(set->query);
}

/* What estimates show, relative to their errors */
typedef struct Outcome
{
	int			count;
	double		squares;
	int			above;			/* lower bounds above the distance */
	int			broken;			/* limits */
} Outcome;

static void
add(Outcome *outcome, double estimate, double error, double distance)
{
	double		off = estimate - distance;

	outcome->count++;
	outcome->squares += off * off / (error * error);
	outcome->above += estimate - LOKI_BOUND_SIGMAS * error > distance;
}

/* Between two codes of one bit the product of both errors counts as well, which no promise contains. */
static bool
good(const Outcome *outcome, double most)
{
	double		spread = sqrt(outcome->squares / outcome->count);

	if (spread < most && outcome->above < outcome->count / 8)
		return true;
	diag("%d estimates, spread %.2f, %d bounds above", outcome->count, spread, outcome->above);
	return false;
}

/* The nearest rows of a query are those of its own crowd: what a mean cannot tell apart */
static void
compare(Set *set, const float *q, Outcome *coarse, Outcome *fine)
{
	const LokiQuantizer *quantizer = set->quantizer;

	for (int i = 0; i < ROWS; i++)
	{
		double		distance = true_distance(set->spec.metric, set->spec.dim, row_of(set, i), q);
		const void *code = code_of(set, i);
		const void *refine = refine_of(set, i);
		float		estimate;
		float		error;
		float		least;
		float		most;

		/* a code's own estimate is as far off as its levels are from its vector */
		if (q == row_of(set, i))
			continue;
		quantizer->score(quantizer, set->query, &code, 1, &estimate);
		add(coarse, estimate, quantizer->error(quantizer, set->query, code, estimate), distance);
		if (fine != NULL && quantizer->refine_size > 0)
		{
			quantizer->refine(quantizer, set->query, &code, &refine, 1, &estimate, &error);
			add(fine, estimate, error, distance);
		}
		if (fine == NULL || quantizer->limits == NULL ||
			!loki_code_certain(&set->spec))
			continue;
		quantizer->limits(quantizer, set->query, &code, &refine, 1, &least, &most);
		if (least > distance || most < distance)
		{
			if (fine->broken++ < 3)
				diag("row %d: %.9g, from %.9g to %.9g", i, distance, least, most);
		}
	}
}

static void
test_estimates(int metric, int dim, int bits, int refine_bits, double noise, double far)
{
	Set			set = make_set(metric, dim, bits, refine_bits, noise, far);
	Outcome		coarse = {0};
	Outcome		fine = {0};
	Outcome		coded = {0};
	Outcome		refined = {0};
	char		name[100];

	snprintf(name, sizeof(name), "%s, %d dimensions, %d and %d bits, noise %g%s", metric_names[metric], dim, bits,
			 refine_bits, noise, far > 0 ? ", far from the centroid" : "");
	for (int i = 0; i < QUERIES; i++)
	{
		const float *q = row_of(&set, ROWS + i);

		set.quantizer->prepare(set.quantizer, q, set.query);
		compare(&set, q, &coarse, &fine);
		set.quantizer->prepare_code(set.quantizer, code_of(&set, i), set.query);
		/* by inner product the estimate is of the decoded vector, and errors are of another kind */
		if (metric != LOKI_METRIC_IP)
			compare(&set, row_of(&set, i), &coded, NULL);
		if (refine_bits == 0)
			continue;
		set.quantizer->prepare_refined(set.quantizer, code_of(&set, i), refine_of(&set, i), set.query);
		if (metric != LOKI_METRIC_IP)
			compare(&set, row_of(&set, i), &refined, NULL);
	}
	ok(good(&coarse, 1.4), "errors of codes are as they are promised: %s", name);
	ok(refine_bits == 0 || good(&fine, 1.4), "errors of refined codes are as they are promised: %s", name);
	ok(fine.broken == 0, "distances are within their limits: %s", name);
	if (metric == LOKI_METRIC_IP)
	{
		free_set(&set);
		return;
	}
	ok(good(&coded, 2), "errors between codes are as they are promised: %s", name);
	ok(refine_bits == 0 || good(&refined, 1.4), "errors from refined codes are as they are promised: %s", name);
	free_set(&set);
}

/*
 * By inner product, of a query that is a hundred times as short as centers are long, estimates are no worse
 * than around the mean: not of rows whose crowd is as wide as it is far, either.
 */
static double
mean_error(int centers, double noise)
{
	Set			set = make_set(LOKI_METRIC_IP, 192, 4, 6, noise, 0);
	float	   *q = unit_allocate(sizeof(float) * 192);
	Outcome		coarse = {0};
	Outcome		fine = {0};
	double		sum = 0;

	if (centers == 0)
	{
		set.spec.centers = 0;
		memset(set.constants, 0, sizeof(float) * 192);
		loki_quantizer_init(set.quantizer, &set.spec, set.constants);
		for (int i = 0; i < ROWS; i++)
			set.quantizer->encode(set.quantizer, row_of(&set, i), (void *) code_of(&set, i),
								  (void *) refine_of(&set, i));
	}
	for (int i = 0; i < 192; i++)
		q[i] = set.constants[i] + (float) (0.01 * unit_normal());
	set.quantizer->prepare(set.quantizer, q, set.query);
	compare(&set, q, &coarse, &fine);
	ok(good(&coarse, 1.4) && good(&fine, 1.4) && fine.broken == 0,
	   "errors and limits of a short query are as they are promised: noise %g, %d centers", noise, centers);
	for (int i = 0; i < ROWS; i++)
	{
		const void *code = code_of(&set, i);
		float		estimate;

		set.quantizer->score(set.quantizer, set.query, &code, 1, &estimate);
		sum += fabs(estimate - true_distance(LOKI_METRIC_IP, 192, row_of(&set, i), q));
	}
	free(q);
	free_set(&set);
	return sum / ROWS;
}

/* Rows of a crowd rank as they do by their distances, however small the crowd is; around a mean they do not. */
static double
ranked_well(int metric, int centers, double noise)
{
	Set			set = make_set(metric, 192, 4, 6, noise, 0);
	int			pairs = 0;
	int			right = 0;

	if (centers == 0)
	{
		set.spec.centers = 0;
		loki_quantizer_init(set.quantizer, &set.spec, set.constants);
		for (int i = 0; i < ROWS; i++)
			set.quantizer->encode(set.quantizer, row_of(&set, i), (void *) code_of(&set, i),
								  (void *) refine_of(&set, i));
	}
	for (int q = 0; q < CENTERS; q++)
	{
		const float *query = row_of(&set, ROWS + q);

		set.quantizer->prepare(set.quantizer, query, set.query);
		for (int i = q; i < ROWS - CROWDS; i += CROWDS)
		{
			const void *codes[2] = {code_of(&set, i), code_of(&set, i + CROWDS)};
			float		estimates[2];

			set.quantizer->score(set.quantizer, set.query, codes, 2, estimates);
			pairs++;
			right += (estimates[0] < estimates[1]) ==
				(true_distance(metric, 192, row_of(&set, i), query) <
				 true_distance(metric, 192, row_of(&set, i + CROWDS), query));
		}
	}
	free_set(&set);
	return right / (double) pairs;
}

/* All instruction sets choose the same center and make the same bytes. */
static void
test_bytes(int dim, int bits)
{
	Set			set = make_set(LOKI_METRIC_L2, dim, bits, 6, 0.01, 0);
	char	   *code = unit_allocate(set.quantizer->code_size);
	char	   *refine = unit_allocate(set.quantizer->refine_size);
	int			differ = 0;
	int			met[LOKI_MAX_CENTERS + 1] = {0};
	const LokiCodeKernels *chosen = loki_codes;
	LokiDistanceKernels distance = loki_distance;

	for (int simd = 0; simd <= loki_cpu_simd(); simd++)
	{
		if (loki_code_kernels((LokiSimd) simd) == NULL || loki_distance_kernels((LokiSimd) simd) == NULL)
			continue;
		loki_codes = loki_code_kernels((LokiSimd) simd);
		loki_distance = *loki_distance_kernels((LokiSimd) simd);
		loki_quantizer_init(set.quantizer, &set.spec, set.constants);
		for (int i = 0; i < ROWS; i++)
		{
			set.quantizer->encode(set.quantizer, row_of(&set, i), code, refine);
			differ += memcmp(code, code_of(&set, i), set.quantizer->code_size) != 0 ||
				memcmp(refine, refine_of(&set, i), set.quantizer->refine_size) != 0;
			met[code_center((RotatedQuantizer *) set.quantizer, code)]++;
		}
	}
	loki_codes = chosen;
	loki_distance = distance;
	ok(differ == 0, "all instruction sets make the same codes: %d dimensions, %d bits", dim, bits);
	ok(met[0] > 0 && met[1] > 0 && met[2] > 0 && met[3] > 0 && met[4] > 0 && met[5] > 0,
	   "rows have the centers of their crowds, and without one the mean");
	free(code);
	free(refine);
	free_set(&set);
}

/* Vectors that leave the range of floats, and a row that is its center */
static void
test_extremes(int metric)
{
	Set			set = make_set(metric, 96, 2, 6, 0.01, 0);
	float	   *x = unit_allocate(sizeof(float) * 96);
	int			wrong = 0;

	for (int kind = 0; kind < 6; kind++)
	{
		static const float scales[] = {1e30f, 1e18f, 1e-20f, 1e-30f, 0, 1};

		for (int i = 0; i < 96; i++)
			x[i] = kind == 5 ? row_of(&set, 0)[i] : scales[kind] * (i % 7 - 3.1f);
		if (kind == 4 && metric == LOKI_METRIC_COSINE)
			continue;
		set.quantizer->encode(set.quantizer, x, set.codes, set.refines);
		set.quantizer->prepare(set.quantizer, x, set.query);
		for (int i = 0; i < ROWS; i++)
		{
			const void *code = code_of(&set, i);
			const void *refine = refine_of(&set, i);
			float		found[2];

			set.quantizer->score(set.quantizer, set.query, &code, 1, found);
			wrong += !isfinite(found[0]) ||
				!isfinite(set.quantizer->error(set.quantizer, set.query, code, found[0]));
			set.quantizer->refine(set.quantizer, set.query, &code, &refine, 1, found, found + 1);
			wrong += !isfinite(found[0]) || !isfinite(found[1]);
			if (set.quantizer->limits == NULL)
				continue;
			set.quantizer->limits(set.quantizer, set.query, &code, &refine, 1, found, found + 1);
			wrong += isnan(found[0]) || isnan(found[1]) || found[0] > found[1];
		}
	}
	ok(wrong == 0, "estimates of vectors of all lengths are finite: %s", metric_names[metric]);
	free(x);
	free_set(&set);
}

int
main(void)
{
	loki_distance_init();
	loki_quantize_init();
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		static const double noises[] = {1, 0.05, 1e-3};

		for (int i = 0; i < 3; i++)
		{
			test_estimates(metric, 192, 4, 6, noises[i], 0);
			test_estimates(metric, 192, 4, 0, noises[i], 0);
			test_estimates(metric, 700, 2, 6, noises[i], 0);
			test_estimates(metric, 1100, 1, 6, noises[i], 0);
			test_estimates(metric, 320, 1, 2, noises[i], 0);
			test_estimates(metric, 96, 4, 6, noises[i], 20);
			test_estimates(metric, 1100, 4, 0, noises[i], 20);
		}
		test_extremes(metric);
	}
	ok(mean_error(CENTERS, 1) < 1.1 * mean_error(0, 1), "long centers make no error larger than the mean does");
	ok(mean_error(CENTERS, 0.05) < 0.3 * mean_error(0, 0.05), "and that of crowds smaller");
	ok(ranked_well(LOKI_METRIC_L2, CENTERS, 1e-3) > 0.9, "rows of a crowd are ranked");
	ok(ranked_well(LOKI_METRIC_L2, 0, 1e-3) < 0.7, "those around a mean are not");
	ok(ranked_well(LOKI_METRIC_COSINE, CENTERS, 1e-3) > 0.9, "rows of a crowd are ranked under cosine");
	test_bytes(96, 4);
	test_bytes(700, 2);
	test_bytes(1100, 1);
	return unit_done();
}
