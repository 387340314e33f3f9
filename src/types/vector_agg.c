/*-------------------------------------------------------------------------
 *
 * vector_agg.c
 *	  avg() of vectors: state, combination and result.
 *
 * The state is a float8 array, {n, sum of first elements, ...}, and {0} before
 * the first row.  (sum() needs nothing from here: its state is a vector and
 * its transition function vector_add.)
 *
 * IDENTIFICATION
 *	  src/types/vector_agg.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/vectorint.h"
#include "utils/float.h"

/*
 * A state may come from a user, who can call these functions by themselves.
 */
ArrayType *
loki_avg_state(FunctionCallInfo fcinfo, int n, const char *caller)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(n);

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 ||
		ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		elog(ERROR, "%s: expected state array", caller);
	return state;
}

/* A state of zeros */
static ArrayType *
make_state(int dim)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * (dim + 1);
	ArrayType  *state = (ArrayType *) palloc0(size);

	SET_VARSIZE(state, size);
	state->ndim = 1;
	state->elemtype = FLOAT8OID;
	ARR_DIMS(state)[0] = dim + 1;
	ARR_LBOUND(state)[0] = 1;
	return state;
}

/* The sums and the number of rows of a state, as an array of its own */
static ArrayType *
copy_state(ArrayType *state)
{
	ArrayType  *copy = make_state(LOKI_AVG_DIM(state));

	memcpy(LOKI_AVG_VALUES(copy), LOKI_AVG_VALUES(state),
		   sizeof(float8) * (LOKI_AVG_DIM(state) + 1));
	return copy;
}

/*
 * The state to add to: the first argument itself within an aggregate, which
 * owns it, otherwise a copy.
 */
static ArrayType *
writable_state(FunctionCallInfo fcinfo, ArrayType *state)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		return copy_state(state);
	ARR_LBOUND(state)[0] = 1;
	return state;
}

/* Add to one element of a state. */
static inline void
add_to_sum(float8 *sum, float8 x)
{
	*sum += x;
	if (unlikely(isinf(*sum)))
		float_overflow_error();
}

/*
 * The first row is copied rather than added to zeros, as -0 + 0 is 0.
 */
ArrayType *
loki_avg_add(FunctionCallInfo fcinfo, const char *caller, int dim, const float *x)
{
	ArrayType  *state = loki_avg_state(fcinfo, 0, caller);
	float8		n = LOKI_AVG_VALUES(state)[0];
	bool		first = LOKI_AVG_DIM(state) == 0;
	float8	   *values;

	if (!first)
		(void) loki_check_expected_dim(NULL, LOKI_AVG_DIM(state), dim);
	state = first ? make_state(dim) : writable_state(fcinfo, state);
	values = LOKI_AVG_VALUES(state);
	values[0] = n + 1;
	for (int i = 0; i < dim; i++)
		if (first)
			values[i + 1] = x[i];
		else
			add_to_sum(&values[i + 1], x[i]);
	return state;
}

LOKI_FUNCTION(vector_accum);
Datum
vector_accum(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(1);

	PG_RETURN_ARRAYTYPE_P(loki_avg_add(fcinfo, "vector_accum", v->dim, v->x));
}

/*
 * A state without elements is one without rows, as the workers of a parallel
 * plan hand over that saw none: the other one's sums are the result, if it has
 * any.
 */
LOKI_FUNCTION(vector_combine);
Datum
vector_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state = loki_avg_state(fcinfo, 0, "vector_combine");
	ArrayType  *other = loki_avg_state(fcinfo, 1, "vector_combine");
	bool		swap = LOKI_AVG_DIM(state) == 0;
	ArrayType  *rest = swap ? state : other;
	ArrayType  *sum = swap ? other : state;

	if (LOKI_AVG_DIM(sum) > 0)
		loki_vector_check_dim(LOKI_AVG_DIM(sum));
	if (LOKI_AVG_DIM(rest) > 0)
		(void) loki_check_expected_dim(NULL, LOKI_AVG_DIM(sum), LOKI_AVG_DIM(rest));

	sum = swap ? copy_state(sum) : writable_state(fcinfo, sum);
	LOKI_AVG_VALUES(sum)[0] += LOKI_AVG_VALUES(rest)[0];
	for (int i = 1; i <= LOKI_AVG_DIM(rest); i++)
		add_to_sum(&LOKI_AVG_VALUES(sum)[i], LOKI_AVG_VALUES(rest)[i]);
	PG_RETURN_ARRAYTYPE_P(sum);
}

LOKI_FUNCTION(vector_avg);
Datum
vector_avg(PG_FUNCTION_ARGS)
{
	ArrayType  *state = loki_avg_state(fcinfo, 0, "vector_avg");
	float8	   *values = LOKI_AVG_VALUES(state);
	Vector	   *average;

	if (values[0] == 0)
		PG_RETURN_NULL();

	loki_vector_check_dim(LOKI_AVG_DIM(state));
	average = loki_vector_make(LOKI_AVG_DIM(state));
	for (int i = 0; i < average->dim; i++)
		average->x[i] = values[i + 1] / values[0];
	loki_vector_check_elements(average);
	PG_RETURN_VECTOR_P(average);
}
