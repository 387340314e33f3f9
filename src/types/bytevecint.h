/*-------------------------------------------------------------------------
 *
 * bytevecint.h
 *	  What the files of the type bytevec share.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/types/bytevecint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BYTEVECINT_H
#define LOKI_BYTEVECINT_H

#include "types/bytevec.h"
#include "types/check.h"

static inline void
loki_bytevec_check_dim(int dim)
{
	(void) loki_check_dim(NULL, "bytevec", dim, LOKI_BYTEVEC_MAX_DIM);
}

/* functions in bytevec_check.c */

/* A bytevec of dim zeros, palloc'd */
extern ByteVector *loki_bytevec_make(int dim);

/*
 * The number with 16 significant bits that is nearest to a scale; if that is a
 * denormal, the next above.  One that no bytevec can have stays as it is.
 */
extern float loki_bytevec_scale(float scale);

/* Error if a bytevec cannot have this scale and this offset */
extern bool loki_bytevec_check_factors(fmNodePtr soft, float scale, float offset);

/* As loki_bytevec_quantize(), of any floats; error if there is no such bytevec: NULL if saved */
extern ByteVector *loki_bytevec_of_floats(fmNodePtr soft, int dim, const float *x);

#endif							/* LOKI_BYTEVECINT_H */
