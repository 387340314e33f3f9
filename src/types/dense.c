/*-------------------------------------------------------------------------
 *
 * dense.c
 *	  The tables of vector, halfvec and bytevec.
 *
 * A table is to these types what an operator class's support functions are to an index: generic
 * code calls load() to have floats, and form() to make a value of them, which is where elements that
 * the type cannot have are reported.
 *
 * IDENTIFICATION
 *	  src/types/dense.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "types/dense.h"

StaticAssertDecl(offsetof(Vector, x) == sizeof(LokiDense) &&
				 offsetof(HalfVector, x) == sizeof(LokiDense) &&
				 offsetof(ByteVector, scale) == sizeof(LokiDense), "all begin alike");
StaticAssertDecl(LOKI_HALFVEC_MAX_DIM == LOKI_DENSE_MAX_DIM &&
				 LOKI_BYTEVEC_MAX_DIM == LOKI_DENSE_MAX_DIM, "all have the same limit");

LokiDense *
loki_dense_make(const LokiDenseType *type, int dim)
{
	Size		size = type->header + type->width * dim;
	LokiDense  *v = (LokiDense *) palloc0(size);

	Assert(dim >= 1 && dim <= LOKI_DENSE_MAX_DIM);
	SET_VARSIZE(v, size);
	v->dim = dim;
	return v;
}

const float *
loki_dense_floats(const LokiDenseType *type, const LokiDense *v)
{
	float	   *x;

	Assert(v->dim >= 1 && v->dim <= LOKI_DENSE_MAX_DIM);
	if (type->floats)
		return (const float *) LokiDenseElements(v, type);
	x = palloc_array(float, v->dim);
	type->load(v, x);
	return x;
}

/* ------------------------------------------------------------------------
 * vector
 * ------------------------------------------------------------------------
 */

static void
vector_load(const LokiDense *v, float *x)
{
	memcpy(x, ((const Vector *) v)->x, sizeof(float) * v->dim);
}

static void
vector_round(LokiDense *v, const float *x)
{
	memcpy(((Vector *) v)->x, x, sizeof(float) * v->dim);
}

static LokiDense *
vector_form(int dim, const float *x)
{
	Vector	   *v = loki_vector_make(dim);

	vector_round((LokiDense *) v, x);
	loki_vector_check_elements(v);
	return (LokiDense *) v;
}

Vector *
loki_vector_make(int dim)
{
	return (Vector *) loki_dense_make(&loki_vector_type, dim);
}

void
loki_vector_check_elements(const Vector *v)
{
	for (int i = 0; i < v->dim; i++)
		(void) loki_check_finite(NULL, "vector", v->x[i]);
}

const LokiDenseType loki_vector_type = {
	"vector", offsetof(Vector, x), sizeof(float), true,
	vector_load, vector_round, NULL, vector_form
};

/* ------------------------------------------------------------------------
 * halfvec
 * ------------------------------------------------------------------------
 */

static void
halfvec_load(const LokiDense *v, float *x)
{
	loki_distance.f16_to_f32(v->dim, ((const HalfVector *) v)->x, x);
}

static void
halfvec_round(LokiDense *v, const float *x)
{
	loki_distance.f32_to_f16(v->dim, x, ((HalfVector *) v)->x);
}

static void
check_half(LokiHalf h)
{
	if (unlikely(loki_half_is_nan(h)))
		loki_nan_error(NULL, "halfvec");
	if (unlikely(loki_half_is_infinite(h)))
		loki_infinite_error(NULL, "halfvec");
}

static void
halfvec_check(float x)
{
	loki_halfvec_check_range(x);
	check_half(loki_float_to_half(x));
}

static LokiDense *
halfvec_form(int dim, const float *x)
{
	HalfVector *v = loki_halfvec_make(dim);

	loki_halfvec_set(v, x);
	loki_halfvec_check_elements(v);
	return (LokiDense *) v;
}

HalfVector *
loki_halfvec_make(int dim)
{
	return (HalfVector *) loki_dense_make(&loki_halfvec_type, dim);
}

void
loki_halfvec_check_range(float x)
{
	if (unlikely(loki_half_is_infinite(loki_float_to_half(x))) && !isinf(x))
	{
		char		number[FLOAT_SHORTEST_DECIMAL_LEN];
		int			length = float_to_shortest_decimal_bufn(x, number);

		loki_range_error(NULL, "halfvec", number, length);
	}
}

void
loki_halfvec_set(HalfVector *v, const float *x)
{
	halfvec_round((LokiDense *) v, x);
	for (int i = 0; i < v->dim; i++)
		if (unlikely(loki_half_is_infinite(v->x[i])))
			loki_halfvec_check_range(x[i]);
}

float *
loki_halfvec_floats(const HalfVector *v)
{
	return (float *) loki_dense_floats(&loki_halfvec_type, (const LokiDense *) v);
}

void
loki_halfvec_check_elements(const HalfVector *v)
{
	for (int i = 0; i < v->dim; i++)
		check_half(v->x[i]);
}

const LokiDenseType loki_halfvec_type = {
	"halfvec", offsetof(HalfVector, x), sizeof(LokiHalf), false,
	halfvec_load, halfvec_round, halfvec_check, halfvec_form
};

/* ------------------------------------------------------------------------
 * bytevec, whose quantizing is in bytevec.c
 * ------------------------------------------------------------------------
 */

static void
bytevec_load(const LokiDense *v, float *x)
{
	loki_bytevec_elements((const ByteVector *) v, x);
}

static LokiDense *
bytevec_form(int dim, const float *x)
{
	return (LokiDense *) loki_bytevec_of_floats(NULL, dim, x);
}

const LokiDenseType loki_bytevec_type = {
	"bytevec", offsetof(ByteVector, codes), sizeof(uint8), false,
	bytevec_load, NULL, NULL, bytevec_form
};
