/*-------------------------------------------------------------------------
 *
 * bytevec_cast.c
 *	  Casts between bytevecs and the other types, and their comparison.
 *
 * IDENTIFICATION
 *	  src/types/bytevec_cast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/array.h"
#include "types/bytevecint.h"
#include "types/compare.h"
#include "types/halfvec.h"
#include "types/vector.h"

/*
 * bytevec(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
LOKI_FUNCTION(bytevec);
Datum
bytevec(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);

	if (!loki_check_typmod(fcinfo->context, PG_GETARG_INT32(1), v->dim))
		PG_RETURN_NULL();
	PG_RETURN_BYTEVEC_P(v);
}

LOKI_FUNCTION(vector_to_bytevec);
Datum
vector_to_bytevec(PG_FUNCTION_ARGS)
{
	Vector	   *vector = PG_GETARG_VECTOR_P(0);

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), vector->dim);
	PG_RETURN_BYTEVEC_P(loki_bytevec_of_floats(NULL, vector->dim, vector->x));
}

LOKI_FUNCTION(halfvec_to_bytevec);
Datum
halfvec_to_bytevec(PG_FUNCTION_ARGS)
{
	HalfVector *halfvec = PG_GETARG_HALFVEC_P(0);

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), halfvec->dim);
	PG_RETURN_BYTEVEC_P(loki_bytevec_of_floats(NULL, halfvec->dim, loki_halfvec_floats(halfvec)));
}

LOKI_FUNCTION(array_to_bytevec);
Datum
array_to_bytevec(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			dim = loki_array_length(array);
	float	   *x;

	loki_bytevec_check_dim(dim);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), dim);
	x = palloc_array(float, dim);
	loki_array_floats(array, x, NULL);
	PG_RETURN_BYTEVEC_P(loki_bytevec_of_floats(NULL, dim, x));
}

LOKI_FUNCTION(bytevec_to_vector);
Datum
bytevec_to_vector(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);
	Vector	   *vector;

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	vector = loki_vector_make(v->dim);
	loki_bytevec_elements(v, vector->x);
	PG_RETURN_VECTOR_P(vector);
}

LOKI_FUNCTION(bytevec_to_halfvec);
Datum
bytevec_to_halfvec(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);
	HalfVector *halfvec;

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	halfvec = loki_halfvec_make(v->dim);
	loki_halfvec_set(halfvec, loki_bytevec_floats(v));
	PG_RETURN_HALFVEC_P(halfvec);
}

LOKI_FUNCTION(bytevec_to_float4);
Datum
bytevec_to_float4(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);

	PG_RETURN_ARRAYTYPE_P(loki_floats_array(v->dim, loki_bytevec_floats(v)));
}

/* ------------------------------------------------------------------------
 * Comparison: of the elements, as vectors are compared.  Different codes may stand
 * for equal elements.
 * ------------------------------------------------------------------------
 */

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	ByteVector *a = PG_GETARG_BYTEVEC_P(0);
	ByteVector *b = PG_GETARG_BYTEVEC_P(1);
	float	   *x = loki_bytevec_floats(a);
	float	   *y = loki_bytevec_floats(b);
	int			dim = Min(a->dim, b->dim);
	int			result = (a->dim > b->dim) - (a->dim < b->dim);

	for (int i = 0; i < dim; i++)
	{
		if (x[i] == y[i])
			continue;
		result = x[i] < y[i] ? -1 : 1;
		break;
	}

	/* index code calls this many times in one memory context */
	pfree(x);
	pfree(y);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

LOKI_COMPARISONS(bytevec)
