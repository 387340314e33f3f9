/*-------------------------------------------------------------------------
 *
 * array.h
 *	  Arrays of numbers, as the casts to all types take them.
 *
 * IDENTIFICATION
 *	  src/types/array.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_ARRAY_H
#define LOKI_ARRAY_H

#include "utils/array.h"

/*
 * Check that an array is one that can become a vector, of one dimension and without NULLs, and
 * return the number of its elements, which may be 0.
 */
extern int	loki_array_length(ArrayType *array);

/*
 * The elements of an array that loki_array_length() has accepted, as floats: integer[], real[],
 * double precision[] or numeric[], ERROR for others.  An element that is too large becomes
 * infinite, but is an error in a numeric[].  So `check`, if not NULL, is called with each number
 * of a numeric[] before the next is converted: of several errors the first counts.
 */
extern void loki_array_floats(ArrayType *array, float *values, void (*check) (float));

/* An array of n zeros of a type whose values take `width` bytes, palloc'd, for its caller to fill */
extern ArrayType *loki_array_make(Oid type, Size width, int n);

#endif							/* LOKI_ARRAY_H */
