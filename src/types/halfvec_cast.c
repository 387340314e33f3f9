/*-------------------------------------------------------------------------
 *
 * halfvec_cast.c
 *	  Casts between halfvecs, vectors and arrays; avg() of halfvecs.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_cast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/array.h"
#include "types/halfvecint.h"
#include "types/vector.h"

/*
 * halfvec(v, typmod, explicit): v itself, if it has the dimensions wanted.
 */
LOKI_FUNCTION(halfvec);
Datum
halfvec(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);

	if (!loki_check_typmod(fcinfo->context, PG_GETARG_INT32(1), v->dim))
		PG_RETURN_NULL();
	PG_RETURN_HALFVEC_P(v);
}

LOKI_FUNCTION(vector_to_halfvec);
Datum
vector_to_halfvec(PG_FUNCTION_ARGS)
{
	Vector	   *vector = PG_GETARG_VECTOR_P(0);
	HalfVector *v;

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), vector->dim);
	v = loki_halfvec_make(vector->dim);
	loki_halfvec_set(v, vector->x);
	PG_RETURN_HALFVEC_P(v);
}

LOKI_FUNCTION(halfvec_to_vector);
Datum
halfvec_to_vector(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	Vector	   *vector;

	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), v->dim);
	vector = loki_vector_make(v->dim);
	loki_distance.f16_to_f32(v->dim, v->x, vector->x);
	PG_RETURN_VECTOR_P(vector);
}

LOKI_FUNCTION(array_to_halfvec);
Datum
array_to_halfvec(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			dim = loki_array_length(array);
	float	   *x;
	HalfVector *v;

	loki_halfvec_check_dim(dim);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(1), dim);

	x = palloc_array(float, dim);
	loki_array_floats(array, x, loki_halfvec_check_range);
	v = loki_halfvec_make(dim);
	loki_halfvec_set(v, x);
	loki_halfvec_check_elements(v);
	PG_RETURN_HALFVEC_P(v);
}

LOKI_FUNCTION(halfvec_to_float4);
Datum
halfvec_to_float4(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);

	PG_RETURN_ARRAYTYPE_P(loki_floats_array(v->dim, loki_halfvec_floats(v)));
}

/* ------------------------------------------------------------------------
 * avg(), whose states are those of vectors (vector_agg.c)
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(halfvec_accum);
Datum
halfvec_accum(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(1);

	PG_RETURN_ARRAYTYPE_P(loki_avg_add(fcinfo, "halfvec_accum", v->dim,
									   loki_halfvec_floats(v)));
}

LOKI_FUNCTION(halfvec_avg);
Datum
halfvec_avg(PG_FUNCTION_ARGS)
{
	ArrayType  *state = loki_avg_state(fcinfo, 0, "halfvec_avg");
	float8	   *values = LOKI_AVG_VALUES(state);
	int			dim = LOKI_AVG_DIM(state);
	HalfVector *average;
	float	   *x;

	if (values[0] == 0)
		PG_RETURN_NULL();

	loki_halfvec_check_dim(dim);
	x = palloc_array(float, dim);
	for (int i = 0; i < dim; i++)
		x[i] = values[i + 1] / values[0];
	average = loki_halfvec_make(dim);
	loki_distance.f32_to_f16(dim, x, average->x);
	for (int i = 0; i < dim; i++)
	{
		loki_halfvec_check_range(x[i]);
		loki_halfvec_check_element(average->x[i]);
	}
	PG_RETURN_HALFVEC_P(average);
}
