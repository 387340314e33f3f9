/*-------------------------------------------------------------------------
 *
 * compact_test.c
 *	  Codes of a part of the dimensions, and the principal dimensions.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/compact_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "quantize/codes.h"

#define DIM		200
#define RANK	24
#define ROWS	500
#define QUERIES	60

static const char *const metric_names[] = {NULL, "L2", "IP", "cosine", "L1"};
static const char *const projection_names[] = {"all", "random", "principal"};

/*
 * Rows of unit length around an offset, along RANK directions of falling
 * weight and, by `noise`, along all.
 */
static float *
make_rows(int n, double noise)
{
	float	   *rows = malloc(sizeof(float) * n * DIM);
	double		directions[RANK][DIM];

	for (int i = 0; i < RANK; i++)
		for (int j = 0; j < DIM; j++)
			directions[i][j] = unit_normal() / sqrt((1 + i) * DIM);
	for (int r = 0; r < n; r++)
	{
		float	   *row = rows + r * DIM;
		double		weights[RANK];
		double		norm2 = 0;

		for (int i = 0; i < RANK; i++)
			weights[i] = unit_normal();
		for (int j = 0; j < DIM; j++)
		{
			double		x = 0.02 + noise * unit_normal() / sqrt(DIM);

			for (int i = 0; i < RANK; i++)
				x += weights[i] * directions[i][j];
			row[j] = x;
			norm2 += x * x;
		}
		for (int j = 0; j < DIM; j++)
			row[j] /= sqrt(norm2);
	}
	return rows;
}

static double
dot(int dim, const float *a, const float *b)
{
	double		sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double) a[i] * b[i];
	return sum;
}

/* The mean of the rows, and behind it a basis of n principal dimensions */
static float *
make_constants(const float *rows, int count, int n)
{
	float	   *constants = calloc((Size) (1 + n) * DIM, sizeof(float));
	float	   *covariance = calloc(DIM * DIM, sizeof(float));
	float	   *scratch = malloc(sizeof(float) * DIM * Max(n, LOKI_COVARIANCE_ROWS));

	for (int r = 0; r < count; r++)
		for (int j = 0; j < DIM; j++)
			constants[j] += rows[r * DIM + j] / count;
	loki_covariance_add(DIM, rows, count, constants, scratch, covariance);
	loki_covariance_finish(DIM, covariance);
	loki_subspace_start(DIM, n, 1, constants + DIM);
	for (int i = 0; i < LOKI_SUBSPACE_STEPS; i++)
		loki_subspace_step(DIM, n, covariance, scratch, constants + DIM);
	loki_subspace_finish(DIM, n, constants + DIM);
	free(covariance);
	free(scratch);
	return constants;
}

/* Part of the rows' variance that lies in a basis */
static double
captured(const float *rows, int count, const float *constants, int n)
{
	double		inside = 0;
	double		all = 0;

	for (int r = 0; r < count; r++)
	{
		float		residual[DIM];

		for (int j = 0; j < DIM; j++)
			residual[j] = rows[r * DIM + j] - constants[j];
		all += dot(DIM, residual, residual);
		for (int i = 0; i < n; i++)
			inside += pow(dot(DIM, residual, constants + (1 + i) * DIM), 2);
	}
	return all > 0 ? inside / all : 1;
}

static void
test_subspace(const char *what, double noise, int distinct, double least)
{
	float	   *rows = make_rows(ROWS, noise);
	float	   *constants;
	double		worst = 0;

	for (int r = distinct; r < ROWS; r++)
		memcpy(rows + r * DIM, rows + (r % distinct) * DIM, DIM * sizeof(float));
	constants = make_constants(rows, ROWS, 64);
	for (int i = 0; i < 64; i++)
		for (int j = 0; j <= i; j++)
			worst = Max(worst, fabs(dot(DIM, constants + (1 + i) * DIM,
										constants + (1 + j) * DIM) - (i == j)));
	ok(worst < 1e-5, "%s: basis is orthonormal", what);
	ok(captured(rows, ROWS, constants, 64) > least, "%s: basis holds the rows", what);
	free(rows);
	free(constants);
}

/* A quantizer, the slots of one vector, and queries */
typedef struct Bench
{
	LokiQuantizer *quantizer;
	char	   *queries;
	Size		stride;
	float	   *constants;		/* as an index keeps them */
	void	   *code;
	void	   *refine;
} Bench;

static Bench
open_bench(const LokiCodeSpec *spec, const float *constants)
{
	Bench		b;

	b.constants = unit_allocate(loki_code_constants(spec) * sizeof(float));
	memcpy(b.constants, constants, spec->dim * sizeof(float));
	if (spec->projection == LOKI_PROJECT_BASIS)
		loki_basis_pack(spec->code_dims * spec->dim, constants + spec->dim,
						loki_code_basis(spec, b.constants));
	b.quantizer = unit_allocate(loki_quantizer_size(spec));
	loki_quantizer_init(b.quantizer, spec, b.constants);
	b.stride = TYPEALIGN(64, b.quantizer->query_size);
	b.queries = unit_allocate(b.stride * QUERIES);
	b.code = unit_allocate(b.quantizer->code_size);
	b.refine = unit_allocate(b.quantizer->refine_size);
	return b;
}

static void
close_bench(Bench *b)
{
	free(b->constants);
	free(b->quantizer);
	free(b->queries);
	free(b->code);
	free(b->refine);
}

static LokiCodeSpec
make_spec(int metric, int projection, int code_dims, int bits, int refine_bits)
{
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits, refine_bits, DIM, 42};

	spec.projection = projection;
	spec.code_dims = code_dims;
	return spec;
}

static double
true_distance(int metric, const float *x, const float *q)
{
	double		product = dot(DIM, x, q);

	switch (metric)
	{
		case LOKI_METRIC_L2:
			return dot(DIM, x, x) + dot(DIM, q, q) - 2 * product;
		case LOKI_METRIC_IP:
			return -product;
		default:
			return 1 - product / sqrt(dot(DIM, x, x) * dot(DIM, q, q));
	}
}

/*
 * What the parts outside the basis add to inner products, per norm of the row's
 * residual and of what is left out of the query's: root mean square.
 */
static float
measure_outside(const float *rows, const float *constants, const LokiCodeSpec *spec)
{
	int			dims = spec->code_dims;
	float	   *residuals = malloc(sizeof(float) * ROWS * DIM);
	double	   *projected = malloc(sizeof(double) * ROWS * dims);
	double		sum = 0;
	int			n = 0;

	for (int r = 0; r < ROWS; r++)
	{
		for (int j = 0; j < DIM; j++)
			residuals[r * DIM + j] = rows[r * DIM + j] - constants[j];
		for (int i = 0; i < dims; i++)
			projected[r * dims + i] = dot(DIM, residuals + r * DIM, constants + (i + 1) * DIM);
	}
	for (int r = 0; r < ROWS - QUERIES; r++)
		for (int q = ROWS - QUERIES; q < ROWS; q++, n++)
		{
			const float *a = residuals + q * DIM;
			const float *b = residuals + r * DIM;
			double		missing = dot(DIM, a, b);
			double		left = dot(DIM, a, a);

			for (int i = 0; i < dims; i++)
			{
				double		pa = projected[q * dims + i];

				missing -= pa * projected[r * dims + i];
				left -= pa * pa;
			}
			sum += missing * missing / (left * dot(DIM, b, b));
		}
	free(residuals);
	free(projected);
	return sqrt(sum / n);
}

/*
 * Estimates by a code of part of the dimensions: lower bounds are kept as those
 * of other codes are, and errors are not far above what is promised.
 */
static void
test_estimates(LokiCodeSpec spec)
{
	float	   *rows = make_rows(ROWS, 0.3);
	float	   *constants = make_constants(rows, ROWS, 128);
	int			base = ROWS - QUERIES;
	int			above[2] = {0, 0};
	double		squares[2] = {0, 0};
	double		promised[2] = {0, 0};
	int			ways;
	Bench		b;

	if (spec.projection == LOKI_PROJECT_BASIS)
		spec.outside = measure_outside(rows, constants, &spec);
	ok(loki_code_valid(&spec), "%s %s: valid", metric_names[spec.metric],
	   projection_names[spec.projection]);
	b = open_bench(&spec, constants);
	ways = b.quantizer->refine_size > 0 ? 2 : 1;
	for (int q = 0; q < QUERIES; q++)
		b.quantizer->prepare(b.quantizer, rows + (base + q) * DIM,
							 (LokiQuery *) (b.queries + q * b.stride));
	for (int r = 0; r < base; r++)
	{
		const void *codes[1] = {b.code};
		const void *refines[1] = {b.refine};

		b.quantizer->encode(b.quantizer, rows + r * DIM, b.code, b.refine);
		for (int q = 0; q < QUERIES; q++)
		{
			LokiQuery  *query = (LokiQuery *) (b.queries + q * b.stride);
			double		distance = true_distance(spec.metric, rows + r * DIM,
												 rows + (base + q) * DIM);

			for (int way = 0; way < ways; way++)
			{
				float		estimate;
				float		error;

				if (way == 0)
				{
					b.quantizer->score(b.quantizer, query, codes, 1, &estimate);
					error = b.quantizer->error(b.quantizer, query, b.code, estimate);
				}
				else
					b.quantizer->refine(b.quantizer, query, codes, refines, 1,
										&estimate, &error);
				above[way] += estimate - LOKI_BOUND_SIGMAS * error > distance;
				squares[way] += pow(estimate - distance, 2);
				promised[way] += (double) error * error;
			}
		}
	}
	for (int way = 0; way < ways; way++)
	{
		ok(above[way] < 0.05 * base * QUERIES, "%s %s, %u x %d bits, way %d: bounds kept",
		   metric_names[spec.metric], projection_names[spec.projection],
		   spec.code_dims, spec.bits, way);
		ok(squares[way] < 1.3 * promised[way] && squares[way] > 0.3 * promised[way],
		   "%s %s, %u x %d bits, way %d: errors as promised",
		   metric_names[spec.metric], projection_names[spec.projection],
		   spec.code_dims, spec.bits, way);
	}
	close_bench(&b);
	free(constants);
	free(rows);
}

/*
 * Distances between codes, those of equal and of opposite vectors, and of
 * values at the ends of float's range: all finite, and ordered where they are
 * far apart.
 */
static void
test_between_codes(LokiCodeSpec spec)
{
	float	   *rows = make_rows(ROWS, 0.1);
	float	   *constants = make_constants(rows, ROWS, 128);
	Bench		b = open_bench(&spec, constants);
	LokiQuery  *query = (LokiQuery *) b.queries;
	const void *codes[1] = {b.code};
	double		off = 0;
	double		scale = 0;
	bool		finite = true;
	float		estimate;

	for (int r = 0; r + 1 < ROWS; r += 2)
	{
		double		distance = true_distance(spec.metric, rows + r * DIM,
											 rows + (r + 1) * DIM);

		b.quantizer->encode(b.quantizer, rows + r * DIM, b.code, b.refine);
		b.quantizer->prepare_code(b.quantizer, b.code, query);
		b.quantizer->encode(b.quantizer, rows + (r + 1) * DIM, b.code, b.refine);
		b.quantizer->score(b.quantizer, query, codes, 1, &estimate);
		off += pow(estimate - distance, 2);
		scale += distance * distance;
	}
	ok(sqrt(off / scale) < (spec.projection == LOKI_PROJECT_BASIS ? 0.1 : 0.5),
	   "%s %s: distances between codes", metric_names[spec.metric],
	   projection_names[spec.projection]);

	for (int exponent = -140; exponent <= 120; exponent += 20)
	{
		for (int j = 0; j < DIM; j++)
			rows[j] = ldexp(unit_normal(), exponent);
		b.quantizer->encode(b.quantizer, rows, b.code, b.refine);
		b.quantizer->prepare(b.quantizer, rows + DIM, query);
		b.quantizer->score(b.quantizer, query, codes, 1, &estimate);
		finite &= isfinite(estimate) != 0;
		finite &= isfinite(b.quantizer->error(b.quantizer, query, b.code, estimate)) != 0;
		b.quantizer->prepare(b.quantizer, rows, query);
		b.quantizer->score(b.quantizer, query, codes, 1, &estimate);
		finite &= isfinite(estimate) != 0;
		b.quantizer->prepare_code(b.quantizer, b.code, query);
		b.quantizer->score(b.quantizer, query, codes, 1, &estimate);
		finite &= isfinite(estimate) != 0;
	}
	ok(finite, "%s %s: finite at the ends of the range", metric_names[spec.metric],
	   projection_names[spec.projection]);
	close_bench(&b);
	free(constants);
	free(rows);
}

static void
test_choices(void)
{
	bool		valid = true;
	bool		small = true;
	LokiCodeSpec spec;
	LokiCodeSpec others[LOKI_COMPACT_ALTERNATIVES];

	for (int dim = 1; dim <= LOKI_MAX_DIM; dim += dim < 3100 ? 1 : 97)
		for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_L1; metric++)
			for (int bits = 0; bits <= 8; bits = Max(1, 2 * bits))
			{
				int			n;

				spec = loki_code_compact(metric, dim, bits, 0, 8152, 1);
				n = loki_code_alternatives(&spec, bits, others);
				valid &= loki_code_valid(&spec) && spec.refine_bits == 0;
				if (spec.kind != LOKI_CODE_ROTATED)
				{
					small &= n == 0;
					continue;
				}
				small &= loki_rotated_code_size(&spec) <= 8 + Max(96, dim / 16);
				for (int i = 0; i < n; i++)
				{
					valid &= loki_code_valid(&others[i]) && others[i].refine_bits == 0 &&
						(bits == 0 || others[i].bits == bits);
					small &= loki_rotated_code_size(&others[i]) <= 8 + Max(96, dim / 16) &&
						loki_code_constants(&others[i]) <= 1024 * 1024 + dim;
				}
			}
	ok(valid, "compact codes are valid");
	ok(small, "compact codes are small");

	spec = loki_code_compact(LOKI_METRIC_COSINE, 1536, 0, 0, 8152, 1);
	ok(spec.projection == LOKI_PROJECT_RANDOM && spec.code_dims == 768 && spec.bits == 1,
	   "1536 dimensions: 768 random ones");
	ok(loki_code_alternatives(&spec, 0, others) == 3 &&
	   others[0].code_dims == 768 && others[0].bits == 1 &&
	   others[1].code_dims == 384 && others[1].bits == 2 &&
	   others[2].code_dims == 192 && others[2].bits == 4,
	   "1536 dimensions: 768, 384 or 192 principal ones");
	spec = loki_code_compact(LOKI_METRIC_L2, 768, 0, 0, 8152, 1);
	ok(spec.projection == LOKI_PROJECT_NONE && spec.bits == 1, "768 dimensions: all");
	ok(loki_code_alternatives(&spec, 0, others) == 2, "768 dimensions: two more codes");
	spec = loki_code_compact(LOKI_METRIC_L2, 128, 0, 0, 8152, 1);
	ok(spec.projection == LOKI_PROJECT_NONE && spec.bits == 4 &&
	   loki_code_alternatives(&spec, 0, others) == 0, "128 dimensions: all with 4 bits");
	spec = loki_code_compact(LOKI_METRIC_L2, 1536, 1, 6, 8152, 1);
	ok(spec.refine_bits == 6, "refining if asked for");

	spec.code_dims = 1536;
	ok(!loki_code_valid(&spec), "projections leave dimensions out");
	spec.code_dims = 100;
	ok(!loki_code_valid(&spec), "code dimensions are whole groups");
	spec.code_dims = 64;
	spec.outside = NAN;
	ok(!loki_code_valid(&spec), "error must be a number");
	spec.outside = 0;
	spec.projection = 3;
	ok(!loki_code_valid(&spec), "projections are limited");
}

static void
test_kernels(void)
{
	test_subspace("many dimensions", 0.1, ROWS, 0.98);
	test_subspace("few dimensions", 0, ROWS, 0.99999);
	test_subspace("five rows", 0.1, 5, 0.99999);
	test_subspace("one row", 0.1, 1, 0.99999);
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		test_estimates(make_spec(metric, LOKI_PROJECT_BASIS, 64, 4, 0));
		test_estimates(make_spec(metric, LOKI_PROJECT_BASIS, 64, 8, 0));
		test_estimates(make_spec(metric, LOKI_PROJECT_BASIS, 128, 2, 6));
		test_estimates(make_spec(metric, LOKI_PROJECT_BASIS, 128, 1, 8));
		test_estimates(make_spec(metric, LOKI_PROJECT_RANDOM, 128, 1, 0));
		test_estimates(make_spec(metric, LOKI_PROJECT_RANDOM, 64, 4, 8));
		test_between_codes(make_spec(metric, LOKI_PROJECT_BASIS, 64, 4, 0));
		test_between_codes(make_spec(metric, LOKI_PROJECT_BASIS, 128, 8, 0));
		test_between_codes(make_spec(metric, LOKI_PROJECT_RANDOM, 128, 4, 0));
	}
}

int
main(void)
{
	loki_distance_init();
	loki_quantize_init();
	test_choices();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiCodeKernels *kernels = loki_code_kernels(simd);

		if (kernels == NULL)
			continue;
		diag("kernels: %s", kernels->name);
		loki_codes = kernels;
		loki_distance = *loki_distance_kernels(simd);
		test_kernels();
	}
	return unit_done();
}
