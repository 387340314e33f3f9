/*-------------------------------------------------------------------------
 *
 * limits_test.c
 *	  Certain bounds: no distance is ever less than its code says.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/limits_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "true_distance.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "distance/bits.h"
#include "quantize/codes.h"

#define ROWS	8

static const char *const metric_names[] = {NULL, "L2", "IP", "cosine", "L1", "Hamming",
"Jaccard"};

/* What vectors are like */
typedef enum Shape
{
	NORMAL,						/* normal numbers */
	FAR,						/* ... far from zero, near each other */
	SPIKES,						/* one element is nearly all */
	CONSTANT,					/* all elements are equal, but for some */
	SPARSE,						/* few that are not zero */
	LONG,						/* up to 1e15 */
	SHORT,						/* down to 1e-20 */
	MIXED,						/* of all lengths from 1e-12 to 1e12 */
	NEAR,						/* next to the query */
	SHAPES
} Shape;

static const char *const shape_names[] = {"normal", "far", "spikes", "constant", "sparse",
"long", "short", "mixed", "near"};

static void
fill(Shape shape, int dim, const float *q, float *x)
{
	double		scale = shape == LONG ? 1e15 : shape == SHORT ? 1e-20 :
		shape == MIXED ? pow(10, unit_uniform() * 24 - 12) : 1;

	for (int i = 0; i < dim; i++)
	{
		x[i] = (float) (unit_normal() * scale);
		if (shape == FAR)
			x[i] = 1000 + x[i] / 10;
		else if (shape == SPIKES)
			x[i] *= 1e-4f;
		else if (shape == CONSTANT)
			x[i] = unit_random() % 16 == 0 ? x[i] : 1;
		else if (shape == SPARSE)
			x[i] = unit_random() % 32 == 0 ? x[i] : 0;
		else if (shape == NEAR && q != NULL)
			x[i] = unit_random() % 4 == 0 ? nextafterf(q[i], x[i]) : q[i];
	}
	if (shape == SPIKES || shape == SPARSE)
		x[unit_random() % dim] = 3;
}

/* The distance by sums in double, or by bits */
static double
any_distance(int metric, int dim, const float *x, const float *q)
{
	switch (metric)
	{
		case LOKI_METRIC_HAMMING:
			return loki_hamming_distance(dim * 4, (const uint8 *) x, (const uint8 *) q);
		case LOKI_METRIC_JACCARD:
			return loki_jaccard_distance(dim * 4, (const uint8 *) x, (const uint8 *) q);
		default:
			return true_distance(metric, dim, x, q);
	}
}

/* The distance as the operator computes it */
static double
operator_distance(int metric, int dim, const float *x, const float *q)
{
	float		dot;
	float		xx;
	float		qq;

	switch (metric)
	{
		case LOKI_METRIC_L2:
			return loki_distance.l2sq_f32(dim, x, q);
		case LOKI_METRIC_IP:
			return -loki_distance.dot_f32(dim, x, q);
		case LOKI_METRIC_COSINE:
			loki_distance.cosine_f32(dim, x, q, &dot, &xx, &qq);
			return 1 - Max(-1, Min(1, dot / sqrt((double) xx * qq)));
		case LOKI_METRIC_L1:
			return loki_distance.l1_f32(dim, x, q);
		default:
			return any_distance(metric, dim, x, q);
	}
}

typedef struct Found
{
	int			tested;
	int			broken;
	int			unknown;
} Found;

static void
look(Found *found, int metric, int dim, const float *x, const float *q, float least,
	 float most, const char *what)
{
	double		distance = any_distance(metric, dim, x, q);
	double		computed = operator_distance(metric, dim, x, q);

	if (isnan(computed))
		return;
	found->tested++;
	if (least == -FLT_MAX || most == FLT_MAX)
		found->unknown++;
	if ((least > -FLT_MAX && (least > distance || least > computed)) ||
		(most < FLT_MAX && (most < distance || most < computed)))
	{
		if (found->broken++ < 3)
			diag("%s, %d dimensions, %s: %.9g, computed %.9g, from %.9g to %.9g", metric_names[metric],
				 dim, what, distance, computed, least, most);
	}
}

static LokiQuantizer *
open_quantizer(const LokiCodeSpec *spec, const float *centroid)
{
	LokiQuantizer *quantizer = unit_allocate(loki_quantizer_size(spec));

	loki_quantizer_init(quantizer, spec, centroid);
	return quantizer;
}

/* Vectors of one shape, and queries of the same and of another */
static void
test_shape(const LokiCodeSpec *spec, Shape shape, Found *found)
{
	int			dim = spec->dim;
	float	   *rows = malloc(sizeof(float) * dim * (ROWS + 2));
	float	   *queries = rows + (Size) dim * ROWS;
	float	   *zero = calloc(dim, sizeof(float));
	float	   *centroid = calloc(dim, sizeof(float));
	LokiQuantizer *quantizer;
	LokiQuery  *query;
	void	   *code;
	void	   *refine;

	fill(shape, dim, NULL, queries);
	fill(shape == NEAR ? NORMAL : (Shape) (unit_random() % NEAR), dim, NULL, queries + dim);
	for (int i = 0; i < ROWS; i++)
		fill(shape, dim, queries, rows + (Size) i * dim);
	for (int i = 0; i < ROWS / 4 && spec->seed % 2 == 0; i++)
	{
		double		norm = spec->metric == LOKI_METRIC_COSINE ?
			sqrt(any_distance(LOKI_METRIC_L2, dim, rows + (Size) i * dim, zero)) : 1;

		for (int j = 0; j < dim; j++)
			centroid[j] += rows[(Size) i * dim + j] / norm / (ROWS / 4);
	}
	quantizer = open_quantizer(spec, centroid);
	query = unit_allocate(quantizer->query_size);
	code = unit_allocate(quantizer->code_size);
	refine = unit_allocate(quantizer->refine_size);
	for (int i = 0; i < ROWS; i++)
	{
		const float *x = rows + (Size) i * dim;

		quantizer->encode(quantizer, x, code, refine);
		for (int j = 0; j < 3; j++)
		{
			const float *q = j < 2 ? queries + j * dim : x;
			const void *const c[1] = {code};
			const void *const r[1] = {refine};
			float		least;
			float		most;

			if (any_distance(LOKI_METRIC_L2, dim, q, zero) == 0)
				continue;
			quantizer->prepare(quantizer, q, query);
			quantizer->limits(quantizer, query, c, r, 1, &least, &most);
			look(found, spec->metric, dim, x, q, least, most, shape_names[shape]);
		}
	}
	free(quantizer);
	free(rows);
	free(zero);
	free(centroid);
	free(query);
	free(code);
	free(refine);
}

static void
test_spec(int kind, int metric, int bits, int refine_bits)
{
	static const int dims[] = {1, 2, 3, 7, 16, 32, 33, 63, 64, 65, 100, 128, 200, 384, 768,
	1000, 1536, 2000};
	Found		all = {0};
	LokiCodeSpec any = {kind, metric, bits, refine_bits, 64, 0};

	if (!loki_code_certain(&any))
		return;
	/* every third number of dimensions, others each time */
	for (int d = unit_random() % 3; d < (int) lengthof(dims); d += 3)
		for (int shape = 0; shape < SHAPES; shape++)
		{
			LokiCodeSpec spec = {kind, metric, bits, refine_bits, dims[d],
			unit_random() % 1000};

			test_shape(&spec, (Shape) shape, &all);
		}
	ok(all.broken == 0,
	   "%s, kind %d, %d bits, refined to %d: %d bounds hold",
	   metric_names[metric], kind, bits, refine_bits, all.tested);
}

static void
test_bits(int metric)
{
	Found		found = {0};

	for (int dim = 1; dim <= 2000; dim = dim * 3 / 2 + 1)
		for (int round = 0; round < 20; round++)
		{
			LokiCodeSpec spec = {LOKI_CODE_BITS, metric, 32, 0, dim, 0};
			LokiQuantizer *quantizer = open_quantizer(&spec, NULL);
			uint32	   *words = malloc(sizeof(uint32) * dim * 2);
			LokiQuery  *query = unit_allocate(quantizer->query_size);
			void	   *code = unit_allocate(quantizer->code_size);
			const void *const codes[1] = {code};
			float		least;
			float		most;

			for (int i = 0; i < dim * 2; i++)
				words[i] = (uint32) unit_random() & (round % 3 == 0 ? 0x11 : PG_UINT32_MAX);
			quantizer->encode(quantizer, (float *) words, code, NULL);
			quantizer->prepare(quantizer, (float *) (words + dim), query);
			quantizer->limits(quantizer, query, codes, NULL, 1, &least, &most);
			look(&found, metric, dim, (float *) words, (float *) (words + dim), least, most, "bits");
			free(quantizer);
			free(words);
			free(query);
			free(code);
		}
	ok(found.broken == 0 && found.unknown == 0, "%s: %d bounds hold", metric_names[metric],
	   found.tested);
}

/* How far from the distances of normal vectors their limits are, at most */
static void
test_tight(int metric, int dim, int bits, int refine_bits, double most)
{
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits, refine_bits, dim, 1};
	float	   *x = calloc(dim * 3, sizeof(float));
	LokiQuantizer *quantizer = open_quantizer(&spec, x + 2 * dim);
	LokiQuery  *query = unit_allocate(quantizer->query_size);
	void	   *code = unit_allocate(quantizer->code_size);
	void	   *refine = unit_allocate(quantizer->refine_size);
	double		gap = 0;
	double		norms = 0;

	for (int i = 0; i < 100; i++)
	{
		const void *const codes[1] = {code};
		const void *const refines[1] = {refine};
		float		least;
		float		most;

		fill(NORMAL, dim, NULL, x);
		fill(NORMAL, dim, NULL, x + dim);
		quantizer->encode(quantizer, x, code, refine);
		quantizer->prepare(quantizer, x + dim, query);
		quantizer->limits(quantizer, query, codes, refines, 1, &least, &most);
		gap += Max(any_distance(metric, dim, x, x + dim) - least,
				   most - any_distance(metric, dim, x, x + dim));
		norms += metric == LOKI_METRIC_COSINE ? 1 : dim;
	}
	ok(gap < most * norms, "%s, %d dimensions, %d bits: %.4f of the norms off, less than %.2f",
	   metric_names[metric], dim, Max(bits, refine_bits), gap / norms, most);
	free(x);
	free(quantizer);
	free(query);
	free(code);
	free(refine);
}

/* Norms that are cut down, and vectors that overflow, tell nothing */
static void
test_huge(void)
{
	for (int i = 0; i < 8; i++)
	{
		int			metric = LOKI_METRIC_L2 + i / 2;
		LokiCodeSpec rotated = {LOKI_CODE_ROTATED, metric, 4, 6, 128, 1};
		LokiCodeSpec scalar = {LOKI_CODE_SCALAR, metric, 8, 0, 128, 1};
		LokiCodeSpec exact = {LOKI_CODE_EXACT, metric, 32, 0, 16, 1};
		LokiCodeSpec spec = i % 2 == 0 ? exact : metric == LOKI_METRIC_L1 ? scalar : rotated;
		Found		found = {0};
		float		centroid[128] = {0};
		LokiQuantizer *quantizer = open_quantizer(&spec, centroid);
		LokiQuery  *query = unit_allocate(quantizer->query_size);
		void	   *code = unit_allocate(quantizer->code_size);
		void	   *refine = unit_allocate(quantizer->refine_size);

		for (int k = 0; k < 2000; k++)
		{
			const void *const codes[1] = {code};
			const void *const refines[1] = {refine};
			float		x[128];
			float		q[128];
			float		least;
			float		most;
			double		scale[2] = {pow(10, unit_uniform() * 76 - 38), pow(10, unit_uniform() * 76 - 38)};

			for (int j = 0; j < 128; j++)
			{
				x[j] = (float) (unit_normal() / 6 * scale[0]);
				q[j] = (float) (unit_normal() / 6 * scale[k % 2]);
			}
			quantizer->encode(quantizer, x, code, refine);
			quantizer->prepare(quantizer, q, query);
			quantizer->limits(quantizer, query, codes, refines, 1, &least, &most);
			look(&found, metric, spec.dim, x, q, least, most, "of all lengths");
		}
		ok(found.broken == 0, "%s, %d dimensions: %d bounds hold of vectors of all lengths",
		   metric_names[metric], spec.dim, found.tested);
		free(quantizer);
		free(query);
		free(code);
		free(refine);
	}
}

int
main(void)
{
	static const int refined[][2] = {{1, 2}, {1, 4}, {1, 6}, {1, 8}, {2, 4}, {2, 6}, {2, 8},
	{4, 6}, {4, 8}, {1, 0}, {2, 0}, {4, 0}, {8, 0}};

	loki_distance_init();
	for (int simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_AVX512; simd++)
	{
		const LokiCodeKernels *kernels = loki_code_kernels((LokiSimd) simd);

		if (kernels == NULL)
			continue;
		loki_codes = kernels;
		diag("%s", kernels->name);
		for (int i = 0; i < (int) lengthof(refined); i++)
			for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
				test_spec(LOKI_CODE_ROTATED, metric, refined[i][0], refined[i][1]);
	}
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_L1; metric++)
		test_spec(LOKI_CODE_EXACT, metric, 32, 0);
	test_spec(LOKI_CODE_SCALAR, LOKI_METRIC_L1, 8, 0);
	test_spec(LOKI_CODE_SCALAR, LOKI_METRIC_L1, 4, 0);
	test_bits(LOKI_METRIC_HAMMING);
	test_bits(LOKI_METRIC_JACCARD);
	test_huge();
	test_tight(LOKI_METRIC_L2, 128, 4, 6, 0.12);
	test_tight(LOKI_METRIC_COSINE, 768, 2, 6, 0.07);
	test_tight(LOKI_METRIC_IP, 768, 2, 6, 0.10);
	test_tight(LOKI_METRIC_L2, 1536, 1, 6, 0.12);
	test_tight(LOKI_METRIC_L2, 768, 8, 0, 0.06);
	return unit_done();
}
