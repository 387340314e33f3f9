/*-------------------------------------------------------------------------
 *
 * rotated.c
 *	  The code for L2, inner product and cosine: a vector is centred, rotated
 *	  and coded by nested levels, with factors that make estimates unbiased.
 *
 * README has the formulas.  In short, r is the rotated x - centroid, q the
 * rotated query - centroid, and l the levels of r's code; <r, q> is estimated
 * by factor * <l, q> with factor = |r|^2 / <l, r>.
 *
 * Where the code describes n dimensions alone, let o - c = r + s, with r what
 * is described, and q - c = q' + s'.  Then <o - c, q - c> = <r, q'> + <s, s'>,
 * of which the second is taken as 0, and error() contains
 *
 *	principal		|o - c| |s'| outside: spec.outside is the root mean square of
 *					<s, s'> / (|o - c| |s'|) over near pairs of a sample
 *	random			|o - c| |q - c| sqrt(2 / n (1 - n / P)); the leading n after the
 *					rotation count times sqrt(P / n)
 *
 * Principal dimensions are products with an orthonormal basis of 16-bit integers
 * (subspace.c, C3).
 *
 * IDENTIFICATION
 *	  src/quantize/rotated.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"
#include "quantize/rotated.h"

/*
 * The norm of a residual as integers.  It is multiplied with vectors of the basis, whose norm is
 * LOKI_BASIS_UNIT, and rounding adds to both.
 */
#define RESIDUAL_UNITS	32000

/* A value within HUGE_ERROR of zero */
static inline float
clip(double value)
{
	return (float) Max(Min(value, HUGE_ERROR), -HUGE_ERROR);
}

/*
 * Vectors
 */

/*
 * x - centroid, x scaled to unit length under cosine; returns its norm.  *out_of_range is set where x
 * is so long or short that the operator, which sums its squares in float, may make anything of it.
 *
 * Sums go in one order on all processors (dot_ordered): what they yield is stored in slots, and an index
 * has to mean the same to a standby on another machine.
 */
static float
center(const RotatedQuantizer *rq, const float *x, int padded, float *r, bool *out_of_range)
{
	const LokiQuantizer *quantizer = &rq->base;
	int			dim = quantizer->spec.dim;
	float		scale = 1;
	double		exact_scale = 1;
	double		norm = 0;
	double		cut = 1;
	float		square;
	bool		extreme = false;
	bool		scaled = quantizer->spec.metric == LOKI_METRIC_COSINE;

	if (scaled)
	{
		square = loki_distance.dot_ordered(dim, x, x);
		if (SAFE_SQUARE(square))
			scale = 1 / sqrtf(square);
		else
			extreme = *out_of_range = true;
	}

	/* rounded once for the product and once for the difference (C2) */
	for (int i = 0; i < dim; i++)
		r[i] = x[i] * scale - quantizer->centroid[i];
	/* the padding stays zero until the rotation, and change no sum */
	memset(r + dim, 0, (padded - dim) * sizeof(float));
	square = loki_distance.dot_ordered(padded, r, r);
	if (!extreme && SAFE_SQUARE(square))
		return sqrtf(square);

	/*
	 * A norm beyond float arithmetic: in double.  A residual that is too long is cut down to HUGE_NORM, whose
	 * square a float can have; error() tells such codes by their norm.  One that is too short becomes zero,
	 * since its square would vanish.
	 */
	if (scaled)
	{
		double		length = sqrt(loki_dot_wide(dim, x, x));

		exact_scale = length > 0 ? 1 / length : 0;
	}
	for (int i = 0; i < dim; i++)
	{
		double		d = x[i] * exact_scale - quantizer->centroid[i];

		norm += d * d;
	}
	norm = sqrt(norm);
	if (norm > HUGE_NORM)
		cut = HUGE_NORM / norm;
	else if (norm < TINY_NORM)
		cut = 0;
	for (int i = 0; i < dim; i++)
		r[i] = (float) ((x[i] * exact_scale - quantizer->centroid[i]) * cut);
	return (float) (norm * cut);
}

/*
 * The same, projected to the dimensions that are coded and rotated.  *inside
 * is the norm of the result.
 *
 * A random projection is the rotation of all dimensions, of which the leading ones are kept; they have
 * code_dims / padded of the square on average, which random_scale makes up for.  Other projections are
 * products with an orthonormal basis, which keep the part that lies in its space.  The residual and the basis
 * are integers, so that the order of sums makes no difference.  By Cauchy and Schwarz no sum leaves int32
 * (invariant C3).
 *
 * Not inlined, since its array of all dimensions would be on the stack of indexes that project nothing.
 */
static pg_noinline float
project(const RotatedQuantizer *rq, const float *x, float *r, float *inside, bool *out_of_range)
{
	const LokiCodeSpec *spec = &rq->base.spec;
	int			padded = LOKI_PADDED(spec->dim);
	pg_attribute_aligned(64) float full[LOKI_MAX_PADDED];
	float		norm = center(rq, x, padded, full, out_of_range);

	int16		integers[LOKI_MAX_DIM];
	int32		sums[LOKI_MAX_DIM];

	Assert(spec->code_dims == rq->base.padded_dim && spec->code_dims < padded);
	if (spec->projection == LOKI_PROJECT_RANDOM)
	{
		rq->kernels->rotate(padded, rq->signs, full);
		for (int i = 0; i < spec->code_dims; i++)
			r[i] = full[i] * rq->random_scale;
	}
	else
	{
		/* code_dims is a multiple of LOKI_GROUP, and so of dot_i16()'s tiles */
		Assert(spec->code_dims % LOKI_TILE_ROWS == 0 && norm >= 0);
		loki_distance.f32_to_i16(spec->dim, full, norm > 0 ? RESIDUAL_UNITS / norm : 0, integers);
		loki_distance.dot_i16(spec->dim, integers, loki_code_basis(spec, rq->base.centroid),
							  spec->code_dims, sums);
		for (int i = 0; i < spec->code_dims; i++)
			r[i] = sums[i] * (norm / ((float) RESIDUAL_UNITS * LOKI_BASIS_UNIT));
		rq->kernels->rotate(spec->code_dims, rq->signs, r);
	}
	*inside = sqrtf(loki_distance.dot_ordered(spec->code_dims, r, r));
	return norm;
}

/*
 * The rotated residual of x as far as it is coded, and the norm of that part;
 * returns the norm of the whole.
 */
static inline float
make_residual(const RotatedQuantizer *rq, const float *x, float *r, float *inside,
			  bool *out_of_range)
{
	int			padded = rq->base.padded_dim;
	float		norm;

	*out_of_range = false;
	if (rq->base.spec.projection != LOKI_PROJECT_NONE)
		return project(rq, x, r, inside, out_of_range);
	norm = *inside = center(rq, x, padded, r, out_of_range);
	rq->kernels->rotate(padded, rq->signs, r);
	return norm;
}

/* <centroid, x>, for the inner product */
static double
dot_centroid(const LokiQuantizer *quantizer, const float *x)
{
	float		dot = loki_distance.dot_ordered(quantizer->spec.dim,
												quantizer->centroid, x);

	return fabsf(dot) < HUGE_ERROR ? dot :
		loki_dot_wide(quantizer->spec.dim, quantizer->centroid, x);
}

/* See quantize.h. */
int
loki_nearest_center(const LokiQuantizer *quantizer, const float *x, float *turned, float *near)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	float		inside;
	bool		out_of_range;
	float		norm = make_residual(rq, x, r, &inside, &out_of_range);
	float		moved = norm;
	int			center = 0;

	Assert(quantizer->spec.centers > 0);
	memcpy(turned, r, quantizer->padded_dim * sizeof(float));
	if (!out_of_range)
		center = loki_move_to_center(rq, r, &moved);
	*near = norm > 0 ? moved / norm * (moved / norm) : 1;
	return center;
}

/* See quantize.h.  By inner product that is no distance. */
float
loki_code_spread(const LokiQuantizer *quantizer, const void *code)
{
	Assert(loki_code_has_spread(&quantizer->spec));
	return ((const CodeSlot *) code)->add;
}

/* A code from a vector */
static void
rotated_encode(const LokiQuantizer *quantizer, const float *x, void *code, void *refine)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;
	bool		refining = quantizer->refine_size > 0;
	CodeSlot   *slot = code;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];
	LokiEncodeSums sums;
	float		inside;
	bool		out_of_range;
	float		norm = make_residual(rq, x, r, &inside, &out_of_range);
	float		scale;
	int			center = 0;

	if (quantizer->spec.centers > 0 && !out_of_range)
	{
		center = loki_move_to_center(rq, r, &norm);
		inside = norm;
	}
	/* thresholds are 64ths of the standard deviation of an element: inside / sqrt(padded) */
	scale = inside > 0 ? 64 * sqrtf(padded) / inside : 0;
	Assert(norm >= 0 && inside >= 0 && (!refining || refine != NULL));
	/* full levels nest in those of the code: the leading bits of u are the code's own */
	rq->kernels->encode(padded, r, Min(scale, FLT_MAX), &rq->code_levels,
						refining ? &rq->full_levels : NULL, u, &sums);

	/*
	 * What the vector alone adds to a distance.  |x - q|^2 is |x'|^2 + |q'|^2 -
	 * 2 <x', q'> for the residuals x' and q'; of unit vectors, the cosine
	 * distance is half of that.  For the inner product, -<x, q> is -<x', q'> -
	 * <centroid, x> - <centroid, q> + |centroid|^2; the last two are the
	 * query's.
	 */
	switch (quantizer->spec.metric)
	{
		case LOKI_METRIC_L2:
			slot->add = norm * norm;
			break;
		case LOKI_METRIC_COSINE:
			slot->add = norm * norm / 2;
			break;
		default:
			slot->add = -clip(dot_centroid(quantizer, x));
			if (center > 0)
				slot->add = clip(slot->add - (double)
								 loki_distance.dot_ordered(padded, r,
														   loki_code_center(&quantizer->spec, quantizer->centroid,
																			center)));
			break;
	}

	/*
	 * The factor of C6, |r|^2 / <l, r>; the square itself might overflow.
	 * What the operator makes of a vector that is out of range is not known:
	 * CODE says so, if alone
	 */
	slot->mul = sums.code_dot > 0 && (refining || !out_of_range) ?
		rq->metric_factor * inside * (inside / sums.code_dot) : 0;
	Assert(isfinite(slot->add) && isfinite(slot->mul)); /* C4 */
	pack_code(rq, u, (uint8 *) code + sizeof(CodeSlot));

	if (refining)
	{
		RefineSlot *more = refine;
		/* of the angle between r and the levels of its refined code, of which the tangent is the error */
		double		cosine = sums.full_dot > 0 ?
			sums.full_dot / (inside * sqrt(sums.full_norm2)) : 1;
		float		tangent = sqrtf(Max(0.0, 1 / (cosine * cosine) - 1));

		/*
		 * the angle is that of this row, while CODE takes the mean of all;
		 * rounding may hide it in the finest codes
		 */
		tangent = Max(tangent, rq->full_tangent / 4);
		more->mul = sums.full_dot > 0 ?
			rq->metric_factor * inside * (inside / sums.full_dot) : 0;
		more->error = out_of_range || norm >= HUGE_NORM * 0.99f ? HUGE_ERROR :
			-rq->metric_factor * inside * tangent / sqrtf(padded - 1);
		Assert(isfinite(more->mul) && isfinite(more->error));	/* C4 */
		pack_refine(rq, u, (uint8 *) refine + sizeof(RefineSlot));
	}
	if (quantizer->spec.centers > 0)
		loki_center_put(rq, center, r, u, code, refining ? refine : NULL);
}

/*
 * Queries
 */

/*
 * Errors of a query whose residual has the norm `norm`, of which the coded
 * part has `inside`: the code's own, that of rounding the query, and what the
 * product of the parts that are not coded may be.
 */
static void
finish_rotated_query(const RotatedQuantizer *rq, RotatedQuery *query, float norm, float inside,
			 float tangent2)
{
	const LokiCodeSpec *spec = &rq->base.spec;
	float		step = rq->bits == 8 ? query->step16 : query->base.step;
	float		outside2 = 0;

	if (spec->projection == LOKI_PROJECT_BASIS)
		outside2 = spec->outside * spec->outside *
			Max(0, norm * norm - inside * inside);
	else if (spec->projection == LOKI_PROJECT_RANDOM)
		outside2 = norm * norm * 2 / spec->code_dims *
			(1 - spec->code_dims / (float) LOKI_PADDED(spec->dim));
	/*
	 * errors that do not depend on each other add up as squares: of the
	 * code, in a random direction; of rounding the query, step^2 / 12 for an
	 * element; and of what is not coded
	 */
	query->base.norm = norm >= HUGE_NORM / 2 ? norm : inside;
	query->outside_error = -rq->metric_factor * sqrtf(outside2);
	query->unit_error = -rq->metric_factor *
		sqrtf(tangent2 * inside * inside / (rq->base.padded_dim - 1) +
			  (1 + tangent2) * step * step / 12 + outside2);
	Assert(query->unit_error >= query->outside_error);
}

/*
 * The integers that stand for r * scale, the rotated residual of a query.  They go up to the greatest
 * element of this query, so that the rotation, which makes elements alike, keeps the steps small.
 */
static void
round_query(const RotatedQuantizer *rq, const float *r, float scale, float norm,
			float inside, LokiQuery *out)
{
	RotatedQuery *query = (RotatedQuery *) out;
	int			padded = rq->base.padded_dim;
	float		max = rq->kernels->max_abs(padded, r);

	Assert((uintptr_t) out % 64 == 0);
	if (rq->base.spec.centers > 0)
	{
		/* here the scale is 1 */
		memcpy(TURNED(query, padded), r, padded * sizeof(float));
		loki_centers_query(rq, query, NULL, 0, 0);
		out->step = to_centers(rq, query)->whole.step;
		out->sum = to_centers(rq, query)->whole.sum;
		finish_rotated_query(rq, query, norm, inside, rq->tangent * rq->tangent);
		return;
	}
	out->step = max * scale / LOKI_QUERY8_MAX;
	out->sum = rq->kernels->quantize8(padded, r,
									  max > 0 ? LOKI_QUERY8_MAX / max : 0,
									  QUERY8(query));
	query->step16 = max * scale / LOKI_QUERY16_MAX;
	if (has_query16(&rq->base.spec))
		loki_distance.f32_to_i16(padded, r, max > 0 ? LOKI_QUERY16_MAX / max : 0,
								 QUERY16(query, padded));
	finish_rotated_query(rq, query, norm, inside, rq->tangent * rq->tangent);
}

/* A query from a vector: its constant, and its residual as integers */
static void
rotated_prepare(const LokiQuantizer *quantizer, const float *q, LokiQuery *out)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	float		inside;
	bool		out_of_range;
	float		norm = make_residual(rq, q, r, &inside, &out_of_range);

	switch (quantizer->spec.metric)
	{
		case LOKI_METRIC_L2:
			out->constant = norm * norm;
			break;
		case LOKI_METRIC_COSINE:
			out->constant = norm * norm / 2;
			break;
		default:
			out->constant = clip(dot_centroid(quantizer, quantizer->centroid) -
								 dot_centroid(quantizer, q));
			break;
	}
	round_query(rq, r, 1, norm, inside, out);
	((RotatedQuery *) out)->out_of_range = out_of_range;
}

/*
 * |r| of the part that is coded.  The slot has no room for it, but its mul is |r|^2 / <l, r>, and <l, r> is
 * about |r| sqrt(padded) times a constant of the levels.  By rounding that may exceed the whole norm.
 */
static float
code_inside(const RotatedQuantizer *rq, const CodeSlot *slot)
{
	float		norm = code_norm(rq, slot);

	if (rq->base.spec.projection == LOKI_PROJECT_NONE)
		return norm;
	return Min(norm, slot->mul / rq->metric_factor * rq->mul_to_norm);
}

/*
 * The constant of a query that is made of a stored code.  By inner product add is -<centroid, x>, and the
 * constant of a query lacks |centroid|^2 from being the same; with local centers, <r, center> too.
 */
static float
code_constant(const RotatedQuantizer *rq, const CodeSlot *slot)
{
	float		along = 0;

	if (rq->base.spec.metric != LOKI_METRIC_IP)
		return slot->add;
	if (rq->base.spec.centers > 0)
		along = -slot->mul / rq->metric_factor * (center_slot(rq, slot)->shift + *code_miss(rq, slot));
	return clip((double) slot->add + dot_centroid(&rq->base, rq->base.centroid) + along);
}

/*
 * The query is factor * levels, whose product with any query is unbiased;
 * the levels themselves serve as the integer query.
 */
static void
rotated_prepare_code(const LokiQuantizer *quantizer, const void *code, LokiQuery *out)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const CodeSlot *slot = code;
	RotatedQuery *query = (RotatedQuery *) out;
	int			padded = quantizer->padded_dim;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	out->step = slot->mul / rq->metric_factor;
	out->constant = code_constant(rq, slot);
	out->sum = 0;				/* for 8 bits, whose levels score_bytes() takes without an offset */
	query->step16 = out->step;

	unpack_code(rq, code, u);
	if (rq->bits < 8)
		out->sum = rq->kernels->decode8(rq->groups, u, &rq->code_table,
										QUERY8(query));
	else
	{
		/* levels may exceed LOKI_QUERY16_MAX; half of them do not */
		int16	   *query16 = QUERY16(query, padded);

		for (int i = 0; i < padded; i++)
			query16[i] = loki_level(&rq->code_table, u[i]) / 2;
		query->step16 *= 2;
	}
	finish_rotated_query(rq, query, code_norm(rq, slot), code_inside(rq, slot),
				 2 * rq->tangent * rq->tangent);
	if (quantizer->spec.centers > 0)
	{
		int			center = code_center(rq, slot);
		CenterQuery *own = &to_centers(rq, query)->of[center];

		loki_centers_query(rq, query, code, code_norm(rq, slot), rq->tangent);
		set_center_known(to_centers(rq, query), center);
		*own = (CenterQuery)
		{
			.constant = out->constant, .norm = code_norm(rq, slot), .unit_error = query->unit_error
		};
		if (quantizer->spec.metric == LOKI_METRIC_IP && center > 0)
		{
			const float *c = loki_code_center(&quantizer->spec, quantizer->centroid, center);

			own->constant = clip((double) slot->add + dot_centroid(quantizer, quantizer->centroid) -
								 loki_distance.dot_f32(padded, c, c));
		}
	}
}

/*
 * The query is the levels of the refined code, scaled to the norm of what it
 * stands for.
 */
static void
prepare_refined(const LokiQuantizer *quantizer, const void *code,
				const void *refine, LokiQuery *out)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];
	float		inside = code_inside(rq, code);
	float		norm2;

	Assert(quantizer->refine_size > 0);
	unpack_code(rq, code, u);
	unpack_refine(rq, refine, u);
	for (int i = 0; i < padded; i++)
		r[i] = rq->full_values[u[i]];
	norm2 = loki_distance.dot_f32(padded, r, r);
	out->constant = code_constant(rq, code);
	if (quantizer->spec.centers > 0)
	{
		float		scale = norm2 > 0 ? inside / sqrtf(norm2) : 0;
		int			center = code_center(rq, code);

		for (int i = 0; i < padded; i++)
			r[i] *= scale;
		if (center > 0)
		{
			const float *c = loki_code_center(&quantizer->spec, quantizer->centroid, center);

			for (int i = 0; i < padded; i++)
				r[i] += c[i];
		}
		inside = sqrtf(loki_distance.dot_f32(padded, r, r));
		round_query(rq, r, 1, inside, inside, out);
		to_centers(rq, (RotatedQuery *) out)->own_error = -rq->metric_factor * code_norm(rq, code) * rq->full_tangent /
			sqrtf(padded - 1);
		return;
	}
	round_query(rq, r, norm2 > 0 ? inside / sqrtf(norm2) : 0, code_norm(rq, code),
				inside, out);
}

/*
 * Estimates
 */

/*
 * Codes of up to 4 bits: levels are 2 u - levels_sum for the integers u that dot() takes.  So <l, q> is
 * 2 <u, q> - levels_sum * sum(q), and the sum is made once for a query.
 *
 * An estimate is add + constant + mul * <l, q>.  codes_scalar.c has bounds of dots in int32.
 */
static void
rotated_score(const LokiQuantizer *quantizer, const LokiQuery *base,
	  const void *const *codes, int n, float *estimates)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	float		offset = base->sum * rq->levels_sum;
	int32		dots[64];		/* a batch of links at a time; more would only take stack */

	Assert(rq->bits < 8 && (uintptr_t) base % 64 == 0);
	while (n > 0)
	{
		int			count = Min(n, lengthof(dots));

		rq->kernels->dot(rq->bits, rq->groups, QUERY8(query), codes, count, dots);
		for (int i = 0; i < count; i++)
		{
			const CodeSlot *slot = codes[i];

			estimates[i] = slot->add + base->constant +
				slot->mul * (base->step * (2.0f * dots[i] - offset));
		}
		codes += count;
		estimates += count;
		n -= count;
	}
}

/* The same for codes of 8 bits, with the wider query */
static void
score_bytes(const LokiQuantizer *quantizer, const LokiQuery *base,
			const void *const *codes, int n, float *estimates)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;

	Assert(rq->bits == 8);		/* so that there is a QUERY16 */
	for (int i = 0; i < n; i++)
	{
		const CodeSlot *slot = codes[i];
		int64		dot = rq->kernels->dot16(rq->groups,
											 (const uint8 *) (slot + 1),
											 &rq->code_table,
											 QUERY16(query, quantizer->padded_dim));

		estimates[i] = slot->add + base->constant +
			slot->mul * (query->step16 * dot);
	}
}

/* HUGE_ERROR where norms were cut down, or the code shows nothing */
static float
rotated_error(const LokiQuantizer *quantizer, const LokiQuery *base, const void *code,
	  float estimate)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	const CodeSlot *slot = code;
	float		norm = code_norm(rq, slot);

	if (norm >= HUGE_NORM / 2 || base->norm >= HUGE_NORM / 2 || (slot->mul == 0 && norm > 0))
		return HUGE_ERROR;
	if (quantizer->spec.centers > 0)
	{
		const CenterQuery *to = loki_center_query(rq, query, code_center(rq, code));

		return norm * to->unit_error + to_centers(rq, query)->own_error * to->norm +
			loki_center_rounding(rq, slot, to, norm, slot->mul * center_slot(rq, code)->shift);
	}
	return norm * query->unit_error + rounding_error(slot, base->constant);
}

/* The same with all bits; the row's own error is in its slot, not the mean of all codes. */
static void
refine(const LokiQuantizer *quantizer, const LokiQuery *base,
	   const void *const *codes, const void *const *refines, int n,
	   float *estimates, float *errors)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	Assert(quantizer->refine_size > 0);
	for (int i = 0; i < n; i++)
	{
		const CodeSlot *slot = codes[i];
		const RefineSlot *more = refines[i];
		int64		dot;

		unpack_code(rq, codes[i], u);
		unpack_refine(rq, refines[i], u);
		if (quantizer->spec.centers > 0)
		{
			const CenterQuery *to = loki_center_query(rq, query, code_center(rq, codes[i]));

			estimates[i] = slot->add + to->constant +
				more->mul * (float) loki_centers_product16(rq, query, to, u, refine_moved(rq, to, more));
			errors[i] = more->error >= HUGE_ERROR || base->norm >= HUGE_NORM / 2 ?
				HUGE_ERROR : (more->error + to_centers(rq, query)->own_error) * to->norm +
				loki_center_rounding(rq, slot, to, code_norm(rq, slot), more->mul * *refine_shift(rq, more));
			continue;
		}
		dot = rq->kernels->dot16(rq->groups, u, &rq->full_table,
								 QUERY16(query, quantizer->padded_dim));
		estimates[i] = slot->add + base->constant +
			more->mul * (query->step16 * dot);
		errors[i] = more->error >= HUGE_ERROR || base->norm >= HUGE_NORM / 2 ?
			HUGE_ERROR : more->error * base->norm + rounding_error(slot, base->constant);
		if (query->outside_error > 0)
			errors[i] += code_norm(rq, slot) * query->outside_error;
	}
}

/*
 * Construction
 */

uint32
loki_rotated_code_size(const LokiCodeSpec *spec)
{
	return sizeof(CodeSlot) + LOKI_PADDED(loki_code_dims(spec)) * spec->bits / 8 +
		(spec->centers > 0 ? sizeof(CenterSlot) + center_misses(spec) * sizeof(float) : 0);
}

uint32
loki_rotated_refine_size(const LokiCodeSpec *spec)
{
	if (spec->refine_bits == 0)
		return 0;
	return sizeof(RefineSlot) +
		LOKI_PADDED(loki_code_dims(spec)) * (spec->refine_bits - spec->bits) / 8 +
		(spec->centers > 0 ? (1 + center_misses(spec)) * sizeof(float) : 0);
}

/* Dimensions that are rotated */
static int
rotated_dims(const LokiCodeSpec *spec)
{
	return LOKI_PADDED(spec->projection == LOKI_PROJECT_RANDOM ? spec->dim :
					   loki_code_dims(spec));
}

/* Where the leading dimensions of local centers lie, behind the signs */
static Size
lead_offset(const LokiCodeSpec *spec)
{
	return TYPEALIGN(64, offsetof(RotatedQuantizer, signs) + LOKI_ROTATE_SIZE(rotated_dims(spec)));
}

Size
loki_rotated_size(const LokiCodeSpec *spec)
{
	return lead_offset(spec) + loki_lead_size(spec);
}

void
loki_rotated_init(LokiQuantizer *quantizer)
{
	RotatedQuantizer *rq = (RotatedQuantizer *) quantizer;
	const LokiCodeSpec *spec = &quantizer->spec;
	int			padded = LOKI_PADDED(loki_code_dims(spec));
	const LokiCodeConstants *constants;

	AssertPadded(padded);
	Assert(rotated_dims(spec) >= padded);
	rq->kernels = loki_codes;
	rq->groups = padded / LOKI_GROUP;
	rq->bits = spec->bits;
	rq->full_bits = spec->refine_bits > 0 ? spec->refine_bits : spec->bits;
	/* 0 and 1 for -1 and 1; 0 to 3 for -3, -1, 1, 3; four bits have a table of their own */
	rq->levels_sum = spec->bits == 1 ? 1 : spec->bits == 2 ? 3 : LOKI_LEVELS4_SUM;
	rq->metric_factor = spec->metric == LOKI_METRIC_L2 ? -2 : -1;

	constants = loki_code_constants_of(spec->bits, spec->bits == 8);
	rq->tangent = constants->tangent;
	rq->mul_to_norm = sqrtf(padded) * constants->projection;
	loki_fill_levels(rq->bits, rq->bits == 8, &rq->code_levels, &rq->code_table);

	rq->full_tangent = loki_code_constants_of(Max(rq->full_bits, 2), true)->tangent;
	loki_fill_levels(rq->full_bits, true, &rq->full_levels, &rq->full_table);
	for (int u = 0; u < 256; u++)
		rq->full_values[u] = loki_level(&rq->full_table, u);
	rq->root = sqrt(padded);
	rq->full_most = Max(rq->full_values[255], -rq->full_values[0]);
	loki_rotate_init(rotated_dims(spec), spec->seed, rq->signs);
	rq->random_scale = sqrtf(rotated_dims(spec) / (float) padded);

	quantizer->padded_dim = padded;
	quantizer->code_size = loki_rotated_code_size(spec);
	quantizer->refine_size = loki_rotated_refine_size(spec);
	quantizer->query_size = offsetof(RotatedQuery, data) + padded +
		(has_query16(spec) ? padded * sizeof(int16) : 0);
	quantizer->encode = rotated_encode;
	quantizer->prepare = rotated_prepare;
	quantizer->prepare_code = rotated_prepare_code;
	quantizer->prepare_refined = quantizer->refine_size > 0 ? prepare_refined : NULL;
	/* codes that may be the 1-bit sketches of others */
	if (spec->bits == 1 && spec->refine_bits == 0 && spec->projection != LOKI_PROJECT_BASIS &&
		padded <= LOKI_SKETCH_DIMS)
	{
		quantizer->shorten = loki_rotated_shorten;
		quantizer->prepare_bounds = loki_rotated_prepare_bounds;
		quantizer->bounds = loki_rotated_bounds;
		quantizer->query_size += SKETCH_TABLES_SIZE(padded);
	}
	quantizer->score = spec->bits == 8 ? score_bytes : rotated_score;
	quantizer->error = rotated_error;
	quantizer->refine = refine;
	quantizer->limits = loki_code_certain(spec) ? loki_rotated_limits : NULL;
	if (spec->centers > 0)
	{
		quantizer->query_size = offsetof(RotatedQuery, data) + 7 * padded + TO_CENTERS_SIZE +
			(has_query16(spec) ? 2 * padded * sizeof(int16) : 0);
		quantizer->score = loki_centers_score;
		loki_lead_init(rq, (char *) quantizer + lead_offset(spec));
	}
}
