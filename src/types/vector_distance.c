/*-------------------------------------------------------------------------
 *
 * vector_distance.c
 *	  Distances between vectors.
 *
 * Sums are taken in float by the kernels of src/distance; what follows them
 * (root, quotient) in double.
 *
 * These functions are called for every row of a table that is sorted without
 * an index, and mostly with one argument that is always the same.
 *
 * IDENTIFICATION
 *	  src/types/vector_distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "lokivector.h"
#include "types/toast.h"
#include "types/vectorint.h"

/* The two arguments of every function here */
typedef struct VectorPair
{
	const Vector *a;
	const Vector *b;
} VectorPair;

static inline VectorPair
get_pair(FunctionCallInfo fcinfo)
{
	VectorPair	pair;

	pair.a = (const Vector *) loki_toast_argument(fcinfo, 0);
	pair.b = (const Vector *) loki_toast_argument(fcinfo, 1);
	loki_vector_check_same_dim(pair.a, pair.b);
	return pair;
}

static inline float
squared_distance(FunctionCallInfo fcinfo)
{
	VectorPair	pair = get_pair(fcinfo);

	return loki_distance.l2sq_f32(pair.a->dim, pair.a->x, pair.b->x);
}

static inline float
dot_product(FunctionCallInfo fcinfo)
{
	VectorPair	pair = get_pair(fcinfo);

	return loki_distance.dot_f32(pair.a->dim, pair.a->x, pair.b->x);
}

LOKI_FUNCTION(l2_distance);
Datum
l2_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sqrt((double) squared_distance(fcinfo)));
}

LOKI_FUNCTION(vector_l2_squared_distance);
Datum
vector_l2_squared_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((double) squared_distance(fcinfo));
}

LOKI_FUNCTION(inner_product);
Datum
inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((double) dot_product(fcinfo));
}

LOKI_FUNCTION(vector_negative_inner_product);
Datum
vector_negative_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-(double) dot_product(fcinfo));
}

/*
 * NaN if a vector is zero, or so long that its squared norm overflows.
 */
LOKI_FUNCTION(cosine_distance);
Datum
cosine_distance(PG_FUNCTION_ARGS)
{
	VectorPair	pair = get_pair(fcinfo);
	float		dot;
	float		norma;
	float		normb;

	loki_distance.cosine_f32(pair.a->dim, pair.a->x, pair.b->x,
							 &dot, &norma, &normb);
	PG_RETURN_FLOAT8(1 - loki_clamp_cosine(dot / sqrt((double) norma * (double) normb)));
}

/*
 * The angle between two vectors of norm one, as a share of a half turn.
 */
LOKI_FUNCTION(vector_spherical_distance);
Datum
vector_spherical_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(acos(loki_clamp_cosine(dot_product(fcinfo))) / M_PI);
}

LOKI_FUNCTION(l1_distance);
Datum
l1_distance(PG_FUNCTION_ARGS)
{
	VectorPair	pair = get_pair(fcinfo);

	PG_RETURN_FLOAT8((double) loki_distance.l1_f32(pair.a->dim, pair.a->x, pair.b->x));
}
