/*-------------------------------------------------------------------------
 *
 * vector_check.c
 *	  What makes a vector valid: its dimensions and its elements.
 *
 * The messages are pgvector's; applications match on them.
 *
 * IDENTIFICATION
 *	  src/types/vector_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "types/vectorint.h"

Vector *
loki_vector_make(int dim)
{
	Size		size = LOKI_VECTOR_SIZE(dim);
	Vector	   *v = (Vector *) palloc0(size);

	SET_VARSIZE(v, size);
	v->dim = dim;
	return v;
}

void
loki_vector_check_dim(int dim)
{
	if (dim < 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("vector must have at least 1 dimension")));
	if (dim > LOKI_VECTOR_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("vector cannot have more than %d dimensions",
						LOKI_VECTOR_MAX_DIM)));
}

void
loki_vector_check_expected_dim(int expected, int dim)
{
	if (expected != dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", expected, dim)));
}

void
loki_vector_check_same_dim(const Vector *a, const Vector *b)
{
	if (a->dim != b->dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different vector dimensions %d and %d",
						a->dim, b->dim)));
}

void
loki_vector_nan_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("NaN not allowed in vector")));
}

void
loki_vector_infinite_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("infinite value not allowed in vector")));
}

/*
 * Elements are finite.  Of several that are not, the first is reported.
 */
void
loki_vector_check_elements(const Vector *v)
{
	for (int i = 0; i < v->dim; i++)
	{
		if (likely(isfinite(v->x[i])))
			continue;
		if (isnan(v->x[i]))
			loki_vector_nan_error();
		loki_vector_infinite_error();
	}
}
