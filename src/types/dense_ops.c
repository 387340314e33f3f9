/*-------------------------------------------------------------------------
 *
 * dense_ops.c
 *	  Arithmetic, comparison and parts of vector, halfvec and bytevec.
 *
 * Elements are finite and stay so: a result that is not raises an error.
 *
 * IDENTIFICATION
 *	  src/types/dense_ops.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "types/compare.h"
#include "types/dense.h"
#include "utils/float.h"
#include "utils/varbit.h"

/* ------------------------------------------------------------------------
 * Element by element
 * ------------------------------------------------------------------------
 */

/*
 * Add, subtract or multiply in float4, and round.  Of several faults, the first element's is
 * reported.  That a product is zero by rounding alone is one: a float holds any product of
 * two halves.
 */
static pg_attribute_always_inline Datum
combine(FunctionCallInfo fcinfo, const LokiDenseType *type, char operation)
{
	LokiDense  *left = PG_GETARG_DENSE(0);
	LokiDense  *right = PG_GETARG_DENSE(1);
	int			dim = left->dim;
	const float *a;
	const float *b;
	LokiDense  *result;
	float	   *x;

	Assert(type->floats || type->round != NULL);
	loki_check_same_dim(type->name, dim, right->dim);
	a = loki_dense_floats(type, left);
	b = loki_dense_floats(type, right);
	result = loki_dense_make(type, dim);
	x = type->floats ? (float *) LokiDenseElements(result, type) : palloc_array(float, dim);
	for (int i = 0; i < dim; i++)
		x[i] = operation == '+' ? a[i] + b[i] : operation == '-' ? a[i] - b[i] : a[i] * b[i];
	if (!type->floats)
	{
		type->round(result, x);
		type->load(result, x);
	}
	for (int i = 0; i < dim; i++)
	{
		if (unlikely(isinf(x[i])))
			float_overflow_error();
		if (operation == '*' && unlikely(x[i] == 0 && a[i] != 0 && b[i] != 0))
			float_underflow_error();
	}
	PG_RETURN_POINTER(result);
}

#define ARITHMETIC(name, type, operation) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return combine(fcinfo, &loki_##type##_type, operation); \
	}

ARITHMETIC(vector_add, vector, '+')
ARITHMETIC(vector_sub, vector, '-')
ARITHMETIC(vector_mul, vector, '*')
ARITHMETIC(halfvec_add, halfvec, '+')
ARITHMETIC(halfvec_sub, halfvec, '-')
ARITHMETIC(halfvec_mul, halfvec, '*')

/* ------------------------------------------------------------------------
 * Comparison: by elements first, then the shorter value comes first.  Different codes of
 * bytevecs, and zeros of both signs, may stand for equal elements.
 * ------------------------------------------------------------------------
 */

/* The products with codes are exact, so this is what loki_bytevec_elements() has */
#define VECTOR_ELEMENT(v, i)	(((const Vector *) (v))->x[i])
#define HALFVEC_ELEMENT(v, i)	loki_half_to_float(((const HalfVector *) (v))->x[i])
#define BYTEVEC_ELEMENT(v, i) \
	(((const ByteVector *) (v))->offset + \
	 ((const ByteVector *) (v))->scale * ((const ByteVector *) (v))->codes[i])

/* Halves of equal bits need not become floats */
#define HALFVEC_SAME(a, b, i) \
	(((const HalfVector *) (a))->x[i] == ((const HalfVector *) (b))->x[i] || \
	 HALFVEC_ELEMENT(a, i) == HALFVEC_ELEMENT(b, i))
#define VECTOR_SAME(a, b, i)	(VECTOR_ELEMENT(a, i) == VECTOR_ELEMENT(b, i))
#define BYTEVEC_SAME(a, b, i)	(BYTEVEC_ELEMENT(a, i) == BYTEVEC_ELEMENT(b, i))

#define COMPARE(function, ELEMENT, SAME) \
	static int \
	function(FunctionCallInfo fcinfo) \
	{ \
		LokiDense  *a = PG_GETARG_DENSE(0); \
		LokiDense  *b = PG_GETARG_DENSE(1); \
		int			dim = Min(a->dim, b->dim); \
		int			i = 0; \
		int			result; \
		\
		while (i < dim && SAME(a, b, i)) \
			i++; \
		if (i < dim) \
			result = ELEMENT(a, i) < ELEMENT(b, i) ? -1 : 1; \
		else \
			result = (a->dim > b->dim) - (a->dim < b->dim); \
		/* index code calls this many times in one memory context */ \
		PG_FREE_IF_COPY(a, 0); \
		PG_FREE_IF_COPY(b, 1); \
		return result; \
	}

COMPARE(compare_vectors, VECTOR_ELEMENT, VECTOR_SAME)
COMPARE(compare_halfvecs, HALFVEC_ELEMENT, HALFVEC_SAME)
COMPARE(compare_bytevecs, BYTEVEC_ELEMENT, BYTEVEC_SAME)

LOKI_COMPARISONS(vector, compare_vectors)
LOKI_COMPARISONS(halfvec, compare_halfvecs)
LOKI_COMPARISONS(bytevec, compare_bytevecs)

/* ------------------------------------------------------------------------
 * Length and direction
 * ------------------------------------------------------------------------
 */

/* The number of dimensions */
static Datum
dims(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	PG_RETURN_INT32(PG_GETARG_DENSE(0)->dim);
}

LOKI_DENSE_FUNCTION(vector_dims, dims, vector)
LOKI_DENSE_FUNCTION(halfvec_vector_dims, dims, halfvec)

/* The Euclidean norm, in float8 */
static Datum
norm(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);

	PG_RETURN_FLOAT8(loki_euclidean_norm(v->dim, loki_dense_floats(type, v)));
}

LOKI_DENSE_FUNCTION(vector_norm, norm, vector)
LOKI_DENSE_FUNCTION(halfvec_l2_norm, norm, halfvec)

/*
 * The zero vector stays what it is.  Quotients cannot overflow: no element is
 * larger than the norm.
 */
static Datum
normalize(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);
	const float *x = loki_dense_floats(type, v);
	double		length = loki_euclidean_norm(v->dim, x);
	LokiDense  *result = loki_dense_make(type, v->dim);
	float	   *unit;

	Assert(type->round != NULL);
	if (length > 0)
	{
		unit = palloc_array(float, v->dim);
		for (int i = 0; i < v->dim; i++)
		{
			unit[i] = x[i] / length;
			Assert(isfinite(unit[i]));	/* T1 */
		}
		type->round(result, unit);
	}
	PG_RETURN_POINTER(result);
}

LOKI_DENSE_FUNCTION(l2_normalize, normalize, vector)
LOKI_DENSE_FUNCTION(halfvec_l2_normalize, normalize, halfvec)

/* ------------------------------------------------------------------------
 * Parts and wholes
 * ------------------------------------------------------------------------
 */

/* a || b; ERROR if no value has as many dimensions */
static Datum
concat(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *a = PG_GETARG_DENSE(0);
	LokiDense  *b = PG_GETARG_DENSE(1);
	int			dim = a->dim + b->dim;
	LokiDense  *whole;
	char	   *elements;

	loki_dense_check_dim(type, dim);
	whole = loki_dense_make(type, dim);
	elements = LokiDenseElements(whole, type);
	memcpy(elements, LokiDenseElements(a, type), type->width * a->dim);
	memcpy(elements + type->width * a->dim, LokiDenseElements(b, type), type->width * b->dim);
	PG_RETURN_POINTER(whole);
}

LOKI_DENSE_FUNCTION(vector_concat, concat, vector)
LOKI_DENSE_FUNCTION(halfvec_concat, concat, halfvec)

/*
 * subvector(v, start, count): count elements from the start-th on, counted
 * from 1, as far as they exist.
 */
static Datum
part_of_vector(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);
	int			first;
	int			count = loki_check_part(type->name, fcinfo, v->dim, &first);
	LokiDense  *result = loki_dense_make(type, count);

	memcpy(LokiDenseElements(result, type), LokiDenseElements(v, type) + type->width * first,
		   type->width * count);
	PG_RETURN_POINTER(result);
}

LOKI_DENSE_FUNCTION(subvector, part_of_vector, vector)
LOKI_DENSE_FUNCTION(halfvec_subvector, part_of_vector, halfvec)

/*
 * A bit for each element, set if it is positive.
 */
static Datum
signs(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);
	const float *x = loki_dense_floats(type, v);
	int			size = VARBITTOTALLEN(v->dim);
	VarBit	   *result = (VarBit *) palloc0(size);
	uint8	   *bits = VARBITS(result);

	SET_VARSIZE(result, size);
	VARBITLEN(result) = v->dim;
	for (int i = 0; i < v->dim; i++)
		if (x[i] > 0)
			bits[i / 8] |= 0x80 >> (i % 8);
	PG_RETURN_VARBIT_P(result);
}

LOKI_DENSE_FUNCTION(binary_quantize, signs, vector)
LOKI_DENSE_FUNCTION(halfvec_binary_quantize, signs, halfvec)
