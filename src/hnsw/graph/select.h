/*-------------------------------------------------------------------------
 *
 * select.h
 *	  Choosing a node's neighbors and its layer.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/select.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_SELECT_H
#define LOKI_GRAPH_SELECT_H

#include "common/pg_prng.h"
#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"
#include "quantize/quantize.h"

/* Candidates for a node's neighbors, ascending by distance to it */
typedef struct LokiLinkChoice
{
	int			n;
	const float *distances;
	const void *const *codes;	/* slots, in the code of the quantizer */
	int			sought;			/* the candidate that all is for: without it
								 * none need be chosen.  0, which always is:
								 * there is none */
} LokiLinkChoice;

/*
 * Choose up to max candidates by the rule of HNSW (Malkov and Yashunin, algorithm 4): keep a
 * candidate unless a kept one is nearer to it than the node is; then fill up to `fill` with the
 * nearest of the others.  selected[] becomes indexes into the candidates, ascending; returns
 * their number, or 0 as soon as it is known that the one sought is not among them.  *nkept, unless it
 * is NULL, becomes how many of them are kept by the rule, or all if they need no comparing; it is not set
 * with 0.  scratch is memory for a query.
 */
extern int	loki_select_neighbors(const LokiQuantizer *quantizer,
								  const LokiLinkChoice *from, int max, int fill, LokiQuery *scratch,
								  int *selected, int *nkept);

/*
 * If the rule keeps few candidates of a node on layer 0, most of them lie together: a cluster,
 * such as the chunks of a document that hardly differ.  Then so many nodes of a layer above are
 * candidates too, so that some links lead past it.  In three dimensions no more are kept of any
 * rows.
 */
#define LOKI_BEYOND_CLUSTER	64

static inline bool
loki_in_cluster(int nkept, uint32 dim)
{
	return nkept < 4 && dim > 3;
}

/* Links that a pruned list is filled up to: see doc/design/graph.md */
#define LokiFillLinks(m)	(m)

/* Random layer of a new node: floor(-ln(uniform) / ln(ratio)), capped */
extern int	loki_random_level(int ratio, pg_prng_state *prng);
extern uint64 loki_golden_step(uint64 n);

/*
 * How many nodes a layer has for each node of the next one: m.  A compact index has a small m
 * to save space, which is no reason to have more nodes on the upper layers.
 */
static inline int
loki_layer_ratio(uint8 profile, int m)
{
	return profile == LOKI_PROFILE_COMPACT ? Max(m, LOKI_DEFAULT_M) : m;
}

#endif							/* LOKI_GRAPH_SELECT_H */
