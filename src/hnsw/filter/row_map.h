/*-------------------------------------------------------------------------
 *
 * row_map.h
 *	  The map from heap TIDs to nodes.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/row_map.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_ROW_MAP_H
#define LOKI_FILTER_ROW_MAP_H

#include "postgres.h"

#include "hnsw/filter/tid_set.h"
#include "hnsw/page/index.h"
#include "utils/rel.h"

/* Bits of an entry, which is read as part of a 64-bit word, or two */
static inline uint32
loki_rowmap_width(const LokiRowMapData *map)
{
	return map->node_bits + map->key_bits;
}

/* Entries of a page of ROW */
static inline uint32
loki_rowmap_per_page(const LokiRowMapData *map)
{
	return (uint32) (LOKI_PAGE_PAYLOAD / sizeof(uint64) * 64) / loki_rowmap_width(map);
}

/*
 * The entry at a place of a page.  It may cross words; the one behind is read in
 * any case, which may be that of the special space.
 */
static inline uint32
loki_rowmap_entry(const char *slots, uint32 place, uint32 width)
{
	uint32		bit = place * width;
	uint64		words[2];

	memcpy(words, slots + bit / 64 * sizeof(uint64), sizeof(words));
	words[0] = words[0] >> (bit % 64) | words[1] << 1 << (63 - bit % 64);
	return (uint32) (words[0] & ((UINT64CONST(1) << width) - 1));
}

/* What an entry has of a TID, besides the group that it is in */
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

/* Forget which nodes rows have joined, of those below an end */
extern bool loki_rowmap_forget(LokiIndex *state, Relation index, uint32 end);

/* Note that a row is about to join a node that may be in the map */
extern void loki_rowmap_duplicated(LokiIndex *state, Relation index,
								   const LokiRowMapData *map, uint32 node);

/* Nodes that rows have joined, about */
extern double loki_rowmap_stale(LokiIndex *state, Relation index,
								const LokiRowMapData *map);

/* functions in filter/row_lookup.c */

/* Heap pages that are looked up at once, and nodes handed out at once */
#define LOKI_ROWMAP_PAGES		64
#define LOKI_ROWMAP_NODES		256

typedef void (*LokiRowMapVisit) (void *arg, const uint32 *nodes, int n);

/* What a scan reads of the map */
typedef struct LokiRowLookup
{
	LokiIndex  *state;
	Relation	index;
	LokiRowMapData map;
	uint32		generation;
	uint64	   *reused;			/* numbers that were used again, as in a
								 * LokiLookup */
	uint32		nwords;
	double		count;			/* rows to look up ... */
	double		stale;			/* ... and nodes that may have other rows, too */
} LokiRowLookup;

/* False if there is no map */
extern bool loki_row_lookup_begin(LokiRowLookup *lookup, LokiIndex *state,
								  Relation index, const LokiMetaPageData *meta,
								  const LokiTidSet *tids);

/*
 * Visit all nodes below map.end that may have a row in the set, in batches of
 * LOKI_ROWMAP_NODES at most; some more than once.
 */
extern void loki_row_lookup_read(LokiRowLookup *lookup, const LokiTidSet *tids,
								 LokiRowMapVisit visit, void *arg);

/* Whether what was read was one map */
extern bool loki_row_lookup_valid(const LokiRowLookup *lookup);

#endif							/* LOKI_FILTER_ROW_MAP_H */
