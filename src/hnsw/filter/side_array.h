/*-------------------------------------------------------------------------
 *
 * side_array.h
 *	  Side arrays: sorted lists of nodes and the map of rows, which are made at
 *	  once and stay as they are until they are made anew.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/side_array.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_SIDE_ARRAY_H
#define LOKI_FILTER_SIDE_ARRAY_H

#include "hnsw/page/index.h"

/*
 * Entries of SORTED and ROW are packed into the 64-bit slots of a page, `width` bits
 * each (1 to 32), and do not cross pages.
 */
#define LOKI_ENTRY_WORDS	((uint32) (LOKI_PAGE_PAYLOAD / sizeof(uint64)))

static inline uint32
loki_entries_per_page(uint32 width)
{
	return LOKI_ENTRY_WORDS * 64 / width;
}

/* How many slots n entries take */
static inline uint32
loki_entry_slots(uint32 n, uint32 width)
{
	uint32		per_page = loki_entries_per_page(width);

	return n / per_page * LOKI_ENTRY_WORDS + (n % per_page * width + 63) / 64;
}

/*
 * The entry at a place of a page.  It may cross words.  The word after the one that it
 * begins in is always read, which may be in the special space.
 */
static inline uint32
loki_entry(const char *slots, uint32 place, uint32 width)
{
	uint32		bit = place * width;
	uint64		word;

#ifdef WORDS_BIGENDIAN
	uint64		next;

	memcpy(&word, slots + bit / 64 * sizeof(uint64), sizeof(word));
	memcpy(&next, slots + bit / 64 * sizeof(uint64) + sizeof(word), sizeof(next));
	word = word >> (bit % 64) | next << 1 << (63 - bit % 64);
#else

	/*
	 * an entry of 32 bits begins in a byte, and ends at most 39 bits after
	 * its beginning
	 */
	memcpy(&word, slots + bit / 8, sizeof(word));
	word >>= bit % 8;
#endif
	return (uint32) (word & ((UINT64CONST(1) << width) - 1));
}

/*
 * Nodes below an end that have changed since side arrays were made: those in REUSED, whose
 * ID was reused, a bit for LOKI_REUSED_UNIT of them; and those in GAINED, which a row
 * has joined, a bit for each.
 */
typedef struct LokiNodeBits
{
	uint32		end;
	int			shift;			/* nodes of a bit, as a power of two */
	uint32		nwords;			/* 0: no node is noted */
	uint64	   *words;
} LokiNodeBits;

static inline int
loki_bits_shift(int array)
{
	return array == LOKI_SLOTS_REUSED ? LOKI_REUSED_SHIFT : 0;
}

/* How many slots have the bits of all nodes below an end, and of one more */
static inline uint32
loki_bit_slots(int array, uint32 end)
{
	return (end >> loki_bits_shift(array)) / 64 + 1;
}

static inline bool
loki_bits_have(const LokiNodeBits *bits, uint32 node)
{
	uint32		bit = node >> bits->shift;

	Assert(node < bits->end);
	return bit / 64 < bits->nwords && ((bits->words[bit / 64] >> (bit % 64)) & 1) != 0;
}

/* Whether an array has pages for n slots, as far as the directory was read */
static inline bool
loki_array_has(const LokiIndex *state, int array, uint32 n)
{
	return n <= (uint64) state->arrays[array].npages * state->arrays[array].per_page;
}

/* functions in filter/side_array.c; no page may be locked */

/*
 * Write n slots of an array, from slot 0 on; zeros if `slots` is NULL.  False, with a
 * warning, if there is no room for a page.
 */
extern bool loki_side_write(LokiIndex *state, Relation index, int array, const char *slots,
							uint32 n);

/* Write a page of brief codes, of a generation of sorted lists */
extern bool loki_side_write_brief(LokiIndex *state, Relation index, int array, uint32 ordinal,
								  const char *slots, uint32 n, uint32 generation);

/* The same for n entries */
extern bool loki_entries_write(LokiIndex *state, Relation index, int array,
							   const uint32 *entries, uint32 n, uint32 width);

/* Copy n entries out; false if the array does not have them */
extern bool loki_entries_read(LokiIndex *state, Relation index, int array, uint32 first,
							  uint32 n, uint32 width, uint32 *entries);

/* The same for n places; those of one page should come together */
extern bool loki_entries_pick(LokiIndex *state, Relation index, int array,
							  const uint32 *places, int n, uint32 width, uint32 *entries);

/* Forget the notes of nodes below an end; false if there is no room for the bits */
extern bool loki_bits_forget(LokiIndex *state, Relation index, int array, uint32 end);

/* Note a node, if it is below an end */
extern void loki_bits_note(LokiIndex *state, Relation index, int array, uint32 end,
						   uint32 node);

/* Copy the notes of nodes below an end out; palloc'd only if there are any */
extern void loki_bits_read(LokiIndex *state, Relation index, int array, uint32 end,
						   LokiNodeBits *bits);
extern void loki_bits_release(LokiNodeBits *bits);

/* How many nodes are noted at most; an estimate of that, by some pages */
extern double loki_bits_count(const LokiNodeBits *bits);
extern double loki_bits_estimate(LokiIndex *state, Relation index, int array, uint32 end);

/*
 * Get the nodes of the next bit that is set, LOKI_REUSED_UNIT at most; returns 0 if there is
 * none.  *next must be 0 at first.
 */
extern int	loki_bits_next(const LokiNodeBits *bits, uint32 *next, uint32 *nodes);

/* Whether a metapage has the side arrays of a flag, of this generation */
static inline bool
loki_side_same(const LokiMetaPageData *meta, uint32 flag, uint32 generation)
{
	return (meta->flags & flag) != 0 && meta->sorted_lists.generation == generation;
}

/* Whether side arrays are still those of this generation; share locks the metapage */
extern bool loki_side_valid(Relation index, uint32 flag, uint32 generation);

/* functions in filter/side_make.c */

/*
 * Whether the arrays have pages for what a metapage says of side arrays.  The directory was
 * read after the metapage.
 */
extern bool loki_side_possible(const LokiIndex *state, const LokiMetaPageData *meta);

/* Make side arrays if that is worth while; says at a level if there is too little memory */
extern void loki_side_make(Relation index, int elevel);

/* How many of the nodes below an end they do not have, or not as they are now; at most */
extern double loki_side_unlisted(LokiIndex *state, Relation index,
								 const LokiMetaPageData *meta, uint32 end);

#endif							/* LOKI_FILTER_SIDE_ARRAY_H */
