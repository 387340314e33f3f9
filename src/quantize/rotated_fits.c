/*-------------------------------------------------------------------------
 *
 * rotated_fits.c
 *	  Whether slots of the rotated code are those of a vector, whichever
 *	  processor has made them.
 *
 * Processors add up sums in different orders, and so round them differently.
 * Here the residual r is computed once more, and it is known how far that of
 * another processor may be from it: `noise`.  Slots fit if they can be those of
 * a residual that is no farther away:
 *
 *		levels		an element has the level of some number near it
 *		factors		are those of the levels in the slots, but for what the
 *					noise changes of them
 *
 * Slots that were made of other slots fit if they can be those of a vector that
 * is no farther away than what these missed.
 *
 * README, "Slots of another processor" and "Slots that requantizing made", has
 * the formulas.
 *
 * IDENTIFICATION
 *	  src/quantize/rotated_fits.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"
#include "quantize/rotated.h"

/*
 * An element may be off by so many times its share of the noise.  The rotation spreads the noise
 * like normal numbers, of which none is 16 standard deviations from zero.
 */
#define NOISE_OF_ELEMENT	16

/* Beyond this part of the residual, the noise leaves nothing of levels and angles */
#define MOST_NOISE			0.125

/* No code has a cosine below the reciprocal of this with a residual that is rotated */
#define MOST_STRETCHED		4

/*
 * Where nothing tells what a code misses: its square is no more than so many times that of its
 * kind on average, and so many standard deviations for each of a few elements at the last level,
 * beyond which they may be
 */
#define MOST_TANGENT		2
#define MOST_OUTLYING		2
#define MOST_OUTLIERS		2

/* The residual of a vector as this processor computes it */
typedef struct Residual
{
	const RotatedQuantizer *rq;
	const float *r;
	double		length;			/* of the vector */
	double		norm;
	double		inside;			/* norm of the part that is coded */
	double		noise;			/* another processor's is no farther away */
	double		rounding;		/* of a sum over the vector, relative to its
								 * terms */
	double		code_rounding;	/* the same over what is coded */
	bool		huge;			/* nothing is certain of distances */
	bool		at_limit;		/* rounding decides whether that is so */
} Residual;

/* Products of the levels in slots with the residual */
typedef struct Products
{
	double		dot;
	double		norm;			/* of the levels */
} Products;

/* Whether rounding decides on which side of a limit another processor's value is */
static bool
near_limit(double value, double limit, double rounding)
{
	return fabs(value - limit) <= 2 * rounding * limit;
}

static void
compute_residual(const RotatedQuantizer *rq, const float *x, float *r, Residual *residual)
{
	const LokiCodeSpec *spec = &rq->base.spec;
	double		square = 0;
	float		inside;
	bool		out_of_range;

	residual->rq = rq;
	residual->r = r;
	residual->norm = loki_rotated_residual(rq, x, r, &inside, &out_of_range);
	residual->inside = inside;
	for (uint32 i = 0; i < spec->dim; i++)
		square += (double) x[i] * x[i];
	residual->length = sqrt(square);
	residual->rounding = loki_sum_rounding(LOKI_PADDED(spec->dim));
	residual->code_rounding = loki_sum_rounding(rq->base.padded_dim);
	residual->huge = out_of_range || residual->norm >= HUGE_NORM * 0.99f;
	residual->at_limit = near_limit(residual->norm, HUGE_NORM * 0.99f, residual->rounding) ||
		(spec->metric == LOKI_METRIC_COSINE &&
		 (near_limit(residual->length, sqrt(SAFE_LEAST), residual->rounding) ||
		  near_limit(residual->length, HUGE_NORM, residual->rounding)));

	/* differences are rounded alike, the length of a vector is not */
	residual->noise = TINY_NORM + residual->rounding *
		(residual->norm + (spec->metric == LOKI_METRIC_COSINE ? 1 : 0));
}

static inline bool
about(double value, double wanted, double difference)
{
	/* false for what is no number */
	return fabs(value - wanted) <= difference;
}

/* ----------------------------------------------------------------
 * Levels
 * ----------------------------------------------------------------
 */

/* The full code of the residual with all elements moved by so much */
static void
encode_moved(const Residual *residual, float by, uint8 *u)
{
	const RotatedQuantizer *rq = residual->rq;
	int			padded = rq->base.padded_dim;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	LokiEncodeSums sums;

	for (int i = 0; i < padded; i++)
		r[i] = residual->r[i] + by;
	rq->kernels->encode(padded, r, Min(64 * sqrt(padded) / residual->inside, FLT_MAX),
						&rq->code_levels, NULL, u, &sums);
}

/* Compare levels; u are those in the slots. */
static LokiFit
levels_fit(const Residual *residual, const uint8 *u)
{
	const RotatedQuantizer *rq = residual->rq;
	int			padded = rq->base.padded_dim;
	float		by = (float) (NOISE_OF_ELEMENT * residual->noise / sqrt(padded));
	uint8		least[LOKI_MAX_PADDED];
	uint8		most[LOKI_MAX_PADDED];

	if (residual->noise > MOST_NOISE * residual->inside)
		return LOKI_FITS;
	encode_moved(residual, -by, least);
	encode_moved(residual, by, most);
	for (int bits = rq->bits;; bits = rq->full_bits)
	{
		for (int i = 0; i < padded; i++)
		{
			int			level = u[i] >> (8 - bits);

			if (level < least[i] >> (8 - bits) || level > most[i] >> (8 - bits))
				return bits == rq->bits ? LOKI_CODE_UNLIKE : LOKI_REFINE_UNLIKE;
		}
		if (bits == rq->full_bits)
			return LOKI_FITS;
	}
}

/* ----------------------------------------------------------------
 * Factors
 * ----------------------------------------------------------------
 */

static Products
multiply(const Residual *residual, const LokiLevelTable *table, const uint8 *u)
{
	Products	products = {0, 0};
	double		norm2 = 0;

	for (uint32 i = 0; i < residual->rq->base.padded_dim; i++)
	{
		double		level = table->base[u[i] >> 4] + table->step[u[i] >> 4] * (u[i] & 15);

		products.dot += level * residual->r[i];
		norm2 += level * level;
	}
	products.norm = sqrt(norm2);
	return products;
}

/* Whether `add` of a slot of CODE is that of the residual */
static bool
add_fits(const Residual *residual, const float *x, float add)
{
	const LokiQuantizer *quantizer = &residual->rq->base;
	double		unit = quantizer->spec.metric == LOKI_METRIC_COSINE ? 0.5 : 1;
	double		dot = 0;

	if (quantizer->spec.metric != LOKI_METRIC_IP)
		return about(add, unit * residual->norm * residual->norm,
					 FLT_MIN + 8 * unit * residual->noise * (residual->norm + 2 * residual->noise));
	for (uint32 i = 0; i < quantizer->spec.dim; i++)
		dot += (double) quantizer->centroid[i] * x[i];
	return about(-add, Max(Min(dot, HUGE_ERROR), -HUGE_ERROR), FLT_MIN + residual->rounding *
				 Min(2 * residual->length * sqrt(quantizer->centroid_norm2), HUGE_ERROR));
}

/* Whether a factor of levels is that of the residual */
static bool
mul_fits(const Residual *residual, const Products *products, float mul)
{
	double		unit = residual->rq->metric_factor;
	double		inside = residual->inside;
	double		wanted;

	if (residual->noise > MOST_NOISE * inside)
		return mul / unit >= 0 && mul / unit * products->norm <=
			MOST_STRETCHED * (inside + MOST_STRETCHED * residual->noise);
	if (products->dot <= 0)
		return false;
	wanted = unit * inside * (inside / products->dot);
	return about(mul, wanted, fabs(wanted) *
				 (residual->code_rounding + 2 * residual->noise *
				  (1 / inside + products->norm / products->dot)));
}

/* Whether the error that REFINE states is that of its levels */
static bool
error_fits(const Residual *residual, const Products *products, float error)
{
	const RotatedQuantizer *rq = residual->rq;
	double		inside = residual->inside;
	double		unit = -rq->metric_factor / sqrt(rq->base.padded_dim - 1);
	double		least_tangent = rq->full_tangent / 4;
	double		part;
	double		cosine;
	double		square;
	double		rounding;

	if (error >= HUGE_ERROR)
		return residual->huge || residual->at_limit;
	if (residual->huge && !residual->at_limit)
		return false;
	if (residual->noise > MOST_NOISE * inside)
		return error >= 0 &&
			error <= unit * MOST_STRETCHED * (inside + MOST_STRETCHED * residual->noise);
	cosine = products->dot / (inside * products->norm);
	square = Max(0, 1 / (cosine * cosine) - 1);

	/* the noise turns r by this angle, and sums in the cosine are rounded */
	part = residual->noise / inside;
	rounding = 2 * residual->code_rounding * (1 + square) +
		4 * (1 + square) * (sqrt(square) * part + part * part);
	return error >= (1 - residual->code_rounding - 2 * part) * unit * inside *
		Max(sqrt(Max(0, square - rounding)), least_tangent) &&
		error <= (1 + residual->code_rounding + 2 * part) * unit * inside *
		Max(sqrt(square + rounding), least_tangent);
}

LokiFit
loki_rotated_fits(const LokiQuantizer *quantizer, const float *x, const void *code,
				  const void *refine)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const CodeSlot *slot = code;
	const RefineSlot *more = refine;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];
	Residual	residual;
	Products	products;
	LokiFit		fit;

	Assert((quantizer->refine_size > 0) == (refine != NULL));
	compute_residual(rq, x, r, &residual);
	unpack_code(rq, code, u);
	products = multiply(&residual, &rq->code_table, u);
	if (!add_fits(&residual, x, slot->add) || !mul_fits(&residual, &products, slot->mul))
		return LOKI_CODE_UNLIKE;
	if (refine != NULL)
		unpack_refine(rq, refine, u);
	fit = levels_fit(&residual, u);
	if (fit != LOKI_FITS || refine == NULL)
		return fit;
	products = multiply(&residual, &rq->full_table, u);
	return mul_fits(&residual, &products, more->mul) &&
		error_fits(&residual, &products, more->error) ? LOKI_FITS : LOKI_REFINE_UNLIKE;
}

/* ----------------------------------------------------------------
 * Slots that were made of other codes
 * ----------------------------------------------------------------
 *
 * They are those of a vector that is no farther than `missed` from x (README, "Slots that
 * requantizing made").  D is what slots stand for, the levels times a factor.
 */

/* What slots stand for: CODE alone, or both */
typedef struct Decoded
{
	int			bits;
	double		tangent;		/* of such codes */
	Products	products;
	double		factor;
	double		stated;			/* what REFINE says that it misses */
} Decoded;

/* Where the numbers with a full code begin, in 64ths of their standard deviation */
static double
level_begin(int u)
{
	int			magnitude = u >= 128 ? u - 128 : 128 - u;
	double		begin;

	if (magnitude == 128)
		return u >= 128 ? HUGE_VAL : -HUGE_VAL;
	begin = loki_thresholds[magnitude >> 4] +
		(magnitude & 15) / (double) loki_inverse_widths[magnitude >> 4];
	return u >= 128 ? begin : -begin;
}

/*
 * The square of the distance of r from the nearest residual that has the levels of these slots,
 * whose norm differs by no more than `missed`
 */
static double
distance_from_levels(const Residual *residual, const uint8 *u, int bits, double missed)
{
	int			padded = residual->rq->base.padded_dim;
	double		least = Max(residual->norm - missed, 0) / (64 * sqrt(padded));
	double		most = (residual->norm + missed) / (64 * sqrt(padded));
	double		begins[257];
	double		square = 0;

	for (int i = 0; i <= 256; i++)
		begins[i] = level_begin(i);
	for (int i = 0; i < padded; i++)
	{
		double		begin = begins[u[i]];
		double		end = begins[u[i] + (1 << (8 - bits))];
		double		low = begin * (begin > 0 ? least : most);
		double		high = end * (end > 0 ? most : least);
		double		away = Max(Max(low - residual->r[i], residual->r[i] - high), 0);

		square += away * away;
	}
	return square;
}

/* Whether <D, r> can be |r|^2 of a residual no farther away, whose code D is */
static bool
factor_fits(const Residual *residual, const Decoded *decoded, double missed)
{
	double		norm = residual->norm;
	double		length = decoded->factor * decoded->products.norm;

	return about(decoded->factor * decoded->products.dot, norm * norm,
				 length * missed + missed * (2 * norm + missed) +
				 4 * residual->code_rounding * (norm + length) * (norm + length));
}

/* Whether `add` is that of a vector no farther away, less what requantize() takes away */
static bool
requantized_add_fits(const Residual *residual, const float *x, double missed, double stated,
					 float add)
{
	const LokiQuantizer *quantizer = &residual->rq->base;
	double		unit = quantizer->spec.metric == LOKI_METRIC_COSINE ? 0.5 : 1;
	double		norm = residual->norm;
	double		least = Max(norm - missed, 0);
	double		rounding = 4 * residual->rounding * (norm + missed) * (norm + missed) + FLT_MIN;
	double		taken = Max(missed, stated);
	double		dot = 0;

	if (quantizer->spec.metric != LOKI_METRIC_IP)
		return add >= 0 && add / unit >= least * least - taken * taken - rounding &&
			add / unit <= (norm + missed) * (norm + missed) + rounding;
	for (uint32 i = 0; i < quantizer->spec.dim; i++)
		dot += (double) quantizer->centroid[i] * x[i];
	return about(-add, Max(Min(dot, HUGE_ERROR), -HUGE_ERROR), FLT_MIN +
				 sqrt(quantizer->centroid_norm2) *
				 (missed + 2 * residual->rounding * (residual->length + missed)));
}

/*
 * Whether what REFINE states that it misses is at least the distance of x from D: the root of the
 * squares of all that was missed, whose sum that distance may be.
 */
static bool
requantized_error_fits(const Residual *residual, const Decoded *decoded, double missed,
					   int requantized)
{
	double		norm = residual->norm;
	double		length = decoded->factor * decoded->products.norm;
	double		square = length * length - 2 * decoded->factor * decoded->products.dot + norm * norm;
	double		before = missed / decoded->tangent;

	/* the squares of the angles of all codes are rounded */
	return decoded->stated >= 0 && square <= (requantized + 1) *
		(decoded->stated * decoded->stated +
		 residual->code_rounding * (norm * norm + before * before));
}

static Decoded
decode_for(const Residual *residual, bool full, const uint8 *u, float mul)
{
	const RotatedQuantizer *rq = residual->rq;
	Decoded		decoded;

	decoded.bits = full ? rq->full_bits : rq->bits;
	decoded.tangent = full ? rq->full_tangent : rq->tangent;
	decoded.products = multiply(residual, full ? &rq->full_table : &rq->code_table, u);
	decoded.factor = mul / rq->metric_factor;
	decoded.stated = 0;
	return decoded;
}

LokiFit
loki_rotated_fits_requantized(const LokiQuantizer *quantizer, const float *x, double missed,
							  int requantized, const void *code, const void *refine)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	const CodeSlot *slot = code;
	const RefineSlot *more = refine;
	pg_attribute_aligned(64) float r[LOKI_MAX_PADDED];
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];
	Residual	residual;
	Decoded		decoded;
	double		stated = 0;

	/* of vectors that are too long, old codes said nothing */
	if (missed >= HUGE_NORM)
		return LOKI_VAGUE;
	compute_residual(rq, x, r, &residual);
	missed += residual.noise + residual.rounding * missed;
	if (refine != NULL)
		stated = more->error / -rq->metric_factor * sqrt(rq->base.padded_dim - 1);

	unpack_code(rq, code, u);
	decoded = decode_for(&residual, false, u, slot->mul);
	if (!requantized_add_fits(&residual, x, missed, stated, slot->add) ||
		!factor_fits(&residual, &decoded, missed) ||
		distance_from_levels(&residual, u, decoded.bits, missed) > missed * missed)
		return LOKI_CODE_UNLIKE;
	if (refine != NULL)
	{
		unpack_refine(rq, refine, u);
		decoded = decode_for(&residual, true, u, more->mul);
		decoded.stated = stated;
		if (!factor_fits(&residual, &decoded, missed) ||
			distance_from_levels(&residual, u, decoded.bits, missed) > missed * missed ||
			!requantized_error_fits(&residual, &decoded, missed, requantized))
			return LOKI_REFINE_UNLIKE;
	}
	return missed < residual.norm ? LOKI_FITS : LOKI_VAGUE;
}

/* |D|^2 of slots, and the number of elements at the last level, beyond which they may be */
static double
decoded_square(const RotatedQuantizer *rq, const void *code, const void *refine, int *outermost)
{
	const LokiLevelTable *table = refine != NULL ? &rq->full_table : &rq->code_table;
	int			bits = refine != NULL ? rq->full_bits : rq->bits;
	double		factor = (refine != NULL ? ((const RefineSlot *) refine)->mul :
						  ((const CodeSlot *) code)->mul) / rq->metric_factor;
	double		square = 0;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	unpack_code(rq, code, u);
	if (refine != NULL)
		unpack_refine(rq, refine, u);
	*outermost = 0;
	for (uint32 i = 0; i < rq->base.padded_dim; i++)
	{
		double		level = table->base[u[i] >> 4] + table->step[u[i] >> 4] * (u[i] & 15);

		square += level * level;
		*outermost += u[i] >> (8 - bits) == 0 || u[i] >> (8 - bits) == (1 << bits) - 1;
	}
	return square * factor * factor;
}

/*
 * |D|^2 is |r|^2 and the square of what is missed.  Under IP, where CODE does not keep |r|, REFINE
 * tells.  Where there is none either, it is guessed from the levels.
 */
double
loki_rotated_missed(const LokiQuantizer *quantizer, const void *code, const void *refine)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;
	int			outermost;
	double		square = decoded_square(rq, code, refine, &outermost);
	double		norm = code_norm(rq, code);
	double		tangent = refine != NULL ? rq->full_tangent : rq->tangent;
	double		rounding = loki_sum_rounding(padded);
	double		missed2;

	/* vectors that were cut down: decode() makes nothing of them */
	if (!(norm < HUGE_NORM / 2) || !(square < HUGE_NORM * HUGE_NORM))
		return FLT_MAX;
	if (quantizer->spec.metric != LOKI_METRIC_IP)
		missed2 = square - norm * norm;
	else if (refine != NULL)
	{
		double		error = Min(((const RefineSlot *) refine)->error, HUGE_NORM);

		missed2 = error * error * (padded - 1);
	}
	else
		missed2 = square * (MOST_TANGENT * tangent * tangent + MOST_OUTLYING * MOST_OUTLYING *
							(double) Min(outermost, MOST_OUTLIERS) / padded);
	return TINY_NORM + sqrt(Max(missed2, tangent * tangent * square) + 4 * rounding * square) +
		rounding * (sqrt(square) + sqrt(quantizer->centroid_norm2));
}
