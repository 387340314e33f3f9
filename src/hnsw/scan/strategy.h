/*-------------------------------------------------------------------------
 *
 * strategy.h
 *	  How a scan with a filter finds its nodes.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/strategy.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_STRATEGY_H
#define LOKI_SCAN_STRATEGY_H

#include "hnsw/graph/search.h"

/*
 * The filter strategy (scan/strategy.c).  A sample of the nodes below an end shows how many
 * of all nodes match.  The nodes that a walk meets show how many match around the query.
 */
extern void loki_strategy_sample(LokiSearch *search, uint32 end, bool spread);
extern bool loki_strategy_short(const LokiSearch *search);
extern bool loki_strategy_joint(const LokiSearch *search);
extern bool loki_strategy_list(const LokiSearch *search);
extern LokiStrategy loki_strategy_choose(const LokiSearch *search, double share);

/* How wide a walk has to be, and whether one has cost more than a flat scan */
extern uint32 loki_strategy_width(const LokiSearch *search, LokiStrategy strategy, double share);
extern bool loki_strategy_too_long(const LokiSearch *search);

#endif							/* LOKI_SCAN_STRATEGY_H */
