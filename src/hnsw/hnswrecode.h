/*-------------------------------------------------------------------------
 *
 * hnswrecode.h
 *	  Making codes for another centroid.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswrecode.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWRECODE_H
#define LOKI_HNSWRECODE_H

#include "hnsw/hnswint.h"

extern bool loki_was_recoded(LokiIndex *state, Relation index);
extern void loki_recode_finish(Relation index);
extern void loki_recode_wait(Relation index);
extern void loki_recode_grown(Relation index, LokiIndex *state, uint32 node, bool grown,
							  Relation heap);
extern bool loki_recode_moved(Relation index);

#endif							/* LOKI_HNSWRECODE_H */
