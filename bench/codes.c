/*-------------------------------------------------------------------------
 *
 * codes.c
 *	  How well codes order the rows of a set: the share of the true 10 nearest
 *	  rows within the best 10, 13, 20, 40 and 100 by code.
 *
 * Build as bench/kernels.c and run:
 *		./codes BASE.npy QUERY.npy l2|ip|cosine [ROWS [QUERIES]]
 * for files of uint8, float16 or float32 (at most 60,000 rows and 200 queries
 * unless told).  A row of the result is a code: bits, or bits of the walk's
 * code and of the refined one.
 *
 * IDENTIFICATION
 *	  bench/codes.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "distance/distance.h"
#include "quantize/quantize.h"

#undef printf
#undef fprintf
#undef qsort

#define NEAREST		10

typedef struct Rows
{
	int			dim;
	int			count;
	float	   *values;
} Rows;

typedef struct Ranked
{
	float		distance;
	int			row;
} Ranked;

static const int widths[] = {10, 13, 20, 40, 100};

static void *
allocate(Size size)
{
	return aligned_alloc(64, TYPEALIGN(64, Max(size, 1)));
}

static float
half_value(uint16 h)
{
	int			exponent = (h >> 10) & 31;
	float		value = exponent == 0 ? ldexpf(h & 1023, -24) :
		ldexpf(1024 + (h & 1023), exponent - 25);

	return h & 0x8000 ? -value : value;
}

static Rows
load_npy(const char *path, int limit)
{
	Rows		rows = {0, 0, NULL};
	char		header[1024] = "";
	uint8		start[10];
	FILE	   *file = fopen(path, "rb");
	char	   *shape;
	uint8	   *raw;
	int			size;

	if (file == NULL || fread(start, 1, 10, file) != 10 ||
		start[8] + start[9] * 256 >= sizeof(header) ||
		fread(header, 1, start[8] + start[9] * 256, file) == 0 ||
		(shape = strstr(header, "'shape': (")) == NULL ||
		sscanf(shape, "'shape': (%d, %d", &rows.count, &rows.dim) != 2)
	{
		fprintf(stderr, "could not read \"%s\"\n", path);
		exit(1);
	}
	size = strstr(header, "u1'") ? 1 : strstr(header, "f2'") ? 2 : 4;
	rows.count = Min(rows.count, limit);
	raw = malloc((Size) rows.count * rows.dim * size);
	rows.count = fread(raw, (Size) rows.dim * size, rows.count, file);
	rows.values = malloc(sizeof(float) * rows.count * rows.dim);
	for (Size i = 0; i < (Size) rows.count * rows.dim; i++)
		rows.values[i] = size == 1 ? raw[i] :
			size == 2 ? half_value(((uint16 *) raw)[i]) : ((float *) raw)[i];
	free(raw);
	fclose(file);
	return rows;
}

static void
normalise(Rows *rows)
{
	for (int i = 0; i < rows->count; i++)
	{
		float	   *x = rows->values + (Size) i * rows->dim;
		float		scale = 1 / sqrtf(loki_distance.dot_f32(rows->dim, x, x));

		for (int j = 0; j < rows->dim; j++)
			x[j] *= scale;
	}
}

static int
compare_ranked(const void *a, const void *b)
{
	float		x = ((const Ranked *) a)->distance;
	float		y = ((const Ranked *) b)->distance;

	return (x > y) - (x < y);
}

/* Distances of one query to every row */
static void
rank_rows(LokiMetric metric, const Rows *base, const float *q, Ranked *ranked)
{
	for (int i = 0; i < base->count; i++)
	{
		const float *x = base->values + (Size) i * base->dim;

		ranked[i].row = i;
		ranked[i].distance = metric == LOKI_METRIC_L2 ?
			loki_distance.l2sq_f32(base->dim, x, q) :
			-loki_distance.dot_f32(base->dim, x, q);
	}
	qsort(ranked, base->count, sizeof(Ranked), compare_ranked);
}

/*
 * Print a line for one code.  limits has the distance of each query to its
 * NEAREST nearest row, so that rows equally far count alike.
 */
static void
measure(LokiMetric metric, const Rows *base, const Rows *queries,
		const float *centroid, const float *limits, int bits, int refine_bits)
{
	LokiCodeSpec spec = loki_code_default(metric, base->dim, bits, refine_bits,
										  true, 65536, 1);
	LokiQuantizer *quantizer = allocate(loki_quantizer_size(&spec));
	Ranked	   *ranked = malloc(sizeof(Ranked) * base->count);
	double		found[lengthof(widths)] = {0};
	uint8	   *codes;
	uint8	   *refines;
	LokiQuery  *query;

	loki_quantizer_init(quantizer, &spec, centroid);
	query = allocate(quantizer->query_size);
	codes = malloc((Size) quantizer->code_size * base->count);
	refines = malloc((Size) Max(quantizer->refine_size, 1) * base->count);
	for (int i = 0; i < base->count; i++)
		quantizer->encode(quantizer, base->values + (Size) i * base->dim,
						  codes + (Size) i * quantizer->code_size,
						  refines + (Size) i * quantizer->refine_size);

	for (int k = 0; k < queries->count; k++)
	{
		const float *q = queries->values + (Size) k * base->dim;

		quantizer->prepare(quantizer, q, query);
		for (int i = 0; i < base->count; i++)
		{
			const void *code = codes + (Size) i * quantizer->code_size;
			const void *refine = refines + (Size) i * quantizer->refine_size;
			float		error;

			ranked[i].row = i;
			if (refine_bits > 0)
				quantizer->refine(quantizer, query, &code, &refine, 1,
								  &ranked[i].distance, &error);
			else
				quantizer->score(quantizer, query, &code, 1, &ranked[i].distance);
		}
		qsort(ranked, base->count, sizeof(Ranked), compare_ranked);
		for (int w = 0; w < lengthof(widths); w++)
		{
			int			hits = 0;

			for (int i = 0; i < Min(widths[w], base->count); i++)
			{
				const float *x = base->values + (Size) ranked[i].row * base->dim;
				float		distance = metric == LOKI_METRIC_L2 ?
					loki_distance.l2sq_f32(base->dim, x, q) :
					-loki_distance.dot_f32(base->dim, x, q);

				hits += distance <= limits[k];
			}
			found[w] += Min(hits, NEAREST);
		}
	}

	printf("%d+%d  %5u + %4u bytes ", bits, Max(refine_bits - bits, 0),
		   quantizer->code_size, quantizer->refine_size);
	for (int w = 0; w < lengthof(widths); w++)
		printf(" %.4f", found[w] / queries->count / NEAREST);
	printf("\n");
	fflush(stdout);
	free(quantizer);
	free(query);
	free(codes);
	free(refines);
	free(ranked);
}

int
main(int argc, char **argv)
{
	static const int codes[][2] = {
		{1, 0}, {2, 0}, {4, 0}, {8, 0}, {1, 4}, {1, 6}, {1, 8}, {2, 6}, {4, 6}, {4, 8}
	};
	LokiMetric	metric;
	Rows		base;
	Rows		queries;
	Ranked	   *ranked;
	float	   *centroid;
	float	   *limits;

	if (argc < 4)
	{
		fprintf(stderr, "usage: codes BASE.npy QUERY.npy l2|ip|cosine [ROWS [QUERIES]]\n");
		return 1;
	}
	loki_distance_init();
	loki_quantize_init();
	metric = strcmp(argv[3], "l2") == 0 ? LOKI_METRIC_L2 :
		strcmp(argv[3], "ip") == 0 ? LOKI_METRIC_IP : LOKI_METRIC_COSINE;
	base = load_npy(argv[1], argc > 4 ? atoi(argv[4]) : 60000);
	queries = load_npy(argv[2], argc > 5 ? atoi(argv[5]) : 200);
	if (metric == LOKI_METRIC_COSINE)
	{
		normalise(&base);
		normalise(&queries);
	}

	centroid = calloc(base.dim, sizeof(float));
	for (int i = 0; i < base.count; i++)
		for (int j = 0; j < base.dim; j++)
			centroid[j] += base.values[(Size) i * base.dim + j] / base.count;

	limits = malloc(sizeof(float) * queries.count);
	ranked = malloc(sizeof(Ranked) * base.count);
	for (int k = 0; k < queries.count; k++)
	{
		rank_rows(metric, &base, queries.values + (Size) k * base.dim, ranked);
		limits[k] = ranked[NEAREST - 1].distance;
	}

	printf("%d rows, %d dimensions, %d queries; share within the best 10 13 20 40 100\n",
		   base.count, base.dim, queries.count);
	for (int i = 0; i < lengthof(codes); i++)
		measure(metric, &base, &queries, centroid, limits, codes[i][0], codes[i][1]);
	return 0;
}
