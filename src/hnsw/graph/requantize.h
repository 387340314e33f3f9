/*-------------------------------------------------------------------------
 *
 * requantize.h
 *	  Making codes for another centroid.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/requantize.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_REQUANTIZE_H
#define LOKI_GRAPH_REQUANTIZE_H

#include "hnsw/page/index.h"

extern bool loki_was_requantized(LokiIndex *state, Relation index);
extern void loki_requantize_finish(Relation index);
extern void loki_requantize_wait(Relation index);
extern void loki_requantize_grown(Relation index, LokiIndex *state, uint32 node, bool grown,
								  Relation heap);
extern bool loki_requantize_moved(Relation index);

#endif							/* LOKI_GRAPH_REQUANTIZE_H */
