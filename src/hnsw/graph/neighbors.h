/*-------------------------------------------------------------------------
 *
 * neighbors.h
 *	  Neighbor lists in pages.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/neighbors.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_NEIGHBORS_H
#define LOKI_GRAPH_NEIGHBORS_H

#include "hnsw/graph/search.h"
#include "hnsw/page/change.h"

/* ----------------------------------------------------------------
 * Lists (graph/neighbors.c)
 * ----------------------------------------------------------------
 */

static inline int
loki_list_slot_array(int level)
{
	return level == 0 ? LOKI_SLOTS_LINK : LOKI_SLOTS_UPPER;
}

/*
 * A neighbor list in memory, of a LINK or an UPPER slot.  No node is in it twice.  As it was chosen,
 * the nearest comes first; links that were added later follow.
 */
typedef struct LokiList
{
	int			count;			/* loki_list_max() at most */
	uint32		nodes[2 * LOKI_MAX_M];
	uint32		slots[2 * LOKI_MAX_M];	/* UPPER slots; not used on layer 0 */
} LokiList;

/* Which list: that of a node on a layer */
typedef struct LokiListRef
{
	uint32		node;
	uint32		slot;			/* UPPER slot; LOKI_NONE on layer 0 */
	int			level;
} LokiListRef;

/* The slot that a list is in, of loki_list_slot_array() */
static inline uint32
loki_list_slot(const LokiListRef *ref)
{
	return ref->level == 0 ? ref->node : ref->slot;
}

/* What a link that is added to a full list may cost */
typedef enum LokiLinkForce
{
	LOKI_LINK_CHOSEN,			/* it must be among those that are chosen */
	LOKI_LINK_SPARED,			/* another may go that is not needed */
	LOKI_LINK_FORCED			/* any other may go */
} LokiLinkForce;

/* Of a list's links the nearest one in so many leads from near nodes to the next, and makes no room for others */
#define LOKI_NEAR_LINKS			4

/* Nodes that are remembered which lost a link to a forced one */
#define LOKI_MAX_PUSHED_OUT		64

/* A node that may be linked to */
typedef struct LokiLinkCandidate
{
	float		distance;		/* estimate, from the node whose list it is */
	uint32		node;
	uint32		slot;			/* as in LokiList */
	const char *code;			/* NULL: not read yet; else in code_space */
} LokiLinkCandidate;

/*
 * Scratch memory for choosing links; inserts and vacuum keep one.  It holds one choice at a time:
 * each function that adds a link overwrites candidates, codes and queries.
 */
typedef struct LokiLinker
{
	Relation	index;
	LokiIndex  *state;
	bool		dead_nodes;		/* there may be dead nodes: leave them out
								 * when a full list is pruned */
	int			capacity;		/* candidates that fit */
	int			n;				/* candidates that are there */
	LokiLinkCandidate *candidates;
	char	   *code_space;		/* capacity codes; candidate i's is the i-th */
	char	   *own;			/* code of the node whose list it is, or that
								 * is searched for */
	LokiQuery  *query;			/* of the node whose list it is */
	LokiQuery  *scratch;
	const void **codes;
	float	   *distances;
	int		   *selected;
	int			nkept;			/* candidates that the rule kept last, without
								 * those that fill a list */
	char	   *slot;			/* copy of a LINK or UPPER slot */
	LokiListRef pushed_out[LOKI_MAX_PUSHED_OUT];	/* nodes that lost a
													 * needed link to a forced
													 * one */
	int			npushed_out;
	uint32		nforced;		/* forced links so far */
	bool		repairing;		/* nodes that were pushed out are searched for */
	uint32		exhausted;		/* grows when some of them are left in the end */
} LokiLinker;

extern void loki_linker_begin(LokiLinker *linker, Relation index, LokiIndex *state,
							  int capacity);
extern void loki_linker_add(LokiLinker *linker, uint32 node, uint32 slot, float distance);

/*
 * Choose up to max links on a layer among the candidates, which are sorted; with check_live, among
 * those that are live.  Returns the length of the list, which may be 0 if it would be without
 * the node `wanted`; LOKI_NONE: none is.
 */
extern int	loki_linker_choose(LokiLinker *linker, int level, int max, bool check_live,
							   uint32 wanted, LokiList *list);

/* Add to a list on layer 0 those farther candidates, from `first` on, that are chosen among all */
extern void loki_linker_choose_farther(LokiLinker *linker, int first, LokiList *list);

/* Copy a node's code out; takes no content lock and leaves no pin */
extern void loki_code_read(LokiIndex *state, Relation index, uint32 node, char *code);

/* Read the codes of candidates that have none yet, set their distances from a node, and sort them */
extern void loki_linker_score(LokiLinker *linker, uint32 node);

/* Drop candidates that may not be linked to; returns whether there were any */
extern bool loki_linker_drop_dead(LokiLinker *linker, int level);

/* Begin to fetch the slots of a list's nodes, of a slot array that has one for each node */
extern void loki_list_prefetch(LokiLinker *linker, const LokiList *list, int array);

/* Whether a node may be linked to: live, killed or list.  Takes no content lock; ERROR if there is no such node */
extern bool loki_node_is_live(LokiIndex *state, Relation index, uint32 node);

/*
 * Read the list of a slot, which is a copy or on a locked page; ERROR if it is longer than a list may
 * be.  And write one into a slot that is a copy.
 */
extern void loki_list_get(Relation index, const void *slot, int level, int m,
						  LokiList *list);
extern void loki_list_put(void *slot, int level, int m, const LokiList *list);

/* The same as get, unless the slot is now another's: then false */
extern bool loki_list_get_own(LokiLinker *linker, const void *slot, const LokiListRef *ref,
							  LokiList *list);
static inline int
loki_list_max(int level, int m)
{
	return level == 0 ? 2 * m : m;
}

/* The place of a node in a list; list->count if it is not there */
static inline int
loki_list_find(const LokiList *list, uint32 node)
{
	int			place = 0;

	while (place < list->count && list->nodes[place] != node)
		place++;
	return place;
}

static inline bool
loki_list_contains(const LokiList *list, uint32 node)
{
	return loki_list_find(list, node) < list->count;
}

/* Append a link; on layer 0 its slot is LOKI_NONE. */
static inline void
loki_list_push(LokiList *list, uint32 node, uint32 slot)
{
	Assert(list->count < 2 * LOKI_MAX_M);
	list->nodes[list->count] = node;
	list->slots[list->count++] = slot;
}

/* Whether two lists of a layer have the same links, in the same order */
extern bool loki_list_equal(const LokiList *a, const LokiList *b, int level);

/* Copy a list out under share lock; false if the slot is now another's */
extern bool loki_list_read(LokiLinker *linker, const LokiListRef *ref, LokiList *list);

/* The same without a lock where that can be done; the links may be of two states */
extern bool loki_list_peek(LokiLinker *linker, const LokiListRef *ref, LokiList *list);

/* Likewise, whether a list has a link */
extern bool loki_list_leads_to(LokiLinker *linker, const LokiListRef *ref, uint32 node);

/* Distances from a node to those of a list; overwrites the candidates' codes */
extern void loki_list_measure(LokiLinker *linker, uint32 node, const LokiList *list,
							  float *distances);

/* ----------------------------------------------------------------
 * Adding links (graph/link.c)
 * ----------------------------------------------------------------
 */

/* What has become of one of the links from a list's nodes to one node */
typedef enum LokiBacklinkState
{
	LOKI_BACKLINK_WANTED,
	LOKI_BACKLINK_MADE,
	LOKI_BACKLINK_REFUSED,		/* the list is full, and does not choose it */
	LOKI_BACKLINK_ALONE			/* to be tried by loki_list_add() */
} LokiBacklinkState;

/* A list that is to get such a link */
typedef struct LokiBacklink
{
	uint32		number;			/* of its slot */
	uint32		ordinal;		/* of the page of that */
	uint32		place;			/* on the page */
	uint32		node;			/* whose list it is */
	int			place_in_list;	/* of that node */
	LokiList   *old;			/* a full list, as it was when it was pruned ... */
	LokiList   *new;			/* ... to this; NULL: it had room */
} LokiBacklink;

/*
 * Links from the nodes of a list, on one layer, to one node.  A record has as many of them as it can: those that
 * are left are in the order of their pages.
 */
typedef struct LokiBacklinks
{
	int			level;
	uint32		node;			/* to which they lead */
	uint32		slot;			/* its UPPER slot; LOKI_NONE on layer 0 */
	uint32		added;			/* the link, as a LINK slot has it */
	int			n;
	int			done;			/* of the n */
	LokiBacklink left[2 * LOKI_MAX_M];
	LokiBacklinkState states[2 * LOKI_MAX_M];	/* by place in the list */
} LokiBacklinks;

/*
 * Begin to make these links, to a node whose CODE and own list are written; no content lock may be held.
 * Then make those that a change has room for, until `done` is n; and how many pages those have that are left.
 */
extern void loki_backlinks_begin(LokiLinker *linker, int level, const LokiList *list, uint32 node,
								 uint32 slot, LokiBacklinks *links);
extern void loki_backlinks_write(LokiLinker *linker, LokiBacklinks *links, LokiChange *change);
extern int	loki_backlinks_pages(const LokiBacklinks *links);

/*
 * Add a link to the list `ref`, as it stands under exclusive lock; a full list is pruned.
 * False if the new link was not taken (never if it is forced) or the list is stale.  No
 * content lock may be held.
 */
extern bool loki_list_add(LokiLinker *linker, const LokiListRef *ref, uint32 node,
						  uint32 slot, LokiLinkForce force);

#endif							/* LOKI_GRAPH_NEIGHBORS_H */
