/*-------------------------------------------------------------------------
 *
 * reachability.h
 *	  Making nodes found by the search for their own row, in memory and in pages.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/reachability.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_REACHABILITY_H
#define LOKI_GRAPH_REACHABILITY_H

#include "hnsw/graph/neighbors.h"

/* The nodes that a search ended among, all of which it expanded (R4); nearest first */
typedef struct LokiSearchEnds
{
	int			n;
	LokiUpperFound nodes[LOKI_NARROW_SEARCH];
} LokiSearchEnds;

extern void loki_search_ends(const LokiCandidate *pool, int first, int end, LokiSearchEnds *ends);

/* What a graph does, so that its nodes are made reachable: one in memory or one in pages */
typedef struct LokiReachSteps
{
	/*
	 * Whether the narrow search for a node finds it (R1, R3); if not, where
	 * it ended
	 */
	bool		(*find) (void *graph, const LokiListRef *node, LokiSearchEnds *ends);

	/*
	 * Whether a search as wide as those that are to find every row finds a
	 * node on layer 0 that the narrow one missed; if not, where it ended
	 * beyond the nodes that the narrow one ended among
	 */
	bool		(*find_widely) (void *graph, const LokiListRef *node, LokiSearchEnds *ends);

	/*
	 * How many links a node gets that was missed, and what one may cost if no
	 * list has room
	 */
	LokiLinkForce (*price) (void *graph, const LokiListRef *node, int *links);

	/* Link one node to another, at that price; false if it was not linked now */
	bool		(*link) (void *graph, const LokiUpperFound *from, const LokiListRef *node,
						 LokiLinkForce force);

	/* Links that were forced so far; NULL: none is */
	const uint32 *nforced;
} LokiReachSteps;

/*
 * Nodes that no narrow search finds are to be found by one of this width: one of LOKI_ROW_SEARCH still finds
 * them when four times as many nodes lie about them
 */
#define LOKI_REACH_WIDTH		(LOKI_ROW_SEARCH / 4)

/* Links for a node that no search finds, and for one that only a wide search finds */
#define LOKI_REACH_LINKS		16
#define LOKI_REACH_MORE_LINKS	4

/*
 * Search for a node on a layer, and link it if it is missed.  False if it was missed.  Made again, the
 * search finds it (R4), or a wide one does, unless a link was forced elsewhere since.
 */
extern bool loki_make_reachable(const LokiReachSteps *steps, void *graph, const LokiListRef *node);

/*
 * The same for graphs in pages: for a node whose query the search has, for one whose codes are to be
 * read, and for the nodes that lost a link to a forced one, which the linker has noted.  `wide` allows
 * for a wide search too.  No content lock may be held; none is left.
 */
extern void loki_query_make_reachable(LokiLinker *linker, LokiSearch *search,
									  const LokiMetaPageData *meta, const LokiListRef *node,
									  bool wide);
extern void loki_node_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta,
									 const LokiListRef *node, bool wide);
extern void loki_pushed_out_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta);

#endif							/* LOKI_GRAPH_REACHABILITY_H */
