/*-------------------------------------------------------------------------
 *
 * derived.h
 *	  Derived lists: what nodes say, sorted.  Made at once by a build, a vacuum or
 *	  an insert, they stay as they are until they are made again.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/derived.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DERIVED_DERIVED_H
#define LOKI_DERIVED_DERIVED_H

#include <math.h>

#include "hnsw/page/index.h"

/* ----------------------------------------------------------------
 * Lists (list.c)
 * ----------------------------------------------------------------
 */

/* The number of the row map, after the lists of attributes */
#define LOKI_SORTED_ROWS		LOKI_MAX_ATTRIBUTES

/*
 * A list: entries in the order of (key, node), and bounds by which places are found.  Entries are
 * packed into the words of a page, `width` bits each (1 to 32), and do not cross pages.
 */
typedef struct LokiSortedList
{
	LokiIndex  *state;
	Relation	index;
	int			number;			/* of its attribute, or LOKI_SORTED_ROWS */
	uint32		generation;		/* of all lists when this was opened (D1) */
	uint32		end;			/* nodes below this are listed, or noted as
								 * changed */
	uint32		n;				/* entries */
	uint32		nulls;			/* the first of them */
	uint32		width;			/* bits of an entry ... */
	uint32		node_bits;		/* ... of which the low ones are the node */
	int			entries;		/* slot array of entries, ... */
	int			bounds;			/* ... and that of bounds, ... */
	uint32		nbounds;		/* ... and its number of slots */
	LokiListPagesData pages;	/* where they begin */
	int			reused;			/* slot arrays of the notes that go with the */
	int			gained;			/* list */
	LokiRowMapData map;			/* of the row map */
} LokiSortedList;

/* Describe a list as a metapage has it; false if there is none.  Reads nothing. */
extern bool loki_sorted_list_open(LokiSortedList *list, LokiIndex *state, Relation index,
								  const LokiMetaPageData *meta, int number);

/* Whether a list can still be read: it is the one that was opened.  Share locks the metapage. */
extern bool loki_sorted_list_valid(const LokiSortedList *list);

/*
 * Copy n entries out, from place `first` on, or at `places` unless that is NULL, of which those
 * on one page should come together.  False if the list does not have them any more.  Each page
 * is share locked while it is copied from; no page may be locked before.
 */
extern bool loki_sorted_list_read(const LokiSortedList *list, const uint32 *places, uint32 first, uint32 n,
								  uint32 *entries);

/* Write entries and bounds; false, with a WARNING, if there is no room for a page */
extern bool loki_sorted_list_write(const LokiSortedList *list, const uint32 *entries, const void *bounds);

/* Write a page: n slots and no others, of a generation; zeros if `slots` is NULL */
extern bool loki_derived_write(LokiIndex *state, Relation index, int array, uint32 ordinal,
							   const void *slots, uint32 n, uint32 generation);

#define LOKI_ENTRY_WORDS	((uint32) (LOKI_PAGE_PAYLOAD / sizeof(uint64)))

/* Entries of `width` bits on a page */
static inline uint32
loki_entries_per_page(uint32 width)
{
	Assert(width > 0 && width <= LOKI_ROWMAP_MAX_WIDTH);
	return LOKI_ENTRY_WORDS * 64 / width;
}

/* How many slots n entries take */
static inline uint32
loki_entry_slots(uint32 n, uint32 width)
{
	uint32		per_page = loki_entries_per_page(width);

	return n / per_page * LOKI_ENTRY_WORDS + (n % per_page * width + 63) / 64;
}

/* How many separators n entries of an attribute's list have */
static inline uint32
loki_separators(uint32 n)
{
	return n / LOKI_SEPARATOR_STEP + (n % LOKI_SEPARATOR_STEP > 0);
}

/* The slot of a bound in its slot array */
static inline uint32
loki_bound_slot(const LokiSortedList *list, uint32 number)
{
	return list->pages.bounds * list->state->arrays[list->bounds].per_page + number;
}

/* The node of an entry; not below list->end if nothing had the place */
static inline uint32
loki_entry_node(const LokiSortedList *list, uint32 entry)
{
	return entry & (uint32) ((UINT64CONST(1) << list->node_bits) - 1);
}

/* The part of a TID that an entry of the row map has, besides the group that it is in */
static inline uint32
loki_rowmap_key(const LokiRowMapData *map, BlockNumber block, OffsetNumber offset)
{
	uint32		key = ((uint32) offset << map->shift) + (block & ((1 << map->shift) - 1));

	return key & ((1 << map->key_bits) - 1);
}

/* Whether indexes of this kind have a row map */
static inline bool
loki_has_rowmap(const LokiIndex *state)
{
	return state->arrays[LOKI_SLOTS_ROW].slot_size > 0;
}

/* ----------------------------------------------------------------
 * Lists in memory, made of what nodes say now (gather.c)
 * ----------------------------------------------------------------
 */

/* With so few values, none of them is rare enough for a list ... */
#define LOKI_FEW_VALUES		32

/* ... that has sketches, by which a tenth of the nodes is read in a millisecond */
#define LOKI_FEW_VALUES_SKETCHED	8

/* What arrays are listed under, in this order */
#define LOKI_ARRAY_EMPTY		0
#define LOKI_ARRAY_HASH(hash)	((uint32) (hash) + 1)
#define LOKI_ARRAY_SIGNATURE	LOKI_ARRAY_HASH(PG_UINT16_MAX + 1)

/* Nodes below an end that are noted: in REUSED, whose ID was reused; in GAINED, which a row has joined */
typedef struct LokiNodeBits
{
	uint32		end;
	uint32		nwords;			/* 0: no node is noted */
	uint64	   *words;
} LokiNodeBits;

/* A list in memory; the caller zeroes it and sets `list`, the rest is of loki_gather() */
typedef struct LokiGathered
{
	LokiSortedList list;
	uint32	   *entries;		/* list.n of them */
	int64	   *keys;			/* by node; NULL: keys were counted */
	uint32		nkeys;
	uint32	   *starts;			/* the first entry of each; one more at the
								 * end */
	uint32	   *next;			/* its first entry that was not found yet */
	uint32		at;				/* the key that was asked for last */
	LokiNodeBits lost;			/* nodes that had no place, since others
								 * changed */
} LokiGathered;

/*
 * Gather a list, of which state, index, number and end are set, and in a row map the groups and
 * widths.  To be freed by loki_gathered_free().  False if no list can have that many entries.
 * Pages are share locked one at a time.
 */
extern bool loki_gather(LokiGathered *gathered);
extern void loki_gathered_free(LokiGathered *gathered);

/* Sort the entries of each of n groups of a row map, which have no order otherwise */
extern void loki_groups_sort(uint32 *entries, const uint32 *starts, uint32 groups);

/* The key of an entry; calls must come in ascending order */
extern int64 loki_gathered_key(LokiGathered *gathered, uint32 place);

/* How many values its entries have, up to `most` */
extern uint32 loki_gathered_values(LokiGathered *gathered, uint32 most);

/* Choose the groups and widths of a row map of nodes below map->end, by the rows that there are */
extern void loki_rowmap_choose(LokiIndex *state, Relation index, LokiRowMapData *map);

/* Bytes at most that gathering the list of that number takes, of nodes below an end */
extern double loki_gather_memory(const LokiIndex *state, int number, uint32 end);

/* ----------------------------------------------------------------
 * Nodes that changed since (changed.c)
 * ----------------------------------------------------------------
 */

/* How many slots have the bits of all nodes below an end, and of one more */
static inline uint32
loki_bit_slots(uint32 end)
{
	return end / 64 + 1;
}

/* Whether a node below the end was noted when the bits were read */
static inline bool
loki_bits_have(const LokiNodeBits *bits, uint32 node)
{
	Assert(node < bits->end);
	return node / 64 < bits->nwords && ((bits->words[node / 64] >> (node % 64)) & 1) != 0;
}

/* Whether an array has pages for n slots from a page on, as far as the directory was read */
static inline bool
loki_array_has(const LokiIndex *state, int array, uint32 page, uint32 n)
{
	return n == 0 || (page <= state->arrays[array].npages &&
					  n <= (uint64) (state->arrays[array].npages - page) * state->arrays[array].per_page);
}

/* Pages of a slot array that n slots take */
static inline uint32
loki_pages_of(const LokiIndex *state, int array, uint32 n)
{
	uint32		per_page = state->arrays[array].per_page;

	return per_page == 0 ? 0 : n / per_page + (n % per_page > 0);
}

/* Whether there are pages for the lists of a window, as far as the directory was read */
static inline bool
loki_window_possible(const LokiIndex *state, const LokiWindowData *window)
{
	return loki_array_has(state, LOKI_SLOTS_TERM, window->term_page, window->terms) &&
		loki_array_has(state, LOKI_SLOTS_POSTING, window->posting_page, window->postings);
}

/*
 * Arrays of notes are named by LokiNotesArray() in what follows.
 */

/* Forget the notes of nodes below an end; false if there is no room for the bits */
extern bool loki_bits_forget(LokiIndex *state, Relation index, int array, uint32 end);

/* Note a node, if it is below an end */
extern void loki_bits_note(LokiIndex *state, Relation index, int array, uint32 end,
						   uint32 node);

/*
 * Note a node in REUSED or GAINED, in each set that a metapage asks for.  The caller holds the insert
 * lock under which it read the metapage.
 */
extern void loki_note_change(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
							 int array, uint32 node);

/* Whether a node, which is below that end, is noted now */
extern bool loki_bits_noted(LokiIndex *state, Relation index, int array, uint32 node);

/* Copy the notes of nodes below an end out; palloc'd only if there are any */
extern void loki_bits_read(LokiIndex *state, Relation index, int array, uint32 end,
						   LokiNodeBits *bits);
extern void loki_bits_release(LokiNodeBits *bits);

/* Have none of n nodes noted in a copy */
extern void loki_bits_clear(LokiNodeBits *bits, uint32 first, uint32 n);

/* How many nodes are noted at most; an estimate of that, by some pages */
extern double loki_bits_count(const LokiNodeBits *bits);
extern double loki_bits_estimate(LokiIndex *state, Relation index, int array, uint32 end);

/* Get the next node that is noted, from *next on, which moves behind it; false if there is none */
extern bool loki_bits_next(const LokiNodeBits *bits, uint32 *next, uint32 *node);

/*
 * Count the live nodes, page by page under share lock.  Sets their bits in *live unless that is
 * NULL, and unless `uncounted` is NULL, counts there the nodes that vacuum has yet to count as
 * come or gone.  No page may be locked.
 */
extern uint32 loki_count_live(LokiIndex *state, Relation index, uint8 *live,
							  uint32 *uncounted);

/* ----------------------------------------------------------------
 * 1-bit sketches of the nodes of a list (sketch.c)
 * ----------------------------------------------------------------
 */

/*
 * The first flat scan of a search keeps this number of candidates at least.  Lists of fewer nodes for
 * each of them are not worth a second look.
 */
#define LOKI_FIRST_SELECTION	64
#define LOKI_SHORT_LIST			6

/* The shortest list that has sketches */
#define LOKI_LEAST_SKETCHED		(LOKI_FIRST_SELECTION * LOKI_SHORT_LIST)

/* Blocks of n sketches */
static inline uint32
loki_sketch_blocks(uint32 n)
{
	return n / LOKI_SKETCH_BLOCK + (n % LOKI_SKETCH_BLOCK > 0);
}

/* Bytes that making them takes, for each node; 0 if an index of this kind has none */
extern double loki_sketch_memory(const LokiIndex *state);

/* The sketches of nodes in a range, in order of their IDs; zeros past the used part of CODE */
extern char *loki_sketches_gather(LokiIndex *state, Relation index, uint32 begin, uint32 end);

/*
 * Make those of all lists of a metapage that are long enough and have none; if not `wanted`, have none.
 * Sketches of other lists stay as they are.
 */
extern void loki_sketches_make(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
							   bool wanted);

/* Whether a list has sketches that are not wanted, or lacks those that are */
extern bool loki_sketches_stale(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
								bool wanted);

/*
 * Lock a page of sketches in share mode, if it is of the list.
 * Otherwise returns NULL and leaves no lock.
 */
extern Page loki_sketch_lock(const LokiSortedList *list, uint32 ordinal, Buffer *buffer, int *used);

/* Whether a list has sketches now: its first page is of the list (D6).  Share locks that page. */
extern bool loki_has_sketches(const LokiSortedList *list);

/*
 * Likely lower bounds of the distances of the nodes in n blocks of a list, and the least ones of
 * each block, for a query that is ready for bounds().  Places of the last block that are not in the
 * list have any.  False if the list does not have sketches any more.
 */
extern bool loki_sketch_bounds(const LokiSortedList *list, const LokiQuery *query, uint32 block,
							   uint32 n, float *bounds, float *least);

/* ----------------------------------------------------------------
 * Posting lists of the elements of sparse vectors (postings.c)
 * ----------------------------------------------------------------
 */

struct LokiSparse;

/* An element of a node's vector, or its norm, as it is listed */
typedef struct LokiTermEntry
{
	uint32		term;
	uint32		place;			/* of the node in its window */
	float		weight;
} LokiTermEntry;

/* What all windows have in common; their numbers are those of WINDOW slots */
typedef struct LokiTermLists
{
	LokiIndex  *state;
	Relation	index;
	LokiTermListsData data;
	uint32		end;			/* nodes below this are listed, or noted as
								 * changed */
	int			reused;			/* slot array of these notes */
} LokiTermLists;

/* A term of a query, and what an element with that index adds to a distance: see postings.c */
typedef struct LokiQueryTerm
{
	uint32		term;
	float		weight;
} LokiQueryTerm;

/* A query as loki_terms_query() makes it */
typedef struct LokiTermQuery
{
	LokiMetric	metric;
	int			n;				/* terms */
	LokiQueryTerm *terms;		/* ascending */
	float		base;			/* the distance of a vector without elements */
	float		mean;			/* of the weights of words; or 0 */
} LokiTermQuery;

/* Steps of a weight in a posting */
#define LOKI_POSTING_STEPS		255

/* Estimates are compared in blocks of this size */
#define LOKI_POSTING_BLOCK		16

/*
 * The estimate of a node that has none of the query's terms, nor a norm: its distance is `base`.  Sums
 * of terms are never -0.0.
 */
#define LOKI_NO_TERM		(-0.0f)

/* Whether an estimate is that value: -0.0 == 0.0, so bits are compared */
static inline bool
loki_is_no_term(float estimate)
{
	const float none = LOKI_NO_TERM;

	return memcmp(&estimate, &none, sizeof(float)) == 0;
}

/* The estimate of a node that nothing is known of but its row */
#define LOKI_NOT_KNOWN			(-INFINITY)

/* Estimates of a window's nodes, in the unit of codes, which are above no distance by more than slack */
typedef struct LokiTermBounds
{
	uint32		first;			/* node */
	uint32		n;
	uint32		postings;		/* that were read for them */
	float		base;			/* to be added to estimates */
	float		slack;
	float		estimates[LOKI_WINDOW_NODES + LOKI_POSTING_BLOCK];
} LokiTermBounds;

/* Whether the lists of an index can be read, as a metapage says; reads nothing */
extern bool loki_terms_open(LokiTermLists *lists, LokiIndex *state, Relation index,
							const LokiMetaPageData *meta);

/* Whether they can still be read.  Share locks the metapage. */
extern bool loki_terms_valid(const LokiTermLists *lists);

/*
 * What a vector is listed under in a window, most of LOKI_SPARSEVEC_MAX_NNZ + 1 entries; returns how
 * many there are.  -1 if a float cannot hold what its distances are computed from.
 */
extern int	loki_terms_form(LokiMetric metric, struct LokiSparse v, uint32 place, LokiTermEntry *entries);

/* The same for a query, palloc'd; false if its distances have no bounds */
extern bool loki_terms_query(LokiMetric metric, struct LokiSparse v, LokiTermQuery *query);

/*
 * Read the lists of a query's terms in a window.  False if they are not there any more.  Pages are
 * share locked one at a time; none may be locked before.
 */
extern bool loki_terms_read(const LokiTermLists *lists, uint32 window, const LokiTermQuery *query,
							LokiTermBounds *bounds);

/* Read a WINDOW slot; false if it is not there any more */
extern bool loki_terms_window(const LokiTermLists *lists, uint32 window, LokiWindowData *data);

/*
 * The list of a term in a window, with no postings if there is none, from its list *first on, which
 * moves there: terms must come in ascending order.  False if it is not there any more.
 */
extern bool loki_terms_find(const LokiTermLists *lists, const LokiWindowData *window, uint32 *first,
							uint32 term, LokiTermData *found);

/* Copy the postings of a list in a window.  False if they are not there any more. */
extern bool loki_terms_copy(const LokiTermLists *lists, const LokiWindowData *window,
							const LokiTermData *list, char *postings);

/*
 * Add the rows of n nodes of a window, which ascend, and the lengths of their documents; `list` is that of
 * LOKI_LENGTH_TERM, and has all places.  Add the rows of all documents that a list has.  rows[] says how many there
 * are at each place.  False if the list is not there any more.
 */
extern bool loki_terms_lengths(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list,
							   const uint32 *nodes, int n, const uint32 *rows, uint64 *documents, uint64 *sum);
extern bool loki_terms_rows(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list,
							const uint32 *rows, uint64 *sum);

/* Pages of a slot array that are in use, in ranges that ascend */
typedef struct LokiPageRange
{
	uint32		first;
	uint32		end;
} LokiPageRange;

typedef struct LokiPageSpace
{
	LokiPageRange *used;
	uint64		allocated;
	uint32		n;
	uint32		old;			/* pages that old lists have */
} LokiPageSpace;

/* Writes lists, window by window: three arrays at once, each of which a page in memory is filled of */
typedef struct LokiTermWriter
{
	LokiIndex  *state;
	Relation	index;
	uint32		windows;		/* that were written */
	struct
	{
		int			array;
		uint32		ordinal;	/* of the page that is being filled */
		uint32		n;			/* its slots */
		char	   *slots;
		LokiPageSpace space;	/* pages that old lists have, and new ones */
	}			pages[3];
	LokiWindowData *written;	/* the windows */
	uint64		allocated;
} LokiTermWriter;

/*
 * Begin to write beside lists that exist, unless `old` is NULL; memory in the current context, until
 * loki_terms_write_end()
 */
extern void loki_terms_write_begin(LokiTermWriter *writer, LokiIndex *state, Relation index,
								   const LokiTermLists *old);

/*
 * Write a window, of which all is set but where its lists lie: n entries in the order of
 * (term, place).  False if there is no room.
 */
extern bool loki_terms_write(LokiTermWriter *writer, const LokiWindowData *window,
							 const LokiTermEntry *entries, uint32 n);

/* Have a window of the old lists stay; windows come in the order of their nodes */
extern void loki_terms_keep(LokiTermWriter *writer, const LokiWindowData *window);

/* Write the windows, of which `data` describes the place, and free the memory; false if there is no room */
extern bool loki_terms_write_end(LokiTermWriter *writer, LokiTermListsData *data);

/* ----------------------------------------------------------------
 * The tail of posting lists (tail.c)
 * ----------------------------------------------------------------
 */

/* What rounding may add to a sum of n terms, of which the sum of absolute values is at most `largest` (postings.c) */
extern double loki_terms_slack(double largest, double n);

/* A row's elements, as an insert appends them */
typedef struct LokiTailRow
{
	uint32		node;
	bool		is_new;			/* appending: the node was never used before */
	bool		known;			/* false: its row has to be read */
	uint32		n;
	float		measure;		/* see LokiRunData */
	const uint16 *low;			/* halves, as ELEMENT slots have them */
	const uint16 *high;
	const uint16 *values;
} LokiTailRow;

static inline uint32
loki_tail_term(const LokiTailRow *row, uint32 i)
{
	return (uint32) row->high[i] << 16 | row->low[i];
}

/* The float that has a half, and zeros */
static inline float
loki_tail_value(uint16 half)
{
	uint32		bits = (uint32) half << 16;
	float		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Form all but the node of a value that is not toasted; palloc'd (postings.c) */
extern void loki_tail_form(const LokiColumn *column, const struct varlena *value, LokiTailRow *row);

/* Whether inserts append elements to a tail, as a metapage says */
extern bool loki_tail_is_wanted(const LokiIndex *state, const LokiMetaPageData *meta);

/*
 * Append a row, if that is wanted, before its node is live.  The caller holds the insert lock under which
 * it read the metapage, or makes lists, and no content lock.  False if there is no room and elevel is below ERROR.
 */
extern bool loki_tail_append(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
							 const LokiTailRow *row, int elevel);

/* Called for each row; false ends the visit */
typedef bool (*LokiTailVisitor) (void *arg, const LokiTailRow *row);

/*
 * Visit the rows of the tail that were appended before a generation of notes.  False if the visitor or damage
 * has ended it, or if the lists are not in use any more.  `briefly`: a page of ELEMENT may be share locked when
 * the visitor is called, which locks nothing and takes little time.  No page may be locked before.
 */
extern bool loki_tail_visit(const LokiTermLists *lists, uint32 before, bool briefly, LokiTailVisitor visit,
							void *arg);

/* The estimate of a node */
typedef struct LokiTailNode
{
	uint32		node;
	float		estimate;
} LokiTailNode;

/* Estimates of all rows of a tail for one query; the caller zeroes it and sets the context, in which it is called */
typedef struct LokiTail
{
	MemoryContext context;
	LokiTailNode *nodes;		/* that have a term of the query, ascending */
	uint64		allocated;
	uint32		n;
	LokiNodeBits seen;			/* all nodes of the tail */
	LokiNodeBits left_out;		/* those of which memory has no estimate */
} LokiTail;

/* Estimate the rows of the tail; none if that cannot be */
extern void loki_tail_read(const LokiTermLists *lists, const LokiTermQuery *query, LokiTail *tail);

/*
 * Put the estimates of nodes that lists do not have into those of a range of nodes: LOKI_NOT_KNOWN for what is
 * noted and not in the tail
 */
extern void loki_tail_fill(const LokiTail *tail, const LokiNodeBits *changed, LokiTermBounds *bounds);

/* ----------------------------------------------------------------
 * Making all of them (make.c)
 * ----------------------------------------------------------------
 */

/*
 * Makes posting lists of the nodes below the end of `next`, beside those of the other metapage, and
 * describes them in `next`; notes nodes that it cannot list in its set of notes.  False if there is no
 * room.  It reads rows, which this folder knows nothing of.
 */
typedef bool (*LokiTermsMaker) (LokiIndex *state, Relation index, const LokiMetaPageData *meta,
								LokiMetaPageData *next);

/* What the windows of posting lists have in all */
typedef struct LokiTermSums
{
	double		documents;
	double		length;			/* of these */
	double		left_out;		/* nodes that could not be listed */
} LokiTermSums;

/* Sum them up; false if a window cannot be read */
extern bool loki_terms_sum(const LokiTermLists *lists, LokiTermSums *sums);

/*
 * Whether the arrays have pages for what a metapage says of lists.  The directory was read after
 * the metapage.
 */
extern bool loki_derived_possible(LokiIndex *state, const LokiMetaPageData *meta);

/*
 * Make lists if that is worth while; says at a level if there is too little memory.  All lists of an
 * index that has posting lists stay as they are without a function that makes these.
 */
extern void loki_derived_make(Relation index, LokiTermsMaker make_terms, int elevel);

/*
 * Whether the insert that has written a node, new or used again, makes lists: many nodes are in none.  False for no node.
 * No page may be locked.
 */
extern bool loki_derived_is_due(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 node);

/* How many of the nodes below an end they do not have, or not as they are now; at most */
extern double loki_derived_unlisted(LokiIndex *state, Relation index,
									const LokiMetaPageData *meta, uint32 end);

#endif							/* LOKI_DERIVED_DERIVED_H */
