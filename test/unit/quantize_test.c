/*-------------------------------------------------------------------------
 *
 * quantize_test.c
 *	  The codes: estimates, errors and bounds against exact distances.
 *
 * Sources: src/distance src/quantize
 *
 * LOKI_UNIT_NPY may name a .npy file of rows of uint8, float16 or float32; the
 * checks of real data then run on its first rows too.
 *
 * IDENTIFICATION
 *	  test/unit/quantize_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "true_distance.h"

#include <math.h>
#include <stdlib.h>

#include "quantize/codes.h"

#define MAX_QUERIES 100

/* A quantizer with its queries, centroid and the slots of one vector */
typedef struct Bench
{
	LokiCodeSpec spec;
	LokiQuantizer *quantizer;
	LokiQuery  *query;			/* the one in use, of those below */
	char	   *queries;
	Size		query_stride;
	float	   *centroid;
	void	   *code;
	void	   *refine;
} Bench;

/* Rows and queries of one kind */
typedef struct Rows
{
	int			dim;
	int			count;
	float	   *values;
} Rows;

static const char *const metric_names[] = {NULL, "L2", "IP", "cosine", "L1"};

static LokiCodeSpec
make_spec(int kind, int metric, int dim, int bits, int refine_bits)
{
	LokiCodeSpec spec = {kind, metric, bits, refine_bits, dim, 42};

	return spec;
}

/* centroid NULL: zeros */
static Bench
open_bench(LokiCodeSpec spec, const float *centroid)
{
	Bench		b;

	b.spec = spec;
	b.centroid = calloc(spec.dim, sizeof(float));
	if (centroid != NULL)
		memcpy(b.centroid, centroid, spec.dim * sizeof(float));
	b.quantizer = unit_allocate(loki_quantizer_size(&spec));
	loki_quantizer_init(b.quantizer, &spec, b.centroid);
	b.query_stride = TYPEALIGN(64, b.quantizer->query_size);
	b.queries = unit_allocate(b.query_stride * MAX_QUERIES);
	b.query = (LokiQuery *) b.queries;
	b.code = unit_allocate(b.quantizer->code_size);
	b.refine = unit_allocate(b.quantizer->refine_size);
	return b;
}

static void
close_bench(Bench *b)
{
	free(b->centroid);
	free(b->quantizer);
	free(b->queries);
	free(b->code);
	free(b->refine);
}

static float
score_one(const Bench *b)
{
	const void *codes[1] = {b->code};
	float		estimate;

	b->quantizer->score(b->quantizer, b->query, codes, 1, &estimate);
	return estimate;
}

static float
refine_one(const Bench *b, float *error)
{
	const void *codes[1] = {b->code};
	const void *refines[1] = {b->refine};
	float		estimate;

	b->quantizer->refine(b->quantizer, b->query, codes, refines, 1, &estimate,
						 error);
	return estimate;
}

/*
 * Rows in clusters, with an offset of all and uneven weight of dimensions.
 */
static Rows
make_rows(int dim, int count)
{
	Rows		rows = {dim, count, malloc(sizeof(float) * dim * count)};
	float	   *centres = malloc(sizeof(float) * dim * 8);

	for (int i = 0; i < dim * 8; i++)
		centres[i] = unit_normal() / sqrt(1 + i % dim);
	for (int i = 0; i < count; i++)
	{
		const float *centre = centres + (unit_random() % 8) * dim;

		for (int j = 0; j < dim; j++)
			rows.values[(Size) i * dim + j] = 0.3 + centre[j] +
				0.5 * unit_normal() / sqrt(1 + j);
	}
	free(centres);
	return rows;
}

/* The mean of the rows, normalised before under cosine */
static void
mean_row(int metric, const Rows *rows, float *mean)
{
	double	   *sums = calloc(rows->dim, sizeof(double));

	for (int i = 0; i < rows->count; i++)
	{
		const float *x = rows->values + (Size) i * rows->dim;
		double		norm2 = 0;

		for (int j = 0; j < rows->dim; j++)
			norm2 += (double) x[j] * x[j];
		for (int j = 0; j < rows->dim; j++)
			sums[j] += metric == LOKI_METRIC_COSINE ? x[j] / sqrt(norm2) : x[j];
	}
	for (int j = 0; j < rows->dim; j++)
		mean[j] = sums[j] / rows->count;
	free(sums);
}

/* What a set of estimates shows */
typedef struct Outcome
{
	int			count;
	double		sum;			/* of errors */
	double		squares;
	double		scaled_squares; /* of errors per promised one */
	int			above;			/* lower bounds above the distance */
} Outcome;

static void
add_outcome(Outcome *o, double estimate, double error, double distance)
{
	double		off = estimate - distance;

	o->count++;
	o->sum += off;
	o->squares += off * off;
	if (error > 0)
		o->scaled_squares += off * off / (error * error);
	o->above += estimate - LOKI_BOUND_SIGMAS * error > distance;
}

/* Mean error in standard errors */
static double
bias(const Outcome *o)
{
	return o->sum / o->count / sqrt(o->squares / o->count / o->count);
}

/* Root mean square of the error, per promised error */
static double
spread(const Outcome *o)
{
	return sqrt(o->scaled_squares / o->count);
}

/*
 * Estimates of rows by queries, the last query_count of the rows.
 */
static void
measure(Bench *b, const Rows *rows, int query_count, Outcome *coarse,
		Outcome *fine)
{
	const LokiQuantizer *quantizer = b->quantizer;
	int			dim = rows->dim;
	int			base = rows->count - query_count;

	memset(coarse, 0, sizeof(Outcome));
	memset(fine, 0, sizeof(Outcome));
	for (int i = 0; i < base; i++)
	{
		const float *x = rows->values + (Size) i * dim;

		quantizer->encode(quantizer, x, b->code, b->refine);
		for (int j = 0; j < query_count; j++)
		{
			const float *q = rows->values + (Size) (base + j) * dim;
			double		distance = true_distance(b->spec.metric, dim, x, q);
			float		estimate;
			float		error;

			b->query = (LokiQuery *) (b->queries + (Size) j * b->query_stride);
			if (i == 0)
				quantizer->prepare(quantizer, q, b->query);
			estimate = score_one(b);
			error = quantizer->error(quantizer, b->query, b->code, estimate);
			add_outcome(coarse, estimate, error, distance);
			if (quantizer->refine_size > 0)
			{
				estimate = refine_one(b, &error);
				add_outcome(fine, estimate, error, distance);
			}
		}
	}
	b->query = (LokiQuery *) b->queries;
}

/*
 * Errors of independent normal vectors: their size tells the angle between
 * vector and code, and their mean that the estimator has no bias.
 */
static void
test_estimator(int metric, int bits, int refine_bits)
{
	static const double tangents[] = {0, .7555, .3673, 0, .0994, 0, .0286, 0, .0076};
	Bench		b = open_bench(make_spec(LOKI_CODE_ROTATED, metric, 768, bits,
										 refine_bits), NULL);
	Rows		rows = {768, 400, malloc(sizeof(float) * 768 * 400)};
	Outcome		coarse,
				fine;
	double		unit;

	for (int i = 0; i < 768 * 400; i++)
		rows.values[i] = unit_normal();
	measure(&b, &rows, 60, &coarse, &fine);

	/* of one error, at norms sqrt(768) or, under cosine, 1 */
	unit = (metric == LOKI_METRIC_COSINE ? 1 : 768) / sqrt(767) *
		(metric == LOKI_METRIC_L2 ? 2 : 1);
	ok(fabs(bias(&coarse)) < 4, "%s %d bits: mean error is nil",
	   metric_names[metric], bits);
	ok(fabs(sqrt(coarse.squares / coarse.count) / unit / tangents[bits] - 1) < 0.06,
	   "%s %d bits: size of error", metric_names[metric], bits);
	ok(fabs(spread(&coarse) - 1) < 0.06 &&
	   fabs((double) coarse.above / coarse.count - 0.0287) < 0.015,
	   "%s %d bits: errors as promised, bounds kept by 97 %%",
	   metric_names[metric], bits);
	if (refine_bits > 0)
	{
		ok(fabs(bias(&fine)) < 4, "%s refined to %d bits: mean error is nil",
		   metric_names[metric], refine_bits);
		ok(fabs(sqrt(fine.squares / fine.count) / unit / tangents[refine_bits] - 1) < 0.06,
		   "%s refined to %d bits: size of error", metric_names[metric], refine_bits);
		ok(fabs(spread(&fine) - 1) < 0.06 &&
		   fabs((double) fine.above / fine.count - 0.0287) < 0.015,
		   "%s refined to %d bits: errors as promised, bounds kept by 97 %%",
		   metric_names[metric], refine_bits);
	}
	free(rows.values);
	close_bench(&b);
}

/*
 * Bounds on rows like real ones.
 */
static void
test_bounds(int metric, const Rows *rows, int query_count, int bits,
			int refine_bits, const char *what)
{
	int			dim = rows->dim;
	float	   *mean = malloc(sizeof(float) * dim);
	LokiCodeSpec spec = make_spec(LOKI_CODE_ROTATED, metric, dim, bits, refine_bits);
	Bench		b;
	Outcome		coarse,
				fine;

	if (metric == LOKI_METRIC_L1)
		spec = make_spec(LOKI_CODE_SCALAR, metric, dim, bits, 0);
	mean_row(metric, rows, mean);
	b = open_bench(spec, mean);
	measure(&b, rows, query_count, &coarse, &fine);
	ok(coarse.above <= coarse.count * (metric == LOKI_METRIC_L1 ? 0 : 0.045),
	   "%s %s %d dimensions, %d bits: bounds kept", what, metric_names[metric],
	   dim, bits);
	if (refine_bits > 0)
	{
		ok(fine.above <= fine.count * 0.045,
		   "%s %s %d dimensions, refined to %d bits: bounds kept", what,
		   metric_names[metric], dim, refine_bits);
		ok(fine.squares < coarse.squares * 0.3,
		   "%s %s %d dimensions: %d bits are better than %d", what,
		   metric_names[metric], dim, refine_bits, bits);
	}
	close_bench(&b);
	free(mean);
}

/*
 * Bits of CODE and REFINE together are the leading bits of the full code.
 */
static void
test_prefixes(int dim)
{
	static const int pairs[][2] = {
		{1, 0}, {2, 0}, {4, 0}, {1, 2}, {1, 4}, {1, 6}, {1, 8},
		{2, 4}, {2, 6}, {2, 8}, {4, 6}, {4, 8}
	};
	int			padded = LOKI_PADDED(dim);
	int			groups = padded / LOKI_GROUP;
	Rows		rows = make_rows(dim, 2);
	Bench		full = open_bench(make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L2,
											dim, 8, 0), NULL);
	const uint8 *whole = (const uint8 *) full.code + LOKI_FACTOR_SIZE;
	uint8	   *u = malloc(padded);

	full.quantizer->encode(full.quantizer, rows.values, full.code, NULL);
	for (int i = 0; i < lengthof(pairs); i++)
	{
		int			bits = pairs[i][0];
		int			refine_bits = pairs[i][1];
		Bench		b = open_bench(make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L2,
											 dim, bits, refine_bits), NULL);
		const uint8 *packed = (const uint8 *) b.refine + LOKI_FACTOR_SIZE;
		bool		same = true;

		b.quantizer->encode(b.quantizer, rows.values, b.code, b.refine);
		loki_codes_scalar.unpack(groups, (const uint8 *) b.code + LOKI_FACTOR_SIZE,
								 bits, 8 - bits, false, u);
		for (int have = bits; have < refine_bits;)
		{
			int			width = have == 1 ? 1 : 2;

			have += width;
			loki_codes_scalar.unpack(groups, packed, width, 8 - have, true, u);
			packed += groups * 8 * width;
		}
		for (int d = 0; d < padded; d++)
			same &= u[d] == (whole[d] & (0xff00 >> Max(bits, refine_bits)));
		ok(same, "%d dimensions: %d and %d bits are prefixes", dim, bits,
		   refine_bits);
		close_bench(&b);
	}
	free(u);
	free(rows.values);
	close_bench(&full);
}

/*
 * Code-to-code distances.
 */
static void
test_between_codes(LokiCodeSpec spec, double tolerance)
{
	Rows		rows = make_rows(spec.dim, 60);
	float	   *mean = malloc(sizeof(float) * spec.dim);
	Bench		b;
	double		off = 0;
	double		scale = 0;

	mean_row(spec.metric, &rows, mean);
	b = open_bench(spec, mean);
	for (int i = 0; i < 30; i++)
	{
		const float *x = rows.values + (Size) i * spec.dim;
		const float *y = rows.values + (Size) (30 + i) * spec.dim;
		double		distance = true_distance(spec.metric, spec.dim, x, y);
		double		d;

		b.quantizer->encode(b.quantizer, x, b.code, b.refine);
		b.quantizer->prepare_code(b.quantizer, b.code, b.query);
		b.quantizer->encode(b.quantizer, y, b.code, b.refine);
		d = score_one(&b) - distance;
		off += d * d;
		scale += distance * distance;
	}
	ok(sqrt(off / scale) < tolerance,
	   "%s kind %d, %u dimensions, %d bits: distance between codes",
	   metric_names[spec.metric], spec.kind, spec.dim, spec.bits);
	free(mean);
	free(rows.values);
	close_bench(&b);
}

/* Vectors equal to the centroid, and the centroid as query */
static void
test_zero_residual(int metric)
{
	Rows		rows = make_rows(100, 2);
	Bench		b;
	float	   *c = rows.values;
	float	   *q = rows.values + 100;
	float		error;
	float		estimate;
	double		distance;

	if (metric == LOKI_METRIC_COSINE)
	{
		double		norm = sqrt(-true_distance(LOKI_METRIC_IP, 100, c, c));

		for (int i = 0; i < 100; i++)
			c[i] /= norm;
	}
	b = open_bench(make_spec(LOKI_CODE_ROTATED, metric, 100, 1, 6), c);
	b.quantizer->encode(b.quantizer, c, b.code, b.refine);
	b.quantizer->prepare(b.quantizer, q, b.query);
	distance = true_distance(metric, 100, c, q);
	ok(fabs(score_one(&b) - distance) < 1e-4 * (1 + fabs(distance)) &&
	   fabs(refine_one(&b, &error) - distance) < 1e-4 * (1 + fabs(distance)),
	   "%s: vector at the centroid", metric_names[metric]);

	b.quantizer->encode(b.quantizer, q, b.code, b.refine);
	b.quantizer->prepare(b.quantizer, c, b.query);
	estimate = score_one(&b);
	ok(fabs(estimate - distance) < 1e-4 * (1 + fabs(distance)),
	   "%s: query at the centroid", metric_names[metric]);

	b.quantizer->encode(b.quantizer, c, b.code, b.refine);
	distance = true_distance(metric, 100, c, c);
	ok(fabs(score_one(&b) - distance) < 1e-4 * (1 + fabs(distance)),
	   "%s: both at the centroid", metric_names[metric]);
	close_bench(&b);
	free(rows.values);
}

/*
 * Values at the ends of float's range give finite results, and bounds that
 * claim nothing.
 */
static void
test_extremes(LokiCodeSpec spec)
{
	static const float sizes[] = {
		0, 1e-45f, 1e-38f, 1e-20f, 1e-12f, 1, 1e15f, 1e19f, 1e30f, 3.4e38f
	};
	int			n = lengthof(sizes);
	float	   *c = calloc(spec.dim, sizeof(float));
	float	   *x = malloc(spec.dim * sizeof(float));
	bool		finite = true;
	bool		kept = true;

	for (int i = 0; i < n * n * n; i++)
	{
		const void *codes[1];
		Bench		b;
		double		distance;
		float		estimate;
		float		error = 0;
		float	   *q = malloc(spec.dim * sizeof(float));

		for (int j = 0; j < spec.dim; j++)
		{
			c[j] = sizes[i % n] * (j % 3 - 1);
			x[j] = sizes[i / n % n] * (j % 2 ? 1 : -1);
			q[j] = sizes[i / n / n] * (j % 5 == 0 ? -1 : 1);
		}
		b = open_bench(spec, c);
		codes[0] = b.code;
		b.quantizer->encode(b.quantizer, x, b.code, b.refine);
		b.quantizer->prepare(b.quantizer, q, b.query);
		estimate = score_one(&b);
		error = b.quantizer->error(b.quantizer, b.query, codes[0], estimate);
		distance = true_distance(spec.metric, spec.dim, x, q);
		finite &= isfinite(estimate) && isfinite(error);
		if (distance > -1e36 &&
			estimate - 5 * error > distance + fabs(distance) * 1e-4 +
			1e-29 * (1 + sizes[i / n % n] + sizes[i / n / n]))
			kept = false;
		if (b.quantizer->refine_size > 0)
		{
			estimate = refine_one(&b, &error);
			finite &= isfinite(estimate) && isfinite(error);
		}
		b.quantizer->prepare_code(b.quantizer, b.code, b.query);
		finite &= isfinite(score_one(&b));
		free(q);
		close_bench(&b);
	}
	ok(finite, "%s kind %d: huge and tiny values give finite estimates",
	   metric_names[spec.metric], spec.kind);
	ok(kept, "%s kind %d: huge and tiny values keep bounds",
	   metric_names[spec.metric], spec.kind);
	free(c);
	free(x);
}

/* The exact code */
static void
test_exact(int metric, int dim)
{
	Rows		rows = make_rows(dim, 2);
	Bench		b = open_bench(make_spec(LOKI_CODE_EXACT, metric, dim, 32, 0), NULL);
	double		distance = true_distance(metric, dim, rows.values, rows.values + dim);
	float		estimate;
	float		error;

	b.quantizer->encode(b.quantizer, rows.values, b.code, NULL);
	b.quantizer->prepare(b.quantizer, rows.values + dim, b.query);
	estimate = score_one(&b);
	error = b.quantizer->error(b.quantizer, b.query, b.code, estimate);
	ok(fabs(estimate - distance) <= LOKI_BOUND_SIGMAS * error,
	   "%s exact code of %d dimensions", metric_names[metric], dim);
	free(rows.values);
	close_bench(&b);
}

static void
test_defaults(void)
{
	LokiCodeSpec spec;
	bool		fit = true;

	spec = loki_code_default(LOKI_METRIC_L2, 32, 0, 0, false, 8152, 1);
	ok(spec.kind == LOKI_CODE_EXACT && loki_code_valid(&spec), "default: exact");
	spec = loki_code_default(LOKI_METRIC_L1, 33, 0, 0, false, 8152, 1);
	ok(spec.kind == LOKI_CODE_SCALAR && spec.bits == 8, "default: scalar");
	spec = loki_code_default(LOKI_METRIC_L2, 33, 0, 0, false, 8152, 1);
	ok(spec.kind == LOKI_CODE_ROTATED && spec.bits == 4, "default: 4 bits");
	spec = loki_code_default(LOKI_METRIC_IP, 1088, 0, 0, false, 8152, 1);
	ok(spec.bits == 2, "default: 2 bits");
	spec = loki_code_default(LOKI_METRIC_COSINE, 1089, 0, 0, false, 8152, 1);
	ok(spec.bits == 1 && spec.refine_bits == 6, "default: 1 bit, refined to 6");
	spec = loki_code_default(LOKI_METRIC_COSINE, 512, 4, 0, true, 8152, 1);
	ok(spec.bits == 4 && spec.refine_bits == 0, "bits as given");
	spec = loki_code_default(LOKI_METRIC_COSINE, 512, 4, 4, true, 8152, 1);
	ok(spec.bits == 4 && spec.refine_bits == 0, "refining to fewer bits is none");

	for (int dim = 1; dim <= LOKI_MAX_DIM; dim += 37)
		for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_L1; metric++)
			for (int bits = 0; bits <= 8; bits = Max(1, bits * 2))
			{
				LokiQuantizer *quantizer;
				float	   *c = calloc(dim, sizeof(float));

				spec = loki_code_default(metric, dim, bits, 8, dim % 2, 8152, 1);
				quantizer = unit_allocate(loki_quantizer_size(&spec));
				fit &= loki_code_valid(&spec);
				loki_quantizer_init(quantizer, &spec, c);
				fit &= quantizer->code_size <= 8152 &&
					quantizer->refine_size <= 8152 &&
					quantizer->code_size % 4 == 0 &&
					quantizer->refine_size % 4 == 0;
				free(quantizer);
				free(c);
			}
	ok(fit, "every default is valid and fits");

	spec = make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L2, 100, 3, 0);
	ok(!loki_code_valid(&spec), "3 bits are not valid");
	spec = make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L1, 100, 4, 0);
	ok(!loki_code_valid(&spec), "L1 is not rotated");
	spec = make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L2, 100, 4, 4);
	ok(!loki_code_valid(&spec), "refining adds bits");
	spec = make_spec(LOKI_CODE_ROTATED, LOKI_METRIC_L2, 16001, 1, 0);
	ok(!loki_code_valid(&spec), "dimensions are limited");
	spec = make_spec(7, LOKI_METRIC_L2, 100, 1, 0);
	ok(!loki_code_valid(&spec), "kinds are limited");
}

static float
half_value(uint16 h)
{
	int			exponent = (h >> 10) & 31;
	float		value = exponent == 0 ? ldexpf(h & 1023, -24) :
		ldexpf(1024 + (h & 1023), exponent - 25);

	return h & 0x8000 ? -value : value;
}

/* Up to limit rows of a .npy file; count is 0 if it cannot be read */
static Rows
load_npy(const char *path, int limit)
{
	Rows		rows = {0, 0, NULL};
	char		header[1024] = "";
	uint8		start[10];
	FILE	   *file = fopen(path, "rb");
	int			count;
	int			size;
	char	   *shape;
	uint8	   *raw;

	if (file == NULL || fread(start, 1, 10, file) != 10 ||
		start[8] + start[9] * 256 >= sizeof(header) ||
		fread(header, 1, start[8] + start[9] * 256, file) == 0 ||
		(shape = strstr(header, "'shape': (")) == NULL ||
		sscanf(shape, "'shape': (%d, %d", &count, &rows.dim) != 2)
	{
		if (file != NULL)
			fclose(file);
		return rows;
	}
	size = strstr(header, "u1'") ? 1 : strstr(header, "f2'") ? 2 : 4;
	count = Min(count, limit);
	raw = malloc((Size) count * rows.dim * size);
	rows.values = malloc(sizeof(float) * count * rows.dim);
	rows.count = fread(raw, (Size) rows.dim * size, count, file);
	for (int i = 0; i < rows.count * rows.dim; i++)
		rows.values[i] = size == 1 ? raw[i] :
			size == 2 ? half_value(((uint16 *) raw)[i]) : ((float *) raw)[i];
	free(raw);
	fclose(file);
	return rows;
}

static void
test_all_bounds(const Rows *rows, int query_count, const char *what)
{
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		test_bounds(metric, rows, query_count, 1, 6, what);
		test_bounds(metric, rows, query_count, 2, 8, what);
		test_bounds(metric, rows, query_count, 4, 6, what);
		test_bounds(metric, rows, query_count, 8, 0, what);
	}
	test_bounds(LOKI_METRIC_L1, rows, query_count, 8, 0, what);
	test_bounds(LOKI_METRIC_L1, rows, query_count, 4, 0, what);
}

int
main(void)
{
	static const int dims[] = {33, 64, 65, 100, 128, 130, 784, 1536};
	const char *path = getenv("LOKI_UNIT_NPY");

	loki_distance_init();
	loki_quantize_init();
	diag("kernels: %s", loki_quantize_simd());

	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		test_estimator(metric, 1, 4);
		test_estimator(metric, 2, 6);
		test_estimator(metric, 4, 8);
		test_estimator(metric, 8, 0);
		test_zero_residual(metric);
		test_extremes(make_spec(LOKI_CODE_ROTATED, metric, 40, 1, 6));
		test_extremes(make_spec(LOKI_CODE_ROTATED, metric, 40, 8, 0));
	}
	test_extremes(make_spec(LOKI_CODE_SCALAR, LOKI_METRIC_L1, 40, 8, 0));
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_L1; metric++)
	{
		test_extremes(make_spec(LOKI_CODE_EXACT, metric, 5, 32, 0));
		test_exact(metric, 1);
		test_exact(metric, 3);
		test_exact(metric, 32);
	}
	for (int i = 0; i < lengthof(dims); i++)
	{
		Rows		rows = make_rows(dims[i], 240);

		test_prefixes(dims[i]);
		test_all_bounds(&rows, 40, "synthetic");
		free(rows.values);
	}
	test_prefixes(16000);

	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		test_between_codes(make_spec(LOKI_CODE_ROTATED, metric, 768, 4, 0), 0.02);
		test_between_codes(make_spec(LOKI_CODE_ROTATED, metric, 100, 4, 0), 0.05);
		test_between_codes(make_spec(LOKI_CODE_ROTATED, metric, 768, 8, 0), 0.01);
		test_between_codes(make_spec(LOKI_CODE_ROTATED, metric, 768, 2, 0), 0.3);
		test_between_codes(make_spec(LOKI_CODE_EXACT, metric, 20, 32, 0), 1e-5);
	}
	test_between_codes(make_spec(LOKI_CODE_SCALAR, LOKI_METRIC_L1, 100, 8, 0), 0.01);
	test_between_codes(make_spec(LOKI_CODE_SCALAR, LOKI_METRIC_L1, 100, 4, 0), 0.1);
	test_between_codes(make_spec(LOKI_CODE_EXACT, LOKI_METRIC_L1, 20, 32, 0), 1e-5);
	test_defaults();

	if (path != NULL)
	{
		Rows		rows = load_npy(path, 2000);

		if (ok(rows.count > 100, "rows of LOKI_UNIT_NPY"))
			test_all_bounds(&rows, 100, "real");
		free(rows.values);
	}
	return unit_done();
}
