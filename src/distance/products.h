/*-------------------------------------------------------------------------
 *
 * products.h
 *	  Dot products of many vectors with many others.
 *
 * IDENTIFICATION
 *	  src/distance/products.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PRODUCTS_H
#define LOKI_PRODUCTS_H

#include "c.h"

/* Vectors of dim floats, one every `stride` floats */
typedef struct LokiVectors
{
	const float *first;
	Size		stride;
	int			count;
}			LokiVectors;

/* Vector i, from 0 */
static inline const float *
loki_vector(const LokiVectors * vectors, int i)
{
	return vectors->first + (Size) i * vectors->stride;
}

/*
 * products[i * stride + j] = dot product of vector i of a and vector j of b, with
 * dim floats each; rounded alike whatever vectors are beside.  It is a multiple
 * faster than one product after the other, if neither side has very few vectors.
 */
extern void loki_dot_products(int dim, LokiVectors a, LokiVectors b,
							  float *products, Size stride);

#endif							/* LOKI_PRODUCTS_H */
