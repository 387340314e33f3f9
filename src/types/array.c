/*-------------------------------------------------------------------------
 *
 * array.c
 *	  Arrays of numbers, as the casts to all types take them.
 *
 * IDENTIFICATION
 *	  src/types/array.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "types/array.h"
#include "utils/builtins.h"

/*
 * The messages are pgvector's.  A model's result of one text is often a list of one vector, hence the
 * hint.  A NULL element has no place among the numbers, and would shift all others.
 */
int
loki_array_length(ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must be 1-D"),
				 errhint("Models return a list of vectors: pass one of them, such as result[0].")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

void
loki_array_floats(ArrayType *array, float *values, void (*check) (float))
{
	const void *elements = ARR_DATA_PTR(array);
	Datum	   *numerics;
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	/* without NULLs, elements of a fixed width are a plain array of C, aligned by the server */
	Assert(ARR_NDIM(array) <= 1 && !array_contains_nulls(array));
	switch (ARR_ELEMTYPE(array))
	{
		case INT4OID:
			for (int i = 0; i < n; i++)
				values[i] = ((const int32 *) elements)[i];
			break;
		case FLOAT4OID:
			memcpy(values, elements, sizeof(float) * n);
			break;
		case FLOAT8OID:
			for (int i = 0; i < n; i++)
				values[i] = ((const float8 *) elements)[i];
			break;
		case NUMERICOID:
			/* ERROR for one that no float4 can be; of several faults the first counts, as in pgvector */
			deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &numerics, NULL, &n);
			for (int i = 0; i < n; i++)
			{
				values[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, numerics[i]));
				if (check != NULL)
					check(values[i]);
			}
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("unsupported array type")));
	}
}

ArrayType *
loki_array_make(Oid type, Size width, int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + width * n;
	ArrayType  *array = (ArrayType *) palloc0(size);

	Assert(n > 0);				/* an empty array has no dimension */
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	return array;
}
