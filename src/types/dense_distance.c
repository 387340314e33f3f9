/*-------------------------------------------------------------------------
 *
 * dense_distance.c
 *	  Distances of vector, halfvec and bytevec.
 *
 * Sums are taken in float4 by the kernels of src/distance; what follows them (root, quotient) in
 * float8.  These functions are called for every row of a table that is sorted without an index,
 * and mostly with one argument that is always the same.
 *
 * IDENTIFICATION
 *	  src/types/dense_distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "types/dense.h"
#include "types/toast.h"

/* The elements of two arguments: both are halves, or both floats */
typedef struct DensePair
{
	int			dim;
	const void *a;
	const void *b;
} DensePair;

typedef enum DenseKind
{
	VECTOR,
	HALFVEC,
	BYTEVEC
} DenseKind;

/* Argument n as floats, or halves, and its dimensions */
static pg_attribute_always_inline const void *
get_elements(FunctionCallInfo fcinfo, int n, DenseKind kind, int *dim)
{
	const LokiDense *v = (const LokiDense *) loki_toast_argument(fcinfo, n);

	Assert(v->dim >= 1 && v->dim <= LOKI_DENSE_MAX_DIM);
	*dim = v->dim;
	return kind == BYTEVEC ? loki_dense_floats(&loki_bytevec_type, v) : (const void *) (v + 1);
}

/* ERROR if the dimensions differ */
static pg_attribute_always_inline DensePair
get_pair(FunctionCallInfo fcinfo, DenseKind left, DenseKind right)
{
	DensePair	pair;
	int			dim;

	Assert((left == HALFVEC) == (right == HALFVEC));
	pair.a = get_elements(fcinfo, 0, left, &pair.dim);
	pair.b = get_elements(fcinfo, 1, right, &dim);
	loki_check_same_dim(left == HALFVEC ? "halfvec" : left == VECTOR || right == VECTOR ?
						"vector" : "bytevec", pair.dim, dim);
	return pair;
}

#define KERNEL(name, of_halves, of_floats) \
	static pg_attribute_always_inline float \
	name(FunctionCallInfo fcinfo, DenseKind left, DenseKind right) \
	{ \
		DensePair	pair = get_pair(fcinfo, left, right); \
		\
		return left == HALFVEC ? of_halves(pair.dim, pair.a, pair.b) : \
			of_floats(pair.dim, pair.a, pair.b); \
	}

KERNEL(l2sq, loki_distance.l2sq_f16, loki_distance.l2sq_f32)
KERNEL(dot, loki_distance.dot_f16, loki_distance.dot_f32)
KERNEL(l1, loki_distance.l1_f16, loki_distance.l1_f32)

/* NaN if a vector is zero, or so long that its squared norm overflows */
static pg_attribute_always_inline double
cosine(FunctionCallInfo fcinfo, DenseKind left, DenseKind right)
{
	DensePair	pair = get_pair(fcinfo, left, right);
	float		dot;
	float		norma;
	float		normb;

	if (left == HALFVEC)
		loki_distance.cosine_f16(pair.dim, pair.a, pair.b, &dot, &norma, &normb);
	else
		loki_distance.cosine_f32(pair.dim, pair.a, pair.b, &dot, &norma, &normb);
	return 1 - loki_clamp_cosine(dot / sqrt((double) norma * (double) normb));
}

/* The angle between two vectors of norm one, as a share of a half turn */
#define ANGLE(dot)	(acos(loki_clamp_cosine(dot)) / M_PI)

LOKI_FLOAT8_FUNCTION(l2_distance, sqrt((double) l2sq(fcinfo, VECTOR, VECTOR)))
LOKI_FLOAT8_FUNCTION(vector_l2_squared_distance, l2sq(fcinfo, VECTOR, VECTOR))
LOKI_FLOAT8_FUNCTION(inner_product, dot(fcinfo, VECTOR, VECTOR))
LOKI_FLOAT8_FUNCTION(vector_negative_inner_product, -dot(fcinfo, VECTOR, VECTOR))
LOKI_FLOAT8_FUNCTION(cosine_distance, cosine(fcinfo, VECTOR, VECTOR))
LOKI_FLOAT8_FUNCTION(vector_spherical_distance, ANGLE(dot(fcinfo, VECTOR, VECTOR)))
LOKI_FLOAT8_FUNCTION(l1_distance, l1(fcinfo, VECTOR, VECTOR))

LOKI_FLOAT8_FUNCTION(halfvec_l2_distance, sqrt((double) l2sq(fcinfo, HALFVEC, HALFVEC)))
LOKI_FLOAT8_FUNCTION(halfvec_l2_squared_distance, l2sq(fcinfo, HALFVEC, HALFVEC))
LOKI_FLOAT8_FUNCTION(halfvec_inner_product, dot(fcinfo, HALFVEC, HALFVEC))
LOKI_FLOAT8_FUNCTION(halfvec_negative_inner_product, -dot(fcinfo, HALFVEC, HALFVEC))
LOKI_FLOAT8_FUNCTION(halfvec_cosine_distance, cosine(fcinfo, HALFVEC, HALFVEC))
LOKI_FLOAT8_FUNCTION(halfvec_spherical_distance, ANGLE(dot(fcinfo, HALFVEC, HALFVEC)))
LOKI_FLOAT8_FUNCTION(halfvec_l1_distance, l1(fcinfo, HALFVEC, HALFVEC))

/* Of two bytevecs, and those in which one of them is a vector */
#define BYTEVEC_DISTANCES(type, left, right) \
	LOKI_FLOAT8_FUNCTION(type##_l2_distance, sqrt((double) l2sq(fcinfo, left, right))) \
	LOKI_FLOAT8_FUNCTION(type##_negative_inner_product, -dot(fcinfo, left, right)) \
	LOKI_FLOAT8_FUNCTION(type##_cosine_distance, cosine(fcinfo, left, right)) \
	LOKI_FLOAT8_FUNCTION(type##_l1_distance, l1(fcinfo, left, right))

BYTEVEC_DISTANCES(bytevec, BYTEVEC, BYTEVEC)
BYTEVEC_DISTANCES(bytevec_vector, BYTEVEC, VECTOR)
BYTEVEC_DISTANCES(vector_bytevec, VECTOR, BYTEVEC)
LOKI_FLOAT8_FUNCTION(bytevec_l2_squared_distance, l2sq(fcinfo, BYTEVEC, BYTEVEC))
LOKI_FLOAT8_FUNCTION(bytevec_inner_product, dot(fcinfo, BYTEVEC, BYTEVEC))
