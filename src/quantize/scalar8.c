/*-------------------------------------------------------------------------
 *
 * scalar8.c
 *	  The code for L1: 8 bits a dimension (4 where 8 do not fit), uniform steps
 *	  between the vector's least and greatest element.
 *
 * No rotation keeps taxicab distances, so values are coded as they are, and
 * the slot keeps how far the decoded vector lies from the vector itself: by
 * the triangle inequality no estimate is off by more.
 *
 *	| step 4 | offset 4 | distance 4 | a byte, or half of one, a dimension |
 *
 * An element is decoded as offset + step * level.
 *
 * Zero is a level if it lies between these elements, and is decoded to zero exactly:
 * in a sparse vector nearly all elements are, whose errors would add up.
 *
 * IDENTIFICATION
 *	  src/quantize/scalar8.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/* Bits of a step, which leave room for those of a level: products are exact */
#define STEP_BITS	16

typedef struct ScalarSlot
{
	float		step;
	float		offset;			/* the least element */
	float		distance;		/* from the vector to the decoded one */
} ScalarSlot;

typedef struct ScalarQuery
{
	LokiQuery	base;
				pg_attribute_aligned(64) float values[FLEXIBLE_ARRAY_MEMBER];
} ScalarQuery;

/* The bytes of a code, for 4 bits unpacked into u */
static inline const uint8 *
code_bytes(const LokiQuantizer *quantizer, const ScalarSlot *slot, uint8 *u)
{
	const uint8 *packed = (const uint8 *) (slot + 1);

	if (quantizer->spec.bits == 8)
		return packed;
	loki_codes->unpack(quantizer->padded_dim / LOKI_GROUP, packed, 4, 0, false, u);
	return u;
}

/*
 * Levels rounded to the nearest; the slot keeps how far that is from x.
 *
 * If zero lies between the ends, the step is rounded up to STEP_BITS bits, and the offset becomes a
 * multiple of the step: a product of 16 and of 8 bits, which a float holds exactly.  So the level of zero
 * decodes to offset + step * level = 0 on every processor.  Rounding up keeps the greatest element
 * within the last level, or half a step beyond it.
 */
static void
scalar8_encode(const LokiQuantizer *quantizer, const float *x, void *code, void *refine)
{
	ScalarSlot *slot = code;
	int			dim = quantizer->spec.dim;
	int			levels = (1 << quantizer->spec.bits) - 1;
	float		min = x[0];
	float		max = x[0];
	double		inverse;
	double		distance = 0;
	uint8		u[LOKI_MAX_PADDED];

	for (int i = 1; i < dim; i++)
	{
		min = Min(min, x[i]);
		max = Max(max, x[i]);
	}
	slot->offset = min;
	slot->step = max / levels - min / levels;	/* the difference itself may overflow */
	Assert(slot->step >= 0);
	if (min <= 0 && max >= 0 && slot->step != 0)
	{
		int			exponent;
		float		fraction = frexpf(slot->step, &exponent);

		slot->step = ldexpf(ceilf(ldexpf(fraction, STEP_BITS)), exponent - STEP_BITS);
		slot->offset = -rintf(-min / slot->step) * slot->step;
	}
	inverse = slot->step > 0 ? 1.0 / slot->step : 0;

	for (int i = 0; i < dim; i++)
	{
		double		level = rint(((double) x[i] - slot->offset) * inverse);

		u[i] = (uint8) Min(Max(level, 0), levels);
		distance += fabs(x[i] - ((double) slot->offset + (double) slot->step * u[i]));
	}
	memset(u + dim, 0, quantizer->padded_dim - dim);

	/*
	 * In double, as the decoded vector is here: what kernels round in float is
	 * left to error() and limits().
	 */
	Assert(distance >= 0);
	slot->distance = (float) Min(distance, HUGE_ERROR);
	if (quantizer->spec.bits == 8)
		memcpy(slot + 1, u, quantizer->padded_dim);
	else
		loki_codes->pack(quantizer->padded_dim / LOKI_GROUP, u, 4, 0,
						 (uint8 *) (slot + 1));
}

/* A query from a vector: its values */
static void
scalar8_prepare(const LokiQuantizer *quantizer, const float *q, LokiQuery *out)
{
	ScalarQuery *query = (ScalarQuery *) out;

	*out = (LokiQuery) {0};
	memcpy(query->values, q, quantizer->spec.dim * sizeof(float));
}

/* A query from a code: what it decodes to.  The distance between two codes so has the errors of both. */
static void
scalar8_prepare_code(const LokiQuantizer *quantizer, const void *code, LokiQuery *out)
{
	ScalarQuery *query = (ScalarQuery *) out;
	const ScalarSlot *slot = code;
	uint8		unpacked[LOKI_MAX_PADDED];
	const uint8 *u = code_bytes(quantizer, slot, unpacked);

	*out = (LokiQuery) {0};
	for (int i = 0; i < quantizer->spec.dim; i++)
		query->values[i] = slot->offset + slot->step * u[i];
}

/* The distance of the decoded vector; what is no number, or too large, becomes HUGE_ERROR */
static void
scalar8_score(const LokiQuantizer *quantizer, const LokiQuery *base,
	  const void *const *codes, int n, float *estimates)
{
	const float *q = ((const ScalarQuery *) base)->values;
	uint8		unpacked[LOKI_MAX_PADDED];

	for (int i = 0; i < n; i++)
	{
		const ScalarSlot *slot = codes[i];
		float		estimate = loki_codes->l1_u8(quantizer->spec.dim, q,
												 code_bytes(quantizer, slot, unpacked),
												 slot->step, slot->offset);

		estimates[i] = isnan(estimate) ? HUGE_ERROR : Min(estimate, HUGE_ERROR);
	}
}

/*
 * The bound, and what rounding in float arithmetic may add to it: each term
 * is as exact as its operands, which are at most estimate and offset large.
 * Callers take LOKI_BOUND_SIGMAS errors for a bound; this one always holds, and
 * is divided by as many.
 */
static float
scalar8_error(const LokiQuantizer *quantizer, const LokiQuery *query, const void *code,
	  float estimate)
{
	const ScalarSlot *slot = code;
	int			dim = quantizer->spec.dim;
	int			levels = (1 << quantizer->spec.bits) - 1;
	float		largest;

	if (estimate >= HUGE_ERROR || slot->distance >= HUGE_ERROR)
		return HUGE_ERROR;
	largest = fabsf(slot->offset) + levels * slot->step;
	return Min((slot->distance + FLT_EPSILON * (dim * largest + dim * estimate)) /
			   LOKI_BOUND_SIGMAS, HUGE_ERROR);
}

/*
 * The estimate, and the distance of the decoded vector and twice the rounding: once for the estimate and
 * once for the operator's own sum.
 */
static void
scalar8_limits(const LokiQuantizer *quantizer, const LokiQuery *query, const void *const *codes,
	   const void *const *refines, int n, float *least, float *most)
{
	scalar8_score(quantizer, query, codes, n, least);
	for (int i = 0; i < n; i++)
	{
		const ScalarSlot *slot = codes[i];
		float		estimate = least[i];
		double		bound = LOKI_BOUND_SIGMAS * (double) scalar8_error(quantizer, query, slot, estimate);
		double		off = slot->distance * (1 + FLT_EPSILON) +
			2 * Max(bound - slot->distance, 0) + 2 * (double) FLT_MIN;

		Assert(off >= 0);
		if (estimate >= HUGE_ERROR || bound >= HUGE_ERROR)
			off = HUGE_VAL;
		least[i] = loki_round_down(estimate - off);
		if (most != NULL)
			most[i] = loki_round_up(estimate + off);
	}
}

uint32
loki_scalar8_code_size(const LokiCodeSpec *spec)
{
	if (spec->bits == 8)
		return sizeof(ScalarSlot) + TYPEALIGN(4, spec->dim);
	return sizeof(ScalarSlot) + LOKI_PADDED(spec->dim) / 2;
}

void
loki_scalar8_init(LokiQuantizer *quantizer)
{
	const LokiCodeSpec *spec = &quantizer->spec;

	Assert(spec->metric == LOKI_METRIC_L1 && (spec->bits == 8 || spec->bits == 4));
	/* bytes are read as they are; fields of 4 bits are unpacked by groups */
	quantizer->padded_dim = spec->bits == 8 ? TYPEALIGN(4, spec->dim) :
		LOKI_PADDED(spec->dim);
	quantizer->code_size = loki_scalar8_code_size(spec);
	quantizer->query_size = offsetof(ScalarQuery, values) +
		spec->dim * sizeof(float);
	quantizer->encode = scalar8_encode;
	quantizer->prepare = scalar8_prepare;
	quantizer->prepare_code = scalar8_prepare_code;
	quantizer->score = scalar8_score;
	quantizer->error = scalar8_error;
	quantizer->limits = scalar8_limits;
}
