/*-------------------------------------------------------------------------
 *
 * vector_cast.c
 *	  Casts between vectors and arrays, and to a number of dimensions.
 *
 * IDENTIFICATION
 *	  src/types/vector_cast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/array.h"
#include "types/vectorint.h"

/*
 * vector(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
LOKI_FUNCTION(vector);
Datum
vector(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	if (!loki_check_typmod(fcinfo->context, PG_GETARG_INT32(1), v->dim))
		PG_RETURN_NULL();
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(array_to_vector);
Datum
array_to_vector(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int32		typmod = PG_GETARG_INT32(1);
	int			dim;
	Vector	   *v;

	dim = loki_array_length(array);
	loki_vector_check_dim(dim);
	(void) loki_check_typmod(NULL, typmod, dim);

	v = loki_vector_make(dim);
	loki_array_floats(array, v->x, NULL);
	loki_vector_check_elements(v);
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(vector_to_float4);
Datum
vector_to_float4(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	PG_RETURN_ARRAYTYPE_P(loki_floats_array(v->dim, v->x));
}
