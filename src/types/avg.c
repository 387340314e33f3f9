/*-------------------------------------------------------------------------
 *
 * avg.c
 *	  avg() of vectors and halfvecs: state, combination and result.
 *
 * The state is a float8 array as that of the server's avg(float8) is, {n, sum of first elements,
 * ...}, and {0} before the first row.  Within an aggregate it is added to in place.  (sum() needs nothing from here: its state is a vector and
 * its transition function vector_add.)
 *
 * IDENTIFICATION
 *	  src/types/avg.c
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
#include "utils/float.h"

/* What such a state holds */
#define AVG_VALUES(state)	((float8 *) ARR_DATA_PTR(state))
#define AVG_DIM(state)		(ARR_DIMS(state)[0] - 1)

/*
 * A state may come from a user, who can call these functions by themselves.
 */
static ArrayType *
get_state(FunctionCallInfo fcinfo, int n, const char *type, const char *function)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(n);

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 ||
		ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		elog(ERROR, "%s_%s: expected state array", type, function);
	return state;
}

/*
 * The state to add to: the first argument itself within an aggregate, which
 * owns it, otherwise a copy.
 */
static ArrayType *
writable_state(FunctionCallInfo fcinfo, ArrayType *state, bool is_first)
{
	if (!is_first || !AggCheckCallContext(fcinfo, NULL))
		state = DatumGetArrayTypePCopy(PointerGetDatum(state));
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
 * Argument 0, a state, with a row added.  The first row is copied rather than added to
 * zeros, as -0 + 0 is 0.
 */
static Datum
accumulate(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	const LokiDense *v = PG_GETARG_DENSE(1);
	const float *x = loki_dense_floats(type, v);
	ArrayType  *state = get_state(fcinfo, 0, type->name, "accum");
	float8		n = AVG_VALUES(state)[0];
	bool		first = AVG_DIM(state) == 0;
	float8	   *values;

	if (!first)
		(void) loki_check_expected_dim(NULL, AVG_DIM(state), v->dim);
	state = first ? loki_array_make(FLOAT8OID, sizeof(float8), v->dim + 1) :
		writable_state(fcinfo, state, true);
	Assert(AVG_DIM(state) == v->dim);
	values = AVG_VALUES(state);
	values[0] = n + 1;
	for (int i = 0; i < v->dim; i++)
		if (first)
			values[i + 1] = x[i];
		else
			add_to_sum(&values[i + 1], x[i]);
	PG_RETURN_ARRAYTYPE_P(state);
}

LOKI_DENSE_FUNCTION(vector_accum, accumulate, vector)
LOKI_DENSE_FUNCTION(halfvec_accum, accumulate, halfvec)

/*
 * A state without elements is one without rows, as the workers of a parallel
 * plan hand over that saw none: the other one's sums are the result, if it has
 * any.
 */
LOKI_FUNCTION(vector_combine);
Datum
vector_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *state = get_state(fcinfo, 0, "vector", "combine");
	ArrayType  *other = get_state(fcinfo, 1, "vector", "combine");
	bool		swap = AVG_DIM(state) == 0;
	ArrayType  *rest = swap ? state : other;
	ArrayType  *sum = swap ? other : state;

	if (AVG_DIM(sum) > 0)
		loki_dense_check_dim(&loki_vector_type, AVG_DIM(sum));
	if (AVG_DIM(rest) > 0)
		(void) loki_check_expected_dim(NULL, AVG_DIM(sum), AVG_DIM(rest));

	sum = writable_state(fcinfo, sum, !swap);
	Assert(AVG_DIM(rest) == 0 || AVG_DIM(rest) == AVG_DIM(sum));
	AVG_VALUES(sum)[0] += AVG_VALUES(rest)[0];
	for (int i = 1; i <= AVG_DIM(rest); i++)
		add_to_sum(&AVG_VALUES(sum)[i], AVG_VALUES(rest)[i]);
	PG_RETURN_ARRAYTYPE_P(sum);
}

/* The sums by the number of rows; NULL without rows */
static Datum
average(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	ArrayType  *state = get_state(fcinfo, 0, type->name, "avg");
	float8	   *values = AVG_VALUES(state);
	int			dim = AVG_DIM(state);
	float	   *x;

	if (values[0] == 0)
		PG_RETURN_NULL();

	loki_dense_check_dim(type, dim);
	x = palloc_array(float, dim);
	for (int i = 0; i < dim; i++)
	{
		x[i] = values[i + 1] / values[0];
		/* of several faults the first counts, as in pgvector */
		if (type == &loki_halfvec_type)
		{
			loki_halfvec_check_range(x[i]);
			(void) loki_check_finite(NULL, type->name, x[i]);
		}
	}
	PG_RETURN_POINTER(loki_dense_form(type, dim, x));
}

LOKI_DENSE_FUNCTION(vector_avg, average, vector)
LOKI_DENSE_FUNCTION(halfvec_avg, average, halfvec)
