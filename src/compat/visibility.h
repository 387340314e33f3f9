/*-------------------------------------------------------------------------
 *
 * visibility.h
 *	  A page of the visibility map that is pinned, read without a call for each row.
 *
 * The layout is that of visibilitymap.c, which pg_upgrade keeps from version to version.
 *
 * IDENTIFICATION
 *	  src/compat/visibility.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_VISIBILITY_H
#define LOKI_VISIBILITY_H

#include "access/visibilitymap.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

/* Heap pages that a byte and a page of the map tell of */
#define LOKI_MAP_BYTE_BLOCKS	(BITS_PER_BYTE / BITS_PER_HEAPBLOCK)
#define LOKI_MAP_PAGE_BLOCKS	((uint32) (BLCKSZ - MAXALIGN(SizeOfPageHeaderData)) * LOKI_MAP_BYTE_BLOCKS)

typedef struct LokiMapPage
{
	BlockNumber first;			/* of the heap pages that it tells of */
	const uint8 *bytes;			/* NULL: no page is pinned */
} LokiMapPage;

/* Begin to read the page in a buffer, which stays pinned; of an invalid one nothing */
static inline void
loki_map_open(LokiMapPage *map, Buffer buffer)
{
	map->bytes = BufferIsValid(buffer) ? (const uint8 *) PageGetContents(BufferGetPage(buffer)) : NULL;
	map->first = BufferIsValid(buffer) ? BufferGetBlockNumber(buffer) * LOKI_MAP_PAGE_BLOCKS : 0;
	Assert(!BufferIsValid(buffer) ||
		   (visibilitymap_pin_ok(map->first, buffer) && visibilitymap_pin_ok(map->first + LOKI_MAP_PAGE_BLOCKS - 1, buffer) &&
			!visibilitymap_pin_ok(map->first + LOKI_MAP_PAGE_BLOCKS, buffer)));
}

/* Whether it tells of a heap page: visibilitymap_pin_ok() */
static inline bool
loki_map_has(const LokiMapPage *map, BlockNumber block)
{
	return map->bytes != NULL && block - map->first < LOKI_MAP_PAGE_BLOCKS;
}

/* Whether all see the rows of a heap page that it tells of: VM_ALL_VISIBLE() */
static inline bool
loki_map_visible(const LokiMapPage *map, BlockNumber block)
{
	uint32		place = block - map->first;

	return (map->bytes[place / LOKI_MAP_BYTE_BLOCKS] >> (place % LOKI_MAP_BYTE_BLOCKS * BITS_PER_HEAPBLOCK) &
			VISIBILITYMAP_ALL_VISIBLE) != 0;
}

#endif							/* LOKI_VISIBILITY_H */
