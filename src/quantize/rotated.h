/*-------------------------------------------------------------------------
 *
 * rotated.h
 *	  What the files of the rotated code share: slots, quantizer, query.
 *
 * Norms above HUGE_NORM are cut down to it and those below TINY_NORM count as
 * zero, so that no step in float arithmetic overflows or divides by zero.
 *
 * IDENTIFICATION
 *	  src/quantize/rotated.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_ROTATED_H
#define LOKI_ROTATED_H

#include "quantize/codes.h"

#define HUGE_NORM	1e18f
#define TINY_NORM	1e-30f

/* Squares between these are sums that neither overflowed nor underflowed */
#define SAFE_LEAST	1e-30f
#define SAFE_SQUARE(s)	((s) > SAFE_LEAST && (s) < HUGE_NORM * HUGE_NORM)

/* Of a sum or product in float arithmetic, relative to it */
#define LOKI_ROUNDING	(FLT_EPSILON / 2)

/* Roundings of a sum over `padded` dimensions, with some to spare (rotated_limits.c) */
static inline double
loki_sum_rounding(int padded)
{
	return LOKI_ROUNDING * (padded + 256);
}

/*
 * Slots.  The packed bits follow, the first ones in CODE and others as fields of 1, 2 or 4 bits in REFINE:
 *
 *	CODE	| add 4 | mul 4 | P * bits / 8 bytes |, with centers | IP: missed 4 | shift 4 | center 4 |
 *	REFINE	| mul 4 | error 4 | P * (refine_bits - bits) / 8 bytes |, with centers | IP: missed 4 | shift 4 |
 */
typedef struct CodeSlot
{
	float		add;
	float		mul;			/* per level of the code */
} CodeSlot;

typedef struct RefineSlot
{
	float		mul;			/* per level of the refined code */
	float		error;			/* per unit of the query's norm */
} RefineSlot;

/* Behind the packed bits, where codes have local centers */
typedef struct CenterSlot
{
	float		shift;			/* - <levels, center>; REFINE has its own */
	uint32		center;			/* 0: the centroid */
} CenterSlot;

/* Floats before that, and before REFINE's shift: by inner product what the levels miss along the center */
static inline int
center_misses(const LokiCodeSpec *spec)
{
	return spec->metric == LOKI_METRIC_IP;
}

StaticAssertDecl(sizeof(CodeSlot) == LOKI_FACTOR_SIZE &&
				 sizeof(RefineSlot) == LOKI_FACTOR_SIZE,
				 "slots start with two factors");

typedef struct RotatedQuantizer
{
	LokiQuantizer base;
	const LokiCodeKernels *kernels;
	int			groups;
	int			bits;
	int			full_bits;		/* refined, or bits if there is no refining */
	float		levels_sum;		/* highest plus lowest integer level */
	float		metric_factor;	/* of <r, q> in the estimate, negative */
	float		mul_to_norm;	/* |r| per mul, roughly */
	float		tangent;		/* of a code's angle to its vector */
	float		full_tangent;
	float		random_scale;	/* of the leading dimensions, for all */
	LokiLevels	code_levels;
	LokiLevels	full_levels;
	LokiLevelTable code_table;	/* for decode8, or dot16 if bits is 8 */
	LokiLevelTable full_table;
	float		full_values[256];	/* the levels of full codes ... */
	float		full_most;		/* ... and the greatest of them */
	double		root;			/* of the dimensions */
	struct LeadTable *lead;		/* where there are local centers
								 * (rotated_centers.c) */
	uint8		signs[FLEXIBLE_ARRAY_MEMBER];
} RotatedQuantizer;

/* What a query is to a center; norm < 0: not known yet */
typedef struct CenterQuery
{
	float		constant;
	float		norm;			/* |q - s center|, see README; s is 1 but for
								 * inner product */
	float		along;			/* 1 - s */
	float		unit_error;
	float		rounding;		/* of what lies behind the difference; see
								 * loki_center_rounding() */
	bool		near;			/* the second product counts for CODE, ... */
	bool		near16;			/* ... for REFINE */
} CenterQuery;

/* Integers that stand for floats */
typedef struct Rounding
{
	float		step;
	int32		sum;
} Rounding;

/* What a query is to centers */
typedef struct ToCenters
{
	int			own;			/* of prepare_code(): the code's center; else
								 * -1 */
	bool		turned;			/* the query's floats, and what is made of
								 * them, are set */
	float		own_error;		/* of a query that is a code: per unit of
								 * |q - center| */
	float		excess;			/* by which the square of its levels is
								 * greater than that of its vector */
	Rounding	whole;			/* of the query to int8 */
	Rounding	rest;			/* what that left */
	float		rest_step16;	/* what rounding to query16 left */
	uint64		known[(LOKI_MAX_CENTERS + 1) / 64]; /* a bit for each center
													 * whose entry is set */
	CenterQuery of[LOKI_MAX_CENTERS + 1];
} ToCenters;

typedef struct RotatedQuery
{
	LokiQuery	base;			/* norm: of the coded part */
	float		step16;			/* real value of one unit of query16 */
	float		unit_error;		/* error of a code with |r| = 1 */
	float		outside_error;	/* its part that no bits make smaller */
	bool		out_of_range;	/* of prepare(): the operator's sums of
								 * squares may overflow or underflow */
	float		bound_start;	/* of prepare_bounds(): a bound per mul where
								 * the sum of the tables is 0 ... */
	float		bound_step;		/* ... and what each unit of it adds */
				pg_attribute_aligned(64) int8 data[FLEXIBLE_ARRAY_MEMBER];
} RotatedQuery;

#define QUERY8(query)			((query)->data)
#define QUERY16(query, padded)	((int16 *) ((query)->data + (padded)))

/*
 * With local centers: the integers of the query for all centers but its own, what their rounding left, the
 * query's floats, what it is to each center, and last QUERY16 and what its rounding left: so codes with REFINE
 * and without have all but that in one place.
 */
#define WHOLE8(query, padded)	((query)->data + (padded))
#define REST8(query, padded)	((query)->data + 2 * (padded))
#define TURNED(query, padded)	((float *) ((query)->data + 3 * (padded)))
#define TO_CENTERS(query, padded)	((ToCenters *) ((query)->data + 7 * (padded)))
#define TO_CENTERS_SIZE			TYPEALIGN(64, sizeof(ToCenters))
#define CENTERS_QUERY16(query, padded) \
	((int16 *) ((query)->data + 7 * (padded) + TO_CENTERS_SIZE))
#define REST16(query, padded)	(CENTERS_QUERY16(query, padded) + (padded))

/* Where codes can be sketches: 16 entries for each four dimensions.  There is no QUERY16 then. */
#define SKETCH_TABLES(query, padded)	((uint8 *) ((query)->data + (padded)))
#define SKETCH_TABLES_SIZE(padded)	((padded) / 4 * 16)

/* The wider query serves where an int8 one would be coarser than the code. */
static inline bool
has_query16(const LokiCodeSpec *spec)
{
	return spec->bits == 8 || spec->refine_bits > 0;
}

/*
 * Packed bits.  A slot of CODE holds the leading bits as one field; REFINE
 * those between bits and full_bits, first a single one if the code has one
 * bit, then pairs, each as a field of its own.
 */

/* The leading bits as full codes, of which the other bits are zero */
static inline void
unpack_code(const RotatedQuantizer *rq, const void *code, uint8 *u)
{
	const uint8 *packed = (const uint8 *) code + sizeof(CodeSlot);

	if (rq->bits == 8)
		memcpy(u, packed, rq->base.padded_dim);
	else
		rq->kernels->unpack(rq->groups, packed, rq->bits, 8 - rq->bits, false, u);
}

/* ... and those of REFINE added */
static inline void
unpack_refine(const RotatedQuantizer *rq, const void *refine, uint8 *u)
{
	const uint8 *packed = (const uint8 *) refine + sizeof(RefineSlot);

	for (int have = rq->bits; have < rq->full_bits;)
	{
		int			width = have % 2 == 1 ? 1 : 2;

		have += width;
		rq->kernels->unpack(rq->groups, packed, width, 8 - have, true, u);
		packed += rq->groups * LOKI_GROUP / 8 * width;
	}
}

/* The leading bits of full codes */
static inline void
pack_code(const RotatedQuantizer *rq, const uint8 *u, uint8 *packed)
{
	if (rq->bits == 8)
		memcpy(packed, u, rq->base.padded_dim);
	else
		rq->kernels->pack(rq->groups, u, rq->bits, 8 - rq->bits, packed);
}

/* The bits of full codes that come after those, as fields */
static inline void
pack_refine(const RotatedQuantizer *rq, const uint8 *u, uint8 *packed)
{
	for (int have = rq->bits; have < rq->full_bits;)
	{
		int			width = have % 2 == 1 ? 1 : 2;

		have += width;
		rq->kernels->pack(rq->groups, u, width, 8 - have, packed);
		packed += rq->groups * LOKI_GROUP / 8 * width;
	}
}

/*
 * What rounding of the sum's terms may have added.  It counts where two long vectors are near each other,
 * so that add and constant cancel out with the product.
 */
static inline float
rounding_error(const CodeSlot *slot, float constant)
{
	return FLT_EPSILON * (fabsf(slot->add) + fabsf(constant));
}

/* |r| of a stored code; under IP that of the coded part */
static inline float
code_norm(const RotatedQuantizer *rq, const CodeSlot *slot)
{
	switch (rq->base.spec.metric)
	{
		case LOKI_METRIC_L2:
			return sqrtf(Max(slot->add, 0));
		case LOKI_METRIC_COSINE:
			return sqrtf(Max(slot->add * 2, 0));
		default:
			return -slot->mul * rq->mul_to_norm;
	}
}

static inline const CenterSlot *
center_slot(const RotatedQuantizer *rq, const void *code)
{
	return (const CenterSlot *) ((const char *) code + rq->base.code_size - sizeof(CenterSlot));
}

static inline float *
refine_shift(const RotatedQuantizer *rq, const void *refine)
{
	return (float *) ((char *) refine + rq->base.refine_size - sizeof(float));
}

/* <l, c> - <r, c> / factor, by inner product alone: what the levels of CODE miss along the center */
static inline float *
code_miss(const RotatedQuantizer *rq, const void *code)
{
	Assert(center_misses(&rq->base.spec));
	return (float *) center_slot(rq, code) - 1;
}

/* ... and those of REFINE */
static inline float *
refine_miss(const RotatedQuantizer *rq, const void *refine)
{
	Assert(center_misses(&rq->base.spec));
	return refine_shift(rq, refine) - 1;
}

/* What is added to <l, q'> of a code for a query to its center, by its levels in CODE or in REFINE */
static inline float
code_moved(const RotatedQuantizer *rq, const CenterQuery *to, const void *code)
{
	float		shift = center_slot(rq, code)->shift;

	return to->along != 0 ? shift + to->along * *code_miss(rq, code) : shift;
}

static inline float
refine_moved(const RotatedQuantizer *rq, const CenterQuery *to, const void *refine)
{
	float		shift = *refine_shift(rq, refine);

	return to->along != 0 ? shift + to->along * *refine_miss(rq, refine) : shift;
}

/* What a query keeps of centers, which scoring adds to */
static inline ToCenters *
to_centers(const RotatedQuantizer *rq, const RotatedQuery *query)
{
	return TO_CENTERS((RotatedQuery *) query, rq->base.padded_dim);
}

/* Whether the entry of a center is set; and note that it is */
static inline bool
center_is_known(const ToCenters *all, int center)
{
	return (all->known[center / 64] >> center % 64 & 1) != 0;
}

static inline void
set_center_known(ToCenters *all, int center)
{
	all->known[center / 64] |= (uint64) 1 << center % 64;
}

/* The center of a code.  A slot may be read while it is written anew, so any number may be there. */
static inline int
code_center(const RotatedQuantizer *rq, const void *code)
{
	return Min(center_slot(rq, code)->center, rq->base.spec.centers);
}

/* functions in rotated_centers.c */
extern Size loki_lead_size(const LokiCodeSpec *spec);
extern void loki_lead_init(RotatedQuantizer *rq, void *memory);
extern void loki_center_put(const RotatedQuantizer *rq, int center, const float *r, const uint8 *u,
							void *code, void *refine);
extern float loki_center_norm(const RotatedQuantizer *rq, int center);
extern int	loki_move_to_center(const RotatedQuantizer *rq, float *r, float *norm);
extern void loki_centers_query(const RotatedQuantizer *rq, RotatedQuery *query, const void *code,
							   float norm, float tangent);
extern const CenterQuery *loki_meet_center(const RotatedQuantizer *rq, RotatedQuery *query, int center);
extern void loki_centers_score(const LokiQuantizer *quantizer, const LokiQuery *query,
							   const void *const *codes, int n, float *estimates);
extern float loki_center_rounding(const RotatedQuantizer *rq, const CodeSlot *slot, const CenterQuery *to,
								  float norm, float moved);
extern double loki_centers_product16(const RotatedQuantizer *rq, const RotatedQuery *query,
									 const CenterQuery *center, const uint8 *u, float shift);

/* What a query is to a center, which is in the query from then on */
static inline const CenterQuery *
loki_center_query(const RotatedQuantizer *rq, const RotatedQuery *query, int center)
{
	const ToCenters *all = to_centers(rq, query);

	return center_is_known(all, center) ? &all->of[center] : loki_meet_center(rq, (RotatedQuery *) query, center);
}

/* function in rotated_limits.c */
extern void loki_rotated_limits(const LokiQuantizer *quantizer, const LokiQuery *query,
								const void *const *codes, const void *const *refines,
								int n, float *least, float *most);

/* functions in rotated_sketch.c */
extern void loki_rotated_shorten(const LokiQuantizer *quantizer, const LokiQuantizer *from,
								 const void *from_code, void *code);
extern void loki_rotated_prepare_bounds(const LokiQuantizer *quantizer, LokiQuery *query);
extern void loki_rotated_bounds(const LokiQuantizer *quantizer, const LokiQuery *query,
								const void *block, float *bounds, float *least);

#endif							/* LOKI_ROTATED_H */
