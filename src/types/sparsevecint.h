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
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SPARSEVECINT_H
#define LOKI_SPARSEVECINT_H

#include <math.h>

#include "types/check_values.h"
#include "types/sparsevec.h"

static inline bool
loki_sparsevec_check_dim(fmNodePtr soft, int dim)
{
	return loki_check_dim(soft, "sparsevec", dim, LOKI_SPARSEVEC_MAX_DIM);
}

/*
 * Functions in sparsevec.c; check_values.h says what `soft` is.  The index is the i-th of v, whose
 * dimensions and indices before i have been checked.
 */
extern bool loki_sparsevec_check_nnz(fmNodePtr soft, int nnz, int dim);
extern bool loki_sparsevec_check_index(fmNodePtr soft, const SparseVector *v, int i);

static inline bool
loki_sparsevec_check_value(fmNodePtr soft, float value)
{
	return loki_check_finite(soft, "sparsevec", value);
}

#endif							/* LOKI_SPARSEVECINT_H */
