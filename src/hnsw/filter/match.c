/*-------------------------------------------------------------------------
 *
 * match.c
 *	  Evaluating filters on attribute slots.
 *
 * This is done for every node that a search meets, many at a time.  So nothing here
 * allocates or calls through fmgr, except for local times near a change of their zone.
 * A slot passes, does not pass, or does not decide the key.  In the third case it passes
 * too, and the key notes that the executor has to recheck rows.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/match.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/key.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* Sets up to this size are searched from end to end */
#define SMALL_SET	8

/* ----------------------------------------------------------------
 * Sort keys
 * ----------------------------------------------------------------
 */

/*
 * The caller passes a constant width, so that each width has a loop of its own.  In it no branch
 * depends on a slot: which slots pass is as good as random, and a processor that guesses wrong
 * loses more than a few comparisons take.
 */
static pg_attribute_always_inline void
test_range_of(uint8 width, const LokiFilterKey *key, const char *slots, uint32 stride,
			  int n, uint8 *passes)
{
	uint64		lo = (uint64) key->lo;
	uint64		span = key->span;

	for (int i = 0; i < n; i++, slots += stride)
		passes[i] &= (slots[0] != LOKI_ATTR_NULL) &
			((uint64) loki_attr_sort_key(width, slots) - lo <= span);
}

/* LOKI_FILTER_RANGE: one comparison, since sort keys below lo wrap around */
static void
test_range(const LokiFilterKey *key, const char *slots, uint32 stride, int n,
		   uint8 *passes)
{
	switch (key->width)
	{
		case sizeof(int64):
			test_range_of(sizeof(int64), key, slots, stride, n, passes);
			break;
		case sizeof(int32):
			test_range_of(sizeof(int32), key, slots, stride, n, passes);
			break;
		case sizeof(int16):
			test_range_of(sizeof(int16), key, slots, stride, n, passes);
			break;
		default:
			test_range_of(sizeof(int8), key, slots, stride, n, passes);
			break;
	}
}

/*
 * Whether n numbers, ascending, have one.  A small set is read to its end even if the number was
 * found, and in a large one both halves are the same instructions: neither has a branch to guess.
 */
static bool
in_set(const int64 *set, int n, int64 number)
{
	Assert(n == 0 || set[0] <= set[n - 1]);
	if (n <= SMALL_SET)
	{
		bool		found = false;

		for (int i = 0; i < n; i++)
			found |= set[i] == number;
		return found;
	}
	/* the last one that is not greater is in set[0 .. n) */
	while (n > 1)
	{
		int			half = n / 2;

		set += set[half] <= number ? half : 0;
		n -= half;
	}
	return *set == number;
}

/* The caller passes a constant width. */
static pg_attribute_always_inline uint8
test_equal_of(uint8 width, int64 wanted, char flag, const char *slots, uint32 stride,
			  int n, uint8 *passes)
{
	uint8		found = 0;

	for (int i = 0; i < n; i++, slots += stride)
	{
		passes[i] &= (loki_attr_sort_key(width, slots) == wanted) & (slots[0] == flag);
		found |= passes[i];
	}
	return found;
}

/*
 * Equality with one constant of a type that has lossy values.  It is the most common of all conditions
 * (tenant = $1), so the usual width has a loop of its own.  A lossy constant can only
 * be equal to a lossy value, and then nobody knows yet: the row is rechecked.
 */
static void
test_equal(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	char		flag = key->nexact == 1 ? LOKI_ATTR_EXACT : LOKI_ATTR_LOSSY;
	uint8		found;

	Assert(key->n == 1);
	if (key->width == sizeof(int64))
		found = test_equal_of(sizeof(int64), key->set[0], flag, slots, stride, n, passes);
	else
		found = test_equal_of(key->width, key->set[0], flag, slots, stride, n, passes);
	key->recheck |= found && flag == LOKI_ATTR_LOSSY;
}

/* Values that are equal have equal sort keys and equal flags. */
static void
test_set(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	const int64 *exact = key->set;
	const int64 *lossy = key->set + key->nexact;
	int			nexact = key->nexact;
	int			nlossy = key->n - key->nexact;
	uint8		width = key->width;
	uint8		recheck = 0;

	Assert(nexact >= 0 && nlossy >= 0);
	for (int i = 0; i < n; i++, slots += stride)
	{
		int64		number = loki_attr_sort_key(width, slots);

		if (slots[0] == LOKI_ATTR_EXACT)
			passes[i] &= in_set(exact, nexact, number);
		else
		{
			passes[i] &= slots[0] == LOKI_ATTR_LOSSY && in_set(lossy, nlossy, number);
			recheck |= passes[i];
		}
	}
	key->recheck |= recheck;
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

/*
 * Types that have an order and lossy values have sort keys of 8 bytes.  Sort keys that differ
 * order the values, even of a lossy slot and an exact constant.  Those that are the same decide
 * only if both are exact; else the value may be on either side, so it passes and is rechecked.
 */
static void
test_order(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	bool		equal = satisfies(key->op, 0);
	bool		is_less = satisfies(key->op, -1);
	int64		bound = key->bound;
	uint64		lo = (uint64) (is_less ? PG_INT64_MIN : bound);
	uint64		span = (uint64) (is_less ? bound : PG_INT64_MAX) - lo;
	uint8		shift = key->shift;
	bool		lossy = key->lossy;
	bool		recheck = false;

	Assert(key->width == sizeof(int64));
	Assert(key->op != BTEqualStrategyNumber);
	for (int i = 0; i < n; i++, slots += stride)
	{
		int64		number = loki_attr_sort_key(sizeof(int64), slots) >> shift;
		bool		pass = (slots[0] != LOKI_ATTR_NULL) & ((uint64) number - lo <= span);

		if (number == bound)
		{
			bool		open = lossy || slots[0] == LOKI_ATTR_LOSSY;

			pass = pass && (equal || open);
			recheck |= pass && open;
		}
		passes[i] &= pass;
	}
	key->recheck |= recheck;
}

/*
 * LOKI_FILTER_ZONED: compare local dates or times with the real time of a key.  Core compares what is near
 * it, so only slots that pass as yet are tested.
 */
static void
test_zoned(const LokiFilterKey *key, const char *slots, uint32 stride, int n,
		   uint8 *passes)
{
	TimestampTz t = key->bound;
	bool		is_date = key->type == LOKI_ATTR_DATE;

	Assert(is_date || key->type == LOKI_ATTR_TIMESTAMP);
	for (int i = 0; i < n; i++, slots += stride)
	{
		int64		value = loki_attr_sort_key(key->width, slots);
		int64		order = (is_date ? value : value / USECS_PER_DAY) - t / USECS_PER_DAY;

		if (!passes[i])
			continue;
		if (order >= -LOKI_ZONE_DAYS && order <= LOKI_ZONE_DAYS)
			order = is_date ? date_cmp_timestamptz_internal((DateADT) value, t) :
				timestamp_cmp_timestamptz_internal((Timestamp) value, t);
		passes[i] = slots[0] != LOKI_ATTR_NULL && satisfies(key->op, order < 0 ? -1 : order > 0);
	}
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */

/*
 * As of a Bloom filter, bits that are missing are proof, and bits that are there a guess.  For <@ it
 * is the other way around: the slot may have no bits but those of the constant.
 */

/* Whether all bits of a are in b */
static inline uint8
signature_within(const LokiSignature *a, const LokiSignature *b)
{
	return ((a->bits[0] & ~b->bits[0]) | (a->bits[1] & ~b->bits[1])) == 0;
}

/* Whether an array whose slot has a signature may satisfy a key; for the empty array it is no guess */
static inline bool
match_signature(const LokiFilterKey *key, uint8 flag, const LokiSignature *value)
{
	bool		match = false;

	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_CONTAINED:
			/* the empty array is contained in any */
			return flag == LOKI_ATTR_EXACT || signature_within(value, key->masks);
		case LOKI_FILTER_SAME:
			/* equal arrays have slots of the same kind */
			return flag == (key->lossy ? LOKI_ATTR_LOSSY : LOKI_ATTR_EXACT) &&
				(key->nexact == 0 || key->nexact > LOKI_SLOT_ELEMENTS) &&
				signature_within(value, key->masks) && signature_within(key->masks, value);
		default:
			for (int i = 0; i < key->n && !match; i++)
				match = signature_within(&key->masks[i], value);
			return match;
	}
}

/* A word of four hashes, each of which is 1, or has only its highest bit set */
#define EACH_HASH		UINT64CONST(0x0001000100010001)
#define EACH_HIGHEST	UINT64CONST(0x8000800080008000)

/*
 * How many of a key's hashes a slot has.  After XOR with one that it has, there is a zero in its place, which
 * the well-known test for a zero in a word finds, (x - 1) & ~x & highest bit, in four hashes at once.
 */
static inline int
count_hashes_found(const LokiFilterKey *key, const LokiSignature *hashes)
{
	int			count = 0;

	for (int i = 0; i < key->nexact; i++)
	{
		uint64		first = hashes->bits[0] ^ ((uint64) key->set[i] * EACH_HASH);
		uint64		last = hashes->bits[1] ^ ((uint64) key->set[i] * EACH_HASH);

		count += ((((first - EACH_HASH) & ~first) | ((last - EACH_HASH) & ~last)) & EACH_HIGHEST) != 0;
	}
	return count;
}

/* How many hashes of a slot are among a key's; repeated ones count again */
static int
count_in(const LokiFilterKey *key, const char *slot)
{
	uint16		hashes[LOKI_SLOT_ELEMENTS];
	int			count = 0;

	if (key->nexact == 0)
		return 0;
	loki_slot_elements(slot, hashes);
	for (int k = 0; k < LOKI_SLOT_ELEMENTS; k++)
		count += in_set(key->set, key->nexact, hashes[k]);
	return count;
}

/* Whether an array whose slot has a hash of each element may satisfy a key */
static inline bool
match_elements(const LokiFilterKey *key, const char *slot, LokiSignature *value)
{
	/* the hashes of a slot, the last one twice */
#ifdef WORDS_BIGENDIAN
	value->bits[1] |= (value->bits[1] >> 16) & PG_UINT16_MAX;
#else
	value->bits[1] |= (value->bits[1] << 16) & ~(PG_UINT64_MAX >> 16);
#endif

	/*
	 * set[] has each hash once, so counts can be compared; elements may share
	 * a hash, so what passes is rechecked
	 */
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_CONTAINS:
			return count_hashes_found(key, value) == key->nexact;
		case LOKI_FILTER_CONTAINED:
			return count_in(key, slot) == LOKI_SLOT_ELEMENTS;
		case LOKI_FILTER_SAME:
			return count_hashes_found(key, value) == key->nexact &&
				count_in(key, slot) == LOKI_SLOT_ELEMENTS;
		default:
			return count_hashes_found(key, value) > 0;
	}
}

/* Kinds of arrays: hashes decide only what does not pass, so rows of all others are rechecked */
static void
test_arrays(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	for (int i = 0; i < n; i++, slots += stride)
	{
		uint8		flag = (uint8) slots[0];
		LokiSignature value;

		if (!passes[i])
			continue;
		/* a slot has 15 bytes of a signature: a read of 16 would go past its end, so the last eight overlap the first */
		memcpy(&value.bits[0], slots + 1, sizeof(uint64));
		memcpy(&value.bits[1], slots + 1 + LOKI_SIGNATURE_BYTES - sizeof(uint64), sizeof(uint64));
#ifdef WORDS_BIGENDIAN
		value.bits[1] <<= 8;
#else
		value.bits[1] >>= 8;
#endif
		if (flag == LOKI_ATTR_ELEMENTS)
			passes[i] = match_elements(key, slots, &value);
		else
			passes[i] = flag != LOKI_ATTR_NULL && match_signature(key, flag, &value);
		key->recheck |= passes[i] && flag != LOKI_ATTR_EXACT;
	}
}

/* ----------------------------------------------------------------
 * Keys
 * ----------------------------------------------------------------
 */
/* LOKI_FILTER_ISNULL, or not */
static void
test_null(uint8 isnull, const char *slots, uint32 stride, int n, uint8 *passes)
{
	for (int i = 0; i < n; i++, slots += stride)
		passes[i] &= (slots[0] == LOKI_ATTR_NULL) == isnull;
}

/* Clear passes[] of slots that do not pass a key. */
static void
test_key(LokiFilterKey *key, const char *slots, uint32 stride, int n, uint8 *passes)
{
	/* a slot is a flag and a sort key, or a signature */
	Assert(n == 1 || stride == (uint32) key->width + 1);
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_RANGE:
			test_range(key, slots, stride, n, passes);
			break;
		case LOKI_FILTER_SET:
			if (key->n == 1)
				test_equal(key, slots, stride, n, passes);
			else
				test_set(key, slots, stride, n, passes);
			break;
		case LOKI_FILTER_ORDER:
			test_order(key, slots, stride, n, passes);
			break;
		case LOKI_FILTER_ZONED:
			test_zoned(key, slots, stride, n, passes);
			break;
		case LOKI_FILTER_CONTAINS:
		case LOKI_FILTER_OVERLAPS:
		case LOKI_FILTER_CONTAINED:
		case LOKI_FILTER_SAME:
			test_arrays(key, slots, stride, n, passes);
			break;
		case LOKI_FILTER_ISNULL:
			test_null(1, slots, stride, n, passes);
			break;
		case LOKI_FILTER_ISNOTNULL:
			test_null(0, slots, stride, n, passes);
			break;
		case LOKI_FILTER_UNKNOWN:
			test_null(0, slots, stride, n, passes);
			key->recheck = true;
			break;
	}
}

/* Slots whose values are compared with a negated key at once */
#define NEGATED_BATCH	64

/*
 * Clear passes[] of slots that have the key's value.  A slot that is equal to a lossy
 * constant may have another value with the same hash; without `guess` it passes.
 */
static void
test_negated(const LokiTest *test, bool guess, const char *slots, uint32 stride, int n,
			 uint8 *passes)
{
	uint8		equal[NEGATED_BATCH];

	/*
	 * "Does not pass" is certain of a key, "passes" need not be.  So what
	 * does not pass the key passes here, and what passes it is only left out
	 * if its slot is exact, or if the caller wants a guess
	 */
	guess = guess && test->hashed;
	for (int first = 0; first < n; first += NEGATED_BATCH)
	{
		int			batch = Min(NEGATED_BATCH, n - first);

		memset(equal, 1, batch);
		test_key(test->key, slots, stride, batch, equal);
		for (int i = 0; i < batch; i++, slots += stride)
			passes[first + i] &= slots[0] == LOKI_ATTR_NULL ? test->nulls :
				!equal[i] || (!guess && slots[0] != LOKI_ATTR_EXACT);
	}
}

/* See key.h. */
void
loki_slots_test(const LokiTest *test, bool guess, const char *slots, uint32 stride, int n,
				uint8 *passes)
{
	Assert(test->kind == LOKI_CONDITION_KEY);
	if (test->negated)
		test_negated(test, guess, slots, stride, n, passes);
	else
		test_key(test->key, slots, stride, n, passes);
}
