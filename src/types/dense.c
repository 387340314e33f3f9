/*-------------------------------------------------------------------------
 *
 * dense.c
 *	  The tables of vector, halfvec and bytevec.
 *
 * A table is to these types what an operator class's support functions are to an index: generic
 * code calls load() to have floats, and loki_dense_form() to make a value of them, which is where
 * elements that the type cannot have are reported.
 *
 * IDENTIFICATION
 *	  src/types/dense.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "types/dense.h"
#include "utils/syscache.h"

StaticAssertDecl(offsetof(Vector, x) == sizeof(LokiDense) &&
				 offsetof(HalfVector, x) == sizeof(LokiDense) &&
				 offsetof(ByteVector, scale) == sizeof(LokiDense), "all begin alike");
StaticAssertDecl(LOKI_HALFVEC_MAX_DIM == LOKI_DENSE_MAX_DIM &&
				 LOKI_BYTEVEC_MAX_DIM == LOKI_DENSE_MAX_DIM, "all have the same limit");

char *
loki_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
	return name;
}

/* A value of zeroes; `unused` stays one, as it is reserved */
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

/* The elements as floats: in place if the type stores floats, so the result must not be freed */
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

void
loki_dense_check_elements(const LokiDenseType *type, const LokiDense *v)
{
	const float *x = loki_dense_floats(type, v);

	for (int i = 0; i < v->dim; i++)
		(void) loki_check_finite(NULL, type->name, x[i]);
}

/* Floats that are too large are reported before others, which are no numbers, as pgvector does. */
LokiDense *
loki_dense_form(const LokiDenseType *type, int dim, const float *x)
{
	LokiDense  *v;

	if (type == &loki_bytevec_type)
		return (LokiDense *) loki_bytevec_of_floats(NULL, dim, x);
	v = loki_dense_make(type, dim);
	type->round(v, x);
	for (int i = 0; type == &loki_halfvec_type && i < dim; i++)
		loki_halfvec_check_range(x[i]);
	loki_dense_check_elements(type, v);
	return v;
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

/* Rounding is copying here; elements that are no numbers pass, and are reported by who calls it */
static void
vector_round(LokiDense *v, const float *x)
{
	memcpy(((Vector *) v)->x, x, sizeof(float) * v->dim);
}

Vector *
loki_vector_make(int dim)
{
	return (Vector *) loki_dense_make(&loki_vector_type, dim);
}

const LokiDenseType loki_vector_type = {
	"vector", offsetof(Vector, x), sizeof(float), true, INFINITY, vector_load, vector_round
};

/* ------------------------------------------------------------------------
 * halfvec
 * ------------------------------------------------------------------------
 */

/* Halfway between the largest half and the power of two above, which rounds to even: to infinity */
#define HALF_LIMIT	65520.0f

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

/* Report a float that no half can stand for.  An infinite one is reported as such, elsewhere. */
void
loki_halfvec_check_range(float x)
{
	if (unlikely(fabsf(x) >= HALF_LIMIT) && !isinf(x))
	{
		char		number[FLOAT_SHORTEST_DECIMAL_LEN];
		int			length = float_to_shortest_decimal_bufn(x, number);

		(void) loki_range_error(NULL, "halfvec", number, length);
	}
}

const LokiDenseType loki_halfvec_type = {
	"halfvec", offsetof(HalfVector, x), sizeof(LokiHalf), false, HALF_LIMIT, halfvec_load, halfvec_round
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

const LokiDenseType loki_bytevec_type = {
	"bytevec", offsetof(ByteVector, codes), sizeof(uint8), false, INFINITY, bytevec_load, NULL
};
