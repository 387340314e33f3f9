/*-------------------------------------------------------------------------
 *
 * scalar8_test.c
 *	  The code for L1, of vectors that are mostly zeros.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/scalar8_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quantize/codes.h"

/* Three elements that are not zero, the lowest and highest among them */
static void
sparse(float *x, int dim, float low, float high)
{
	memset(x, 0, sizeof(float) * dim);
	x[unit_random() % dim] = (float) (low + (high - low) * unit_uniform());
	x[unit_random() % dim] = low;
	x[unit_random() % dim] = high;
}

/*
 * What estimates of one quantizer are off by, at most, in steps of the codes: the
 * elements that are zero must not add to it.
 */
static void
test_zeros(int dim, int bits, float low, float high)
{
	LokiCodeSpec spec = {LOKI_CODE_SCALAR, LOKI_METRIC_L1, bits, 0, dim, 42};
	LokiQuantizer *quantizer = aligned_alloc(64, TYPEALIGN(64, loki_quantizer_size(&spec)));
	float	   *centroid = calloc(dim, sizeof(float));
	float	   *x = calloc(dim, sizeof(float));
	float	   *q = calloc(dim, sizeof(float));
	LokiQuery  *query;
	void	   *code;
	double		step = ((double) high - low) / ((1 << bits) - 1);
	double		most = 0;

	loki_quantizer_init(quantizer, &spec, centroid);
	query = aligned_alloc(64, TYPEALIGN(64, quantizer->query_size));
	code = aligned_alloc(64, TYPEALIGN(64, quantizer->code_size));
	for (int n = 0; n < 100; n++)
	{
		double		distance = 0;
		float		estimate;

		sparse(x, dim, low, high);
		sparse(q, dim, -1, 1);
		for (int i = 0; i < dim; i++)
			distance += fabs((double) x[i] - q[i]);
		quantizer->encode(quantizer, x, code, NULL);
		quantizer->prepare(quantizer, q, query);
		quantizer->score(quantizer, query, (const void *const *) &code, 1, &estimate);
		most = Max(most, fabs(estimate - distance) / step);
	}
	ok(most < 2, "%d dimensions of %d bits, from %g to %g: %.2f steps off", dim, bits, low,
	   high, most);
	free(quantizer);
	free(centroid);
	free(x);
	free(q);
	free(query);
	free(code);
}

int
main(void)
{
	static const int dims[] = {40, 1000, 1024};

	loki_distance_init();
	loki_quantize_init();
	for (int i = 0; i < lengthof(dims); i++)
	{
		test_zeros(dims[i], 8, -1.01f, 4.9f);
		test_zeros(dims[i], 8, -0.003f, 1e4f);
		test_zeros(dims[i], 8, 0, 3.3f);
		test_zeros(dims[i], 8, -3.3f, 0);
		test_zeros(dims[i], 4, -1.01f, 4.9f);
	}
	return unit_done();
}
