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

#include "types/sparsevec.h"

/* prototypes for functions in sparsevec_check.c */
extern void loki_sparsevec_check_dim(int dim);
extern void loki_sparsevec_check_nnz(int nnz, int dim);
extern void loki_sparsevec_check_typmod(int32 typmod, int dim);
extern void loki_sparsevec_check_same_dim(const SparseVector *a, const SparseVector *b);
extern void loki_sparsevec_check_index(const SparseVector *v, int i);
extern void loki_sparsevec_check_value(float value);

#endif							/* LOKI_SPARSEVECINT_H */
