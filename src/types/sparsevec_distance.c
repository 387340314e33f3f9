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
#include "types/check_values.h"
#include "types/sparsevec.h"
#include "types/toast.h"
#include "types/vector.h"

/* A function of two arguments, over a function of what the kernels take.  ERROR if the dimensions differ */
#define DISTANCE(kernel) \
	static inline double \
	kernel##_of(FunctionCallInfo fcinfo) \
	{ \
		const SparseVector *a = (const SparseVector *) loki_toast_argument(fcinfo, 0); \
		const SparseVector *b = (const SparseVector *) loki_toast_argument(fcinfo, 1); \
		\
		loki_check_same_dim("sparsevec", a->dim, b->dim); \
		return kernel(loki_sparsevec_elements(a), loki_sparsevec_elements(b)); \
	}

DISTANCE(loki_sparse_l2sq)
DISTANCE(loki_sparse_dot)
DISTANCE(loki_sparse_l1)
DISTANCE(loki_sparsevec_cosine_distance)

LOKI_FLOAT8_FUNCTION(sparsevec_l2_distance, sqrt(loki_sparse_l2sq_of(fcinfo)))
LOKI_FLOAT8_FUNCTION(sparsevec_l2_squared_distance, loki_sparse_l2sq_of(fcinfo))
LOKI_FLOAT8_FUNCTION(sparsevec_inner_product, loki_sparse_dot_of(fcinfo))
LOKI_FLOAT8_FUNCTION(sparsevec_negative_inner_product, -loki_sparse_dot_of(fcinfo))
LOKI_FLOAT8_FUNCTION(sparsevec_cosine_distance, loki_sparsevec_cosine_distance_of(fcinfo))
LOKI_FLOAT8_FUNCTION(sparsevec_l1_distance, loki_sparse_l1_of(fcinfo))

double
loki_sparsevec_cosine_distance(LokiSparse a, LokiSparse b)
{
	double		norma = loki_distance.dot_f32(a.n, a.values, a.values);
	double		normb = loki_distance.dot_f32(b.n, b.values, b.values);

	return 1 - loki_clamp_cosine(loki_sparse_dot(a, b) / sqrt(norma * normb));
}
