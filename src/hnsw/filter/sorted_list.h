/*-------------------------------------------------------------------------
 *
 * sorted_list.h
 *	  Lists of nodes in the order of an attribute.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/sorted_list.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_SORTED_LIST_H
#define LOKI_FILTER_SORTED_LIST_H

#include "hnsw/filter/filter.h"
#include "hnsw/filter/side_array.h"

/* The most intervals of one key that are looked up */
#define LOKI_LOOKUP_PLACES	64

/*
 * Places of a list.  Nodes from sure_first to sure_end match the key that was looked up.  A
 * few of the others may match, which share a separator with sort keys that do not.
 */
typedef struct LokiPlaces
{
	uint32		first;
	uint32		sure_first;
	uint32		sure_end;
	uint32		end;
} LokiPlaces;

/* A key that was looked up in a sorted list */
typedef struct LokiLookup
{
	LokiIndex  *state;
	Relation	index;
	LokiSortedListsData sorted_lists;
	LokiFilterKey *key;
	int			nplaces;
	LokiPlaces	places[LOKI_LOOKUP_PLACES];
	double		count;			/* nodes at these places */
	double		tested;			/* of which so many may not pass the key ... */
	bool		repeats;		/* ... and some are there twice */
	bool		brief;			/* its list has brief codes */
	LokiNodeBits reused;		/* nodes that are not as they were listed */
} LokiLookup;

/* How many bits an entry has in a list of nodes below an end */
extern int	loki_sorted_list_width(uint32 end);

/*
 * Write the list of an attribute: its nodes, and as separators the key of each
 * LOKI_SEPARATOR_STEP-th.  If there is no room, the attribute has no list then.
 */
extern void loki_sorted_list_write(LokiIndex *state, Relation index, int attribute,
								   const uint32 *nodes, const int64 *separators, uint32 total,
								   LokiSortedListsData *sorted_lists);

/*
 * Make the lists of all attributes, of nodes below sorted_lists->end, after inserts were
 * waited for, where `brief` codes will be made for them or not; and the bytes that this takes for each node
 */
extern void loki_sorted_lists_make(LokiIndex *state, Relation index, bool brief,
								   LokiSortedListsData *sorted_lists);
extern double loki_sorted_lists_memory(const LokiIndex *state);

/*
 * Find the places of a list, as few as possible, that have all nodes that match a filter,
 * except for nodes that the lists do not have; false if there are none.  `second` has the places
 * of the shortest list of another key, which have them too; its key is NULL if there is none.
 */
extern bool loki_lookup_begin(LokiLookup *lookup, LokiLookup *second, LokiIndex *state,
							  Relation index, const LokiMetaPageData *meta,
							  const LokiNodeFilter *filter);

/* Add the places of the keys from low to high.  The calls must be in ascending order. */
extern void loki_lookup_add(LokiLookup *lookup, int64 low, int64 high);

/* With so few values, none of them is rare enough for a list */
#define LOKI_FEW_VALUES		32

/* The same if the list has brief codes, by which a tenth of the nodes is read in a millisecond */
#define LOKI_FEW_VALUES_BRIEF	8

/*
 * Lists of arrays (filter/sorted_list_array.c): make that of an attribute, in so many bytes
 * for each node at most; or find the places of a key, false if it has none.
 */
#define LOKI_ARRAY_LIST_BYTES \
	(1 + LOKI_SIGNATURE_BYTES + LOKI_SLOT_ELEMENTS * sizeof(uint32))
extern void loki_array_list_make(LokiIndex *state, Relation index, int attribute,
								 LokiSortedListsData *sorted_lists);
extern bool loki_array_list_find(LokiLookup *lookup);
extern int	loki_array_list_keys(const char *slot, uint32 *numbers);

/* The most entries of a list that are copied out at once */
#define LOKI_LOOKUP_READ	(32 * LOKI_SEPARATOR_STEP)
extern uint32 loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end,
							   uint32 *nodes);

/*
 * Set the bits of the nodes at all places of a lookup, which are bits of nodes below
 * sorted_lists.end; false if the list does not have them any more
 */
extern bool loki_lookup_mark(LokiLookup *lookup, uint64 *bits);

/*
 * Copy the entries at n places out, of which those that are near each other should come together;
 * false if the list does not have them any more
 */
extern bool loki_lookup_pick(LokiLookup *lookup, const uint32 *places, int n, uint32 *nodes);

/*
 * Brief codes of lists (filter/brief.c): make those of lists that were just made, unless they are
 * not wanted; and the bytes that this takes for each node.  The generation is that which
 * the lists will have.
 */
extern void loki_brief_make(LokiIndex *state, Relation index, const LokiSortedListsData *lists,
							bool wanted);
extern double loki_brief_memory(const LokiIndex *state);

/*
 * Whether a list of this generation has brief codes that are not wanted, or lacks those that are:
 * made of the codes as they are now
 */
extern bool loki_brief_amiss(LokiIndex *state, Relation index, const LokiSortedListsData *lists,
							 bool wanted);

/*
 * The first flat scan of a search keeps this number of candidates at least.  Lists of fewer
 * nodes for each of them are not worth a second look.
 */
#define LOKI_FIRST_SELECTION	64
#define LOKI_SHORT_LIST			6

/* The brief codes of nodes in a range, in order of their IDs; zeros past the used part of CODE */
extern char *loki_brief_codes(LokiIndex *state, Relation index, uint32 begin, uint32 end);

/*
 * Lock a page of brief codes in share mode, if it is of lists of a generation and of codes as they
 * are now.  Otherwise returns NULL and leaves no lock.
 */
extern Page loki_brief_page_lock(LokiIndex *state, Relation index, int array, uint32 ordinal,
								 uint32 generation, Buffer *buffer, int *used);

/* Whether the list of a lookup has brief codes, and is long enough for them */
extern bool loki_brief_found(const LokiLookup *lookup);

/* Blocks of so many brief codes */
static inline uint32
loki_brief_blocks(uint32 n)
{
	return n / LOKI_BRIEF_BLOCK + (n % LOKI_BRIEF_BLOCK > 0);
}

/*
 * Likely lower bounds of the distances of the nodes in n blocks of a list, and the least ones of
 * each block, for a query that is ready for bounds().  Places of the last block that are not in the
 * list have any.  False if the list does not have brief codes any more.
 */
extern bool loki_brief_bounds(LokiLookup *lookup, const LokiQuery *query, uint32 block, uint32 n,
							  float *bounds, float *least);

#endif							/* LOKI_FILTER_SORTED_LIST_H */
