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
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_VECTORINT_H
#define LOKI_VECTORINT_H

#include <math.h>

#include "types/vector.h"

/* prototypes for functions in vector_check.c */
extern void loki_vector_check_dim(int dim);
extern void loki_vector_check_expected_dim(int expected, int dim);
extern void loki_vector_check_same_dim(const Vector *a, const Vector *b);
extern void loki_vector_check_elements(const Vector *v);
extern void loki_vector_nan_error(void);
extern void loki_vector_infinite_error(void);

/*
 * A typmod is the number of dimensions that a column asks for, -1 for any.
 */
static inline void
loki_vector_check_typmod(int32 typmod, int dim)
{
	if (typmod != -1)
		loki_vector_check_expected_dim(typmod, dim);
}

#endif							/* LOKI_VECTORINT_H */
