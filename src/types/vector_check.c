/*-------------------------------------------------------------------------
 *
 * vector_check.c
 *	  Making vectors, and checking their elements.
 *
 * IDENTIFICATION
 *	  src/types/vector_check.c
 *
 * SPDX-License-Identifier: PostgreSQL
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
			loki_nan_error(NULL, "vector");
		loki_infinite_error(NULL, "vector");
	}
}
