/*-------------------------------------------------------------------------
 *
 * hnswposting.h
 *	  Lists of nodes in the order of an attribute.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswposting.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWPOSTING_H
#define LOKI_HNSWPOSTING_H

#include "hnsw/hnswfilter.h"

/* Intervals of one key that are looked up, at most */
#define LOKI_LOOKUP_PLACES	64

/* Places of a list */
typedef struct LokiPlaces
{
	uint32		first;
	uint32		end;
} LokiPlaces;

/* What a scan reads of the lists */
typedef struct LokiLookup
{
	LokiIndex  *state;
	Relation	index;
	LokiPostingsData postings;
	int			attribute;
	int			nplaces;
	LokiPlaces	places[LOKI_LOOKUP_PLACES];
	double		count;			/* nodes at these places */
	uint64	   *renewed;		/* numbers that were used again, a bit for
								 * LOKI_RENEWED_UNIT of them ... */
	uint32		nwords;
	double		nrenewed;		/* ... and how many they may be */
} LokiLookup;

/* Make the lists of all attributes, where that is worth while */
extern void loki_postings_make(Relation index);

/* Note that the number of a node was used before */
extern void loki_postings_renew(LokiIndex *state, Relation index,
								const LokiMetaPageData *meta, uint32 node);

extern bool loki_lookup_begin(LokiLookup *lookup, LokiIndex *state, Relation index,
							  const LokiMetaPageData *meta,
							  const LokiNodeFilter *filter);
extern uint32 loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end,
							   uint32 *nodes);
extern bool loki_lookup_valid(const LokiLookup *lookup);

/* Copy RENEWED out, for numbers below an end */
extern uint64 *loki_postings_renewed(LokiIndex *state, Relation index, uint32 end,
									 uint32 *nwords);

/* Whether that names a node */
static inline bool
loki_is_renewed(const uint64 *renewed, uint32 node)
{
	return (renewed[node / LOKI_RENEWED_NODES] >>
			(node % LOKI_RENEWED_NODES / LOKI_RENEWED_UNIT)) & 1;
}

#endif							/* LOKI_HNSWPOSTING_H */
