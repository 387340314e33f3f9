/*-------------------------------------------------------------------------
 *
 * layout.h
 *	  What an hnsw index looks like on disk.
 *
 * An index is one relation, whose pages belong to slot arrays.  A slot array is an array of
 * slots of one size, addressed by number: page = number / per_page, place = number %
 * per_page.  Pages have no line pointers, and pd_lower is the end of the used part.  The
 * pages of a slot array lie in extents of 1 to 1,024 blocks.  The extent directory names
 * them: block 1, and further pages, each of which names the next.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/layout.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_LAYOUT_H
#define LOKI_DEFINITION_LAYOUT_H

#include "quantize/quantize.h"
#include "storage/bufpage.h"
#include "storage/itemptr.h"

/*
 * Slot arrays: what a slot is of, and its bytes.  Their numbers are on disk.  Those with a free list reuse
 * slots: their pages with free slots are in a list that begins on the metapage.  m is the index's; dim is that
 * of the code, which is rotated, or a projection.
 */
#define LOKI_SLOTS_META		0	/* block 0 */
#define LOKI_SLOTS_DIRECTORY	1	/* block 1 and the pages that follow it */
#define LOKI_SLOTS_TID			2	/* node: heap TID and state, 8, of long
									 * vectors 18; free list */
#define LOKI_SLOTS_CODE		3	/* node: factors, the code that walks read,
								 * 8 + bits * dim / 8 */
#define LOKI_SLOTS_LINK		4	/* node: neighbors on layer 0, 4 + 8 m */
#define LOKI_SLOTS_REFINE		5	/* node: factors, the rest of the code,
									 * 8 + (refine_bits - bits) * dim / 8; absent if
									 * refine_bits = 0 */
#define LOKI_SLOTS_HASH		6	/* node: 128 bits of its vector, 16; 64 if
								 * compact, 8 */
#define LOKI_SLOTS_UPPER		7	/* node and layer above 0: neighbors there,
									 * 12 + 8 m; free list */
#define LOKI_SLOTS_DUPLICATE	8	/* entry of a TID list, 16; free list */
#define LOKI_SLOTS_NULLTID		9	/* row outside the graph, 8; free list */
#define LOKI_SLOTS_CENTROID	10	/* float of the centroid, then of local
								 * centers, or two elements of the basis, 4 */
#define LOKI_SLOTS_REUSED		11	/* 64 nodes: whether they were reused since
									 * lists were made, 8 */
#define LOKI_SLOTS_ROW			12	/* packed entries in the order of heap TIDs: a
									 * row's node, and bits of its offset, 8 */
#define LOKI_SLOTS_BLOCK		13	/* heap blocks: where their rows begin in
									 * ROW, 4 */
#define LOKI_SLOTS_GAINED		14	/* 64 nodes: whether rows joined them since
									 * ROW was made, 8 */
#define LOKI_SLOTS_ATTR		16	/* + attribute - 1; node: flag and sort key,
								 * 1 + 1, 2, 4 or 8, of arrays 16 */
/* + attribute - 1, the same of a NULLTID slot */
#define LOKI_SLOTS_NULLATTR	(LOKI_SLOTS_ATTR + INDEX_MAX_KEYS)
/* + attribute - 1: packed entries of its sorted list, 8 */
#define LOKI_SLOTS_SORTED		(LOKI_SLOTS_NULLATTR + INDEX_MAX_KEYS)
/* sort key of each 64th node there, 8 */
#define LOKI_SLOTS_SEPARATOR		(LOKI_SLOTS_SORTED + INDEX_MAX_KEYS)
/* the 1-bit sketch of a node there, 8 + dim / 8, 40 at most */
#define LOKI_SLOTS_BRIEF			(LOKI_SLOTS_SEPARATOR + INDEX_MAX_KEYS)
#define LokiSlotArrayIsBrief(array) \
	((array) >= LOKI_SLOTS_BRIEF && (array) < LOKI_SLOTS_BRIEF + INDEX_MAX_KEYS)

/*
 * Posting lists of the elements of sparse vectors: a node in its window, and a weight, 3; where a term's list
 * begins in a window, 20; a window of nodes, and where its lists lie, 48
 */
#define LOKI_SLOTS_POSTING		(LOKI_SLOTS_BRIEF + INDEX_MAX_KEYS)
#define LOKI_SLOTS_TERM			(LOKI_SLOTS_POSTING + 1)
#define LOKI_SLOTS_WINDOW		(LOKI_SLOTS_POSTING + 2)

/* the second set of notes, see LokiNotesArray() */
#define LOKI_SLOTS_REUSED2		(LOKI_SLOTS_POSTING + 3)
#define LOKI_SLOTS_GAINED2		(LOKI_SLOTS_POSTING + 4)

/*
 * One that nothing fills yet has no slot size (page/index.c), so a page or an entry of the directory
 * that names it is damage.
 */
#define LOKI_SLOTS_TAIL			(LOKI_SLOTS_POSTING + 5)	/* IDs of nodes without
															 * links yet */

/* elements of rows that came since posting lists were made, 8, and the same for the second set of notes */
#define LOKI_SLOTS_ELEMENT		(LOKI_SLOTS_POSTING + 9)
#define LOKI_SLOTS_ELEMENT2		(LOKI_SLOTS_POSTING + 10)
#define LOKI_SLOT_ARRAYS		(LOKI_SLOTS_POSTING + 11)

/*
 * Codes and graph may be made anew (build/make_pending.c).  They are written as another set of pages then, which
 * readers of the set before do not look at, and which the metapage names in the end.  Set 0 is that of the build.  On
 * pages and in the directory the slot arrays of other sets have numbers of their own; in memory those of the set
 * in use have the numbers above.
 */
#define LOKI_MORE_SETS			5
#define LOKI_SET_ARRAYS			5
#define LOKI_STORED_ARRAYS		(LOKI_SLOT_ARRAYS + LOKI_MORE_SETS * LOKI_SET_ARRAYS)

StaticAssertDecl(LOKI_STORED_ARRAYS <= PG_UINT8_MAX, "pages name their slot array in a byte");

static const uint8 loki_set_arrays[LOKI_SET_ARRAYS] = {
	LOKI_SLOTS_CODE, LOKI_SLOTS_LINK, LOKI_SLOTS_REFINE, LOKI_SLOTS_UPPER, LOKI_SLOTS_CENTROID
};

/* The number that pages of a slot array have in a set */
static inline int
loki_stored_array(int array, uint32 set)
{
	for (int i = 0; i < LOKI_SET_ARRAYS && set > 0; i++)
		if (loki_set_arrays[i] == array)
			return LOKI_SLOT_ARRAYS + ((int) set - 1) * LOKI_SET_ARRAYS + i;
	return array;
}

/* The slot array of such a number, and its set; 0 for an array that is none of a set */
static inline int
loki_array_of_stored(int stored, uint32 *set)
{
	int			i = stored - LOKI_SLOT_ARRAYS;

	*set = i < 0 ? 0 : 1 + i / LOKI_SET_ARRAYS;
	return i < 0 ? stored : loki_set_arrays[i % LOKI_SET_ARRAYS];
}

/* The attribute that a slot array is of, from 1 on; 0: of none */
#define LokiSlotArrayAttribute(array) \
	((array) >= LOKI_SLOTS_ATTR && (array) < LOKI_SLOTS_POSTING ? \
	 ((array) - LOKI_SLOTS_ATTR) % INDEX_MAX_KEYS + 1 : 0)

/* Slot arrays with a free list, in the order of free_head[] */
#define LOKI_FREELISTS			4
#define LokiSlotArrayFreeList(array) \
	((array) == LOKI_SLOTS_TID ? 0 : \
	 (array) == LOKI_SLOTS_UPPER ? 1 : \
	 (array) == LOKI_SLOTS_DUPLICATE ? 2 : \
	 (array) == LOKI_SLOTS_NULLTID ? 3 : -1)

/* No node, slot or page; also the end of TID lists and free lists */
#define LOKI_NONE				((uint32) 0xFFFFFFFF)

/* Numbers of slots are below this, so that scans can use the high bit as a flag */
#define LOKI_MAX_NUMBER			((uint32) 0x7FFFFFFF)

/*
 * Special space, 16 bytes at the end of every page.
 */
typedef struct LokiPageOpaqueData
{
	uint32		ordinal;		/* which page of its slot array this is */
	uint32		next;			/* DIRECTORY: block of the next page, or 0.
								 * With a free list: ordinal of the next page
								 * there, or LOKI_NONE.  BRIEF: generation of
								 * the sorted lists that it belongs to;
								 * ELEMENT: that of the notes */
	uint16		free_slots;		/* with a free list: slots in state FREE in
								 * the used part */
	uint8		array;
	uint8		flags;			/* LOKI_PAGE_* */
	uint16		unused;
	uint16		page_id;		/* LOKI_PAGE_ID */
} LokiPageOpaqueData;

typedef LokiPageOpaqueData *LokiPageOpaque;

StaticAssertDecl(sizeof(LokiPageOpaqueData) == 16, "special space is 16 bytes");

#define LOKI_PAGE_ID			0xFF4C
#define LOKI_PAGE_ON_FREELIST	0x01
#define LOKI_PAGE_IN_BLOCKS		0x02	/* of BRIEF */

#define LokiPageOpaque(page)	((LokiPageOpaque) PageGetSpecialPointer(page))
/* The same of a page whose header is not known to be sound */
#define LokiPageOpaqueAtEnd(page) \
	((LokiPageOpaque) ((char *) (page) + BLCKSZ - sizeof(LokiPageOpaqueData)))

#define LOKI_PAGE_PAYLOAD \
	(BLCKSZ - SizeOfPageHeaderData - sizeof(LokiPageOpaqueData))

/* The slot at place i of a page; the number of slots in its used part */
#define LokiPageSlot(page, slot_size, i) \
	((char *) (page) + SizeOfPageHeaderData + (Size) (slot_size) * (i))
#define LokiPageUsed(page, slot_size) \
	((int) ((((PageHeader) (page))->pd_lower - SizeOfPageHeaderData) / (slot_size)))

/*
 * Metapage.  The fields above the line change once after the index was created, when a pending
 * index gets its codes: uid, and code with its slot sizes.  The others change whenever needed.
 * All change under the exclusive lock of block 0.
 */
#define LOKI_META_BLKNO			0
#define LOKI_DIRECTORY_BLKNO	1
#define LOKI_META_MAGIC			0x494B4F4C	/* "LOKI" */
#define LOKI_META_VERSION		7
#define LOKI_PGVECTOR_MAGIC		0xA953A953	/* an hnsw index of pgvector */
#define LOKI_PGVECTOR_IVFFLAT_MAGIC 0x14FF1A7
#define LOKI_BYTE_ORDER			0x01020304
/* All columns but the vector */
#define LOKI_MAX_ATTRIBUTES		(INDEX_MAX_KEYS - 1)

/*
 * Sorted lists: the nodes in the order of each attribute (derived/list.c).  SEPARATOR
 * has the sort key of each LOKI_SEPARATOR_STEP-th entry of SORTED.
 */
#define LOKI_SEPARATOR_STEP			64

/*
 * The row map, from heap TIDs to nodes (derived/gather.c).  A slot of ROW is a word of packed
 * entries, which do not cross pages.  A slot of BLOCK is the first entry of a group of 2 to
 * the power of `shift` heap blocks; one more slot is the end.
 */
#define LOKI_ROWMAP_MAX_KEY_BITS	10
#define LOKI_ROWMAP_MAX_WIDTH	32	/* bits of an entry */

typedef struct LokiRowMapData
{
	uint32		end;			/* nodes below this are in it, or noted in
								 * REUSED or GAINED; 0: there is no map */
	uint32		entries;
	uint32		groups;			/* of heap blocks */
	uint8		shift;
	uint8		node_bits;		/* low bits of an entry: its node ... */
	uint8		key_bits;		/* ... and above them, bits of its TID */
	uint8		unused;
} LokiRowMapData;

typedef struct LokiSortedListsData
{
	uint32		generation;		/* how often they were made */
	uint32		end;			/* nodes below this are listed, or noted in
								 * REUSED */
	uint32		listed[LOKI_MAX_ATTRIBUTES];	/* entries, LOKI_NONE: no list */
	uint32		nulls[LOKI_MAX_ATTRIBUTES]; /* the first of them */
} LokiSortedListsData;

/*
 * Where a list lies: the page of each of its slot arrays that it begins at.  A list is written beside
 * the one in whose place it comes.
 */
typedef struct LokiListPagesData
{
	uint32		entries;
	uint32		bounds;
	uint32		sketches;		/* 0 in the row map */
} LokiListPagesData;

/*
 * Notes: the nodes below the end of lists that these do not have as they are, a bit each, 64 in a slot
 * (derived/changed.c).  There are two sets, so that VACUUM can make lists while the old ones are in
 * use.
 */
typedef struct LokiNotesData
{
	uint32		set;			/* the one that the lists go with: 0 or 1 */
	uint32		next_end;		/* lists of the nodes below this are being made;
								 * they are noted in the other set, too.  0:
								 * none are */
	uint32		next_generation;	/* of these lists; of the last ones that were
									 * begun if none are */
} LokiNotesData;

#define LokiNotesArray(array, set) \
	((set) == 0 ? (array) : \
	 (array) == LOKI_SLOTS_REUSED ? LOKI_SLOTS_REUSED2 : LOKI_SLOTS_GAINED2)

/*
 * Posting lists of the elements of sparse vectors (derived/postings.c).  A window is a range of
 * nodes, and has a list for each of their indices, ascending: its terms.
 */
#define LOKI_WINDOW_NODES		65536	/* at most: a posting names one in 16
										 * bits */

/* The last list of a window, if its metric needs one, has the norms of all its nodes */
#define LOKI_NORM_TERM			((uint32) 0xFFFFFFFF)

/*
 * The last list of a window of words has the lengths of its documents, by place, unless all are empty or a build
 * before 1.0.0 made the window: each slot of POSTING is a number of three bytes.  A tsvector has no room for a greater
 * one.
 */
#define LOKI_LENGTH_TERM		(LOKI_NORM_TERM - 1)

typedef struct LokiWindowData
{
	uint32		node;			/* the first */
	uint32		nodes;
	uint32		term_page;		/* TERM: its lists begin there ... */
	uint32		terms;
	uint32		posting_page;	/* ... and their postings here */
	uint32		postings;
	uint32		elements;		/* of the vector that has the most */
	uint32		documents;		/* nodes whose elements are listed */
	double		length;			/* words: of these documents */
	float		mean;			/* words: length by which weights were made;
								 * or 0 */
	uint32		left_out;		/* live nodes that could not be listed, and were
								 * noted */
} LokiWindowData;

typedef struct LokiTermData
{
	uint32		term;
	uint32		first;			/* posting of its window */
	uint32		postings;
	float		least;			/* weight w of a posting is at most least + w *
								 * step, and above that less a step, but not
								 * below `least` */
	float		step;
} LokiTermData;

/*
 * ELEMENT slots: runs of the elements of a row (derived/tail.c), each on one page: a LokiRunData, which takes
 * two slots, and three arrays of n uint16, in as many slots as these take: the low halves of the terms of
 * its elements, which ascend, the high halves, and the high halves of their values: floats, of words how often they
 * occur.  A value is not as far from 0 as the next such half.
 */
#define LOKI_ELEMENT_SIZE		8	/* a slot */
#define LokiRunSlots(n)			(((n) * 3 + 3) / 4)

typedef struct LokiRunData
{
	uint32		node;
	uint16		n;				/* elements */
	uint16		flags;			/* LOKI_RUN_* */
	uint32		next;			/* the slot of the run that has the elements
								 * behind these; LOKI_NONE */
	float		measure;		/* the length of a document; of a vector the sum of
								 * squares (L2) or absolute values (taxicab), its
								 * norm (cosine), or 0 */
} LokiRunData;

#define LOKI_RUN_FOLLOWS		0x01	/* another names it as `next` */
#define LOKI_RUN_UNKNOWN		0x02	/* the row has to be read: it has too many
										 * elements, or there are no bounds of it */
#define LOKI_RUN_HALVES			0x04	/* as above; runs without it are of builds
										 * before 1.0.0: n slots, of a row to be
										 * read */

StaticAssertDecl(sizeof(LokiRunData) == 2 * LOKI_ELEMENT_SIZE, "a run takes two slots");
StaticAssertDecl(LOKI_ELEMENT_SIZE == 4 * sizeof(uint16), "a slot has four halves");

/* Goes with LokiNotesArray() */
#define LokiElementArray(set)	((set) == 0 ? LOKI_SLOTS_ELEMENT : LOKI_SLOTS_ELEMENT2)

/* POSTING slots: 2 bytes the node within the window, and a byte the weight; or a length, its lowest byte first */
#define LOKI_POSTING_SIZE		3

static inline uint32
loki_length_get(const char *slot)
{
	const uint8 *bytes = (const uint8 *) slot;

	return bytes[0] | (uint32) bytes[1] << 8 | (uint32) bytes[2] << 16;
}

typedef struct LokiTermListsData
{
	uint32		generation;		/* how often they were made */
	uint32		windows;
	uint32		page;			/* of WINDOW: they begin there */
	uint32		tail;			/* pages of ELEMENT that name an earlier
								 * generation of notes are free */

	/* of words (types/bm25.h); otherwise 0 */
	float		k1;				/* by which weights were made */
	float		b;
} LokiTermListsData;

/*
 * Calibration: what walks of several widths find, measured on the index itself
 * (recall/calibrate.c).  Widths ascend, and with them the shares of neighbors found.
 */
#define LOKI_CALIBRATION_WIDTHS	16
#define LOKI_CALIBRATION_KS		3
#define LOKI_CALIBRATION_SCALE	65535	/* of recall, error and what changed */

/* Places of at[] whose `other` says something of the whole index */
#define LOKI_CALIBRATION_CHANGED	0	/* nodes that came or went since, as a
										 * share of `nodes` */
#define LOKI_CALIBRATION_UNCOUNTED	1	/* before, which vacuum has yet to
										 * count */
#define LOKI_CALIBRATION_GROWTH		2	/* d_i / d_k is (i / k) to the power
										 * of this, for the distances of the
										 * i-th and k-th nearest node; 0: not
										 * measured */
#define LOKI_CALIBRATION_GROWN		3	/* the end of node IDs when growth was
										 * measured: its logarithm to base 2 */
#define LOKI_CALIBRATION_GIVEN		4	/* 1: measured with queries that a
										 * user gave */
#define LOKI_CALIBRATION_MANY		5	/* recall of 500 neighbors, by those
										 * of 16 widths that keep as many; 0:
										 * not measured */
#define LOKI_CALIBRATION_MANY_ERROR	9	/* and the standard error of that */
#define LOKI_CALIBRATION_MANY_FIRST	12	/* the first of these widths */
#define LOKI_GROWTH_SCALE			16384
#define LOKI_GROWN_SCALE			2048

typedef struct LokiCalibrationData
{
	uint32		nodes;			/* in the graph at that time; 0: not
								 * calibrated */
	uint16		queries;
	uint16		nwidths;
	struct
	{
		uint32		scored;		/* nodes, on average */
		uint16		width;
		uint16		other;		/* LOKI_CALIBRATION_CHANGED and so on; 0 at
								 * other places */
		uint16		recall[LOKI_CALIBRATION_KS];	/* of 1, 10, 100 neighbors */
		uint16		error[LOKI_CALIBRATION_KS]; /* standard error of these */
	}			at[LOKI_CALIBRATION_WIDTHS];
} LokiCalibrationData;

StaticAssertDecl(sizeof(LokiCalibrationData) == 328, "calibrations are 328 bytes");

/* What a file says of itself */
typedef struct LokiFormatData
{
	uint32		magic;
	uint32		version;
	uint64		uid;			/* random: separates an index from an earlier one
								 * with the same file name, and from what it
								 * was while it was built */
	uint32		block_size;
	uint32		byte_order;
} LokiFormatData;

/* The node that searches begin at */
typedef struct LokiEntryPoint
{
	uint32		node;			/* LOKI_NONE while the graph is empty */
	uint32		slot;			/* its UPPER slot on `level`; LOKI_NONE if
								 * that is 0 */
	int32		level;
} LokiEntryPoint;

typedef struct LokiDerivedData
{
	LokiSortedListsData sorted;
	LokiRowMapData rowmap;
	LokiListPagesData pages[LOKI_MAX_ATTRIBUTES + 1];	/* of each attribute, and
														 * last of the row map */
	LokiTermListsData terms;
	LokiNotesData notes;
} LokiDerivedData;

/* The set of codes and graph that is in use */
typedef struct LokiSetData
{
	uint32		nodes;			/* all IDs were below this when it was made
								 * anew, or when that was seen to gain
								 * nothing; 0: neither was */
	uint32		number;
} LokiSetData;

typedef struct LokiMetaPageData
{
	LokiFormatData format;
	LokiCodeSpec code;
	uint16		code_size;		/* slot sizes, so that check can compare them */
	uint16		refine_size;
	uint16		m;				/* most links of a node above layer 0; on
								 * layer 0 twice that */
	uint16		ef_construction;	/* at build; inserts read the reloption */
	uint8		profile;		/* LokiProfile */
	uint8		unused;
	uint16		nattributes;	/* attribute columns after the vector */
	uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1]; /* LokiAttrType */

	/* ----- mutable from here on ----- */
	uint32		flags;			/* LOKI_META_* */
	LokiEntryPoint entry;
	uint32		upper_version;	/* raised when the entry point changes, or
								 * vacuum changes UPPER */
	uint32		vacuum_cycles;	/* completed ones */
	uint32		pending;		/* number of nodes at which codes and graph
								 * are made; 0: they are there */
	uint32		directory_entries;	/* in total, over all directory pages */
	uint32		free_head[LOKI_FREELISTS];	/* ordinals, LOKI_NONE if empty */
	LokiCalibrationData calibration;
	LokiDerivedData derived;
	LokiSetData set;
} LokiMetaPageData;

StaticAssertDecl(sizeof(LokiFormatData) == 24 && offsetof(LokiMetaPageData, flags) == 92 &&
				 offsetof(LokiMetaPageData, calibration) == 140 &&
				 offsetof(LokiMetaPageData, derived.rowmap) == 724 && sizeof(LokiMetaPageData) == 1168,
				 "the metapage is as version 7 has it");

typedef LokiMetaPageData *LokiMetaPage;

#define LokiPageGetMeta(page)	((LokiMetaPage) PageGetContents(page))

#define LOKI_META_VACUUM_UNFINISHED 0x01	/* vacuum has marked nodes dead, and
											 * has not repaired the graph yet */
#define LOKI_META_SORTED_LISTS		0x04	/* SORTED and SEPARATOR can be
											 * read */
#define LOKI_META_ROWMAP		0x08	/* ROW and BLOCK can be read */
#define LOKI_META_TERM_LISTS	0x10	/* WINDOW, TERM and POSTING can be
										 * read */
#define LOKI_META_DERIVED \
	(LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP | LOKI_META_TERM_LISTS)

/* A directory entry: one extent.  Those of a slot array are in ascending order. */
typedef struct LokiExtentData
{
	uint8		array;
	uint8		unused;
	uint16		extent;			/* 0, 1, 2, ... within the slot array */
	BlockNumber first;
} LokiExtentData;

#define LOKI_EXTENTS_PER_PAGE	((int) (LOKI_PAGE_PAYLOAD / sizeof(LokiExtentData)))

/*
 * Extents of a slot array grow in groups: 32 of 1 block, 32 of 2, 32 of 4, ...; when they have
 * reached 1,024 blocks they stay at that.  So a slot array has at most 3 % more pages than it
 * needs, and an empty index is small.  LokiExtentBlocks() is the size of an extent, and
 * LokiExtentStart() the sum of the sizes of those before it.
 */
#define LOKI_EXTENT_GROUP		32
#define LOKI_EXTENT_MAX_SHIFT	10
#define LokiExtentShift(extent) \
	Min((uint32) (extent) / LOKI_EXTENT_GROUP, LOKI_EXTENT_MAX_SHIFT)
#define LokiExtentBlocks(extent) ((uint32) 1 << LokiExtentShift(extent))
#define LokiExtentStart(extent) \
	(LOKI_EXTENT_GROUP * (LokiExtentBlocks(extent) - 1) + \
	 (((uint32) (extent) - LOKI_EXTENT_GROUP * LokiExtentShift(extent)) \
	  << LokiExtentShift(extent)))

/*
 * TID and NULLTID slots: a heap TID and its state.  In state LIST the first four bytes are the
 * number of a DUPLICATE slot instead: the first of the node's TID list, which then has all
 * heap TIDs of the node.
 *
 * If vectors are so long that most are stored out of line, TID slots also name the vector's
 * value in the TOAST table, if it is there and known: that of the heap TID, or the one that
 * all heap TIDs of the TID list have in common.
 */
typedef struct LokiTidData
{
	union
	{
		ItemPointerData heap;
		struct
		{
			uint16		head_lo;	/* 2-byte parts, as ItemPointerData is
									 * aligned to 2 bytes only */
			uint16		head_hi;
		}			duplicate;
	}			u;
	uint16		state;			/* LOKI_TID_*, and flags */
	uint16		value_lo;		/* va_valueid, 0 = not known; in parts, too */
	uint16		value_hi;
	ItemPointerData chunk;		/* where its first chunk lies: a hint */
} LokiTidData;

#define LOKI_TID_SHORT			offsetof(LokiTidData, value_lo)
#define LOKI_TID_LONG			sizeof(LokiTidData)

StaticAssertDecl(LOKI_TID_SHORT == 8, "short TID slots are 8 bytes");
StaticAssertDecl(LOKI_TID_LONG == 18, "long TID slots are 18 bytes");

#define LOKI_TID_FREE			0
#define LOKI_TID_RESERVED		1	/* claimed by an insert, not in the graph
									 * yet; the heap TID is set */
#define LOKI_TID_LIVE			2
#define LOKI_TID_KILLED			3	/* live; a scan saw its row dead to all: a
									 * hint */
#define LOKI_TID_DEAD			4	/* vacuum removed its rows; still in the
									 * graph */
#define LOKI_TID_LIST		5	/* live; its rows are in a TID list */
#define LOKI_TID_STATE_MASK		0x07
#define LOKI_TID_ZERO_NORM		0x08	/* NULLTID: a zero vector, not NULL */
#define LOKI_TID_LINKING		0x10	/* TID, LIVE: its insert is not done;
										 * no row may join it */
#define LOKI_TID_NEW			0x20	/* TID, LIVE or LIST: inserted, and
										 * vacuum has not searched for it yet */
#define LOKI_TID_UNLINKED		0x40	/* TID: in TAIL, and not in the graph yet;
										 * nothing sets it */

/*
 * TAIL slots: the ID + 1 of a node that is not linked yet, 0 if none.  Each insert lock has pages of its
 * own, so that inserts do not wait for each other: its n-th page, from 0 on.
 */
#define LOKI_INSERT_LOCKS		8
#define LokiTailPage(lock, n)	((uint32) (n) * LOKI_INSERT_LOCKS + (lock))

#define LokiTidState(slot)		((slot)->state & LOKI_TID_STATE_MASK)
/* Whether a node, or a row of NULLTID, is live, whatever is known of it besides */
#define LokiTidIsLive(slot) \
	(LokiTidState(slot) == LOKI_TID_LIVE || LokiTidState(slot) == LOKI_TID_KILLED || \
	 LokiTidState(slot) == LOKI_TID_LIST)
#define LokiTidListHead(slot) \
	((uint32) (slot)->u.duplicate.head_lo | ((uint32) (slot)->u.duplicate.head_hi << 16))
#define LokiTidSetListHead(slot, head) \
	((slot)->u.duplicate.head_lo = (uint16) ((head) & 0xFFFF), \
	 (slot)->u.duplicate.head_hi = (uint16) ((head) >> 16))
#define LokiTidValue(slot) \
	((Oid) (slot)->value_lo | ((Oid) (slot)->value_hi << 16))
#define LokiTidSetValue(slot, value, first) \
	((slot)->value_lo = (uint16) ((value) & 0xFFFF), \
	 (slot)->value_hi = (uint16) ((value) >> 16), \
	 (slot)->chunk = (first))
#define LokiTidClearValue(slot) \
	((slot)->value_lo = (slot)->value_hi = 0, \
	 memset(&(slot)->chunk, 0, sizeof(ItemPointerData)))

/* DUPLICATE slots: rows of a node in a linked list, whose head is in the node's TID slot */
typedef struct LokiDuplicateData
{
	uint32		node;			/* the node that owns the slot */
	uint32		next;			/* next slot of the TID list, or LOKI_NONE */
	ItemPointerData heap;
	uint16		state;			/* LOKI_TID_FREE, LIVE or KILLED */
} LokiDuplicateData;

StaticAssertDecl(sizeof(LokiDuplicateData) == 16, "DUPLICATE slots are 16 bytes");

/*
 * Rows share a node if their slots of these arrays are equal byte for byte: of HASH
 * (i = 0), and of ATTR of each attribute (i = 1, 2, ...).
 */
#define LokiSharedArray(i)		((i) == 0 ? LOKI_SLOTS_HASH : LOKI_SLOTS_ATTR + (i) - 1)

/* The DUPLICATE slot of one row of a node */
static inline LokiDuplicateData
loki_duplicate_slot(uint32 node, uint32 next, const ItemPointerData *heap)
{
	LokiDuplicateData slot = {node, next, *heap, LOKI_TID_LIVE};

	return slot;
}

/*
 * A node's TID slot becomes that of a TID list, which begins with a row that has joined.
 * The place of their vectors is known only if both rows have the same value, as versions of
 * a row do.
 */
static inline void
loki_tid_make_list(LokiTidData *slot, uint32 slot_size, uint32 head, const LokiTidData *joined)
{
	Assert(head != LOKI_NONE);
	memset(&slot->u, 0, sizeof(slot->u));
	slot->state = LOKI_TID_LIST | (slot->state & LOKI_TID_NEW);
	LokiTidSetListHead(slot, head);
	if (slot_size == LOKI_TID_LONG && LokiTidValue(slot) != LokiTidValue(joined))
		LokiTidClearValue(slot);
}

/*
 * LINK slots: the neighbors of a node on layer 0.  They ascended by distance when they were
 * chosen; links added since follow.  Each is a node ID + 1, and 0 ends the list.  So adding a
 * link changes 4 bytes, which WAL has, and readers without a lock see all of it or nothing.
 */
typedef struct LokiLinkData
{
	uint8		level;			/* the node's highest layer */
	uint8		unused[3];
	uint32		neighbors[FLEXIBLE_ARRAY_MEMBER];	/* 2 * m */
} LokiLinkData;

#define LokiLinkSize(m) \
	(offsetof(LokiLinkData, neighbors) + sizeof(uint32) * 2 * (Size) (m))

/* The number of neighbors in a slot */
static inline int
loki_link_count(const LokiLinkData *link, int m)
{
	int			count = 0;

	while (count < 2 * m && link->neighbors[count] != 0)
		count++;
	return count;
}

/*
 * UPPER slots: a node on one layer above 0.  Each neighbor is named by its node, for scoring,
 * and by its UPPER slot on the same layer, for walking on.  A slot that no longer names the
 * expected node and layer is stale, and is skipped.
 */
typedef struct LokiUpperNeighbor
{
	uint32		node;
	uint32		slot;
} LokiUpperNeighbor;

typedef struct LokiUpperData
{
	uint32		node;			/* LOKI_NONE in a free slot */
	uint32		down;			/* the node's slot one layer below; LOKI_NONE
								 * on layer 1 */
	uint8		level;			/* >= 1; 0 in a free slot */
	uint8		count;
	uint16		unused;
	LokiUpperNeighbor neighbors[FLEXIBLE_ARRAY_MEMBER]; /* m */
} LokiUpperData;

#define LokiUpperSize(m) \
	(offsetof(LokiUpperData, neighbors) + sizeof(LokiUpperNeighbor) * (Size) (m))

/*
 * HASH slots: 128 bits over the vector's bytes, to find duplicates.  A compact index keeps the
 * first 64; in one of a million builds of 5 million rows two of those are equal by chance.
 */
typedef struct LokiHashData
{
	uint64		h[2];
} LokiHashData;

#define LokiHashSize(profile) \
	((profile) == LOKI_PROFILE_COMPACT ? sizeof(uint64) : sizeof(LokiHashData))

/* Balance of size against speed */
typedef enum LokiProfile
{
	LOKI_PROFILE_BALANCED = 0,
	LOKI_PROFILE_COMPACT = 1
} LokiProfile;

/*
 * CENTROID slots: dim floats; then, if the code has a basis, its code_dims * dim elements as
 * 16-bit integers, two in a slot, in units of 1 / LOKI_BASIS_UNIT (quantize/quantize.h); or local centers,
 * rotated, less the centroid.
 */
#define LokiCentroidSlots(code)	((uint32) loki_code_constants(code))

#define LOKI_MAX_LEVEL			15

#endif							/* LOKI_DEFINITION_LAYOUT_H */
