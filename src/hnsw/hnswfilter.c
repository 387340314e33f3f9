/*-------------------------------------------------------------------------
 *
 * hnswfilter.c
 *	  Filters over nodes: for the neighbors of a node, or the slots of a page,
 *	  at a time.
 *
 * A filter is tested for hundreds of nodes for each that is scored, so that
 * there is no call for each.  Slots of an attribute are brought together, and
 * a loop for their type compares them all with an interval.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswfilter.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "hnsw/hnswfilter.h"
#include "utils/float.h"

/* Nodes whose slots are brought together at once */
#define FILTER_BATCH	64

/* Rows of a node that are looked up in a set before it passes unseen */
#define FILTER_CHAIN	64

/* ----------------------------------------------------------------
 * Values as integers
 * ----------------------------------------------------------------
 */

/* Floats in the order of float8_cmp_internal(): there is one zero, one NaN */
static inline int64
order_of_double(double value)
{
	int64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits ^ ((bits >> 63) & PG_INT64_MAX);
}

/* Whether loki_attr_order() knows a type */
bool
loki_attr_ordered(uint8 type)
{
	return type >= LOKI_ATTR_BOOL && type <= LOKI_ATTR_TIMESTAMPTZ;
}

static inline int64
order_uint8(const char *value)
{
	return *(const uint8 *) value;
}

static inline int64
order_int16(const char *value)
{
	int16		v;

	memcpy(&v, value, sizeof(v));
	return v;
}

static inline int64
order_int32(const char *value)
{
	int32		v;

	memcpy(&v, value, sizeof(v));
	return v;
}

static inline int64
order_int64(const char *value)
{
	int64		v;

	memcpy(&v, value, sizeof(v));
	return v;
}

static inline int64
order_float4(const char *value)
{
	float4		v;

	memcpy(&v, value, sizeof(v));
	return order_of_double(v);
}

static inline int64
order_float8(const char *value)
{
	float8		v;

	memcpy(&v, value, sizeof(v));
	return order_of_double(v);
}

/* The place of a value, which is not NULL, in the order of its type */
int64
loki_attr_order(uint8 type, const char *slot)
{
	Assert(loki_attr_ordered(type));
	switch (type)
	{
		case LOKI_ATTR_BOOL:
			return order_uint8(slot + 1);
		case LOKI_ATTR_INT2:
			return order_int16(slot + 1);
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_DATE:
			return order_int32(slot + 1);
		case LOKI_ATTR_FLOAT4:
			return order_float4(slot + 1);
		case LOKI_ATTR_FLOAT8:
			return order_float8(slot + 1);
		default:
			return order_int64(slot + 1);
	}
}

/* ----------------------------------------------------------------
 * Making a filter
 * ----------------------------------------------------------------
 */

/*
 * The values that pass a key, low .. high (none if low > high).  False if they
 * are no interval.
 */
static bool
key_interval(const LokiFilterKey *key, int64 *low, int64 *high)
{
	int64		value;

	if (!loki_attr_ordered(key->type) || key->zoned ||
		key->op < LOKI_FILTER_LT || key->op > LOKI_FILTER_GT)
		return false;
	value = key->u.i;
	if (key->is_float)
	{
		/* stored values are of one zero and one NaN */
		double		f = key->u.f == 0 ? 0 : isnan(key->u.f) ? get_float8_nan() : key->u.f;

		value = order_of_double(f);
	}

	*low = PG_INT64_MIN;
	*high = PG_INT64_MAX;
	if ((key->op == LOKI_FILTER_LT && value == PG_INT64_MIN) ||
		(key->op == LOKI_FILTER_GT && value == PG_INT64_MAX))
	{
		*low = PG_INT64_MAX;
		*high = PG_INT64_MIN;
		return true;
	}
	switch (key->op)
	{
		case LOKI_FILTER_LT:
			*high = value - 1;
			break;
		case LOKI_FILTER_LE:
			*high = value;
			break;
		case LOKI_FILTER_EQ:
			*low = *high = value;
			break;
		case LOKI_FILTER_GE:
			*low = value;
			break;
		default:
			*low = value + 1;
			break;
	}
	return true;
}

/* The test of an attribute's interval, of all values if there was none */
static LokiTest *
interval_test(LokiNodeFilter *filter, const LokiFilterKey *key)
{
	LokiTest   *test;

	for (int i = 0; i < filter->ntests; i++)
		if (filter->tests[i].interval && filter->tests[i].attribute == key->attribute)
			return &filter->tests[i];
	test = &filter->tests[filter->ntests++];
	test->interval = true;
	test->low = PG_INT64_MIN;
	test->high = PG_INT64_MAX;
	return test;
}

void
loki_node_filter_make(LokiNodeFilter *filter, const LokiFilter *keys,
					  const LokiTidSet *tids)
{
	filter->ntests = 0;
	filter->never = keys->never;
	filter->tids = tids;
	filter->any = keys->nkeys > 0 || tids != NULL;
	if (keys->nkeys > filter->tests_allocated)
	{
		if (filter->tests != NULL)
			pfree(filter->tests);
		filter->tests = palloc_array(LokiTest, keys->nkeys);
		filter->tests_allocated = keys->nkeys;
	}
	for (int i = 0; i < keys->nkeys; i++)
	{
		LokiFilterKey *key = &keys->keys[i];
		LokiTest   *test;
		int64		low;
		int64		high;

		if (key_interval(key, &low, &high))
		{
			test = interval_test(filter, key);
			test->low = Max(test->low, low);
			test->high = Min(test->high, high);
			if (test->low > test->high)
				filter->never = true;
		}
		else
		{
			test = &filter->tests[filter->ntests++];
			test->interval = false;
			test->key = *keys;
			test->key.keys = key;
			test->key.nkeys = 1;
		}
		test->attribute = key->attribute;
		test->type = key->type;
	}
}

/* ----------------------------------------------------------------
 * Testing slots
 * ----------------------------------------------------------------
 */
#define TEST_INTERVAL(order) \
	do { \
		uint64		low = (uint64) test->low; \
		uint64		span = (uint64) test->high - low; \
		for (int i = 0; i < n; i++, slots += stride) \
			passes[i] &= (slots[0] == 0) & ((uint64) order(slots + 1) - low <= span); \
	} while (0)

static void
test_key(const LokiTest *test, const char *slots, uint32 stride, int n, uint8 *passes)
{
	const char *values[LOKI_MAX_ATTRIBUTES];

	for (int i = 0; i < n; i++, slots += stride)
	{
		values[test->attribute] = slots;
		passes[i] = passes[i] && loki_filter_match(&test->key, values);
	}
}

void
loki_test_column(const LokiTest *test, const char *slots, uint32 stride, int n,
				 uint8 *passes)
{
	if (!test->interval)
	{
		test_key(test, slots, stride, n, passes);
		return;
	}
	switch (test->type)
	{
		case LOKI_ATTR_BOOL:
			TEST_INTERVAL(order_uint8);
			break;
		case LOKI_ATTR_INT2:
			TEST_INTERVAL(order_int16);
			break;
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_DATE:
			TEST_INTERVAL(order_int32);
			break;
		case LOKI_ATTR_FLOAT4:
			TEST_INTERVAL(order_float4);
			break;
		case LOKI_ATTR_FLOAT8:
			TEST_INTERVAL(order_float8);
			break;
		default:
			TEST_INTERVAL(order_int64);
			break;
	}
}

/* ----------------------------------------------------------------
 * Testing nodes
 * ----------------------------------------------------------------
 */

/*
 * Whether some row of a chain may be in the set; a chain that changes meanwhile
 * passes, and so does a long one.
 */
static bool
chain_passes(LokiSearch *search, uint32 node, uint32 head)
{
	LokiOverflowData slot;

	for (int i = 0; i < FILTER_CHAIN && head != LOKI_NONE; i++)
	{
		if (!loki_slot_read(search->state, search->index, LOKI_FAMILY_OVERFLOW, head, &slot) ||
			slot.node != node)
			return true;
		if (loki_tids_has(search->filter->tids, &slot.heap))
			return true;
		head = slot.next;
	}
	return head != LOKI_NONE;
}

static bool
tid_passes(LokiSearch *search, uint32 node, const LokiTidData *slot)
{
	switch (LokiTidState(slot))
	{
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
			return loki_tids_has(search->filter->tids, (ItemPointer) &slot->u.heap);
		case LOKI_TID_OVERFLOW:
			return chain_passes(search, node, LokiTidOverflowHead(slot));
		default:
			return false;
	}
}

/* Clear passes[] of nodes none of whose rows is in the set. */
static void
test_tids(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	uint32		slot_size = search->state->families[LOKI_FAMILY_TID].slot_size;
	uint32		left[FILTER_BATCH];
	int			place[FILTER_BATCH];
	char		slots[FILTER_BATCH * LOKI_TID_LONG];
	int			nleft = 0;

	for (int i = 0; i < n; i++)
		if (passes[i])
		{
			place[nleft] = i;
			left[nleft++] = nodes[i];
		}
	loki_slots_copy(search->state, search->index, LOKI_FAMILY_TID, left, nleft,
					!search->in_recovery, slots);
	for (int i = 0; i < nleft; i++)
	{
		LokiTidData tid = {0};

		memcpy(&tid, slots + (Size) i * slot_size, slot_size);
		passes[place[i]] = tid_passes(search, left[i], &tid);
	}
}

static void
filter_batch(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	const LokiNodeFilter *filter = search->filter;
	char		slots[FILTER_BATCH * LOKI_ATTR_MAX_SLOT];
	int			attribute = -1;

	memset(passes, 1, n);
	for (int i = 0; i < filter->ntests; i++)
	{
		const LokiTest *test = &filter->tests[i];
		int			family = LOKI_FAMILY_ATTR + test->attribute;

		if (test->attribute != attribute)
			loki_slots_copy(search->state, search->index, family, nodes, n,
							!search->in_recovery, slots);
		attribute = test->attribute;
		loki_test_column(test, slots, search->state->families[family].slot_size, n, passes);
	}
	if (filter->tids != NULL)
		test_tids(search, nodes, n, passes);
}

int
loki_filter_nodes(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	int			passed = 0;

	for (int i = 0; i < n; i += FILTER_BATCH)
		filter_batch(search, nodes + i, Min(FILTER_BATCH, n - i), passes + i);
	for (int i = 0; i < n; i++)
		passed += passes[i];
	search->nodes_filtered += n;
	search->nodes_matched += passed;
	return passed;
}

void
loki_filter_prefetch(LokiSearch *search, const uint32 *nodes, int n)
{
	const LokiNodeFilter *filter = search->filter;

	for (int t = 0; t < filter->ntests; t++)
		if (t == 0 || filter->tests[t].attribute != filter->tests[t - 1].attribute)
			for (int i = 0; i < n; i++)
				loki_slot_prefetch(search->state, search->index,
								   LOKI_FAMILY_ATTR + filter->tests[t].attribute, nodes[i]);
	if (filter->tids != NULL)
		for (int i = 0; i < n; i++)
			loki_slot_prefetch(search->state, search->index, LOKI_FAMILY_TID, nodes[i]);
}
