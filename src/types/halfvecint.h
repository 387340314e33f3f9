/*-------------------------------------------------------------------------
 *
 * halfvecint.h
 *	  What the files of the type halfvec share.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/types/halfvecint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HALFVECINT_H
#define LOKI_HALFVECINT_H

#include "distance/distance.h"
#include "types/check.h"
#include "types/halfvec.h"

static inline void
loki_halfvec_check_dim(int dim)
{
	(void) loki_check_dim(NULL, "halfvec", dim, LOKI_HALFVEC_MAX_DIM);
}

static inline void
loki_halfvec_check_same_dim(const HalfVector *a, const HalfVector *b)
{
	loki_check_same_dim("halfvec", a->dim, b->dim);
}

/* prototypes for functions in halfvec_check.c */
extern void loki_halfvec_check_range(float x);
extern void loki_halfvec_check_element(LokiHalf h);
extern void loki_halfvec_check_elements(const HalfVector *v);

#endif							/* LOKI_HALFVECINT_H */
