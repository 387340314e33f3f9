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
 * that was looked up; of the others, which share a fence with values that do
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
	LokiPostingsData postings;
	LokiFilterKey *key;			/* that was looked up */
	int			nplaces;
	LokiPlaces	places[LOKI_LOOKUP_PLACES];
	double		count;			/* nodes at these places */
	double		tested;			/* of which so many may not pass the key ... */
	bool		repeats;		/* ... and some are there twice */
	uint64	   *renewed;		/* numbers that were used again, a bit for
								 * LOKI_RENEWED_UNIT of them ... */
	uint32		nwords;
	double		nrenewed;		/* ... and how many they may be */
} LokiLookup;

/* Write slots of a page of a family that has no others, or all from slot 0 on;
 * zeros where slots is NULL */
extern bool loki_postings_write_page(LokiIndex *state, Relation index, int family,
									 uint32 ordinal, const char *slots, uint32 n);
extern bool loki_postings_write_slots(LokiIndex *state, Relation index, int family,
									  const char *slots, uint32 n);

/*
 * Write the list of an attribute, which will be packed in place: so many nodes, and
 * room up to a whole step; fences have the number of each LOKI_FENCE_STEP-th.
 */
extern void loki_postings_write_list(LokiIndex *state, Relation index, int attribute,
									 uint32 *nodes, const int64 *fences, uint32 total,
									 LokiPostingsData *postings);

/* functions in filter/reserve.c */
extern bool loki_postings_reserve(LokiIndex *state, Relation index,
								  const LokiMetaPageData *meta, uint32 end);

/* Make the lists of all attributes and the map of rows, where that is worth while;
 * where there is not the memory, that is told at a level */
extern void loki_postings_make(Relation index, int elevel);

/* Set a bit of a slot of 64 of an array, under the page's exclusive lock, logged */
extern void loki_postings_set_bit(LokiIndex *state, Relation index, int family,
								  uint32 slot, int bit);

/* How many of the nodes below an end they do not have, or not as they are now, at most */
extern double loki_postings_unlisted(LokiIndex *state, Relation index,
									 const LokiMetaPageData *meta, uint32 end);

/* Note that the number of a node was used before */
extern void loki_postings_renew(LokiIndex *state, Relation index,
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
								LokiPostingsData *postings);
extern bool loki_postarray_find(LokiLookup *lookup);
extern int	loki_postarray_numbers(const char *slot, uint32 *numbers);

/* Entries of a list that are copied out at once, at most */
#define LOKI_LOOKUP_READ	(32 * LOKI_FENCE_STEP)
extern uint32 loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end,
							   uint32 *nodes);
extern bool loki_lookup_valid(const LokiLookup *lookup);

/*
 * Entries of lists are packed: LOKI_FENCE_STEP of them into so many slots, from
 * the lowest bits of the first on, each with as many bits as the end of those
 * that are listed takes.
 */
#define LokiPostingSlots(bits)	(LOKI_FENCE_STEP / 32 * (bits))
#define LOKI_POSTING_MAX_SLOTS	LokiPostingSlots(32)
extern int	loki_posting_bits(uint32 end);
extern void loki_posting_unpack(const uint32 *slots, int bits, uint32 *nodes);

/* Copy RENEWED out, for numbers below an end */
extern uint64 *loki_postings_renewed(LokiIndex *state, Relation index, uint32 end,
									 uint32 *nwords);

/* Whether that names a node */
static inline bool
loki_is_renewed(const uint64 *renewed, uint32 node)
{
	return renewed != NULL &&
		(renewed[node / LOKI_RENEWED_NODES] >>
			(node % LOKI_RENEWED_NODES / LOKI_RENEWED_UNIT)) & 1;
}

#endif							/* LOKI_FILTER_SORTED_LIST_H */
