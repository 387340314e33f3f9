/*-------------------------------------------------------------------------
 *
 * row_map.h
 *	  The map from heap TIDs to nodes.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/row_map.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_ROW_MAP_H
#define LOKI_FILTER_ROW_MAP_H

#include "hnsw/filter/side_array.h"
#include "hnsw/page/index.h"

struct LokiTidSet;

/* How many bits an entry has */
static inline uint32
loki_rowmap_width(const LokiRowMapData *map)
{
	return map->node_bits + map->key_bits;
}

/* The part of a TID that an entry has, besides the group that it is in */
static inline uint32
loki_rowmap_key(const LokiRowMapData *map, BlockNumber block, OffsetNumber offset)
{
	uint32		key = ((uint32) offset << map->shift) + (block & ((1 << map->shift) - 1));

	return key & ((1 << map->key_bits) - 1);
}

/* functions in filter/row_map.c */

/* Whether indexes of this kind have a map */
static inline bool
loki_has_rowmap(const LokiIndex *state)
{
	return state->arrays[LOKI_SLOTS_ROW].slot_size > 0;
}

/* Make the map of nodes below map->end, after inserts were waited for */
extern double loki_rowmap_memory(LokiIndex *state, Relation index, uint32 end);
extern void loki_rowmap_make(LokiIndex *state, Relation index, LokiRowMapData *map);

/* functions in filter/row_lookup.c */

/* Heap pages that are looked up at once, and nodes that are handed out at once */
#define LOKI_ROWMAP_PAGES		64
#define LOKI_ROWMAP_NODES		256

typedef void (*LokiRowMapVisit) (void *arg, const uint32 *nodes, int n);

/* A lookup of a set of rows in the row map */
typedef struct LokiRowLookup
{
	LokiIndex  *state;
	Relation	index;
	LokiRowMapData map;
	uint32		generation;
	LokiNodeBits reused;		/* nodes that are not as they were mapped */
	double		count;			/* rows to look up ... */
	double		stale;			/* ... and nodes that may have other rows */
} LokiRowLookup;

/* False if there is no map */
extern bool loki_row_lookup_begin(LokiRowLookup *lookup, LokiIndex *state,
								  Relation index, const LokiMetaPageData *meta,
								  const struct LokiTidSet *tids);

/*
 * Visit all nodes below map.end that may have a row in the set, in batches of
 * LOKI_ROWMAP_NODES at most; some of them more than once.  No page may be locked before, and
 * none is when a batch is visited.
 */
extern void loki_row_lookup_read(LokiRowLookup *lookup, const struct LokiTidSet *tids,
								 LokiRowMapVisit visit, void *arg);

#endif							/* LOKI_FILTER_ROW_MAP_H */
