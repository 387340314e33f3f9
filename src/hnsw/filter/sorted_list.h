/*-------------------------------------------------------------------------
 *
 * sorted_list.h
 *	  Lists of nodes in the order of an attribute.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/sorted_list.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_SORTED_LIST_H
#define LOKI_FILTER_SORTED_LIST_H

#include "postgres.h"

#include "hnsw/filter/filter.h"
#include "hnsw/filter/side_array.h"
#include "utils/rel.h"

/* Intervals of one key that are looked up, at most */
#define LOKI_LOOKUP_PLACES	64

/*
 * Places of a list.  What is listed from sure_first to sure_end passes the key
 * that was looked up; of the others, which share a separator with values that do
 * not, a few may.
 */
typedef struct LokiPlaces
{
	uint32		first;
	uint32		sure_first;
	uint32		sure_end;
	uint32		end;
} LokiPlaces;

/* What a scan reads of the lists */
typedef struct LokiLookup
{
	LokiIndex  *state;
	Relation	index;
	LokiSortedListsData sorted_lists;
	LokiFilterKey *key;			/* that was looked up */
	int			nplaces;
	LokiPlaces	places[LOKI_LOOKUP_PLACES];
	double		count;			/* nodes at these places */
	double		tested;			/* of which so many may not pass the key ... */
	bool		repeats;		/* ... and some are there twice */
	LokiNodeBits reused;		/* nodes that are not as they were listed */
} LokiLookup;

/* Bits of an entry of a list of nodes below an end */
extern int	loki_sorted_list_width(uint32 end);

/*
 * Write the list of an attribute: so many nodes, and as separators the number of each
 * LOKI_SEPARATOR_STEP-th.  Where there is no room, there is none then.
 */
extern void loki_sorted_list_write(LokiIndex *state, Relation index, int attribute,
								   const uint32 *nodes, const int64 *separators, uint32 total,
								   LokiSortedListsData *sorted_lists);

/* Make the lists of all attributes, of nodes below sorted_lists->end, after inserts were
 * waited for; bytes that this takes for each */
extern void loki_sorted_lists_make(LokiIndex *state, Relation index,
								   LokiSortedListsData *sorted_lists);
extern double loki_sorted_lists_memory(const LokiIndex *state);

extern bool loki_lookup_begin(LokiLookup *lookup, LokiIndex *state, Relation index,
							  const LokiMetaPageData *meta,
							  const LokiNodeFilter *filter);

/* Add the places of the numbers from low to high; the calls go up */
extern void loki_lookup_add(LokiLookup *lookup, int64 low, int64 high);

/* With so few values no one of them is rare enough for a list */
#define LOKI_FEW_VALUES		32

/*
 * Lists of arrays (filter/sorted_list_array.c): make that of an attribute, in so many bytes
 * a node at most, or find the places of a key on one; false if it has none.
 */
#define LOKI_ARRAY_LIST_BYTES \
	(1 + LOKI_SIGNATURE_BYTES + LOKI_SLOT_ELEMENTS * sizeof(uint32))
extern void loki_array_list_make(LokiIndex *state, Relation index, int attribute,
								 LokiSortedListsData *sorted_lists);
extern bool loki_array_list_find(LokiLookup *lookup);
extern int	loki_array_list_keys(const char *slot, uint32 *numbers);

/* Entries of a list that are copied out at once, at most */
#define LOKI_LOOKUP_READ	(32 * LOKI_SEPARATOR_STEP)
extern uint32 loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end,
							   uint32 *nodes);
#endif							/* LOKI_FILTER_SORTED_LIST_H */
