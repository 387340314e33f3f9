/*-------------------------------------------------------------------------
 *
 * hnswmatch.c
 *	  Evaluating filters on attribute slots.
 *
 * This is done for every node that a search meets, many at a time, so nothing
 * here allocates or calls through fmgr (but for local times near a change of
 * their zone).  A slot passes, does not, or perhaps does; the latter is noted
 * in the key, and makes the executor look at the rows again.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswmatch.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswint.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* Sets up to this size are looked through from end to end */
#define SMALL_SET	8

static inline int64
load_number(const LokiFilterKey *key, const char *slot)
{
	int64		n8;
	int32		n4;
	int16		n2;

	switch (key->width)
	{
		case sizeof(int64):
			memcpy(&n8, slot + 1, sizeof(n8));
			return n8;
		case sizeof(int32):
			memcpy(&n4, slot + 1, sizeof(n4));
			return n4;
		case sizeof(int16):
			memcpy(&n2, slot + 1, sizeof(n2));
			return n2;
		default:
			return (int8) slot[1];
	}
}

static inline bool
perhaps(LokiFilterKey *key)
{
	key->perhaps = true;
	return true;
}

/* Whether a comparison with this result satisfies the operator */
static inline bool
satisfies(uint8 op, int order)
{
	switch (op)
	{
		case BTLessStrategyNumber:
			return order < 0;
		case BTLessEqualStrategyNumber:
			return order <= 0;
		case BTEqualStrategyNumber:
			return order == 0;
		case BTGreaterEqualStrategyNumber:
			return order >= 0;
		default:
			Assert(op == BTGreaterStrategyNumber);
			return order > 0;
	}
}

static bool
in_set(const int64 *set, int n, int64 number)
{
	if (n <= SMALL_SET)
	{
		bool		found = false;

		for (int i = 0; i < n; i++)
			found |= set[i] == number;
		return found;
	}
	/* the last that is not greater is in set[0 .. n) */
	while (n > 1)
	{
		int			half = n / 2;

		set += set[half] <= number ? half : 0;
		n -= half;
	}
	return *set == number;
}

/* Values that are equal have equal numbers and equal flags. */
static bool
match_set(LokiFilterKey *key, const char *slot)
{
	int64		number = load_number(key, slot);

	if (slot[0] == LOKI_ATTR_EXACT)
		return in_set(key->set, key->nexact, number);
	return in_set(key->set + key->nexact, key->n - key->nexact, number) && perhaps(key);
}

static bool
match_order(LokiFilterKey *key, const char *slot)
{
	int64		number = load_number(key, slot) >> key->shift;
	int			order = number < key->bound ? -1 : number > key->bound ? 1 : 0;

	if (order == 0 && (key->lossy || slot[0] == LOKI_ATTR_LOSSY))
		return perhaps(key);
	return satisfies(key->op, order);
}

/*
 * Compare a local date or time with the real time of a key.
 */
static int
compare_zoned(const LokiFilterKey *key, int64 value)
{
	TimestampTz t = key->bound;
	bool		is_date = key->type == LOKI_ATTR_DATE;
	int64		days = (is_date ? value : value / USECS_PER_DAY) - t / USECS_PER_DAY;

	if (days > LOKI_ZONE_DAYS)
		return 1;
	if (days < -LOKI_ZONE_DAYS)
		return -1;
	return is_date ? date_cmp_timestamptz_internal((DateADT) value, t) :
		timestamp_cmp_timestamptz_internal((Timestamp) value, t);
}

static bool
match_signature(LokiFilterKey *key, const char *slot)
{
	const LokiSignature *mask = key->masks;
	LokiSignature value;
	bool		match = false;

	value.bits[1] = 0;
	memcpy(value.bytes, slot + 1, LOKI_SIGNATURE_BYTES);
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_CONTAINED:
			match = ((value.bits[0] & ~mask->bits[0]) | (value.bits[1] & ~mask->bits[1])) == 0;
			/* the empty array is contained in any */
			if (slot[0] == LOKI_ATTR_EXACT)
				return true;
			break;
		case LOKI_FILTER_SAME:
			match = value.bits[0] == mask->bits[0] && value.bits[1] == mask->bits[1];
			break;
		default:
			for (int i = 0; i < key->n && !match; i++)
				match = ((mask[i].bits[0] & ~value.bits[0]) |
						 (mask[i].bits[1] & ~value.bits[1])) == 0;
			break;
	}
	return match && perhaps(key);
}

/* All kinds but ranges */
static bool
match_key(LokiFilterKey *key, const char *slot)
{
	if (slot[0] == LOKI_ATTR_NULL)
		return key->kind == LOKI_FILTER_ISNULL;

	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_SET:
			return match_set(key, slot);
		case LOKI_FILTER_ORDER:
			return match_order(key, slot);
		case LOKI_FILTER_ZONED:
			return satisfies(key->op, compare_zoned(key, load_number(key, slot)));
		case LOKI_FILTER_CONTAINS:
		case LOKI_FILTER_OVERLAPS:
		case LOKI_FILTER_CONTAINED:
		case LOKI_FILTER_SAME:
			return match_signature(key, slot);
		case LOKI_FILTER_UNKNOWN:
			return perhaps(key);
		case LOKI_FILTER_ISNULL:
			return false;
		default:
			Assert(key->kind == LOKI_FILTER_ISNOTNULL);
			return true;
	}
}

#define TEST_RANGE(type) \
	do { \
		uint64		lo = (uint64) key->lo; \
		for (int i = 0; i < n; i++, slots += stride) \
		{ \
			type		v; \
			memcpy(&v, slots + 1, sizeof(v)); \
			passes[i] &= (slots[0] != LOKI_ATTR_NULL) & ((uint64) (int64) v - lo <= key->span); \
		} \
	} while (0)

void
loki_key_test(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	if (key->kind != LOKI_FILTER_RANGE)
	{
		for (int i = 0; i < n; i++, slots += stride)
			passes[i] = passes[i] && match_key(key, slots);
		return;
	}
	switch (key->width)
	{
		case sizeof(int64):
			TEST_RANGE(int64);
			break;
		case sizeof(int32):
			TEST_RANGE(int32);
			break;
		case sizeof(int16):
			TEST_RANGE(int16);
			break;
		default:
			TEST_RANGE(int8);
			break;
	}
}
