/*-------------------------------------------------------------------------
 *
 * bitcode.c
 *	  The "code" of bit strings: the bits themselves.
 *
 * A vector of dim floats is a string of dim 32-bit words here, whose floats
 * mean nothing.  Hamming distances are exact; Jaccard distances are rounded to
 * a float.
 *
 * IDENTIFICATION
 *	  src/quantize/bitcode.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/bits.h"
#include "quantize/codes.h"

typedef struct BitQuery
{
	LokiQuery	base;
				pg_attribute_aligned(64) uint8 bytes[FLEXIBLE_ARRAY_MEMBER];
} BitQuery;

static void
encode(const LokiQuantizer *quantizer, const float *x, void *code, void *refine)
{
	memcpy(code, x, quantizer->code_size);
}

static LokiFit
fits(const LokiQuantizer *quantizer, const float *x, const void *code, const void *refine)
{
	return memcmp(code, x, quantizer->code_size) == 0 ? LOKI_FITS : LOKI_CODE_UNLIKE;
}

static void
prepare_code(const LokiQuantizer *quantizer, const void *code, LokiQuery *out)
{
	BitQuery   *query = (BitQuery *) out;

	memset(&query->base, 0, sizeof(query->base));
	memcpy(query->bytes, code, quantizer->code_size);
}

static void
prepare(const LokiQuantizer *quantizer, const float *q, LokiQuery *out)
{
	prepare_code(quantizer, q, out);
}

static void
score(const LokiQuantizer *quantizer, const LokiQuery *base,
	  const void *const *codes, int n, float *estimates)
{
	const uint8 *query = ((const BitQuery *) base)->bytes;
	int			size = quantizer->code_size;

	if (quantizer->spec.metric == LOKI_METRIC_HAMMING)
		for (int i = 0; i < n; i++)
			estimates[i] = (float) loki_hamming_distance(size, query, codes[i]);
	else
		for (int i = 0; i < n; i++)
			estimates[i] = (float) loki_jaccard_distance(size, query, codes[i]);
}

static float
error(const LokiQuantizer *quantizer, const LokiQuery *query, const void *code,
	  float estimate)
{
	return quantizer->spec.metric == LOKI_METRIC_HAMMING ? 0 :
		FLT_EPSILON / LOKI_BOUND_SIGMAS;
}

static void
least(const LokiQuantizer *quantizer, const LokiQuery *query, const void *const *codes,
	  const void *const *refines, int n, int requantized, float *result)
{
	score(quantizer, query, codes, n, result);
	for (int i = 0; i < n; i++)
		result[i] -= 2 * LOKI_BOUND_SIGMAS * error(quantizer, query, codes[i], result[i]);
}

void
loki_bits_code_init(LokiQuantizer *quantizer)
{
	quantizer->padded_dim = quantizer->spec.dim;
	quantizer->code_size = quantizer->spec.dim * sizeof(uint32);
	quantizer->query_size = offsetof(BitQuery, bytes) + quantizer->code_size;
	quantizer->encode = encode;
	quantizer->fits = fits;
	quantizer->prepare = prepare;
	quantizer->prepare_code = prepare_code;
	quantizer->score = score;
	quantizer->error = error;
	quantizer->least = least;
}
