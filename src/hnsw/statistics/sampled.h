/*-------------------------------------------------------------------------
 *
 * sampled.h
 *	  Searches that were sampled, until their recall is measured, and what was measured.
 *
 * IDENTIFICATION
 *	  src/hnsw/statistics/sampled.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_STATISTICS_SAMPLED_H
#define LOKI_STATISTICS_SAMPLED_H

#include "datatype/timestamp.h"
#include "hnsw/hnsw.h"
#include "utils/rel.h"

/* The most rows of a search whose recall is measured */
#define LOKI_SAMPLED_ROWS	1000

typedef struct LokiSampled
{
	TimestampTz at;
	LokiScanSettings settings;	/* what the search went by */
	double		limit;			/* rows that its caller takes at most; 0: not
								 * known */
	int			rows;			/* that it returned, LOKI_SAMPLED_ROWS at most */
	struct varlena *query;		/* not toasted */
} LokiSampled;

/*
 * Keep a sampled search for measuring.  Does nothing if there is no shared memory.  No buffer
 * may be locked, nor any lightweight lock held.
 */
extern void loki_sampled_add(Relation index, const LokiSampled *sample);

/*
 * The searches of an index that wait for measuring, palloc'd; returns their number.  With
 * `forget`, they wait no more.
 */
extern int	loki_sampled_waiting(Relation index, bool forget, LokiSampled **samples);

/* Keep the recall of a search that was sampled. */
extern void loki_sampled_measured(Relation index, const LokiSampled *sample, double recall);

#endif							/* LOKI_STATISTICS_SAMPLED_H */
