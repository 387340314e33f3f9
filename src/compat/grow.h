/*-------------------------------------------------------------------------
 *
 * grow.h
 *	  Arrays that grow.
 *
 * IDENTIFICATION
 *	  src/compat/grow.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GROW_H
#define LOKI_GROW_H

#include "storage/shmem.h"
#include "utils/memutils.h"

/*
 * Make room for n elements in an array that has *allocated of them, 0 if it is not made yet;
 * returns where it is then.  It is made in `context`, may be huge, and has `least` elements
 * at first; later it doubles.  An error leaves the array and its length as they were.
 */
static inline void *
loki_grow(MemoryContext context, void *array, uint64 *allocated, uint64 n, uint64 least,
		  Size element)
{
	Size		size;

	Assert((array == NULL) == (*allocated == 0));
	Assert(n > 0 && element > 0);
	if (n <= *allocated)
		return array;
	n = Max(Max(n, least), 2 * *allocated);
	size = mul_size(n, element);
	array = array == NULL ? MemoryContextAllocHuge(context, size) : repalloc_huge(array, size);
	Assert(n > *allocated);
	*allocated = n;
	return array;
}

#endif							/* LOKI_GROW_H */
