/*-------------------------------------------------------------------------
 *
 * sparsevec_cast.c
 *	  Casts to and from sparse vectors.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_cast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/array.h"
#include "types/dense.h"
#include "types/check_values.h"
#include "types/sparsevec.h"

/*
 * sparsevec(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
LOKI_FUNCTION(sparsevec);
Datum
sparsevec(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);

	if (!loki_check_typmod(fcinfo->context, PG_GETARG_INT32(1), v->dim))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(v);
}

/* The elements of an array that are not zero */
static SparseVector *
form_vector(int dim, const float *x)
{
	int			nnz = 0;
	int			n = 0;
	SparseVector *v;
	float	   *values;

	for (int i = 0; i < dim; i++)
		nnz += x[i] != 0;
	(void) loki_sparsevec_check_nnz(NULL, nnz, dim);

	v = loki_sparsevec_make(dim, nnz);
	values = LOKI_SPARSEVEC_VALUES(v);
	for (int i = 0; i < dim; i++)
	{
		if (x[i] == 0)
			continue;
		(void) loki_check_finite(NULL, "sparsevec", x[i]);
		v->indices[n] = i;
		values[n++] = x[i];
	}
	Assert(n == v->nnz);
	return v;
}

/* sparsevec(v, typmod, explicit) of a vector or halfvec */
static Datum
from_dense(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	PG_RETURN_POINTER(form_vector(v->dim, loki_dense_floats(type, v)));
}

LOKI_DENSE_FUNCTION(vector_to_sparsevec, from_dense, vector)
LOKI_DENSE_FUNCTION(halfvec_to_sparsevec, from_dense, halfvec)

LOKI_FUNCTION(array_to_sparsevec);
Datum
array_to_sparsevec(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			dim = loki_array_length(array);
	float	   *x;

	(void) loki_check_dim(NULL, "sparsevec", dim, LOKI_SPARSEVEC_MAX_DIM);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), dim);

	x = palloc(mul_size(sizeof(float), dim));
	loki_array_floats(array, x, NULL);
	PG_RETURN_POINTER(form_vector(dim, x));
}

/* type(v, typmod, explicit): ERROR unless the type can have the elements and dimensions */
static Datum
to_dense(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = LOKI_SPARSEVEC_VALUES(v);
	float	   *x;

	loki_dense_check_dim(type, v->dim);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	x = palloc0_array(float, v->dim);
	for (int i = 0; i < v->nnz; i++)
	{
		/* input has checked them, but storage may have been damaged */
		if (unlikely(v->indices[i] < 0 || v->indices[i] >= v->dim))
			elog(ERROR, "index out of bounds");
		x[v->indices[i]] = values[i];
	}
	PG_RETURN_POINTER(loki_dense_form(type, v->dim, x));
}

LOKI_DENSE_FUNCTION(sparsevec_to_vector, to_dense, vector)
LOKI_DENSE_FUNCTION(sparsevec_to_halfvec, to_dense, halfvec)
