/*-------------------------------------------------------------------------
 *
 * vector_cast.c
 *	  Casts between vectors and arrays, and to a number of dimensions.
 *
 * IDENTIFICATION
 *	  src/types/vector_cast.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/vectorint.h"
#include "utils/array.h"
#include "utils/builtins.h"

/*
 * vector(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
LOKI_FUNCTION(vector);
Datum
vector(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	loki_vector_check_typmod(PG_GETARG_INT32(1), v->dim);
	PG_RETURN_VECTOR_P(v);
}

static void
convert_numerics(ArrayType *array, Vector *v)
{
	Datum	   *elements;
	int			n;

	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT,
					  &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		v->x[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, elements[i]));
}

/*
 * Convert the elements of an array without nulls.  An element too large for a
 * float becomes infinite, which the caller finds.
 */
static void
convert_elements(ArrayType *array, Vector *v)
{
	const void *elements = ARR_DATA_PTR(array);

	switch (ARR_ELEMTYPE(array))
	{
		case INT4OID:
			for (int i = 0; i < v->dim; i++)
				v->x[i] = ((const int32 *) elements)[i];
			break;
		case FLOAT4OID:
			memcpy(v->x, elements, sizeof(float) * v->dim);
			break;
		case FLOAT8OID:
			for (int i = 0; i < v->dim; i++)
				v->x[i] = ((const float8 *) elements)[i];
			break;
		case NUMERICOID:
			convert_numerics(array, v);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("unsupported array type")));
	}
}

LOKI_FUNCTION(array_to_vector);
Datum
array_to_vector(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int32		typmod = PG_GETARG_INT32(1);
	int			dim;
	Vector	   *v;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must be 1-D")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));

	dim = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	loki_vector_check_dim(dim);
	loki_vector_check_typmod(typmod, dim);

	v = loki_vector_make(dim);
	convert_elements(array, v);
	loki_vector_check_elements(v);
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(vector_to_float4);
Datum
vector_to_float4(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(float4) * v->dim;
	ArrayType  *array = (ArrayType *) palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT4OID;
	ARR_DIMS(array)[0] = v->dim;
	ARR_LBOUND(array)[0] = 1;
	memcpy(ARR_DATA_PTR(array), v->x, sizeof(float4) * v->dim);
	PG_RETURN_ARRAYTYPE_P(array);
}
