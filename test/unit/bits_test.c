/*-------------------------------------------------------------------------
 *
 * bits_test.c
 *	  The kernels that count bits, against counting one by one, and the code of
 *	  bit strings over them.
 *
 * Sources: src/distance src/quantize
 *
 * Strings end at a page that cannot be read.
 *
 * IDENTIFICATION
 *	  test/unit/bits_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <stdlib.h>

#include "distance/bits.h"
#include "distance/distance.h"
#include "quantize/codes.h"

#define MAX_BYTES 8192

static int
count(uint8 byte)
{
	int			n = 0;

	for (; byte; byte >>= 1)
		n += byte & 1;
	return n;
}

/* Lengths up to 300 at every offset, then some larger ones */
static void
test_set(const LokiBitKernels *kernels)
{
	uint8	   *end_a = unit_guarded_end(MAX_BYTES);
	uint8	   *end_b = unit_guarded_end(MAX_BYTES);
	bool		differing = true;
	bool		common = true;

	for (int round = 0; round < 6000; round++)
	{
		int			n = round < 5000 ? round / 16 : 300 + (int) (unit_random() % 7800);
		uint8	   *a = end_a - n - round % 16 % 5;
		uint8	   *b = end_b - n - round % 16 / 5;
		uint64		wanted[3] = {0};
		uint64		both;
		uint64		either;

		for (int i = 0; i < n; i++)
		{
			a[i] = round % 7 == 0 ? 0xff : unit_random();
			b[i] = round % 11 == 0 ? 0 : unit_random();
			wanted[0] += count(a[i] ^ b[i]);
			wanted[1] += count(a[i] & b[i]);
			wanted[2] += count(a[i] | b[i]);
		}
		differing = differing && kernels->differing(n, a, b) == wanted[0];
		kernels->common(n, a, b, &both, &either);
		common = common && both == wanted[1] && either == wanted[2];
	}
	ok(differing, "%s: bits that differ", kernels->name);
	ok(common, "%s: bits set in both and in either", kernels->name);
}

/* A code is the string, and estimates are distances. */
static void
test_code(LokiMetric metric, int words)
{
	LokiCodeSpec spec = loki_code_default(metric, words, 0, 0, false, 8152, 1);
	pg_attribute_aligned(64) LokiQuantizer quantizer;
	LokiQuery  *query;
	uint32		strings[3][LOKI_MAX_WORDS];
	uint32		codes[3][LOKI_MAX_WORDS];
	const void *slots[] = {codes[0], codes[1], codes[2]};
	float		estimates[3];
	float		again[3];
	bool		right = true;

	for (int i = 0; i < 3 * words; i++)
		strings[i / words][i % words] = unit_random();
	loki_quantizer_init(&quantizer, &spec, NULL);
	query = aligned_alloc(64, TYPEALIGN(64, quantizer.query_size));
	for (int i = 0; i < 3; i++)
		quantizer.encode(&quantizer, (const float *) strings[i], codes[i], NULL);

	quantizer.prepare(&quantizer, (const float *) strings[0], query);
	quantizer.score(&quantizer, query, slots, 3, estimates);
	quantizer.prepare_code(&quantizer, codes[0], query);
	quantizer.score(&quantizer, query, slots, 3, again);
	for (int i = 0; i < 3; i++)
	{
		double		distance = metric == LOKI_METRIC_HAMMING ?
			loki_hamming_distance(4 * words, (uint8 *) strings[0], (uint8 *) strings[i]) :
			loki_jaccard_distance(4 * words, (uint8 *) strings[0], (uint8 *) strings[i]);
		float		error = quantizer.error(&quantizer, query, slots[i], estimates[i]);

		right = right && estimates[i] == again[i] &&
			estimates[i] - LOKI_BOUND_SIGMAS * error <= distance &&
			estimates[i] + LOKI_BOUND_SIGMAS * error >= distance;
	}
	ok(spec.kind == LOKI_CODE_BITS && loki_code_valid(&spec) && quantizer.code_size == 4 * words,
	   "code of %d words", words);
	ok(right && estimates[0] == 0, "its estimates are distances");
	free(query);
}

static void
test_specs(void)
{
	LokiCodeSpec spec = loki_code_default(LOKI_METRIC_HAMMING, LOKI_MAX_WORDS, 0, 0, false, 8152, 1);

	ok(loki_code_valid(&spec), "the longest strings");
	spec.dim++;
	ok(!loki_code_valid(&spec), "are no longer");
	spec.dim = 10;
	spec.metric = LOKI_METRIC_L2;
	ok(!loki_code_valid(&spec), "bits have their own metrics");
	spec.kind = LOKI_CODE_EXACT;
	ok(loki_code_valid(&spec), "as vectors have");
	spec.metric = LOKI_METRIC_JACCARD;
	ok(!loki_code_valid(&spec), "theirs");
}

int
main(void)
{
	uint8		a[] = {0xf0, 0x01};
	uint8		b[] = {0x30, 0x01};
	uint8		zero[] = {0, 0};
	int			n;

	loki_distance_init();
	for (n = 0; loki_bit_kernels(n) != NULL; n++)
		test_set(loki_bit_kernels(n));
	ok(loki_bits.differing == loki_bit_kernels(n - 1)->differing, "the last are in use");

	ok(loki_hamming_distance(2, a, b) == 2, "Hamming distance");
	ok(loki_jaccard_distance(2, a, b) == 1 - 3 / 5.0, "Jaccard distance");
	ok(loki_jaccard_distance(2, a, zero) == 1 && loki_jaccard_distance(2, zero, zero) == 1,
	   "Jaccard distance of what has nothing in common");

	for (int words = 1; words < LOKI_MAX_WORDS; words = 3 * words + 1)
	{
		test_code(LOKI_METRIC_HAMMING, words);
		test_code(LOKI_METRIC_JACCARD, words);
	}
	test_specs();

	setenv("LOKIVECTOR_SIMD", "scalar", 1);
	loki_distance_init();
	ok(loki_bit_kernels(1) == NULL && strcmp(loki_bits.name, "scalar") == 0,
	   "a level that is forced hides the others");
	return unit_done();
}
