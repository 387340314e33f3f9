/*-------------------------------------------------------------------------
 *
 * promise.h
 *	  What plans may rely on in a scan of an hnsw index.
 *
 * IDENTIFICATION
 *	  src/planner/promise.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PROMISE_H
#define LOKI_PROMISE_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"

extern Oid	loki_promise_bits(const IndexPath *path);
extern void loki_promise_set(IndexPath *path, Oid bits);
extern void loki_promise_label(IndexPath *path, const LokiScanSettings *settings);

#endif							/* LOKI_PROMISE_H */
