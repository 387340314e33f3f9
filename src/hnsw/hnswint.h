/*-------------------------------------------------------------------------
 *
 * hnswint.h
 *	  Structs and functions private to the hnsw access method.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswint.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWINT_H
#define LOKI_HNSWINT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/itup.h"
#include "hnsw/hnsw.h"
#include "hnsw/hnswattr.h"
#include "hnsw/hnswpage.h"
#include "hnsw/hnswtypes.h"
#include "common/pg_prng.h"
#include "compat/pgcompat.h"
#include "distance/pool.h"
#include "nodes/execnodes.h"
#include "quantize/quantize.h"
#include "storage/bufmgr.h"
#include "utils/guc.h"

/* ----------------------------------------------------------------
 * Reloptions
 * ----------------------------------------------------------------
 */
#define LOKI_BITS_AUTO	(-1)
#define LOKI_M_AUTO		(-1)

typedef struct LokiHnswOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			m;				/* LOKI_M_AUTO: by profile */
	int			ef_construction;
	int			bits;			/* LOKI_BITS_AUTO: by dimensions */
	int			refine_bits;	/* LOKI_BITS_AUTO: by bits */
	int			profile;		/* LokiProfile */
	int			lists;			/* of ivfflat alone */
} LokiHnswOptions;

/* Of NULL the defaults */
#define LokiIndexOptions(index)	((const LokiHnswOptions *) (index)->rd_options)
extern LokiProfile loki_option_profile(const LokiHnswOptions *options);
extern int	loki_option_m(const LokiHnswOptions *options);
extern int	loki_option_ef_construction(const LokiHnswOptions *options);
extern int	loki_option_bits(const LokiHnswOptions *options);
extern int	loki_option_refine_bits(const LokiHnswOptions *options);

/* prototypes for other functions in hnswoptions.c */
extern bool loki_check_int_source(int *newval, void **extra, GucSource source);
extern void loki_assign_source(bool *is_set, const void *extra, bool changed);
extern bool loki_scan_complete(bool limits_set);

/* prototypes for functions in hnswalter.c */
extern void loki_alter_init(void);

/* prototypes for functions in ivfflat.c */
extern void loki_ivfflat_init(void);
extern bool loki_ivfflat_scan_settings(Relation index, LokiScanSettings *settings);
extern bytea *loki_hnsw_options(Datum reloptions, bool validate);

/* ----------------------------------------------------------------
 * An index as this backend knows it (hnswcache.c)
 * ----------------------------------------------------------------
 */
typedef struct LokiFamily
{
	uint32		slot_size;		/* 0: the index has no such family */
	uint32		per_page;
	uint64		reciprocal;		/* ceil(2^64 / per_page), 0 where that is 1 */
	uint32		nextents;
	uint32		npages;			/* pages of these extents */
	uint32		allocated;		/* length of extents[] */
	BlockNumber *extents;		/* first block of each */
} LokiFamily;

/*
 * Which buffer held a block of some table, by the block modulo `size`, a power
 * of two: a hint
 */
typedef struct LokiBufferMap
{
	uint32		size;
	Buffer	   *buffers;
} LokiBufferMap;

typedef struct LokiIndex
{
	/* key and validity */
	LokiRelFileLocator locator;
	uint64		uid;
	LocalTransactionId last_used;
	struct LokiIndex *next_replaced;

	MemoryContext context;		/* everything below lives here */

	/* geometry, never changes */
	LokiColumn	column;			/* the indexed one */
	LokiCodeSpec code;
	uint8		profile;		/* LokiProfile */
	uint32		dim;
	int			m;
	int			nattributes;
	uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1];
	bool		local;			/* temporary table: local buffers */

	/* grows */
	uint32		directory_entries;
	BlockNumber directory_block;	/* the last page that was read, ... */
	uint32		directory_ordinal;	/* which one that is, ... */
	uint32		directory_passed;	/* and the entries on those before it */
	LokiFamily	families[LOKI_FAMILIES];
	uint32		hint_tail[LOKI_FREELISTS];	/* page where the used part of a
											 * family was seen to end */

	/* codes */
	uint32		epoch;
	float	   *centroid;		/* and the basis, if the code has one */
	LokiQuantizer *quantizer;

	/* block to buffer, a hint; 0 = not known */
	uint32		map_size;
	Buffer	   *map;
	LokiBufferMap heap_map;		/* the same for the indexed table ... */
	LokiBufferMap toast_map;	/* ... and its TOAST table */
} LokiIndex;

/*
 * The index of a relation, with the metapage as it stands in *meta (may be
 * NULL).  Reads block 0 under share lock; no pin or lock is left.  The result
 * stays valid until the end of the transaction.  ERROR if the relation is not
 * an index that this release reads.
 */
extern LokiIndex *loki_index_open(Relation index, LokiMetaPageData *meta);

/* Read directory entries added since; raises families[].npages */
extern void loki_index_refresh(LokiIndex *index_state, Relation index);

/* The centroid that codes of an epoch are for, and the basis; zeros must be
 * there already, which are left where there is none */
extern void loki_index_centroid(LokiIndex *index_state, Relation index, uint32 epoch,
								float *constants);

/* Set slot sizes from code, m and attributes; used by build too */
extern void loki_index_geometry(LokiIndex *index_state);

static inline uint32
loki_slot_page(const LokiFamily *family, uint32 number, uint32 *place)
{
	uint32		page = (uint32) (((unsigned __int128) number * family->reciprocal) >> 64);

	if (unlikely(family->per_page == 1))
		page = number;
	*place = number - page * family->per_page;
	return page;
}

/* Block of a family's page; page must be below family->npages */
static inline BlockNumber
loki_page_block(const LokiFamily *family, uint32 page)
{
	uint32		shift = Min(31 - __builtin_clz(page / LOKI_EXTENT_GROUP + 1),
							LOKI_EXTENT_MAX_SHIFT);
	uint32		first = LOKI_EXTENT_GROUP * shift;
	uint32		extent = first + ((page - LokiExtentStart(first)) >> shift);

	return family->extents[extent] + (page - LokiExtentStart(extent));
}

/*
 * Where slot number of a family lies.  Refreshes the directory when the
 * number is past what is known; false if it is past the end even then.
 */
extern bool loki_slot_locate(LokiIndex *index_state, Relation index, int family,
							 uint32 number, BlockNumber *block, uint32 *place);

/* The same, for numbers read from pages: ERRCODE_INDEX_CORRUPTED if past the
 * end, naming what refers to it */
extern BlockNumber loki_slot_block(LokiIndex *index_state, Relation index, int family,
								   uint32 number, uint32 *place);

/* ----------------------------------------------------------------
 * Reading slots through the map from blocks to buffers (hnswslots.c)
 * ----------------------------------------------------------------
 */

/*
 * Pin a block through the block map and ReadRecentBuffer.  No lock.
 */
extern Buffer loki_buffer_read(LokiIndex *index_state, Relation index, BlockNumber block);

/* Have the page of a buffer be looked at by who reads it next */
extern void loki_buffer_distrust(Buffer buffer);

/* Start fetching into the processor's cache (descriptor and bytes), if the
 * block is known to be in memory */
extern void loki_buffer_prefetch(LokiIndex *index_state, BlockNumber block,
								 uint32 offset, uint32 size);

/* The same for a node's slot, and from disk where it is not known to be there */
extern void loki_slot_prefetch(LokiIndex *index_state, Relation index, int family,
							   uint32 node);

/*
 * Copy a slot out without pin or lock; false if that cannot be done and the
 * slot is to be read under lock.  Not in recovery.  The copy may be a mixture
 * of two states of the slot, word by word.
 */
extern bool loki_slot_peek(LokiIndex *index_state, Relation index, int family,
						   uint32 number, void *slot);

/* Copy slots of n nodes out, likewise or, without `peek`, under lock */
extern void loki_slots_copy(LokiIndex *index_state, Relation index, int family,
							const uint32 *nodes, int n, bool peek, char *slots);

/*
 * Slots of several nodes that are read without content lock (CODE, REFINE).
 * A pin and its release cost more than the reading, so that most slots are
 * read without: the buffer's tag is checked before and after.
 */
#define LOKI_MAX_SLOTS	(2 * LOKI_MAX_M)

typedef struct LokiSlots
{
	int			n;
	int			family;
	bool		hot;			/* pages that a walk comes back to */
	BlockNumber blocks[LOKI_MAX_SLOTS];
	uint32		offsets[LOKI_MAX_SLOTS];	/* in the page */
	Buffer		buffers[LOKI_MAX_SLOTS];
	bool		peeked[LOKI_MAX_SLOTS]; /* not pinned */
	const void *slots[LOKI_MAX_SLOTS];
} LokiSlots;

/* Slots to open at once, as each may pin a page: a backend's share of buffers */
extern int	loki_max_pins(const LokiIndex *index_state);

/* Find slots, and start fetching them into the processor's cache */
extern void loki_slots_find(LokiIndex *index_state, Relation index, int family,
							const uint32 *nodes, int n, LokiSlots *slots);

/* Make what was found readable; those not in memory are read ahead together */
extern void loki_slots_open(LokiIndex *index_state, Relation index, bool peek,
							LokiSlots *slots);

/* Release; false if what was read is worth nothing: open again with pins */
extern bool loki_slots_close(LokiIndex *index_state, Relation index, LokiSlots *slots);

/* ----------------------------------------------------------------
 * Pages, extents and slots (hnswpage.c, hnswextent.c)
 * ----------------------------------------------------------------
 */
extern const char *loki_family_name(int family);
extern void loki_page_init(Page page, int family, uint32 ordinal);

/*
 * Check that a page (content lock held, or being read without one where that
 * is allowed) is page ordinal of a family; ERRCODE_INDEX_CORRUPTED otherwise.
 */
extern void loki_page_check(Relation index, Buffer buffer, Page page, int family,
							uint32 ordinal);

/*
 * The same for the page that a family has at this buffer's block, whichever of its
 * pages that is.
 */
extern void loki_family_page_check(const LokiIndex *index_state, Relation index,
								   Buffer buffer, int family);

/*
 * Whether a page names the family, and the place in it, that the directory gives to
 * its block.  Reads the special space alone.
 */
static inline bool
loki_page_is_of(const LokiIndex *index_state, Page page, int family, BlockNumber block)
{
	const LokiFamily *fam = &index_state->families[family];
	LokiPageOpaque opaque = LokiPageOpaqueAtEnd(page);

	return opaque->page_id == LOKI_PAGE_ID && opaque->family == family &&
		opaque->ordinal < fam->npages && loki_page_block(fam, opaque->ordinal) == block;
}

/* Write metapage and first directory page of an empty index (fork main or
 * init), WAL-logged */
extern void loki_create_empty(Relation index, ForkNumber fork, const LokiMetaPageData *meta);

/* Fill a metapage for an index with these properties */
extern void loki_meta_init(LokiMetaPageData *meta, const LokiCodeSpec *code,
						   LokiProfile profile, int m,
						   int ef_construction, int nattributes, const uint8 *attr_type);

/* Copy the metapage out under share lock and validate it */
extern void loki_meta_read(Relation index, LokiMetaPageData *meta);

/* Validate; ERROR with a hint when foreign, damaged or of another version */
extern void loki_meta_validate(Relation index, Page page);

/*
 * Make sure that slot number of a family has a page; extends the relation and
 * the directory if not.  No buffer lock may be held.
 */
extern void loki_ensure_slot(LokiIndex *index_state, Relation index, int family,
							 uint32 number);

/* The same for what the index can do without: false, and a message at elevel, if
 * there is no room for the page */
extern bool loki_reserve_slot(LokiIndex *index_state, Relation index, int family,
							  uint32 number, int elevel);
extern uint32 loki_extensions_refused(void);

/* Whether all slots of a node are known to have pages; reads nothing */
extern bool loki_node_has_pages(const LokiIndex *index_state, uint32 node);

/* The same for every family that is addressed by node, or by NULLTID number */
extern void loki_ensure_node(LokiIndex *index_state, Relation index, uint32 node);
extern void loki_ensure_null(LokiIndex *index_state, Relation index, uint32 number);

/*
 * Address of a slot on a page that is about to change (a copy, or a page under
 * construction); raises pd_lower to cover it.
 */
extern char *loki_page_slot_for_write(Page page, uint32 slot_size, uint32 place);

/*
 * Claim a slot in a record of its own; returns its number, or, where there is no room
 * for one and elevel is below ERROR, LOKI_NONE.
 */
extern uint32 loki_slot_claim(LokiIndex *index_state, Relation index, int family,
							  const void *slot, int elevel);

/* State of a slot of a free-list family (LOKI_TID_*; UPPER: FREE or LIVE) */
extern int	loki_slot_state(int family, const void *slot);

/*
 * On a page image: make the slot at place FREE (zeroes; UPPER: node LOKI_NONE)
 * and count it.  The caller hands the page to loki_freelist_add() afterwards.
 */
extern void loki_page_free_slot(Page page, int family, uint32 slot_size, uint32 place);

/*
 * Give a page with free slots to the free list, unless it is on it.  Called by
 * vacuum; locks block 0, then the page.  No buffer lock may be held.
 */
extern void loki_freelist_add(LokiIndex *index_state, Relation index, int family,
							  uint32 page);

/* Nodes that have been used, about: all numbers are below */
extern uint32 loki_node_end(LokiIndex *index_state, Relation index);

/* Number of used slots on a page of a family */
extern uint32 loki_page_used(LokiIndex *index_state, Relation index, int family,
							 uint32 ordinal);

/* Copy one slot out under share lock; false if past the used part */
extern bool loki_slot_read(LokiIndex *index_state, Relation index, int family,
						   uint32 number, void *slot);

/* ----------------------------------------------------------------
 * Search (hnswsearch.c); the walk of scans (hnswwalk.c)
 * ----------------------------------------------------------------
 */

/* Of a candidate's node: its neighbors were scored */
#define LOKI_EXPANDED ((uint32) 0x80000000)

typedef struct LokiVisited
{
	uint32	   *slots;			/* open addressing; LOKI_NONE = empty */
	uint32		size;			/* a power of two */
	int			shift;			/* 32 - log2(size) */
	uint32		used;
} LokiVisited;

/* A scored node, once the walk keeps more than its pool */
typedef struct LokiScored
{
	float		distance;
	uint32		node;
	uint8		flags;			/* LOKI_SCORED_* */
} LokiScored;

#define LOKI_SCORED_EXPANDED	0x01
#define LOKI_SCORED_MATCHES		0x02	/* passes the filter */
#define LOKI_SCORED_TAKEN		0x04	/* handed to the caller */
#define LOKI_SCORED_CHECKED		0x08	/* MATCHES is known */

/* Neighbors of a node that wait to be scored, while their codes are fetched */
typedef struct LokiBatch
{
	int			n;
	uint32		nodes[2 * LOKI_MAX_M];
	LokiSlots	slots;
} LokiBatch;

/* How a scan with a filter finds its nodes */
typedef enum LokiWay
{
	LOKI_WAY_PLAIN,				/* a walk that scores all nodes */
	LOKI_WAY_HOPS,				/* one that scores those that match */
	LOKI_WAY_PASS				/* no walk: all that match are scored */
} LokiWay;

/* Matching nodes of a sample, at most */
#define LOKI_WAY_SEEDS	64

typedef struct LokiSearch
{
	Relation	index;
	LokiIndex  *state;
	MemoryContext context;		/* scratch memory lives here, reused */
	bool		in_recovery;	/* share lock for every family */

	LokiQuery  *query;			/* that nodes are scored for: one of these */
	LokiQuery  *given;			/* prepared, query_size bytes */
	LokiQuery  *as_row;			/* loki_search_walk_as_row(); NULL before */
	void	   *row_code;
	void	   *row_refine;
	const struct LokiNodeFilter *filter;	/* NULL, or nothing in it: none */

	LokiVisited visited;
	uint32		skip;			/* a node to go around, LOKI_NONE: none */

	/* the pool: ascending by distance */
	LokiCandidate *pool;
	int			npool;
	int			pool_allocated;
	int			next;			/* none before this is unexpanded */

	/* a distance that a walk with this pool takes note of */
	float		wanted;
	float		tolerance;		/* below 0: none */
	bool		met;			/* there was a node at this distance */
	bool		stop;			/* then the walk ends */

	/* everything scored that is not in the pool, for resuming */
	bool		keep_rejected;
	LokiScored *scored;
	uint32		nscored;
	uint32		scored_allocated;
	uint32	   *frontier;		/* min-heap of indexes into scored[] */
	uint32		nfrontier;
	uint32		frontier_allocated;
	uint32	   *best;			/* max-heap of the ef best that match */
	uint32		nbest;
	uint32		best_allocated;
	bool		by_heap;		/* scored/frontier/best are in use, not pool */

	/* a walk with a filter that may choose its way (hnswway.c) */
	bool		adapts;
	bool		hops;			/* it goes by hops */
	LokiWay		way;			/* chosen last */
	uint32		rows;			/* that are wanted, and ... */
	uint32		width;			/* ... of a walk without a filter for them */
	uint64		window_filtered;	/* nodes_filtered and nodes_matched at the
									 * last choice */
	uint64		window_matched;
	uint32		window;			/* expansions until the next */
	double		listed;			/* nodes that a pass reads one by one, in
								 * place of all but so many; below 0: no list */
	double		unlisted;
	double		listed_tests;	/* attributes of those listed that it tests */
	bool		mapped;			/* they are those of a set's rows */
	double		share;			/* of the index that matches: as sampled, or
								 * known by a list */
	bool		share_known;
	double		clumped;		/* of neighbors of nodes that match, the share
								 * that does, too; below 0: not sampled */
	uint32	   *seeds;			/* nodes of the sample that match */
	uint32		nseeds;

	/* a batch */
	uint32		batch_allocated;	/* >= 2 * m, and 64 */
	uint32	   *batch;
	float	   *estimates;
	uint8	   *passes;			/* the filter */
	LokiSlots	slots;
	LokiBatch	batches[2];		/* of the walk of layer 0 */
	char	   *link;			/* copy of a LINK or UPPER slot */

	/* counters of this search, and the budget */
	uint64		nodes_scored;
	uint64		nodes_expanded;
	uint64		nodes_filtered;
	uint64		nodes_matched;	/* of these */
	double		pass_nodes;		/* nodes that a sequential pass would read; 0
								 * = walk on whatever it costs */
	Size		memory_limit;	/* of scored, visited and heaps; 0 = none */
	uint64		scored_limit;	/* stop walking here, 0 = never */
} LokiSearch;

extern void loki_search_begin(LokiSearch *search, Relation index, LokiIndex *state,
							  MemoryContext context);

/* Forget what was found before, and give large arrays back */
extern void loki_search_reset(LokiSearch *search);

/* Memory of the arrays that grow with a walk */
extern Size loki_search_memory(const LokiSearch *search);

/* Prepare for a query (dim floats) or for a stored code (repair) */
extern void loki_search_query(LokiSearch *search, const float *values);
extern void loki_search_query_row(LokiSearch *search, const void *code, const void *refine,
								  const float *values);
extern void loki_search_walk_as_row(LokiSearch *search, const float *values);
extern void loki_search_query_code(LokiSearch *search, const void *code);

/*
 * Score nodes: codes are pinned (shared-locked in recovery), scored and
 * released.  Nodes past the end of CODE raise an ERROR; non-finite estimates
 * become FLT_MAX.
 */
extern void loki_search_score(LokiSearch *search, const uint32 *nodes, int n,
							  float *estimates);

/*
 * The same in two steps: codes of a batch, no more than batch_allocated, are on
 * their way while others are scored.
 */
extern void loki_search_fetch(LokiSearch *search, LokiBatch *batch);
extern void loki_search_score_batch(LokiSearch *search, LokiBatch *batch, float *estimates);

/*
 * The neighbors of a node on layer 0 that were not visited; they are now.
 * Returns their number, 0 for a slot past the used part; ERROR for a damaged
 * count.
 */
extern int	loki_search_links(LokiSearch *search, uint32 node, uint32 *neighbors);

/*
 * Where to enter: the metapage's entry point, or, when it is stale, none.
 */
typedef struct LokiEntry
{
	uint32		node;
	uint32		slot;			/* UPPER slot on level, LOKI_NONE on 0 */
	int			level;
	float		distance;
} LokiEntry;

extern bool loki_search_entry(LokiSearch *search, const LokiMetaPageData *meta,
							  LokiEntry *entry);

/* Descend greedily until entry->level = level */
extern void loki_search_descend(LokiSearch *search, LokiEntry *entry, int level);

/*
 * Search one layer above 0 from entry with a pool of ef; fills found[] (node
 * and UPPER slot, ascending by distance) and returns their number.
 */
typedef struct LokiUpperFound
{
	float		distance;
	uint32		node;
	uint32		slot;
} LokiUpperFound;

extern int	loki_search_upper(LokiSearch *search, const LokiEntry *entry, int level,
							  int ef, LokiUpperFound *found);

/*
 * Begin layer 0, and walk it: more entries, until the nearest `width` of the
 * pool of ef are expanded, or `wanted` is met.  Can be repeated.  A walk in a
 * pool of `width` comes to the same nearest ones.
 */
extern void loki_search_start(LokiSearch *search, int ef);
extern void loki_search_walk(LokiSearch *search, const LokiUpperFound *entries,
							 int nentries, int width, int ef);

/* Begin layer 0 at some nodes and walk until the ef best are expanded */
extern void loki_search_layer0(LokiSearch *search, const LokiUpperFound *entries,
							   int nentries, int ef);

/* Pool of the search that every node is to be found by: README, "Nothing is lost" */
#define LOKI_NARROW_SEARCH	24

/* Nodes that a walk of layer 0 starts from, LOKI_ENTRY_WIDTH at most */
#define LOKI_ENTRY_WIDTH	4
extern int	loki_search_entries(LokiSearch *search, const LokiMetaPageData *meta,
								LokiUpperFound *entries);

/*
 * Why a walk stopped.
 */
typedef enum LokiWalkEnd
{
	LOKI_WALK_CONVERGED,		/* the ef best are expanded */
	LOKI_WALK_DRY,				/* everything reachable is expanded */
	LOKI_WALK_LIMIT				/* scored_limit, memory_limit, or a pass over
								 * all nodes is cheaper */
} LokiWalkEnd;

/*
 * The walk of scans: as loki_search_layer0(), but with the search's filter,
 * of which the ef best are those that match, and resumable.
 */
extern LokiWalkEnd loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries,
								   int nentries, uint32 ef);

/* Go on with a larger ef */
extern LokiWalkEnd loki_walk_widen(LokiSearch *search, uint32 ef);

/*
 * The matching nodes found that were not taken before, ascending by distance;
 * the array lives until the next call.
 */
extern uint32 loki_walk_take(LokiSearch *search, LokiCandidate **taken);
extern int	loki_compare_candidates(const void *a, const void *b);

/*
 * Which way to go with a filter (hnswway.c).  A sample of the nodes below an end
 * tells of all that there are; what a walk meets, of those around the query.
 */
extern void loki_way_sample(LokiSearch *search, uint32 end);
extern bool loki_way_short(const LokiSearch *search);
extern double loki_way_list_time(const LokiSearch *search);
extern bool loki_way_list(const LokiSearch *search);
extern LokiWay loki_way_choose(const LokiSearch *search, double share);

/* How wide a walk has to be, and whether one has cost more than a pass */
extern uint32 loki_way_width(const LokiSearch *search, LokiWay way, double share);
extern bool loki_way_too_long(const LokiSearch *search);

/* Keep a scored node in scored[]; its index there */
extern uint32 loki_search_keep(LokiSearch *search, float distance, uint32 node, uint8 flags);

/* True when a node was not visited before; marks it */
extern bool loki_visit(LokiSearch *search, uint32 node);
extern void loki_visited_reset(LokiSearch *search);
extern void loki_visited_reserve(LokiSearch *search, double n);

/* ----------------------------------------------------------------
 * Choosing neighbors (hnswselect.c): pure, over codes in memory
 * ----------------------------------------------------------------
 */

/*
 * Choose up to max of n candidates (ascending by distance to the node) by the
 * rule of HNSW (Malkov and Yashunin, algorithm 4): keep a candidate unless a
 * kept one is nearer to it than the node is; then fill up to `fill` with the
 * nearest of the others.  codes[i] is the code slot of candidate i, in the
 * code of quantizer.  Result: indexes into the candidates, ascending; returns
 * their number.  scratch has at least 2 * query_size bytes.
 */
extern int	loki_select_neighbors(const LokiQuantizer *quantizer, int n,
								  const float *distances, const void *const *codes,
								  int max, int fill, LokiQuery *scratch,
								  int *selected);

/* Links that a pruned list is filled up to: see doc/design */
#define LokiFillLinks(m)	(m)

/* Random layer of a new node: floor(-ln(uniform) / ln(ratio)), capped */
extern int	loki_random_level(int ratio, pg_prng_state *prng);
extern uint64 loki_golden_step(uint64 n);

/*
 * Nodes of a layer for each that is on the next: m, but a compact index has few
 * links to be small, for which more of them on higher layers would not do.
 */
static inline int
loki_layer_ratio(uint8 profile, int m)
{
	return profile == LOKI_PROFILE_COMPACT ? Max(m, LOKI_DEFAULT_M) : m;
}

/* ----------------------------------------------------------------
 * Access-method entry points
 * ----------------------------------------------------------------
 */

/* Phases of a build, after PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE = 1 */
#define LOKI_PROGRESS_SAMPLING	2
#define LOKI_PROGRESS_LOADING	3
#define LOKI_PROGRESS_GRAPH		4
#define LOKI_PROGRESS_VERIFYING	5
#define LOKI_PROGRESS_ORDERING	6
#define LOKI_PROGRESS_WRITING	7
#define LOKI_PROGRESS_CALIBRATING 8

/* functions in hnswhandler.c */
extern IndexAmRoutine *loki_hnsw_routine(void);
extern char *loki_build_phase_name(int64 phase);

/* functions in hnswbuild.c */
extern IndexBuildResult *loki_hnsw_build(Relation heap, Relation index,
										 IndexInfo *indexInfo);
extern void loki_hnsw_buildempty(Relation index);

/* functions in hnswinsert.c */
extern bool loki_hnsw_insert(Relation index, Datum *values, bool *isnull,
							 ItemPointer heap_tid, Relation heap,
							 IndexUniqueCheck checkUnique, bool indexUnchanged,
							 IndexInfo *indexInfo);

/* functions in hnswvacuum.c */
extern IndexBulkDeleteResult *loki_hnsw_bulkdelete(IndexVacuumInfo *info,
												   IndexBulkDeleteResult *stats,
												   IndexBulkDeleteCallback callback,
												   void *callback_state);
extern IndexBulkDeleteResult *loki_hnsw_vacuumcleanup(IndexVacuumInfo *info,
													  IndexBulkDeleteResult *stats);

/* functions in hnswscan.c */
extern IndexScanDesc loki_hnsw_beginscan(Relation index, int nkeys, int norderbys);
extern void loki_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys,
							 ScanKey orderbys, int norderbys);
extern bool loki_hnsw_gettuple(IndexScanDesc scan, ScanDirection dir);
extern void loki_hnsw_endscan(IndexScanDesc scan);

/* functions in hnswvalidate.c */
extern bool loki_hnsw_validate(Oid opclassoid);

/*
 * What the caller of an SQL function has to be allowed (hnswaccess.c): to read the
 * index, as its owner and pg_monitor are; to change it, as its owner is; or to read
 * all rows of its table.
 */
typedef enum LokiRight
{
	LOKI_RIGHT_READ,
	LOKI_RIGHT_CHANGE,
	LOKI_RIGHT_ROWS
} LokiRight;

extern void loki_require_right(Oid relid, LokiRight right);
extern Relation loki_open_allowed(Oid indexid, LOCKMODE lock, LokiRight right,
								  Relation *heap);

/* functions in hnswold.c */
extern List *loki_list_indexes(void);

/* functions in hnswlock.c */
extern void loki_insert_lock(Relation index);
extern void loki_insert_unlock(Relation index);
extern void loki_inserts_block(Relation index);
extern void loki_inserts_unblock(Relation index);
extern void loki_inserts_wait(Relation index);

#endif							/* LOKI_HNSWINT_H */
