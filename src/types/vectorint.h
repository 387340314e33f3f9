/*-------------------------------------------------------------------------
 *
 * vectorint.h
 *	  What the files of the type vector share.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/types/vectorint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_VECTORINT_H
#define LOKI_VECTORINT_H

#include <math.h>

#include "types/check.h"
#include "types/vector.h"

static inline void
loki_vector_check_dim(int dim)
{
	(void) loki_check_dim(NULL, "vector", dim, LOKI_VECTOR_MAX_DIM);
}

static inline void
loki_vector_check_same_dim(const Vector *a, const Vector *b)
{
	loki_check_same_dim("vector", a->dim, b->dim);
}

/* prototypes for functions in vector_check.c */
extern void loki_vector_check_elements(const Vector *v);

#endif							/* LOKI_VECTORINT_H */
