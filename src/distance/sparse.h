/*-------------------------------------------------------------------------
 *
 * sparse.h
 *	  Distance kernels over sparse vectors: ascending indices and the values
 *	  that belong to them; all other elements are zero.
 *
 * Pure C, as distance.h.  Usable after loki_distance_init().
 *
 * IDENTIFICATION
 *	  src/distance/sparse.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SPARSE_H
#define LOKI_SPARSE_H

#include "distance/distance.h"

typedef struct LokiSparse
{
	int			n;				/* elements that are given */
	const int32 *indices;		/* strictly ascending */
	const float *values;
} LokiSparse;

/*
 * sum of (a[i] - b[i])^2, of a[i] * b[i], and of |a[i] - b[i]| over all dimensions.  A dot product
 * that is not finite is computed again in double.
 */
extern float loki_sparse_l2sq(LokiSparse a, LokiSparse b);
extern float loki_sparse_dot(LokiSparse a, LokiSparse b);
extern float loki_sparse_l1(LokiSparse a, LokiSparse b);

#endif							/* LOKI_SPARSE_H */
