/*-------------------------------------------------------------------------
 *
 * rotated_sketch.c
 *	  1-bit sketches: one bit for each of a few dimensions, made out of a longer
 *	  code, to find which of many vectors need not be scored.
 *
 * The product of factor * l with any query is
 * unbiased, and so is that of
 *
 *	factor' * sign(l),	factor' = factor * |l|^2 / sum |l_i|
 *
 * These codes lie in blocks of 32: all adds, all muls, the first byte of each, the second, and so
 * on.  bounds() gives estimate - 1.9 * error for each.  For each four dimensions a table has what
 * their 16 choices of signs add to <sign(l), q>, in units of 1/63 of the largest entry: four entries
 * add up to a byte, and one instruction looks up those of 32 codes (arm64: 16).
 *
 * IDENTIFICATION
 *	  src/quantize/rotated_sketch.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/rotated.h"

/*
 * The same of a code around a local center: sketches are of what vectors are to the centroid, which is
 * center + factor * levels.
 */
static void
shorten_moved(const RotatedQuantizer *rq, const RotatedQuantizer *longer, const CodeSlot *slot,
			  int center, float scale, uint8 *u, CodeSlot *sketch)
{
	const float *c = loki_code_center(&longer->base.spec, longer->base.centroid, center);
	int			padded = rq->base.padded_dim;
	int			all = longer->base.padded_dim;
	float		factor = slot->mul / longer->metric_factor;
	double		along = -(double) factor * center_slot(longer, slot)->shift;
	double		square = loki_distance.dot_ordered(all, c, c);
	double		sum = 0;
	double		squares = 0;

	for (int i = 0; i < padded; i++)
	{
		double		value = c[i] + factor * loki_level(&longer->code_table, u[i]);

		sum += fabs(value);
		squares += value * value;
		u[i] = value >= 0 ? 0x80 : 0;
	}
	switch (rq->base.spec.metric)
	{
		case LOKI_METRIC_L2:
			sketch->add = (float) (slot->add + square + 2 * along);
			break;
		case LOKI_METRIC_COSINE:
			sketch->add = (float) (slot->add + square / 2 + along);
			break;
		default:
			sketch->add = (float) (slot->add + along + slot->mul * *code_miss(longer, slot));
			break;
	}
	sketch->mul = sum > 0 ? (float) (rq->metric_factor * scale * (squares / sum)) : 0;
	rq->kernels->pack(rq->groups, u, 1, 7, (uint8 *) (sketch + 1));
}

/*
 * The vector is taken for what its code stands for, which is unbiased: so is the sketch then.  Both
 * have one rotation, so the sketch has the leading dimensions.
 */
void
loki_rotated_shorten(const LokiQuantizer *quantizer, const LokiQuantizer *from,
					 const void *from_code, void *code)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuantizer *longer = (const RotatedQuantizer *) from;
	const CodeSlot *slot = from_code;
	CodeSlot   *sketch = code;
	int			padded = quantizer->padded_dim;
	double		sum = 0;
	double		squares = 0;
	float		scale = rq->base.spec.projection == LOKI_PROJECT_NONE ? 1 : rq->random_scale;
	int			center = longer->base.spec.centers > 0 ? code_center(longer, from_code) : 0;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	Assert(padded <= from->padded_dim && from->spec.seed == quantizer->spec.seed);
	unpack_code(longer, from_code, u);
	if (center > 0)
	{
		shorten_moved(rq, longer, from_code, center, scale, u, sketch);
		return;
	}
	for (int i = 0; i < padded; i++)
	{
		int			level = loki_level(&longer->code_table, u[i]);

		sum += abs(level);
		squares += (double) level * level;
	}
	Assert(squares >= sum);		/* levels are odd, or in 1024ths */
	sketch->add = slot->add;
	/* |r|^2 / <l, r> of the leading dimensions r = scale * factor * level */
	sketch->mul = sum > 0 ? (float) (slot->mul * scale * (squares / sum)) : 0;
	rq->kernels->pack(rq->groups, u, 1, 7, (uint8 *) code + sizeof(CodeSlot));
}

/*
 * Blocks: the factors of all their codes, then the first byte of bits of each, the second, and
 * so on.
 */

void
loki_sketch_put(uint32 code_size, const void *code, int place, void *block)
{
	const CodeSlot *slot = code;
	const uint8 *bits = (const uint8 *) code + sizeof(CodeSlot);
	float	   *add = block;
	float	   *mul = add + LOKI_SKETCH_BLOCK;
	uint8	   *out = (uint8 *) (mul + LOKI_SKETCH_BLOCK) + place;

	Assert(place >= 0 && place < LOKI_SKETCH_BLOCK);
	add[place] = slot->add;
	mul[place] = slot->mul;
	for (uint32 i = 0; i < code_size - sizeof(CodeSlot); i++)
		out[i * LOKI_SKETCH_BLOCK] = bits[i];
}

void
loki_sketch_get(uint32 code_size, const void *block, int place, void *code)
{
	CodeSlot   *slot = code;
	uint8	   *bits = (uint8 *) code + sizeof(CodeSlot);
	const float *add = block;
	const float *mul = add + LOKI_SKETCH_BLOCK;
	const uint8 *in = (const uint8 *) (mul + LOKI_SKETCH_BLOCK) + place;

	Assert(place >= 0 && place < LOKI_SKETCH_BLOCK);
	slot->add = add[place];
	slot->mul = mul[place];
	for (uint32 i = 0; i < code_size - sizeof(CodeSlot); i++)
		bits[i] = in[i * LOKI_SKETCH_BLOCK];
}

/*
 * A table has the sum of the query's elements for each choice among four dimensions, above the
 * least such sum, in units that let the widest table end at LOKI_TABLE_MAX.
 *
 * The norm of a code, which its error is a multiple of, is taken from its factor: so the
 * error is one more product in the estimate.
 */
void
loki_rotated_prepare_bounds(const LokiQuantizer *quantizer, LokiQuery *base)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	RotatedQuery *query = (RotatedQuery *) base;
	int			padded = quantizer->padded_dim;
	uint8	   *tables = SKETCH_TABLES(query, padded);
	int			sums[LOKI_SKETCH_DIMS / 4][16];
	int			lows = 0;
	int			widest = 1;
	float		unit;

	Assert(padded <= LOKI_SKETCH_DIMS);
	for (int i = 0; i < padded / 4; i++)
	{
		const int8 *q = QUERY8(query) + 4 * i;
		int			low = 0;

		for (int d = 0; d < 4; d++)
			low += Min(q[d], 0);
		for (int choice = 0; choice < 16; choice++)
		{
			sums[i][choice] = -low;
			for (int d = 0; d < 4; d++)
				sums[i][choice] += choice >> d & 1 ? q[d] : 0;
			widest = Max(widest, sums[i][choice]);
		}
		lows += low;
	}
	unit = widest / (float) LOKI_TABLE_MAX;
	for (int i = 0; i < padded / 4; i++)
		for (int choice = 0; choice < 16; choice++)
			tables[16 * i + choice] = (uint8) (sums[i][choice] / unit + 0.5f);
	query->bound_step = base->step * 2 * unit;
	query->bound_start = base->step * (2 * lows - base->sum) -
		LOKI_BOUND_SIGMAS * query->unit_error * rq->mul_to_norm / rq->metric_factor;
}

void
loki_rotated_bounds(const LokiQuantizer *quantizer, const LokiQuery *base, const void *block,
					float *bounds, float *least)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;

	Assert(quantizer->bounds == loki_rotated_bounds);
	rq->kernels->bounds(rq->groups, SKETCH_TABLES(query, quantizer->padded_dim), block,
						base->constant, query->bound_start, query->bound_step, bounds, least);
}
