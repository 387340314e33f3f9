/*-------------------------------------------------------------------------
 *
 * sparsevecint.h
 *	  What the files of the type sparsevec share.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/types/sparsevecint.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SPARSEVECINT_H
#define LOKI_SPARSEVECINT_H

#include <math.h>

#include "types/check.h"
#include "types/sparsevec.h"

static inline void
loki_sparsevec_check_dim(int dim)
{
	loki_check_dim("sparsevec", dim, LOKI_SPARSEVEC_MAX_DIM);
}

static inline void
loki_sparsevec_check_same_dim(const SparseVector *a, const SparseVector *b)
{
	loki_check_same_dim("sparsevec", a->dim, b->dim);
}

/* prototypes for functions in sparsevec_check.c */
extern void loki_sparsevec_check_nnz(int nnz, int dim);
extern void loki_sparsevec_check_index(const SparseVector *v, int i);
extern void loki_sparsevec_check_value(float value);

#endif							/* LOKI_SPARSEVECINT_H */
