/*-------------------------------------------------------------------------
 *
 * key.h
 *	  Scan keys, compiled so that slots of attributes are tested for them.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/key.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_KEY_H
#define LOKI_FILTER_KEY_H

#include "postgres.h"

#include "access/skey.h"
#include "access/stratnum.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/definition/layout.h"
#include "utils/rel.h"

/* ----------------------------------------------------------------
 * Constants (constant.c)
 * ----------------------------------------------------------------
 */

/* A constant in the domain of its column, and the operator that goes with it */
typedef struct LokiConstant
{
	uint8		type;			/* LokiAttrType of the column */
	uint8		op;				/* btree's strategy */
	bool		possible;		/* some value can match */
	bool		zoned;			/* no number expresses the comparison: number
								 * is a real time */
	LokiAttrValue value;
} LokiConstant;

/*
 * Bring a constant into the domain of constant->type, and constant->op with it;
 * false for types that cannot be.
 */
extern bool loki_constant_compile(LokiConstant *constant, Datum value, Oid typid);

static inline bool
loki_is_less(uint8 op)
{
	return op == BTLessStrategyNumber || op == BTLessEqualStrategyNumber;
}

/* ----------------------------------------------------------------
 * Filters: compiled from scan keys (key.c), evaluated (match.c)
 * ----------------------------------------------------------------
 */
typedef enum LokiFilterKind
{
	LOKI_FILTER_ISNULL,
	LOKI_FILTER_ISNOTNULL,
	LOKI_FILTER_RANGE,			/* numbers from lo to lo + span, all exact */
	LOKI_FILTER_SET,			/* one of set[], with the same flag */
	LOKI_FILTER_ORDER,			/* op bound, where either may be lossy */
	LOKI_FILTER_ZONED,			/* a local date or time op the real time
								 * bound, near a change of the zone's offset */
	LOKI_FILTER_CONTAINS,		/* arrays: hashes of set[], or in a signature
								 * all bits of masks[0] ... */
	LOKI_FILTER_OVERLAPS,		/* ... of one of masks[] ... */
	LOKI_FILTER_CONTAINED,		/* ... none but those of masks[0] ... */
	LOKI_FILTER_SAME,			/* ... just those */
	LOKI_FILTER_UNKNOWN			/* slots cannot tell */
} LokiFilterKind;

/* No zone, not even one written by hand, is further than this from GMT */
#define LOKI_ZONE_DAYS	8

typedef struct LokiFilterKey
{
	uint8		attribute;		/* 0-based: index column 2 is 0 */
	uint8		type;			/* LokiAttrType ... */
	uint8		width;			/* ... and bytes of its numbers */
	uint8		kind;			/* LokiFilterKind */
	uint8		op;				/* btree's strategy */
	bool		lossy;			/* ORDER, SAME: the constant is */
	bool		perhaps;		/* a slot was passed on without knowing */
	uint8		shift;			/* ORDER: low bits to leave out; bound is
								 * without them */
	int64		lo;				/* RANGE */
	uint64		span;
	int64		bound;
	int			n;				/* of set[] or masks[] */
	int			nexact;			/* set[]: these first, then lossy ones, each
								 * part ascending; arrays: hashes of elements */
	int64	   *set;
	LokiSignature *masks;
} LokiFilterKey;

/*
 * A filter compiled from scan keys.  Keys on column 1 (IS NULL, IS NOT NULL)
 * are kept apart.
 */
typedef struct LokiFilter
{
	int			nkeys;
	LokiFilterKey *keys;
	MemoryContext context;		/* of keys and what they point to */
	bool		never;			/* no row can match */
	bool		vector_null;	/* only rows whose vector is NULL */
	bool		vector_not_null;
	int			nattributes;	/* distinct attributes that keys name ... */
	uint8		attributes[LOKI_MAX_ATTRIBUTES];	/* ... and which */
} LokiFilter;

/*
 * Compile scan keys.  Memory is in a child of the current context, and reused
 * when the filter was compiled before.
 */
extern void loki_filter_compile(LokiFilter *filter, Relation index,
								ScanKey keys, int nkeys);

/*
 * Whether slots of an attribute, `stride` bytes apart, pass a key for all that
 * is known: clears passes[] of those that do not.
 */
extern void loki_key_test(LokiFilterKey *key, const char *slots, uint32 stride, int n,
						  uint8 *passes);

/*
 * Whether a slot was passed on without knowing since the filter was compiled,
 * so that rows must be checked again.
 */
static inline bool
loki_filter_needs_recheck(const LokiFilter *filter)
{
	for (int i = 0; i < filter->nkeys; i++)
		if (filter->keys[i].perhaps)
			return true;
	return false;
}

#endif							/* LOKI_FILTER_KEY_H */
