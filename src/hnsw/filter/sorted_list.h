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
	uint64	   *reused;			/* numbers that were used again, a bit for
								 * LOKI_REUSED_UNIT of them ... */
	uint32		nwords;
	double		nrenewed;		/* ... and how many they may be */
} LokiLookup;

/* Write slots of a page of a slot array that has no others, or all from slot 0 on;
 * zeros where slots is NULL */
extern bool loki_sorted_lists_write_page(LokiIndex *state, Relation index, int array,
										 uint32 ordinal, const char *slots, uint32 n);
extern bool loki_sorted_lists_write_slots(LokiIndex *state, Relation index, int array,
										  const char *slots, uint32 n);

/*
 * Write the list of an attribute, which will be packed in place: so many nodes, and
 * room up to a whole step; separators have the number of each LOKI_SEPARATOR_STEP-th.
 */
extern void loki_sorted_lists_write_list(LokiIndex *state, Relation index, int attribute,
										 uint32 *nodes, const int64 *separators, uint32 total,
										 LokiSortedListsData *sorted_lists);

/* functions in filter/reserve.c */
extern bool loki_sorted_lists_reserve(LokiIndex *state, Relation index,
									  const LokiMetaPageData *meta, uint32 end);

/* Make the lists of all attributes and the map of rows, where that is worth while;
 * where there is not the memory, that is told at a level */
extern void loki_sorted_lists_make(Relation index, int elevel);

/* Set a bit of a slot of 64 of an array, under the page's exclusive lock, logged */
extern void loki_sorted_lists_set_bit(LokiIndex *state, Relation index, int array,
									  uint32 slot, int bit);

/* How many of the nodes below an end they do not have, or not as they are now, at most */
extern double loki_sorted_lists_unlisted(LokiIndex *state, Relation index,
										 const LokiMetaPageData *meta, uint32 end);

/* Note that the number of a node was used before */
extern void loki_reused_note(LokiIndex *state, Relation index,
							 const LokiMetaPageData *meta, uint32 node);

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
#define LOKI_POSTARRAY_BYTES \
	(1 + LOKI_SIGNATURE_BYTES + LOKI_SLOT_ELEMENTS * sizeof(uint32))
extern void loki_postarray_make(LokiIndex *state, Relation index, int attribute,
								LokiSortedListsData *sorted_lists);
extern bool loki_postarray_find(LokiLookup *lookup);
extern int	loki_postarray_numbers(const char *slot, uint32 *numbers);

/* Entries of a list that are copied out at once, at most */
#define LOKI_LOOKUP_READ	(32 * LOKI_SEPARATOR_STEP)
extern uint32 loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end,
							   uint32 *nodes);
extern bool loki_lookup_valid(const LokiLookup *lookup);

/*
 * Entries of lists are packed: LOKI_SEPARATOR_STEP of them into so many slots, from
 * the lowest bits of the first on, each with as many bits as the end of those
 * that are listed takes.
 */
#define LokiSortedListSlots(bits)	(LOKI_SEPARATOR_STEP / 32 * (bits))
#define LOKI_SORTED_LIST_MAX_SLOTS	LokiSortedListSlots(32)
extern int	loki_sorted_list_bits(uint32 end);
extern void loki_sorted_list_unpack(const uint32 *slots, int bits, uint32 *nodes);

/* Copy REUSED out, for numbers below an end */
extern uint64 *loki_reused_read(LokiIndex *state, Relation index, uint32 end,
								uint32 *nwords);

/* Whether that names a node */
static inline bool
loki_is_reused(const uint64 *reused, uint32 node)
{
	return reused != NULL &&
		(reused[node / LOKI_REUSED_NODES] >>
		 (node % LOKI_REUSED_NODES / LOKI_REUSED_UNIT)) & 1;
}

#endif							/* LOKI_FILTER_SORTED_LIST_H */
