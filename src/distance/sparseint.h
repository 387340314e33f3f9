/*-------------------------------------------------------------------------
 *
 * sparseint.h
 *	  What the files of the sparse kernels share.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/distance/sparseint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SPARSEINT_H
#define LOKI_SPARSEINT_H

#include "distance/kernels.h"
#include "distance/sparse.h"

/* The sum of the terms of n elements where the other vector has zeros */
extern float loki_sparse_alone(LokiSum term, int n, const float *values);

#if defined(__x86_64__)
extern float loki_sparse_merge_avx512(LokiSum term, LokiSparse a, LokiSparse b);
#endif

#endif							/* LOKI_SPARSEINT_H */
