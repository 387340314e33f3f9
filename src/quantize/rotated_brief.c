/*-------------------------------------------------------------------------
 *
 * rotated_brief.c
 *	  Brief codes: one bit for each of a few dimensions, made out of a longer
 *	  code, to tell which of many vectors need not be scored.
 *
 * IDENTIFICATION
 *	  src/quantize/rotated_brief.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/rotated.h"

/*
 * The vector is taken for what its code stands for, which is unbiased: so is the brief code
 * then.  Both codes have one rotation, so the brief one has the leading dimensions.
 */
void
loki_rotated_shorten(const LokiQuantizer *quantizer, const LokiQuantizer *from,
					 const void *from_code, void *code)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuantizer *longer = (const RotatedQuantizer *) from;
	const CodeSlot *slot = from_code;
	CodeSlot   *brief = code;
	const LokiLevelTable *table = &longer->code_table;
	int			padded = quantizer->padded_dim;
	double		sum = 0;
	double		squares = 0;
	float		scale = rq->base.spec.projection == LOKI_PROJECT_NONE ? 1 : rq->random_scale;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	Assert(padded <= from->padded_dim && from->spec.seed == quantizer->spec.seed);
	unpack_code(longer, from_code, u);
	for (int i = 0; i < padded; i++)
	{
		int			level = table->base[u[i] >> 4] + table->step[u[i] >> 4] * (u[i] & 15);

		sum += abs(level);
		squares += (double) level * level;
	}
	brief->add = slot->add;
	/* |r|^2 / <l, r> of the leading dimensions r = scale * factor * level */
	brief->mul = sum > 0 ? (float) (slot->mul * scale * (squares / sum)) : 0;
	rq->kernels->pack(rq->groups, u, 1, 7, (uint8 *) code + sizeof(CodeSlot));
}

/*
 * The norm of a code, which its error is a multiple of, is taken from its factor: so the
 * error is one more product in the estimate.
 */
void
loki_rotated_bounds(const LokiQuantizer *quantizer, const LokiQuery *base, const void *codes,
					int n, float *bounds)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	float		off = LOKI_BOUND_SIGMAS * query->unit_error * rq->mul_to_norm / rq->metric_factor;
	const char *next = codes;
	const void *batch[64];
	int32		dots[64];

	while (n > 0)
	{
		int			count = Min(n, lengthof(batch));

		for (int i = 0; i < count; i++, next += quantizer->code_size)
			batch[i] = next;
		rq->dot(rq->groups, QUERY8(query), batch, count, dots);
		for (int i = 0; i < count; i++)
		{
			const CodeSlot *slot = batch[i];

			bounds[i] = slot->add + base->constant +
				slot->mul * (base->step * (2.0f * dots[i] - base->sum) - off);
		}
		bounds += count;
		n -= count;
	}
}
