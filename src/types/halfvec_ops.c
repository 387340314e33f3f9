/*-------------------------------------------------------------------------
 *
 * halfvec_ops.c
 *	  Arithmetic, comparison and the other functions of halfvecs.
 *
 * Sums, differences and products of two halves are taken in float and rounded
 * to half, which gives what arithmetic on halves would: a float has more than
 * twice the digits.  Elements are finite and stay so: a result that is not
 * raises an error.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_ops.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/compare.h"
#include "types/halfvecint.h"
#include "utils/float.h"
#include "utils/varbit.h"

/* ------------------------------------------------------------------------
 * Element by element
 * ------------------------------------------------------------------------
 */

static void
check_overflow(const HalfVector *v)
{
	for (int i = 0; i < v->dim; i++)
		if (unlikely(loki_half_is_infinite(v->x[i])))
			float_overflow_error();
}

/* The arguments of a function of two, as floats */
typedef struct FloatPair
{
	int			dim;
	float	   *a;
	float	   *b;
} FloatPair;

static FloatPair
get_floats(FunctionCallInfo fcinfo)
{
	HalfVector *a = PG_GETARG_HALFVEC_P(0);
	HalfVector *b = PG_GETARG_HALFVEC_P(1);
	FloatPair	pair;

	loki_halfvec_check_same_dim(a, b);
	pair.dim = a->dim;
	pair.a = loki_halfvec_floats(a);
	pair.b = loki_halfvec_floats(b);
	return pair;
}

/* The halfvec of floats, which are no longer needed */
static HalfVector *
round_floats(FloatPair *pair, const float *x)
{
	HalfVector *v = loki_halfvec_make(pair->dim);

	loki_distance.f32_to_f16(pair->dim, x, v->x);
	return v;
}

/* A function of two halfvecs that adds or subtracts */
#define HALFVEC_SUM(name, op) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		FloatPair	pair = get_floats(fcinfo); \
		HalfVector *sum; \
		\
		for (int i = 0; i < pair.dim; i++) \
			pair.a[i] = pair.a[i] op pair.b[i]; \
		sum = round_floats(&pair, pair.a); \
		check_overflow(sum); \
		PG_RETURN_HALFVEC_P(sum); \
	}

HALFVEC_SUM(halfvec_add, +)
HALFVEC_SUM(halfvec_sub, -)

LOKI_FUNCTION(halfvec_mul);
Datum
halfvec_mul(PG_FUNCTION_ARGS)
{
	FloatPair	pair = get_floats(fcinfo);
	HalfVector *product;

	for (int i = 0; i < pair.dim; i++)
		pair.a[i] *= pair.b[i];
	product = round_floats(&pair, pair.a);

	/*
	 * Of several faults, the first element's is reported.  A float holds the
	 * product of two halves, so that it is zero only if one of them is.
	 */
	for (int i = 0; i < pair.dim; i++)
	{
		if (unlikely(loki_half_is_infinite(product->x[i])))
			float_overflow_error();
		if (unlikely(loki_half_is_zero(product->x[i]) && pair.a[i] != 0))
			float_underflow_error();
	}
	PG_RETURN_HALFVEC_P(product);
}

/* ------------------------------------------------------------------------
 * Comparison: by elements first, then the shorter halfvec comes first
 * ------------------------------------------------------------------------
 */

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	HalfVector *a = PG_GETARG_HALFVEC_P(0);
	HalfVector *b = PG_GETARG_HALFVEC_P(1);
	int			dim = Min(a->dim, b->dim);
	int			result = (a->dim > b->dim) - (a->dim < b->dim);

	for (int i = 0; i < dim; i++)
	{
		float		x;
		float		y;

		if (a->x[i] == b->x[i])
			continue;
		x = loki_half_to_float(a->x[i]);
		y = loki_half_to_float(b->x[i]);
		if (x == y)				/* zeros of both signs */
			continue;
		result = x < y ? -1 : 1;
		break;
	}

	/* index code calls this many times in one memory context */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

LOKI_COMPARISONS(halfvec)

/* ------------------------------------------------------------------------
 * Length and direction
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(halfvec_vector_dims);
Datum
halfvec_vector_dims(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);

	PG_RETURN_INT32(v->dim);
}

LOKI_FUNCTION(halfvec_l2_norm);
Datum
halfvec_l2_norm(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);

	PG_RETURN_FLOAT8(loki_euclidean_norm(v->dim, loki_halfvec_floats(v)));
}

/*
 * The zero vector stays what it is.  Quotients cannot overflow: no element is
 * larger than the norm.
 */
LOKI_FUNCTION(halfvec_l2_normalize);
Datum
halfvec_l2_normalize(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	float	   *x = loki_halfvec_floats(v);
	double		norm = loki_euclidean_norm(v->dim, x);
	HalfVector *unit = loki_halfvec_make(v->dim);

	if (norm > 0)
	{
		for (int i = 0; i < v->dim; i++)
			x[i] = x[i] / norm;
		loki_halfvec_set(unit, x);
	}
	PG_RETURN_HALFVEC_P(unit);
}

/* ------------------------------------------------------------------------
 * Parts and wholes
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(halfvec_concat);
Datum
halfvec_concat(PG_FUNCTION_ARGS)
{
	HalfVector *a = PG_GETARG_HALFVEC_P(0);
	HalfVector *b = PG_GETARG_HALFVEC_P(1);
	int			dim = a->dim + b->dim;
	HalfVector *whole;

	loki_halfvec_check_dim(dim);
	whole = loki_halfvec_make(dim);
	memcpy(whole->x, a->x, sizeof(LokiHalf) * a->dim);
	memcpy(whole->x + a->dim, b->x, sizeof(LokiHalf) * b->dim);
	PG_RETURN_HALFVEC_P(whole);
}

/*
 * subvector(v, start, count): count elements from the start-th on, counted
 * from 1, as far as they exist.
 */
LOKI_FUNCTION(halfvec_subvector);
Datum
halfvec_subvector(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	int			first;
	int			count = loki_check_part("halfvec", fcinfo, v->dim, &first);
	HalfVector *part = loki_halfvec_make(count);

	memcpy(part->x, v->x + first, sizeof(LokiHalf) * part->dim);
	PG_RETURN_HALFVEC_P(part);
}

/*
 * A bit for each element, set if it is positive.
 */
LOKI_FUNCTION(halfvec_binary_quantize);
Datum
halfvec_binary_quantize(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	int			size = VARBITTOTALLEN(v->dim);
	VarBit	   *result = (VarBit *) palloc0(size);
	uint8	   *bits = VARBITS(result);

	SET_VARSIZE(result, size);
	VARBITLEN(result) = v->dim;

	/* not zero, and without a sign */
	for (int i = 0; i < v->dim; i++)
		if (v->x[i] != 0 && v->x[i] < LOKI_HALF_SIGN)
			bits[i / 8] |= 0x80 >> (i % 8);
	PG_RETURN_VARBIT_P(result);
}
