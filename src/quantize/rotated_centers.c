/*-------------------------------------------------------------------------
 *
 * rotated_centers.c
 *	  Rotated codes around local centers: which center a vector has, and what
 *	  a query is to each of them.
 *
 * Names are those of README.  A center c is kept less the centroid and
 * rotated, so that residuals are taken after the rotation: r becomes r - c, and
 * q' becomes q' - c, in constants, errors and limits too, and
 *
 *	<l, q' - c> = <l, q'> + shift,		shift = - <l, c>
 *
 * under inner product with add - <r, c> and constant - <c, q'>.  There c may be
 * far longer than q'.  But <r, q'> = <r, q' - s c> + s <r, c> holds for each s,
 * and that of the least |q' - s c| adds (1 - s) missed to shift:
 *
 *	missed = <l, c> - <r, c> / factor
 *
 * A query is rounded to int8 once for all centers.  What that loses goes with
 * |q'|, while the error of a code goes with |q' - c|.  So where a center is
 * near enough to the query that the first would count, a second product takes
 * what the first rounding left.  What a query is to a center is found out when
 * the first code of the center is scored: a search meets few of them.
 *
 * IDENTIFICATION
 *	  src/quantize/rotated_centers.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"
#include "quantize/rotated.h"

/*
 * A vector's center is looked for by leading dimensions, which after the rotation are as good as any, and of
 * the best of these by all.
 */
#define LEAD_DIMS		128
#define LeadDims(spec)	Min(LOKI_PADDED((spec)->dim), LEAD_DIMS)
#define TRIED			8

/* The norms of a vector and of the longest center as integers (C3) */
#define VECTOR_UNITS	32000
#define CENTER_UNITS	32000

/* The rounding of a query counts if its square is more than one part in this of the code's error squared */
#define ROUNDING_PART	16

/* Leading dimensions of centers as integers; number 0 is that of center 1 */
typedef struct LeadTable
{
	int			dims;
	int			count;			/* of centers, rounded up to tiles */
	float		unit;			/* of the integers */
	float		half_square[LOKI_MAX_CENTERS + 1];	/* of all dimensions, ... */
	float		half_lead[LOKI_MAX_CENTERS + 1];	/* ... of the leading ones */
	float		levels[256];	/* of CODE, by the byte of a full code */
	int16		rows[FLEXIBLE_ARRAY_MEMBER];
} LeadTable;

Size
loki_lead_size(const LokiCodeSpec *spec)
{
	if (spec->centers == 0)
		return 0;
	return offsetof(LeadTable, rows) +
		TYPEALIGN(LOKI_TILE_ROWS, spec->centers) * LeadDims(spec) * sizeof(int16);
}

static inline const float *
center_of(const RotatedQuantizer *rq, int number)
{
	return loki_code_center(&rq->base.spec, rq->base.centroid, number);
}

/* Sums are those of dot_ordered(), since they decide about centers (C2). */
void
loki_lead_init(RotatedQuantizer *rq, void *memory)
{
	const LokiCodeSpec *spec = &rq->base.spec;
	LeadTable  *lead = memory;
	float		most = 0;

	rq->lead = lead;
	lead->dims = LeadDims(spec);
	lead->count = TYPEALIGN(LOKI_TILE_ROWS, spec->centers);
	memset(lead->rows, 0, sizeof(int16) * lead->count * lead->dims);
	for (int i = 0; i < spec->centers; i++)
	{
		const float *c = center_of(rq, i + 1);

		lead->half_square[i] = loki_distance.dot_ordered(rq->base.padded_dim, c, c) / 2;
		lead->half_lead[i] = loki_distance.dot_ordered(lead->dims, c, c) / 2;
		if (lead->half_lead[i] > most && lead->half_lead[i] < HUGE_ERROR)
			most = lead->half_lead[i];
	}
	for (int u = 0; u < 256; u++)
		lead->levels[u] = loki_level(&rq->code_table, u);
	lead->unit = sqrtf(2 * most) / CENTER_UNITS;
	for (int i = 0; i < spec->centers && most > 0; i++)
		if (lead->half_lead[i] <= most)
			loki_distance.f32_to_i16(lead->dims, center_of(rq, i + 1), 1 / lead->unit,
									 lead->rows + i * lead->dims);
}

/* - <levels, center> of a full code, by the bits of CODE or with those of REFINE; sums are as C2 has them */
static float
center_shift(const RotatedQuantizer *rq, int center, const uint8 *u, bool refined)
{
	int			padded = rq->base.padded_dim;
	const float *values = refined ? rq->full_values : rq->lead->levels;
	uint8		mask = (uint8) (0xFF << (8 - (refined ? rq->full_bits : rq->bits)));
	pg_attribute_aligned(64) float levels[LOKI_MAX_PADDED];

	if (center == 0)
		return 0;
	for (int i = 0; i < padded; i++)
		levels[i] = values[u[i] & mask];
	return -loki_distance.dot_ordered(padded, levels, center_of(rq, center));
}

/* What levels miss along the center, of <r, c>; see code_miss() */
static float
missed_along(const RotatedQuantizer *rq, float shift, double product, float mul)
{
	return mul != 0 ? (float) (-shift - product * rq->metric_factor / mul) : 0;
}

/* What slots have of the center of r, whose full code is u; their factors are set. */
void
loki_center_put(const RotatedQuantizer *rq, int center, const float *r, const uint8 *u, void *code,
				void *refine)
{
	CenterSlot *slot = (CenterSlot *) center_slot(rq, code);
	double		product;

	slot->shift = center_shift(rq, center, u, false);
	slot->center = center;
	if (refine != NULL)
		*refine_shift(rq, refine) = center_shift(rq, center, u, true);
	if (!center_misses(&rq->base.spec))
		return;
	product = center == 0 ? 0 :
		loki_distance.dot_ordered(rq->base.padded_dim, r, center_of(rq, center));
	*code_miss(rq, code) = missed_along(rq, slot->shift, product, ((CodeSlot *) code)->mul);
	if (refine != NULL)
		*refine_miss(rq, refine) = missed_along(rq, *refine_shift(rq, refine), product,
												((RefineSlot *) refine)->mul);
}

float
loki_center_norm(const RotatedQuantizer *rq, int center)
{
	return center == 0 ? 0 : sqrtf(2 * Min(rq->lead->half_square[center - 1], HUGE_ERROR));
}

/* The center whose distance to r, of the norm `norm`, is the least; 0 if that is the centroid. */
static int
nearest_center(const RotatedQuantizer *rq, const float *r, float norm)
{
	const LeadTable *lead = rq->lead;
	int			count = rq->base.spec.centers;
	float		unit = norm / VECTOR_UNITS * lead->unit;
	int16		integers[LEAD_DIMS];
	int32		products[LOKI_MAX_CENTERS + 1];
	int			tried[TRIED];
	float		scores[TRIED];	/* <r, c> - |c|^2 / 2, descending */
	int			ntried = 0;
	int			nearest = 0;
	float		best = 0;

	loki_distance.f32_to_i16(lead->dims, r, VECTOR_UNITS / norm, integers);
	loki_distance.dot_i16(lead->dims, integers, lead->rows, lead->count, products);
	for (int i = 0; i < count; i++)
	{
		float		score = products[i] * unit - lead->half_lead[i];
		int			place;

		if (ntried == TRIED && !(score > scores[TRIED - 1]))
			continue;
		if (ntried < TRIED)
			ntried++;
		for (place = ntried - 1; place > 0 && score > scores[place - 1]; place--)
		{
			scores[place] = scores[place - 1];
			tried[place] = tried[place - 1];
		}
		scores[place] = score;
		tried[place] = i;
	}
	for (int i = 0; i < ntried; i++)
	{
		float		score = loki_distance.dot_ordered(rq->base.padded_dim, r, center_of(rq, tried[i] + 1)) -
			lead->half_square[tried[i]];

		if (score > best)
		{
			best = score;
			nearest = tried[i] + 1;
		}
	}
	return nearest;
}

/*
 * Take a rotated residual from the nearest center in place of the centroid; *norm becomes its norm.  Returns
 * the center.  A residual whose square a float cannot hold stays with the centroid.
 */
int
loki_move_to_center(const RotatedQuantizer *rq, float *r, float *norm)
{
	int			padded = rq->base.padded_dim;
	pg_attribute_aligned(64) float moved[LOKI_MAX_PADDED];
	const float *c;
	float		square = *norm * *norm;
	int			center;

	if (!SAFE_SQUARE(square) || (center = nearest_center(rq, r, *norm)) == 0)
		return 0;
	c = center_of(rq, center);
	for (int i = 0; i < padded; i++)
		moved[i] = r[i] - c[i];
	square = loki_distance.dot_ordered(padded, moved, moved);
	if (!SAFE_SQUARE(square) && square != 0)
		return 0;
	memcpy(r, moved, padded * sizeof(float));
	*norm = sqrtf(square);
	return center;
}

/*
 * Queries
 */

/* The floats of the query as integers for all centers */
static void
round_turned(const RotatedQuantizer *rq, RotatedQuery *query)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	const float *r = TURNED(query, padded);
	float		max = rq->kernels->max_abs(padded, r);

	all->turned = true;
	all->whole.step = max / LOKI_QUERY8_MAX;
	all->whole.sum = rq->kernels->quantize8(padded, r, max > 0 ? LOKI_QUERY8_MAX / max : 0,
											  WHOLE8(query, padded));
	all->rest.step = all->rest_step16 = 0;
	query->step16 = max / LOKI_QUERY16_MAX;
	/* refine() takes no query that is a code, which may be in memory for codes without REFINE */
	if (has_query16(&rq->base.spec) && all->own < 0)
		loki_distance.f32_to_i16(padded, r, max > 0 ? LOKI_QUERY16_MAX / max : 0,
								 CENTERS_QUERY16(query, padded));
}

/* What rounding to int8 left is at most half a step. */
static void
round_rest(const RotatedQuantizer *rq, RotatedQuery *query)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	pg_attribute_aligned(64) float left[LOKI_MAX_PADDED];

	for (int i = 0; i < padded; i++)
		left[i] = TURNED(query, padded)[i] - all->whole.step * WHOLE8(query, padded)[i];
	all->rest.step = all->whole.step / (2 * LOKI_QUERY8_MAX);
	all->rest.sum = rq->kernels->quantize8(padded, left, 1 / all->rest.step, REST8(query, padded));
}

static void
round_rest16(const RotatedQuantizer *rq, RotatedQuery *query)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	const int16 *query16 = CENTERS_QUERY16(query, padded);
	pg_attribute_aligned(64) float left[LOKI_MAX_PADDED];

	for (int i = 0; i < padded; i++)
		left[i] = TURNED(query, padded)[i] - query->step16 * query16[i];
	all->rest_step16 = query->step16 / (2 * LOKI_QUERY16_MAX);
	loki_distance.f32_to_i16(padded, left, 1 / all->rest_step16, REST16(query, padded));
}

/*
 * Make a query ready for all centers.  Without a code its floats are in TURNED(); with one they follow
 * from QUERY8(), and are made when a code of another center is met.  Of a query that is no vector itself,
 * norm and tangent say how far it is off: |r| of what it stands for, and the angle of the levels to that.
 */
void
loki_centers_query(const RotatedQuantizer *rq, RotatedQuery *query, const void *code, float norm,
				   float tangent)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);

	Assert(rq->base.spec.centers > 0);
	memset(all->known, 0, sizeof(all->known));
	all->own = -1;
	all->turned = false;
	all->own_error = -rq->metric_factor * norm * tangent / sqrtf(padded - 1);
	all->excess = 0;
	if (code == NULL)
		round_turned(rq, query);
	else
		all->own = code_center(rq, code);
}

/* The floats of a query that is a code: its center and its levels */
static void
turn_own(const RotatedQuantizer *rq, RotatedQuery *query)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	float	   *r = TURNED(query, padded);
	const int8 *levels = QUERY8(query);
	float		step = query->base.step;

	Assert(all->own >= 0 && rq->bits < 8);
	for (int i = 0; i < padded; i++)
		r[i] = step * levels[i];
	/* levels are longer than what they stand for, and only products with them are without a bias (C6) */
	all->excess = loki_distance.dot_f32(padded, r, r) - query->base.norm * query->base.norm;
	if (all->own > 0)
	{
		const float *c = center_of(rq, all->own);

		for (int i = 0; i < padded; i++)
			r[i] += c[i];
	}
	round_turned(rq, query);
}

/*
 * |q' - s c|^2 for the s that makes it least, by inner product.  The error of <r, q'> goes with that, since
 * *along = 1 - s: however long a center is, it is no more than |q'|, which it would be without centers.
 */
static float
square_beside(const RotatedQuantizer *rq, const float *q, const float *c, float product, float square,
			  float *along)
{
	int			padded = rq->base.padded_dim;
	pg_attribute_aligned(64) float left[LOKI_MAX_PADDED];
	float		s = SAFE_SQUARE(square) ? product / square : 1;

	for (int i = 0; i < padded; i++)
		left[i] = q[i] - s * c[i];
	*along = 1 - s;
	return loki_distance.dot_f32(padded, left, left);
}

/* Find out what a query is to a center that it has not met. */
const CenterQuery *
loki_meet_center(const RotatedQuantizer *rq, RotatedQuery *query, int center)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	CenterQuery *to = &all->of[center];
	const float *r = TURNED(query, padded);
	float		tangent2 = rq->tangent * rq->tangent;
	float		code2;
	float		rounding2;
	float		square;
	float		product = 0;

	Assert(center >= 0 && center <= rq->base.spec.centers);
	set_center_known(all, center);
	if (!all->turned)
		turn_own(rq, query);
	to->along = 0;
	if (center == 0)
		square = loki_distance.dot_f32(padded, r, r);
	else if (!center_misses(&rq->base.spec))
		square = loki_distance.l2sq_f32(padded, r, center_of(rq, center));
	else
	{
		product = loki_distance.dot_f32(padded, r, center_of(rq, center));
		square = square_beside(rq, r, center_of(rq, center), product,
							   2 * rq->lead->half_square[center - 1], &to->along);
	}
	square = Max(0, Min(square, HUGE_ERROR) - all->excess);
	switch (rq->base.spec.metric)
	{
		case LOKI_METRIC_L2:
			to->constant = square;
			break;
		case LOKI_METRIC_COSINE:
			to->constant = square / 2;
			break;
		default:
			to->constant = Max(Min(query->base.constant - product, HUGE_ERROR), -HUGE_ERROR);
			break;
	}
	to->norm = sqrtf(square);

	/*
	 * What rounding does to a difference from a center, to its length; under IP, where products with the
	 * centroid, the center and the vector nearly cancel out, to their sum.
	 */
	if (center == 0)
		to->rounding = 0;
	else if (rq->base.spec.metric != LOKI_METRIC_IP)
		to->rounding = 2 * FLT_EPSILON * (query->base.norm + to->norm);
	else
	{
		float		far = Min(query->base.norm + loki_center_norm(rq, center) +
							  sqrtf(rq->base.centroid_norm2), HUGE_NORM);

		to->rounding = FLT_EPSILON / 2 * far * far;
	}
	code2 = square / (padded - 1);
	rounding2 = all->whole.step * all->whole.step / 12;
	/* what is left of steps that small is none that a float can be divided by */
	to->near = all->whole.step > SAFE_LEAST && rounding2 * ROUNDING_PART > tangent2 * code2;
	to->near16 = query->step16 > SAFE_LEAST && query->step16 * query->step16 / 12 * ROUNDING_PART >
		rq->full_tangent * rq->full_tangent * code2;
	if (to->near)
		rounding2 /= 4 * LOKI_QUERY8_MAX * LOKI_QUERY8_MAX;
	to->unit_error = -rq->metric_factor * sqrtf(tangent2 * code2 + (1 + tangent2) * rounding2);
	return to;
}

/* Estimates of the codes of the query's own center, whose levels are the query */
static void
score_own(const RotatedQuantizer *rq, const RotatedQuery *query, const void *const *codes, int n,
		  float *estimates)
{
	const LokiQuery *base = &query->base;
	ToCenters  *all = to_centers(rq, query);
	float		constant = all->of[all->own].constant;
	float		offset = base->sum * rq->levels_sum;
	int32		dots[64];

	rq->kernels->dot(rq->bits, rq->groups, QUERY8(query), codes, n, dots);
	for (int i = 0; i < n; i++)
	{
		const CodeSlot *slot = codes[i];

		estimates[i] = slot->add + constant + slot->mul * (base->step * (2.0f * dots[i] - offset));
	}
}

/* Those of other centers */
static void
score_others(const RotatedQuantizer *rq, const RotatedQuery *query, const void *const *codes, int n,
			 float *estimates)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	const void *near[64];
	int			place[64];
	int			nnear = 0;
	int32		dots[64];
	double		offset;

	if (!all->turned)
		turn_own(rq, (RotatedQuery *) query);
	offset = (double) all->whole.sum * rq->levels_sum;
	rq->kernels->dot(rq->bits, rq->groups, WHOLE8(query, padded), codes, n, dots);
	for (int i = 0; i < n; i++)
	{
		const CodeSlot *slot = codes[i];
		const CenterQuery *to = loki_center_query(rq, query, code_center(rq, slot));

		/* products of the center and of the query nearly cancel out where both are near */
		estimates[i] = slot->add + to->constant +
			slot->mul * (float) (all->whole.step * (2.0 * dots[i] - offset) + code_moved(rq, to, slot));
		near[nnear] = slot;
		place[nnear] = i;
		nnear += to->near;
	}
	if (nnear == 0)
		return;
	if (all->rest.step == 0)
		round_rest(rq, (RotatedQuery *) query);
	offset = (double) all->rest.sum * rq->levels_sum;
	rq->kernels->dot(rq->bits, rq->groups, REST8(query, padded), near, nnear, dots);
	for (int i = 0; i < nnear; i++)
		estimates[place[i]] += ((const CodeSlot *) near[i])->mul *
			(float) (all->rest.step * (2.0 * dots[i] - offset));
}

/* Whether a code read from a page has a center that there is */
bool
loki_code_slot_valid(const LokiQuantizer *quantizer, const void *code)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;

	return quantizer->spec.centers == 0 ||
		(center_slot(rq, code)->center <= quantizer->spec.centers && isfinite(center_slot(rq, code)->shift) &&
		 (!center_misses(&quantizer->spec) || isfinite(*code_miss(rq, code))));
}

/*
 * What rounding may have added to an estimate by a code around a local center, of a residual of the norm `norm`:
 * to the sum, to the shift `moved`, to the differences that the sum is made of, and under cosine to the
 * operator's own sums of unit vectors, however near they are.
 */
float
loki_center_rounding(const RotatedQuantizer *rq, const CodeSlot *slot, const CenterQuery *to, float norm, float moved)
{
	float		sums = rounding_error(slot, to->constant) + FLT_EPSILON * 2 * fabsf(moved);

	switch (rq->base.spec.metric)
	{
		case LOKI_METRIC_L2:
			return sums + to->rounding * (norm + to->norm + to->rounding);
		case LOKI_METRIC_COSINE:
			return sums + to->rounding * (norm + to->norm + to->rounding) / 2 + FLT_EPSILON / 2;
		default:
			return sums + to->rounding;
	}
}

/* score() */
void
loki_centers_score(const LokiQuantizer *quantizer, const LokiQuery *base,
				   const void *const *codes, int n, float *estimates)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const RotatedQuery *query = (const RotatedQuery *) base;
	ToCenters  *all = to_centers(rq, query);

	Assert(rq->bits < 8 && (uintptr_t) base % 64 == 0);
	while (n > 0)
	{
		int			count = Min(n, 64);
		const void *parts[2][64];	/* of the own center, of others */
		uint8		places[2][64];
		float		found[64];
		int			counts[2] = {0, 0};

		if (all->own < 0)
			score_others(rq, query, codes, count, estimates);
		else
		{
			for (int i = 0; i < count; i++)
			{
				int			part = code_center(rq, codes[i]) != all->own;

				parts[part][counts[part]] = codes[i];
				places[part][counts[part]++] = i;
			}
			for (int part = 0; part < 2; part++)
			{
				if (counts[part] > 0)
					(part == 0 ? score_own : score_others) (rq, query, parts[part], counts[part], found);
				for (int i = 0; i < counts[part]; i++)
					estimates[places[part][i]] = found[i];
			}
		}
		codes += count;
		estimates += count;
		n -= count;
	}
}

/* <l, q' - c> of the levels of a full code, in the unit of its `mul` */
double
loki_centers_product16(const RotatedQuantizer *rq, const RotatedQuery *query,
					   const CenterQuery *center, const uint8 *u, float shift)
{
	int			padded = rq->base.padded_dim;
	ToCenters  *all = to_centers(rq, query);
	double		product = shift + query->step16 *
		(double) rq->kernels->dot16(rq->groups, u, &rq->full_table, CENTERS_QUERY16(query, padded));

	if (center->near16)
	{
		if (all->rest_step16 == 0)
			round_rest16(rq, (RotatedQuery *) query);
		product += all->rest_step16 *
			(double) rq->kernels->dot16(rq->groups, u, &rq->full_table, REST16(query, padded));
	}
	return product;
}
