/*-------------------------------------------------------------------------
 *
 * bytevec_distance.c
 *	  Distances between bytevecs, and between bytevecs and vectors.
 *
 * As those of vectors (vector_distance.c) with the same elements, to the last
 * bit: codes become floats, and the kernels are those of floats.
 *
 * IDENTIFICATION
 *	  src/types/bytevec_distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "lokivector.h"
#include "types/bytevecint.h"
#include "types/toast.h"
#include "types/vector.h"

/* The two arguments of every function here, as floats */
typedef struct FloatArrays
{
	int			dim;
	const float *a;
	const float *b;
} FloatArrays;

/* Argument n as floats, and its dimensions */
static inline const float *
get_floats(FunctionCallInfo fcinfo, int n, bool is_vector, int *dim)
{
	const struct varlena *value = loki_toast_argument(fcinfo, n);

	if (is_vector)
	{
		*dim = ((const Vector *) value)->dim;
		return ((const Vector *) value)->x;
	}
	*dim = ((const ByteVector *) value)->dim;
	return loki_bytevec_floats((const ByteVector *) value);
}

/* One of the arguments may be a vector */
static inline FloatArrays
get_pair(FunctionCallInfo fcinfo, bool a_is_vector, bool b_is_vector)
{
	FloatArrays pair;
	int			dim;

	pair.a = get_floats(fcinfo, 0, a_is_vector, &pair.dim);
	pair.b = get_floats(fcinfo, 1, b_is_vector, &dim);
	loki_check_same_dim(a_is_vector || b_is_vector ? "vector" : "bytevec", pair.dim, dim);
	return pair;
}

/* NaN if a vector is zero */
static double
cosine_distance_of(FloatArrays pair)
{
	float		dot;
	float		norma;
	float		normb;

	loki_distance.cosine_f32(pair.dim, pair.a, pair.b, &dot, &norma, &normb);
	return 1 - loki_clamp_cosine(dot / sqrt((double) norma * (double) normb));
}

static double
squared_distance_of(FloatArrays pair)
{
	return loki_distance.l2sq_f32(pair.dim, pair.a, pair.b);
}

static double
inner_product_of(FloatArrays pair)
{
	return loki_distance.dot_f32(pair.dim, pair.a, pair.b);
}

static double
l1_distance_of(FloatArrays pair)
{
	return loki_distance.l1_f32(pair.dim, pair.a, pair.b);
}

#define DISTANCE(name, a_is_vector, b_is_vector, distance) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		FloatArrays pair = get_pair(fcinfo, a_is_vector, b_is_vector); \
		\
		PG_RETURN_FLOAT8(distance); \
	}

/* A function of two bytevecs, and those in which one of them is a vector */
#define DISTANCES(name, distance) \
	DISTANCE(bytevec_##name, false, false, distance) \
	DISTANCE(bytevec_vector_##name, false, true, distance) \
	DISTANCE(vector_bytevec_##name, true, false, distance)

DISTANCES(l2_distance, sqrt(squared_distance_of(pair)))
DISTANCES(negative_inner_product, -inner_product_of(pair))
DISTANCES(cosine_distance, cosine_distance_of(pair))
DISTANCES(l1_distance, l1_distance_of(pair))
DISTANCE(bytevec_l2_squared_distance, false, false, squared_distance_of(pair))
DISTANCE(bytevec_inner_product, false, false, inner_product_of(pair))
