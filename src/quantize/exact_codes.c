/*-------------------------------------------------------------------------
 *
 * exact_codes.c
 *	  "Codes" that keep all: of few dimensions, the float32 values themselves,
 *	  scaled to unit length under cosine; of bit strings, the bits.
 *
 * Estimates are distances, and errors what float arithmetic may round.  Of bit
 * strings, Hamming distances are exact, and Jaccard distances rounded to a float.
 * A string is dim 32-bit words in the place of floats.
 *
 * IDENTIFICATION
 *	  src/quantize/exact_codes.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/bits.h"
#include "quantize/codes.h"

/*
 * Squares of norms, under cosine, beyond which the operator's sums in float may
 * overflow or underflow, and make anything of a vector.  Such a one is shorter than
 * one in its code, by which it is known.
 */
#define MIN_SQUARE	1e-30
#define MAX_SQUARE	1e36
#define MARK_LENGTH	0.999
#define LEAST_UNMARKED 0.9995f

typedef struct ExactQuery
{
	LokiQuery	base;
				pg_attribute_aligned(64) float values[FLEXIBLE_ARRAY_MEMBER];
} ExactQuery;

/* Copy x, which under cosine gets unit length. */
static void
copy_values(const LokiQuantizer *quantizer, const float *x, float *out)
{
	double		square;
	double		scale;

	/* bit strings are copied as well, as words; they are never under cosine */
	memcpy(out, x, quantizer->code_size);
	if (quantizer->spec.metric != LOKI_METRIC_COSINE)
		return;
	square = loki_dot_wide(quantizer->spec.dim, x, x);
	scale = square > 0 ? 1 / sqrt(square) : 0;
	if (square < MIN_SQUARE || square > MAX_SQUARE)
		scale *= MARK_LENGTH;
	for (uint32 i = 0; i < quantizer->spec.dim; i++)
		out[i] = (float) (x[i] * scale);
}

/* The code is the values; there is no REFINE. */
static void
exact_encode(const LokiQuantizer *quantizer, const float *x, void *code, void *refine)
{
	copy_values(quantizer, x, code);
}

/* |x|, at most FLT_MAX; in double, where no square overflows or underflows */
static float
exact_norm(int dim, const float *x)
{
	return (float) Min(sqrt(loki_dot_wide(dim, x, x)), FLT_MAX);
}

/* Set the header of a query whose values are there. */
static void
finish_exact_query(const LokiQuantizer *quantizer, ExactQuery *query)
{
	query->base = (LokiQuery) {0};
	if (!loki_metric_of_bits(quantizer->spec.metric))
		query->base.norm = exact_norm(quantizer->spec.dim, query->values);
}

/* A query from a vector */
static void
exact_prepare(const LokiQuantizer *quantizer, const float *q, LokiQuery *out)
{
	ExactQuery *query = (ExactQuery *) out;

	copy_values(quantizer, q, query->values);
	finish_exact_query(quantizer, query);
}

/* A query from a code, which has the same values */
static void
exact_prepare_code(const LokiQuantizer *quantizer, const void *code, LokiQuery *out)
{
	ExactQuery *query = (ExactQuery *) out;

	memcpy(query->values, code, quantizer->code_size);
	finish_exact_query(quantizer, query);
}

/* A sum of huge products may be infinite, or the difference of two that are */
static inline float
exact_clip(float value)
{
	if (isnan(value))
		return HUGE_ERROR;
	return Max(Min(value, HUGE_ERROR), -HUGE_ERROR);
}

/* The operator's own kernels; what is no number, or too large, becomes HUGE_ERROR. */
static void
exact_score(const LokiQuantizer *quantizer, const LokiQuery *base,
	  const void *const *codes, int n, float *estimates)
{
	const float *q = ((const ExactQuery *) base)->values;
	int			dim = quantizer->spec.dim;

	for (int i = 0; i < n; i++)
	{
		switch (quantizer->spec.metric)
		{
			case LOKI_METRIC_L2:
				estimates[i] = loki_distance.l2sq_f32(dim, q, codes[i]);
				break;
			case LOKI_METRIC_IP:
				estimates[i] = -loki_distance.dot_f32(dim, q, codes[i]);
				break;
			case LOKI_METRIC_COSINE:
				estimates[i] = 1 - loki_distance.dot_f32(dim, q, codes[i]);
				break;
			case LOKI_METRIC_L1:
				estimates[i] = loki_distance.l1_f32(dim, q, codes[i]);
				break;
			case LOKI_METRIC_HAMMING:
				estimates[i] = (float) loki_hamming_distance(quantizer->code_size, (const uint8 *) q,
															 codes[i]);
				break;
			case LOKI_METRIC_JACCARD:
				estimates[i] = (float) loki_jaccard_distance(quantizer->code_size, (const uint8 *) q,
															 codes[i]);
				break;
		}
		estimates[i] = exact_clip(estimates[i]);
	}
}

/*
 * Sums of non-negative terms err in proportion to themselves, products to
 * those of the norms.
 */
static float
exact_error(const LokiQuantizer *quantizer, const LokiQuery *query, const void *code,
	  float estimate)
{
	int			dim = quantizer->spec.dim;
	/* a bound, said as a standard deviation: callers multiply by LOKI_BOUND_SIGMAS to have a bound */
	float		unit = (dim + 2) * (FLT_EPSILON / LOKI_BOUND_SIGMAS);

	if (fabsf(estimate) >= HUGE_ERROR)
		return HUGE_ERROR;
	switch (quantizer->spec.metric)
	{
		case LOKI_METRIC_IP:
			return exact_clip(unit * (query->norm * exact_norm(dim, code)));
		case LOKI_METRIC_COSINE:
			return query->norm < LEAST_UNMARKED || exact_norm(dim, code) < LEAST_UNMARKED ?
				HUGE_ERROR : unit;
		case LOKI_METRIC_HAMMING:
			return 0;
		case LOKI_METRIC_JACCARD:
			return FLT_EPSILON / LOKI_BOUND_SIGMAS;
		default:
			return unit * estimate;
	}
}

/*
 * The estimate, and what the sums of both may round: the bound that error() is
 * made of, twice.  Unit length is rounded too.  What was cut down shows nothing.
 * Hamming distances are exact.
 */
static void
exact_limits(const LokiQuantizer *quantizer, const LokiQuery *query, const void *const *codes,
	   const void *const *refines, int n, float *least, float *most)
{
	exact_score(quantizer, query, codes, n, least);
	for (int i = 0; i < n; i++)
	{
		float		estimate = least[i];
		double		rounding = 0;

		Assert(fabsf(estimate) <= HUGE_ERROR);
		if (quantizer->spec.metric != LOKI_METRIC_HAMMING)
			rounding = 2 * LOKI_BOUND_SIGMAS * exact_error(quantizer, query, codes[i], estimate) +
				2 * (double) FLT_MIN;
		/* no bound at all, so that the row itself is looked at */
		if (fabsf(estimate) >= HUGE_ERROR || rounding >= HUGE_ERROR)
			rounding = HUGE_VAL;
		least[i] = loki_round_down(estimate - rounding);
		if (most != NULL)
			most[i] = loki_round_up(estimate + rounding);
	}
}

void
loki_exact_init(LokiQuantizer *quantizer)
{
	Assert(quantizer->spec.bits == 32 && quantizer->spec.refine_bits == 0);
	quantizer->padded_dim = quantizer->spec.dim;
	quantizer->code_size = quantizer->spec.dim * sizeof(float);
	quantizer->query_size = offsetof(ExactQuery, values) + quantizer->code_size;
	quantizer->encode = exact_encode;
	quantizer->prepare = exact_prepare;
	quantizer->prepare_code = exact_prepare_code;
	quantizer->score = exact_score;
	quantizer->error = exact_error;
	quantizer->limits = exact_limits;
}
