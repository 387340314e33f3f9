/*-------------------------------------------------------------------------
 *
 * sparsevec_distance.c
 *	  Distances between sparse vectors.
 *
 * As for dense ones: sums in float by the kernels of src/distance, what
 * follows them in double.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/sparsevecint.h"
#include "types/toast.h"

/* The two arguments of every function here */
typedef struct SparsePair
{
	LokiSparse	a;
	LokiSparse	b;
} SparsePair;

static inline SparsePair
get_pair(FunctionCallInfo fcinfo)
{
	const SparseVector *a = (const SparseVector *) loki_toast_argument(fcinfo, 0);
	const SparseVector *b = (const SparseVector *) loki_toast_argument(fcinfo, 1);
	SparsePair	pair;

	loki_sparsevec_check_same_dim(a, b);
	pair.a = loki_sparsevec_elements(a);
	pair.b = loki_sparsevec_elements(b);
	return pair;
}

static inline double
squared_distance(FunctionCallInfo fcinfo)
{
	SparsePair	pair = get_pair(fcinfo);

	return loki_sparse_l2sq(pair.a, pair.b);
}

static inline double
dot_product(FunctionCallInfo fcinfo)
{
	SparsePair	pair = get_pair(fcinfo);

	return loki_sparse_dot(pair.a, pair.b);
}

LOKI_FUNCTION(sparsevec_l2_distance);
Datum
sparsevec_l2_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sqrt(squared_distance(fcinfo)));
}

LOKI_FUNCTION(sparsevec_l2_squared_distance);
Datum
sparsevec_l2_squared_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(squared_distance(fcinfo));
}

LOKI_FUNCTION(sparsevec_inner_product);
Datum
sparsevec_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(dot_product(fcinfo));
}

LOKI_FUNCTION(sparsevec_negative_inner_product);
Datum
sparsevec_negative_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-dot_product(fcinfo));
}

LOKI_FUNCTION(sparsevec_cosine_distance);
Datum
sparsevec_cosine_distance(PG_FUNCTION_ARGS)
{
	SparsePair	pair = get_pair(fcinfo);

	PG_RETURN_FLOAT8(loki_sparsevec_cosine_distance(pair.a, pair.b));
}

LOKI_FUNCTION(sparsevec_l1_distance);
Datum
sparsevec_l1_distance(PG_FUNCTION_ARGS)
{
	SparsePair	pair = get_pair(fcinfo);

	PG_RETURN_FLOAT8((double) loki_sparse_l1(pair.a, pair.b));
}

/*
 * NaN if a vector is zero, or so long that its squared norm overflows.
 */
double
loki_sparsevec_cosine_distance(LokiSparse a, LokiSparse b)
{
	double		norma = loki_distance.dot_f32(a.n, a.values, a.values);
	double		normb = loki_distance.dot_f32(b.n, b.values, b.values);

	return 1 - loki_clamp_cosine(loki_sparse_dot(a, b) / sqrt(norma * normb));
}
