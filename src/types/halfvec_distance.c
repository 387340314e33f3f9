/*-------------------------------------------------------------------------
 *
 * halfvec_distance.c
 *	  Distances between halfvecs.
 *
 * As those of vectors (vector_distance.c) with the same elements: sums are
 * taken in float.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/halfvecint.h"
#include "types/toast.h"

/* A kernel over halves */
typedef float (*HalfKernel) (int dim, const LokiHalf *a, const LokiHalf *b);

static inline void
get_pair(FunctionCallInfo fcinfo, const HalfVector **a, const HalfVector **b)
{
	*a = (const HalfVector *) loki_toast_argument(fcinfo, 0);
	*b = (const HalfVector *) loki_toast_argument(fcinfo, 1);
	loki_halfvec_check_same_dim(*a, *b);
}

static inline double
kernel_result(FunctionCallInfo fcinfo, HalfKernel kernel)
{
	const HalfVector *a;
	const HalfVector *b;

	get_pair(fcinfo, &a, &b);
	return (double) kernel(a->dim, a->x, b->x);
}

LOKI_FUNCTION(halfvec_l2_distance);
Datum
halfvec_l2_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sqrt(kernel_result(fcinfo, loki_distance.l2sq_f16)));
}

LOKI_FUNCTION(halfvec_l2_squared_distance);
Datum
halfvec_l2_squared_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(kernel_result(fcinfo, loki_distance.l2sq_f16));
}

LOKI_FUNCTION(halfvec_inner_product);
Datum
halfvec_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(kernel_result(fcinfo, loki_distance.dot_f16));
}

LOKI_FUNCTION(halfvec_negative_inner_product);
Datum
halfvec_negative_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-kernel_result(fcinfo, loki_distance.dot_f16));
}

/*
 * NaN if a vector is zero.
 */
LOKI_FUNCTION(halfvec_cosine_distance);
Datum
halfvec_cosine_distance(PG_FUNCTION_ARGS)
{
	const HalfVector *a;
	const HalfVector *b;
	float		dot;
	float		norma;
	float		normb;

	get_pair(fcinfo, &a, &b);
	loki_distance.cosine_f16(a->dim, a->x, b->x, &dot, &norma, &normb);
	PG_RETURN_FLOAT8(1 - loki_clamp_cosine(dot / sqrt((double) norma * (double) normb)));
}

/*
 * The angle between two vectors of norm one, as a share of a half turn.
 */
LOKI_FUNCTION(halfvec_spherical_distance);
Datum
halfvec_spherical_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(acos(loki_clamp_cosine(kernel_result(fcinfo, loki_distance.dot_f16))) / M_PI);
}

LOKI_FUNCTION(halfvec_l1_distance);
Datum
halfvec_l1_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(kernel_result(fcinfo, loki_distance.l1_f16));
}
