/*-------------------------------------------------------------------------
 *
 * dense_cast.c
 *	  Casts between vector, halfvec, bytevec and arrays.
 *
 * IDENTIFICATION
 *	  src/types/dense_cast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "types/array.h"
#include "types/dense.h"

/*
 * type(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
static Datum
keep_dimensions(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);

	if (!loki_check_typmod(fcinfo->context, PG_GETARG_INT32(1), v->dim))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(v);
}

LOKI_DENSE_FUNCTION(vector, keep_dimensions, vector)
LOKI_DENSE_FUNCTION(halfvec, keep_dimensions, halfvec)
LOKI_DENSE_FUNCTION(bytevec, keep_dimensions, bytevec)

/* type(v, typmod, explicit) of another type's value: ERROR unless it has the dimensions wanted */
static Datum
convert_type(FunctionCallInfo fcinfo, const LokiDenseType *from, const LokiDenseType *to)
{
	LokiDense  *v = PG_GETARG_DENSE(0);

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	PG_RETURN_POINTER(loki_dense_form(to, v->dim, loki_dense_floats(from, v)));
}

#define CONVERSION(from, to) \
	LOKI_FUNCTION(from##_to_##to); \
	Datum \
	from##_to_##to(PG_FUNCTION_ARGS) \
	{ \
		return convert_type(fcinfo, &loki_##from##_type, &loki_##to##_type); \
	}

CONVERSION(vector, halfvec)
CONVERSION(vector, bytevec)
CONVERSION(halfvec, vector)
CONVERSION(halfvec, bytevec)
CONVERSION(bytevec, vector)
CONVERSION(bytevec, halfvec)

/* type(array, typmod, explicit): ERROR unless there are the dimensions wanted */
static Datum
from_array(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			dim = loki_array_length(array);
	float	   *x;

	loki_dense_check_dim(type, dim);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), dim);
	x = palloc_array(float, dim);
	loki_array_floats(array, x, type == &loki_halfvec_type ? loki_halfvec_check_range : NULL);
	PG_RETURN_POINTER(loki_dense_form(type, dim, x));
}

LOKI_DENSE_FUNCTION(array_to_vector, from_array, vector)
LOKI_DENSE_FUNCTION(array_to_halfvec, from_array, halfvec)
LOKI_DENSE_FUNCTION(array_to_bytevec, from_array, bytevec)

/* real(v, typmod, explicit) */
static Datum
to_array(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);
	ArrayType  *array = loki_array_make(FLOAT4OID, sizeof(float4), v->dim);

	type->load(v, (float4 *) ARR_DATA_PTR(array));
	PG_RETURN_ARRAYTYPE_P(array);
}

LOKI_DENSE_FUNCTION(vector_to_float4, to_array, vector)
LOKI_DENSE_FUNCTION(halfvec_to_float4, to_array, halfvec)
LOKI_DENSE_FUNCTION(bytevec_to_float4, to_array, bytevec)
