/*-------------------------------------------------------------------------
 *
 * vector_ops.c
 *	  Arithmetic, comparison and the other functions of vectors.
 *
 * Elements are finite and stay so: a result that is not raises an error.
 *
 * IDENTIFICATION
 *	  src/types/vector_ops.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/compare.h"
#include "types/vectorint.h"
#include "utils/float.h"
#include "utils/varbit.h"

/* ------------------------------------------------------------------------
 * Element by element
 * ------------------------------------------------------------------------
 */

static void
check_overflow(const Vector *v)
{
	for (int i = 0; i < v->dim; i++)
		if (unlikely(isinf(v->x[i])))
			float_overflow_error();
}

/* A function of two vectors that adds or subtracts */
#define VECTOR_SUM(name, op) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		Vector	   *a = PG_GETARG_VECTOR_P(0); \
		Vector	   *b = PG_GETARG_VECTOR_P(1); \
		Vector	   *sum; \
		\
		loki_vector_check_same_dim(a, b); \
		sum = loki_vector_make(a->dim); \
		for (int i = 0; i < a->dim; i++) \
			sum->x[i] = a->x[i] op b->x[i]; \
		check_overflow(sum); \
		PG_RETURN_VECTOR_P(sum); \
	}

VECTOR_SUM(vector_add, +)
VECTOR_SUM(vector_sub, -)

LOKI_FUNCTION(vector_mul);
Datum
vector_mul(PG_FUNCTION_ARGS)
{
	Vector	   *a = PG_GETARG_VECTOR_P(0);
	Vector	   *b = PG_GETARG_VECTOR_P(1);
	Vector	   *product;

	loki_vector_check_same_dim(a, b);
	product = loki_vector_make(a->dim);
	for (int i = 0; i < a->dim; i++)
		product->x[i] = a->x[i] * b->x[i];

	/* of several faults, the first element's is reported */
	for (int i = 0; i < a->dim; i++)
	{
		if (unlikely(isinf(product->x[i])))
			float_overflow_error();
		if (unlikely(product->x[i] == 0 && a->x[i] != 0 && b->x[i] != 0))
			float_underflow_error();
	}
	PG_RETURN_VECTOR_P(product);
}

/* ------------------------------------------------------------------------
 * Comparison: by elements first, then the shorter vector comes first
 * ------------------------------------------------------------------------
 */

static int
compare_arguments(FunctionCallInfo fcinfo)
{
	Vector	   *a = PG_GETARG_VECTOR_P(0);
	Vector	   *b = PG_GETARG_VECTOR_P(1);
	int			dim = Min(a->dim, b->dim);
	int			i = 0;
	int			result;

	while (i < dim && a->x[i] == b->x[i])
		i++;
	if (i < dim)
		result = a->x[i] < b->x[i] ? -1 : 1;
	else
		result = (a->dim > b->dim) - (a->dim < b->dim);

	/* index code calls this many times in one memory context */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

LOKI_COMPARISONS(vector)

/* ------------------------------------------------------------------------
 * Length and direction
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(vector_dims);
Datum
vector_dims(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	PG_RETURN_INT32(v->dim);
}

LOKI_FUNCTION(vector_norm);
Datum
vector_norm(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	PG_RETURN_FLOAT8(loki_euclidean_norm(v->dim, v->x));
}

/*
 * The zero vector stays what it is.  Quotients cannot overflow: no element is
 * larger than the norm.
 */
LOKI_FUNCTION(l2_normalize);
Datum
l2_normalize(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	double		norm = loki_euclidean_norm(v->dim, v->x);
	Vector	   *unit = loki_vector_make(v->dim);

	if (norm > 0)
		for (int i = 0; i < v->dim; i++)
			unit->x[i] = v->x[i] / norm;
	PG_RETURN_VECTOR_P(unit);
}

/* ------------------------------------------------------------------------
 * Parts and wholes
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(vector_concat);
Datum
vector_concat(PG_FUNCTION_ARGS)
{
	Vector	   *a = PG_GETARG_VECTOR_P(0);
	Vector	   *b = PG_GETARG_VECTOR_P(1);
	int			dim = a->dim + b->dim;
	Vector	   *whole;

	loki_vector_check_dim(dim);
	whole = loki_vector_make(dim);
	memcpy(whole->x, a->x, sizeof(float) * a->dim);
	memcpy(whole->x + a->dim, b->x, sizeof(float) * b->dim);
	PG_RETURN_VECTOR_P(whole);
}

/*
 * subvector(v, start, count): count elements from the start-th on, counted
 * from 1, as far as they exist.
 */
LOKI_FUNCTION(subvector);
Datum
subvector(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	int			first;
	int			count = loki_check_part("vector", fcinfo, v->dim, &first);
	Vector	   *part = loki_vector_make(count);

	memcpy(part->x, v->x + first, sizeof(float) * part->dim);
	PG_RETURN_VECTOR_P(part);
}

/*
 * A bit for each element, set if it is positive.
 */
LOKI_FUNCTION(binary_quantize);
Datum
binary_quantize(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	int			size = VARBITTOTALLEN(v->dim);
	VarBit	   *result = (VarBit *) palloc0(size);
	uint8	   *bits = VARBITS(result);

	SET_VARSIZE(result, size);
	VARBITLEN(result) = v->dim;
	for (int i = 0; i < v->dim; i++)
		if (v->x[i] > 0)
			bits[i / 8] |= 0x80 >> (i % 8);
	PG_RETURN_VARBIT_P(result);
}
