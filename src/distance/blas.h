/*-------------------------------------------------------------------------
 *
 * blas.h
 *	  Products of many vectors with many others, by OpenBLAS where it is
 *	  installed.
 *
 * IDENTIFICATION
 *	  src/distance/blas.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BLAS_H
#define LOKI_BLAS_H

#include "c.h"

/*
 * Open the library, at the first call; false if there is none.  It is told to
 * stay with one thread.
 */
extern bool loki_blas_open(void);

/*
 * products[i * nb + j] = dot product of row i of a and row j of b, which have
 * dim floats each.  Only after loki_blas_open() returned true.
 */
extern void loki_blas_products(int dim, int na, const float *a, int nb,
							   const float *b, float *products);

#endif							/* LOKI_BLAS_H */
