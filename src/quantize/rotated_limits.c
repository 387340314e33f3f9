/*-------------------------------------------------------------------------
 *
 * rotated_limits.c
 *	  What the distance of a vector is never less, and never more than, by its
 *	  rotated code.
 *
 * Names are those of README.  With D = factor * l,
 *
 *	|D - r| = |r| tan(theta)								`missed`				(C6)
 *
 * REFINE keeps it (error * sqrt(P - 1)).  Without REFINE it follows from CODE:
 * |D - r|^2 = |D|^2 - |r|^2.  Under IP CODE does not keep |r|, so that REFINE is needed.  Then
 *
 *	IP		|<r, q'> - <D, q'>| <= missed * |q'|				Cauchy and Schwarz
 *	L2		<D, q'> - <r, q'> = <D - r, q' - r>, so that |estimate - d^2| <= 2 missed * d,
 *			where d = |q' - r| is the distance: d >= sqrt(estimate + missed^2) - missed,
 *			d <= sqrt(estimate + missed^2) + missed
 *	cosine	the same for d^2 = 2 - 2 cos
 *
 * Rounding.  u = 2^-24.  No sum of n products has fewer than four partial sums, so that
 * (P + 256) u, `rounding`, is four times its error, with room for the 60 roundings of a
 * rotation.  Taken off below, and added above, relative to the norms:
 *
 *	the factors		add, factor, constant			rounding * 3 (|r| + |q'|)^2
 *	the angle		tan^2 from a rounded cosine		(1.5 P + 256) u |D|^2 in missed^2
 *	the query		integers of `step`				|D| step / 2 sqrt(P)
 *	the rotation	of row and query				rounding * (|r| + |q'|)
 *	unit length		under cosine					2 rounding
 *	the operator	its own sums					rounding * d^2, |x| |q| or 1
 *
 * and P times the least normal float for what may underflow.  -FLT_MAX, nothing, is the answer
 * where norms were cut down, and where the operator's sums of squares may overflow or underflow
 * under cosine.  Codes of a part of the dimensions have no limits().
 *
 * All is done in double, whose rounding is nothing beside that of the factors.
 *
 * IDENTIFICATION
 *	  src/quantize/rotated_limits.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"
#include "quantize/rotated.h"

/* A rounded element of the query is off by no more than this many steps */
#define HALF_STEP	0.52

/* Norms below TINY_NORM count as zero, those of a row and of a query */
#define TINY_NORMS	(2.0 * TINY_NORM)

/* What is known for certain of a vector and its code, in the metric's unit */
typedef struct Known
{
	double		estimate;		/* with the product of the code and the query */
	double		norm;			/* |r| is no more than this, ... */
	double		length;			/* ... |D| than this, ... */
	double		missed;			/* ... |D - r| than this */
	double		step;			/* of the query's integers */
	double		query;			/* |q'|, or |q' - s c| of the code's local center c */
	double		moved;			/* |q'| + |c| if it has one, else 0: what
								 * differences were taken of */
} Known;

/* Widen `missed` by what rounding may hide of it. */
static inline void
widen(const LokiQuantizer *quantizer, Known *known)
{
	/* of tan(theta) squared, relative to 1 / cos(theta) squared */
	double		rounding = LOKI_ROUNDING * (1.5 * quantizer->padded_dim + 256);

	known->missed = sqrt(known->missed * known->missed + rounding * known->length * known->length);
}

/* What the query is to the local center of a code */
static inline const CenterQuery *
know_center(const RotatedQuantizer *rq, const RotatedQuery *query, const void *code, Known *known)
{
	int			center = code_center(rq, code);
	const CenterQuery *to = loki_center_query(rq, query, center);

	known->query = to->norm;
	known->moved = center > 0 ? query->base.norm + loki_center_norm(rq, center) : 0;
	return to;
}

/* From CODE and REFINE; false if they show nothing */
static inline bool
know_refined(const RotatedQuantizer *rq, const RotatedQuery *query, const void *code,
			 const void *refine, Known *known)
{
	const LokiQuantizer *quantizer = &rq->base;
	const CodeSlot *slot = code;
	const RefineSlot *more = refine;
	int			padded = quantizer->padded_dim;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];
	float		constant = query->base.constant;
	int64		dot;

	if (!(more->error < HUGE_ERROR))
		return false;
	unpack_code(rq, code, u);
	unpack_refine(rq, refine, u);
	if (quantizer->spec.centers > 0)
	{
		const CenterQuery *to = know_center(rq, query, code, known);

		constant = to->constant;
		known->estimate = (double) slot->add + constant +
			more->mul * loki_centers_product16(rq, query, to, u, refine_moved(rq, to, refine));
		known->step = to->near16 ? to_centers(rq, query)->rest_step16 : query->step16;
	}
	else
	{
		dot = rq->kernels->dot16(rq->groups, u, &rq->full_table, QUERY16(query, padded));
		known->step = query->step16;
		known->estimate = (double) slot->add + constant + more->mul * (known->step * dot);
	}
	known->missed = more->error / -rq->metric_factor * rq->root;
	if (quantizer->spec.metric == LOKI_METRIC_IP)
	{
		/* products with the centroid that were cut down show nothing */
		if (Max(fabsf(slot->add), fabsf(constant)) >= HUGE_ERROR / 2)
			return false;
		known->norm = known->length = more->mul / rq->metric_factor * rq->root * rq->full_most;
	}
	else
	{
		double		norm2 = Max(slot->add, 0) * (quantizer->spec.metric == LOKI_METRIC_L2 ? 1.0 : 2.0);

		known->norm = sqrt(norm2);
		known->length = known->norm + known->missed;
	}
	widen(quantizer, known);
	return more->mul != 0 || more->error == 0;
}

/* The squared length of a code's levels */
static double
levels_norm2(const RotatedQuantizer *rq, const void *code)
{
	int			padded = rq->base.padded_dim;
	int64		sum = 0;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	unpack_code(rq, code, u);
	for (int i = 0; i < padded; i++)
	{
		int			level = loki_level(&rq->code_table, u[i]);

		sum += level * level;
	}
	return (double) sum;
}

/* From CODE alone */
static inline bool
know_code(const RotatedQuantizer *rq, const RotatedQuery *query, const void *code, Known *known)
{
	const LokiQuantizer *quantizer = &rq->base;
	const CodeSlot *slot = code;
	double		factor = slot->mul / rq->metric_factor;
	double		norm2 = Max(slot->add, 0) * (quantizer->spec.metric == LOKI_METRIC_L2 ? 1.0 : 2.0);
	float		estimate;

	Assert(quantizer->spec.metric != LOKI_METRIC_IP);
	if (norm2 > (HUGE_NORM / 2) * (double) (HUGE_NORM / 2) || (factor == 0 && norm2 > 0))
		return false;
	quantizer->score(quantizer, &query->base, &code, 1, &estimate);
	known->estimate = estimate;
	known->step = rq->bits == 8 ? query->step16 : query->base.step;
	if (quantizer->spec.centers > 0 && know_center(rq, query, code, known)->near)
		known->step = to_centers(rq, query)->rest.step;
	known->norm = sqrt(norm2);
	known->length = factor * sqrt(levels_norm2(rq, code));
	known->missed = sqrt(Max(known->length * known->length - norm2, 0));
	widen(quantizer, known);
	return true;
}

/* A distance, or negative product: it is never less, and never more than these */
typedef struct Limits
{
	double		least;
	double		most;
} Limits;

/*
 * The distance |x - q|, where `square` is an estimate of its square: that of the decoded
 * vector D is off by at most 2 |D - r| |x - q|, as D - r is orthogonal to r.
 */
static inline Limits
euclidean_limits(const RotatedQuantizer *rq, const Known *known, double square)
{
	const LokiQuantizer *quantizer = &rq->base;
	double		rounding = loki_sum_rounding(quantizer->padded_dim);
	double		norms = known->norm + known->query;
	double		missed2 = known->missed * known->missed;
	double		off;
	Limits		limits;

	/* the norms, factor and sum; the query's integers */
	off = rounding * (3 * norms * norms + 2 * known->length * (known->query + known->moved)) +
		2 * known->length * HALF_STEP * known->step * rq->root;
	limits.least = square > off ? sqrt(square - off + missed2) - known->missed : 0;
	limits.most = sqrt(Max(square + off, 0) + missed2) + known->missed;

	/*
	 * vectors are centred and rotated in float arithmetic, cosine's scaled
	 * too
	 */
	off = rounding * (norms + known->moved) + TINY_NORMS;
	if (quantizer->spec.metric == LOKI_METRIC_COSINE)
		off += 2 * rounding;
	limits.least = Max(limits.least - off, 0);
	limits.most += off;
	return limits;
}

/* The negative inner product, which misses the part of |D - r| along the query */
static inline Limits
product_limits(const RotatedQuantizer *rq, const LokiQuery *query, const Known *known)
{
	const LokiQuantizer *quantizer = &rq->base;
	double		rounding = loki_sum_rounding(quantizer->padded_dim);
	double		centroid = sqrt(quantizer->centroid_norm2) * (1 + rounding) + known->moved;
	double		x = known->length + centroid;
	double		q = query->norm + centroid;
	double		off = known->missed * known->query;

	off += known->length * HALF_STEP * known->step * rq->root;
	off += rounding * (3 * known->length * (query->norm + known->moved) + 2 * x * q + centroid * (x + q)) +
		TINY_NORMS * (x + q) + quantizer->padded_dim * (double) FLT_MIN;
	return (Limits)
	{
		known->estimate - off, known->estimate + off
	};
}

void
loki_rotated_limits(const LokiQuantizer *quantizer, const LokiQuery *base,
					const void *const *codes, const void *const *refines, int n, float *least,
					float *most)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	double		rounding = loki_sum_rounding(quantizer->padded_dim);
	double		underflow = quantizer->padded_dim * (double) FLT_MIN;

	Assert(loki_code_certain(&quantizer->spec));
	for (int i = 0; i < n; i++)
	{
		Known		known = {.query = base->norm};
		Limits		limits;

		least[i] = -FLT_MAX;
		if (most != NULL)
			most[i] = FLT_MAX;
		if (base->norm >= HUGE_NORM / 2 || query->out_of_range ||
			!(quantizer->refine_size > 0 ?
			  know_refined(rq, query, codes[i], refines[i], &known) :
			  know_code(rq, query, codes[i], &known)))
			continue;
		switch (quantizer->spec.metric)
		{
			case LOKI_METRIC_L2:
				limits = euclidean_limits(rq, &known, known.estimate);
				limits.least *= limits.least * (1 - 2 * rounding);
				limits.least -= underflow;
				limits.most *= limits.most * (1 + 2 * rounding);
				limits.most += underflow;
				break;
			case LOKI_METRIC_COSINE:
				limits = euclidean_limits(rq, &known, 2 * known.estimate);
				limits.least = limits.least * limits.least / 2 - rounding;
				limits.most = limits.most * limits.most / 2 + rounding;
				break;
			default:
				limits = product_limits(rq, base, &known);
				break;
		}
		Assert(!(limits.least > limits.most));	/* C7 */
		least[i] = loki_round_down(limits.least);
		if (most != NULL)
			most[i] = loki_round_up(limits.most);
	}
}
