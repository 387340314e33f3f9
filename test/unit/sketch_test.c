/*-------------------------------------------------------------------------
 *
 * sketch_test.c
 *	  1-bit sketches: their bounds hold at the rate that is promised, whatever
 *	  code they are made of, and tell near vectors from far ones.  All
 *	  kernels have the same.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/sketch_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "true_distance.h"

#include <math.h>
#include <string.h>

#include "quantize/codes.h"
#include "quantize/rotated.h"

#define ROWS	416				/* whole blocks */
#define QUERIES	40
#define MOST_DIM	1536
#define NEAREST	10

static float rows[ROWS * MOST_DIM];
static double distances[ROWS];
static bool wrong_least;

/* Vectors in clusters, away from zero */
static void
fill(int dim, float *x, const float *centers)
{
	const float *center = centers + unit_random() % 8 * dim;

	for (int i = 0; i < dim; i++)
		x[i] = (float) (center[i] + 0.7 * unit_normal());
}

/* The distance that is n-th in order, from 0 */
static double
nth(const double *values, int n)
{
	double		edge = -HUGE_VAL;

	for (int found = -1; found < n;)
	{
		double		next = HUGE_VAL;

		for (int i = 0; i < ROWS; i++)
			if (values[i] > edge && values[i] < next)
				next = values[i];
		for (int i = 0; i < ROWS; i++)
			found += values[i] == next;
		edge = next;
	}
	return edge;
}

typedef struct Rates
{
	int			bounds;
	int			kept;			/* bounds that are not above the distance */
	int			tested;			/* rows that a bound does not exclude */
} Rates;

/* Bounds of all rows, whose codes are in blocks, for a query */
static void
get_bounds(const LokiQuantizer *sketch, const char *codes, const float *q, LokiQuery *query,
		   float *bounds)
{
	Size		block_size = (Size) sketch->code_size * LOKI_SKETCH_BLOCK;

	sketch->prepare(sketch, q, query);
	sketch->prepare_bounds(sketch, query);
	for (int i = 0; i < ROWS; i += LOKI_SKETCH_BLOCK)
	{
		float		least[LOKI_SKETCH_LEAST];
		float		wanted[LOKI_SKETCH_LEAST];

		sketch->bounds(sketch, query, codes + i / LOKI_SKETCH_BLOCK * block_size, bounds + i, least);
		for (int k = 0; k < LOKI_SKETCH_LEAST; k++)
			wanted[k] = FLT_MAX;
		for (int k = 0; k < LOKI_SKETCH_BLOCK; k++)
			if (bounds[i + k] < wanted[k % LOKI_SKETCH_LEAST])
				wanted[k % LOKI_SKETCH_LEAST] = bounds[i + k];
		wrong_least |= memcmp(least, wanted, sizeof(least)) != 0;
	}
}

static void
test_query(const LokiQuantizer *sketch, const char *codes, LokiMetric metric, int dim,
		   const float *q, Rates *rates)
{
	LokiQuery  *query = unit_allocate(sketch->query_size);
	float		bounds[ROWS];
	double		edge;

	get_bounds(sketch, codes, q, query, bounds);
	for (int i = 0; i < ROWS; i++)
	{
		distances[i] = true_distance(metric, dim, rows + (Size) i * dim, q);
		rates->bounds++;
		rates->kept += bounds[i] <= distances[i] + 1e-4 * fabs(distances[i]);
	}
	edge = nth(distances, NEAREST - 1);
	for (int i = 0; i < ROWS; i++)
		rates->tested += bounds[i] <= edge;
	free(query);
}

/* Put the code of a row into its block. */
static void
put_code(uint32 size, const char *code, int row, char *codes)
{
	loki_sketch_put(size, code, row % LOKI_SKETCH_BLOCK,
				   codes + (Size) (row - row % LOKI_SKETCH_BLOCK) * size);
}

/* Each kind of kernels has the same bounds but for rounding, also where a factor is no number. */
static void
test_bounds(const LokiCodeSpec *spec, const float *constants, char *codes)
{
	const LokiCodeKernels *used = loki_codes;
	float		bounds[ROWS];
	float		others[ROWS];
	float	   *factors = (float *) codes;
	int			wrong = 0;

	factors[3] = factors[LOKI_SKETCH_BLOCK] = factors[LOKI_SKETCH_BLOCK + 31] = (float) NAN;
	for (int simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		LokiQuantizer *sketch;
		LokiQuery  *query;

		if (loki_code_kernels((LokiSimd) simd) == NULL)
			continue;
		loki_codes = loki_code_kernels((LokiSimd) simd);
		sketch = unit_allocate(loki_quantizer_size(spec));
		loki_quantizer_init(sketch, spec, constants);
		query = unit_allocate(sketch->query_size);
		get_bounds(sketch, codes, constants, query, simd == LOKI_SIMD_SCALAR ? bounds : others);
		for (int i = 0; i < ROWS && simd != LOKI_SIMD_SCALAR; i++)
			wrong += isnan(bounds[i]) ? !isnan(others[i]) :
				!(fabsf(bounds[i] - others[i]) <= 1e-3f * (1 + fabsf(bounds[i])));
		free(query);
		free(sketch);
	}
	loki_codes = used;
	ok(wrong == 0 && !wrong_least, "all kernels have the same bounds, but for %d", wrong);
}

static void
test_code(LokiMetric metric, int dim, int bits)
{
	static float centers[8 * MOST_DIM];
	static float constants[MOST_DIM];
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits, 0, dim, 7};
	LokiCodeSpec sketch_spec;
	uint32		size = loki_sketch_spec(&spec, &sketch_spec);
	LokiQuantizer *quantizer = unit_allocate(loki_quantizer_size(&spec));
	LokiQuantizer *sketch = unit_allocate(loki_quantizer_size(&sketch_spec));
	char	   *codes = unit_allocate((Size) size * ROWS);
	char	   *code;
	char	   *sketch_code = unit_allocate(size);
	char	   *again = unit_allocate(size);
	bool		kept = true;
	Rates		rates = {0};

	for (int i = 0; i < 8 * dim; i++)
		centers[i] = (float) (unit_normal() + 0.5);
	memset(constants, 0, sizeof(constants));
	for (int i = 0; i < ROWS; i++)
	{
		double		square = 0;

		fill(dim, rows + (Size) i * dim, centers);
		for (int j = 0; j < dim; j++)
			square += (double) rows[i * dim + j] * rows[i * dim + j];
		for (int j = 0; j < dim; j++)
			constants[j] += rows[i * dim + j] / ROWS /
				(metric == LOKI_METRIC_COSINE ? (float) sqrt(square) : 1);
	}
	loki_quantizer_init(quantizer, &spec, constants);
	loki_quantizer_init(sketch, &sketch_spec, constants);
	code = unit_allocate(quantizer->code_size);
	for (int i = 0; i < ROWS; i++)
	{
		quantizer->encode(quantizer, rows + (Size) i * dim, code, NULL);
		sketch->shorten(sketch, quantizer, code, sketch_code);
		put_code(size, sketch_code, i, codes);
		loki_sketch_get(size, codes + (Size) (i - i % LOKI_SKETCH_BLOCK) * size,
					   i % LOKI_SKETCH_BLOCK, again);
		kept = kept && memcmp(again, sketch_code, size) == 0;
	}
	for (int i = 0; i < QUERIES; i++)
	{
		float		q[MOST_DIM];

		fill(dim, q, centers);
		test_query(sketch, codes, metric, dim, q, &rates);
	}
	ok(sketch->code_size == size && loki_code_valid(&sketch_spec) && sketch->shorten != NULL,
	   "metric %d, %d dimensions, %d bits: the 1-bit sketch has %u bytes", metric, dim, bits, size);
	ok(kept && !wrong_least, "its blocks give codes back, and the least bounds");
	ok(rates.kept >= 0.96 * rates.bounds, "its bounds hold: %.1f %%",
	   100.0 * rates.kept / rates.bounds);
	ok(rates.tested < 0.4 * rates.bounds, "they leave %.1f %%",
	   100.0 * rates.tested / rates.bounds);
	free(quantizer);
	free(sketch);
	test_bounds(&sketch_spec, constants, codes);
	free(codes);
	free(code);
	free(sketch_code);
	free(again);
}

/* Each kind of kernels makes the same 1-bit sketch of the same code. */
static void
test_kernels(int dim, int bits)
{
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, LOKI_METRIC_L2, bits, 0, dim, 3};
	LokiCodeSpec sketch_spec;
	uint32		size = loki_sketch_spec(&spec, &sketch_spec);
	static float constants[MOST_DIM];
	char	   *first = unit_allocate(size);
	char	   *other = unit_allocate(size);
	bool		same = true;

	memset(constants, 0, sizeof(constants));
	for (int simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiCodeKernels *kernels = loki_code_kernels((LokiSimd) simd);
		LokiQuantizer *quantizer;
		LokiQuantizer *sketch;
		char	   *code;

		if (kernels == NULL)
			continue;
		loki_codes = kernels;
		quantizer = unit_allocate(loki_quantizer_size(&spec));
		sketch = unit_allocate(loki_quantizer_size(&sketch_spec));
		loki_quantizer_init(quantizer, &spec, constants);
		loki_quantizer_init(sketch, &sketch_spec, constants);
		code = unit_allocate(quantizer->code_size);
		for (uint32 i = 0; i < quantizer->code_size; i++)
			code[i] = (char) (i * 37 + 11);
		((CodeSlot *) code)->add = 3;
		((CodeSlot *) code)->mul = -0.25f;
		sketch->shorten(sketch, quantizer, code, simd == LOKI_SIMD_SCALAR ? first : other);
		same = same && (simd == LOKI_SIMD_SCALAR || memcmp(first, other, size) == 0);
		free(quantizer);
		free(sketch);
		free(code);
	}
	ok(same, "%d dimensions, %d bits: all kernels shorten alike", dim, bits);
	free(first);
	free(other);
}

int
main(void)
{
	static const int dims[] = {33, 64, 128, 200, 256, 257, 320, 768, MOST_DIM};
	static const int bits[] = {1, 2, 4, 8};
	LokiCodeSpec exact = {LOKI_CODE_EXACT, LOKI_METRIC_L2, 32, 0, 16, 0};
	LokiCodeSpec unused;

	loki_distance_init();
	loki_quantize_init();
	for (int d = 0; d < (int) lengthof(dims); d++)
		for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
			test_code((LokiMetric) metric, dims[d], bits[(d + metric) % 4]);
	ok(loki_sketch_spec(&exact, &unused) == 0, "exact codes have no sketch ones");
	for (int b = 0; b < (int) lengthof(bits); b++)
	{
		test_kernels(128, bits[b]);
		test_kernels(768, bits[b]);
	}
	return unit_done();
}
