/*-------------------------------------------------------------------------
 *
 * key.h
 *	  Scan keys, compiled so that slots of attributes are tested for them.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/key.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_KEY_H
#define LOKI_FILTER_KEY_H

#include "hnsw/definition/attribute.h"
#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"

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
	bool		zoned;			/* no sort key expresses the comparison: value
								 * has a real time */
	LokiAttrValue value;
} LokiConstant;

/* qsort: int64, ascending */
extern int	loki_compare_numbers(const void *a, const void *b);

/*
 * Bring a constant of type typid into the domain of constant->type, and adjust
 * constant->op.  False for types that cannot be compared with that.
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
	LOKI_FILTER_RANGE,			/* sort keys from lo to lo + span, all exact */
	LOKI_FILTER_SET,			/* one of set[], with the same flag */
	LOKI_FILTER_ORDER,			/* value op bound; either may be lossy */
	LOKI_FILTER_ZONED,			/* local date or time op bound, a real time
								 * near a change of the zone's offset */
	LOKI_FILTER_CONTAINS,		/* arrays: all hashes of set[]; in a
								 * signature, all bits of masks[0] ... */
	LOKI_FILTER_OVERLAPS,		/* ... all bits of one of masks[] ... */
	LOKI_FILTER_CONTAINED,		/* ... no bits but those of masks[0] ... */
	LOKI_FILTER_SAME,			/* ... exactly those bits */
	LOKI_FILTER_UNKNOWN			/* slots do not decide it */
} LokiFilterKind;

/* No zone, not even one written by hand, is further than this from GMT */
#define LOKI_ZONE_DAYS	8

/*
 * A scan key, compiled.  Which fields are set depends on the kind, and is said there.  Sort keys are
 * int64 in the order of the type (definition/attribute.h).
 */
typedef struct LokiFilterKey
{
	uint8		attribute;		/* 0-based: index column 2 is 0 */
	uint8		type;			/* LokiAttrType ... */
	uint8		width;			/* ... and bytes of its sort keys */
	uint8		kind;			/* LokiFilterKind */
	uint8		op;				/* btree's strategy */
	bool		lossy;			/* ORDER, SAME: the constant is */
	bool		recheck;		/* a slot passed that does not decide the key */
	uint8		shift;			/* ORDER: low bits that are left out of sort
								 * keys; bound is without them */
	int64		lo;				/* RANGE: the least sort key ... */
	uint64		span;			/* ... and the greatest less that */
	int64		bound;			/* ORDER: a sort key; ZONED: a TimestampTz */
	int			n;				/* of set[] or masks[] */
	int			nexact;			/* set[] has this number of exact sort keys,
								 * then lossy ones, both ascending; for arrays
								 * it has this number of hashes of elements */
	int64	   *set;
	LokiSignature *masks;
} LokiFilterKey;

/*
 * What the attributes of a node must be.  Of a key that is negated, and whose lossy sort keys
 * have bits of a hash, a slot that is equal most likely has an equal value; only a guess
 * excludes it.
 */
typedef struct LokiTest
{
	LokiConditionKind kind;
	bool		negated;		/* KEY: any value but the key's ... */
	bool		nulls;			/* ... and NULL */
	bool		hashed;			/* KEY: of a type whose lossy sort keys have a
								 * hash */
	uint8		attribute;		/* KEY */
	LokiFilterKey *key;
	int			nparts;
	struct LokiTest *parts;
} LokiTest;

/*
 * A filter compiled from scan keys and a condition.  Keys on column 1 (IS NULL, IS NOT
 * NULL) are kept apart.
 */
typedef struct LokiFilter
{
	int			nkeys;
	LokiFilterKey *keys;
	MemoryContext context;		/* of keys and what they point to */
	bool		never;			/* no row can match */
	bool		vector_null;	/* only rows whose vector is NULL */
	bool		vector_not_null;
	bool		has_condition;
	bool		guesses;		/* the condition has hashed keys, negated */
	LokiTest	condition;
} LokiFilter;

/*
 * Compile scan keys, and a condition unless that is NULL.  Their memory is in a child of the
 * current context, which is reused if the filter was compiled before.
 */
extern void loki_filter_compile(LokiFilter *filter, Relation index,
								ScanKey keys, int nkeys, LokiCondition *condition);

/*
 * Test n slots of an attribute, `stride` bytes apart, against a key: clears passes[] of
 * those that do not pass.  A slot that does not decide the key passes, and the key notes
 * it; with `guess`, a slot that most likely has the value of a negated key does not pass.
 */
extern void loki_slots_test(const LokiTest *test, bool guess, const char *slots,
							uint32 stride, int n, uint8 *passes);

/*
 * Whether a slot that does not decide its key has passed since the filter was compiled,
 * so that rows need a recheck.
 */
static inline bool
loki_filter_needs_recheck(const LokiFilter *filter)
{
	for (int i = 0; i < filter->nkeys; i++)
		if (filter->keys[i].recheck)
			return true;
	return false;
}

#endif							/* LOKI_FILTER_KEY_H */
