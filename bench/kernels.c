/*-------------------------------------------------------------------------
 *
 * kernels.c
 *	  Times of the codes' functions, in cache, without a server.
 *
 * Build and run from the root of the tree:
 *		cc -std=gnu99 -O2 -ffp-contract=off -DFRONTEND -D_GNU_SOURCE -Isrc -I$(pg_config --includedir-server) \
 *			-o kernels bench/kernels.c `find src/distance src/quantize -name "*.c"` -lm
 *		./kernels [DIM ...]
 * LOKIVECTOR_SIMD chooses the instruction set.
 *
 * IDENTIFICATION
 *	  bench/kernels.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "quantize/quantize.h"
#include "distance/distance.h"
#include "clock.h"

#undef printf

#define CODES		64			/* scored in one call */
#define REPEATS		7			/* of which the best counts */

static uint64 state = 1;

/* Roughly normal: a sum of uniform numbers */
static float
random_value(void)
{
	float		sum = -2;

	for (int i = 0; i < 4; i++)
	{
		state = state * UINT64CONST(6364136223846793005) + 1442695040888963407;
		sum += (state >> 40) / 16777216.0f;
	}
	return sum;
}

static void *
allocate(Size size)
{
	return aligned_alloc(64, TYPEALIGN(64, Max(size, 1)));
}

/* Best time of one run of BODY, in nanoseconds, of RUNS runs a repeat */
#define TIME(best, runs, body) \
	do { \
		(best) = 1e30; \
		for (int repeat = 0; repeat < REPEATS; repeat++) \
		{ \
			double		start = now(); \
			double		each; \
			for (int run = 0; run < (runs); run++) \
			{ body; } \
			each = (now() - start) / (runs); \
			(best) = Min((best), each); \
		} \
	} while (0)

static void
measure(LokiCodeSpec spec)
{
	int			dim = spec.dim;
	LokiQuantizer *quantizer = allocate(loki_quantizer_size(&spec));
	float	   *x = malloc(sizeof(float) * dim * CODES);
	float	   *centroid = calloc(loki_code_constants(&spec), sizeof(float));
	const void *codes[CODES];
	const void *refines[CODES];
	float		estimates[CODES];
	float		errors[CODES];
	LokiQuery  *query;
	double		encode,
				prepare,
				prepare_code,
				score,
				score_few,
				refine = 0;

	loki_quantizer_init(quantizer, &spec, centroid);
	query = allocate(quantizer->query_size);
	for (int i = 0; i < dim * CODES; i++)
		x[i] = random_value();
	for (int i = 0; spec.projection == LOKI_PROJECT_BASIS && i < spec.code_dims * dim; i++)
		loki_code_basis(&spec, centroid)[i] = random_value() / sqrtf(dim) * LOKI_BASIS_UNIT;
	for (int i = 0; i < CODES; i++)
	{
		codes[i] = allocate(quantizer->code_size);
		refines[i] = allocate(quantizer->refine_size);
	}

	TIME(encode, CODES, quantizer->encode(quantizer, x + run * dim, (void *) codes[run],
										  (void *) refines[run]));
	TIME(prepare_code, 1000, quantizer->prepare_code(quantizer, codes[run % CODES], query));
	TIME(prepare, 1000, quantizer->prepare(quantizer, x + run % CODES * dim, query));
	TIME(score, 500, quantizer->score(quantizer, query, codes, CODES, estimates));
	TIME(score_few, 2000, quantizer->score(quantizer, query, codes, 7, estimates));
	if (quantizer->refine_size > 0)
		TIME(refine, 50, quantizer->refine(quantizer, query, codes, refines, CODES,
										   estimates, errors));
	printf("%5d  %d+%d  %5u + %5u  %7.1f  %7.1f  %8.1f  %8.0f  %8.0f  %10.0f\n",
		   loki_code_dims(&spec), spec.bits, Max(spec.refine_bits - spec.bits, 0),
		   quantizer->code_size,
		   quantizer->refine_size, score / CODES, score_few / 7, refine / CODES,
		   prepare, encode, prepare_code);
}

int
main(int argc, char **argv)
{
	static const int codes[][2] = {
		{1, 6}, {2, 6}, {4, 6}, {4, 8}, {4, 0}, {8, 0}
	};
	int			dims[] = {128, 768, 1536};
	int			count = lengthof(dims);

	loki_distance_init();
	loki_quantize_init();
	printf("kernels: %s; nanoseconds\n", loki_quantize_simd());
	printf("  dim bits  code + refine   score  score/7    refine   prepare    encode"
		   "  prepare_code\n");
	for (int i = 0; i < (argc > 1 ? argc - 1 : count); i++)
	{
		int			dim = argc > 1 ? atoi(argv[i + 1]) : dims[i];
		LokiCodeSpec alternatives[LOKI_COMPACT_ALTERNATIVES];
		LokiCodeSpec spec;
		int			others;

		for (int j = 0; j < lengthof(codes); j++)
			measure(loki_code_default(LOKI_METRIC_L2, dim, codes[j][0], codes[j][1],
									  true, 65536, 1));
		measure(loki_code_default(LOKI_METRIC_L1, dim, 8, 0, true, 65536, 1));

		/* codes of a part of these dimensions */
		spec = loki_code_compact(LOKI_METRIC_L2, dim, 0, 0, 65536, 1);
		others = loki_code_alternatives(&spec, 0, alternatives);
		for (int j = 0; j < others; j++)
			measure(alternatives[j]);
	}
	return 0;
}
