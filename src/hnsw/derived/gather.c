/*-------------------------------------------------------------------------
 *
 * gather.c
 *	  Lists in memory, made of what nodes say now: to be written, or to be
 *	  compared with what was written.
 *
 * Keys that are any number are sorted.  The list keys of arrays and the groups of heap
 * blocks are few: their entries are counted, and put in their places when the same pages are
 * read a second time.  A node may change between the two, and take the place of another of its
 * key.  Then one of them is lost, and to be noted as changed.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/gather.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* At least this number of rows share a group of heap blocks, on average */
#define GROUP_ROWS		8

/*
 * An entry of the row map has this number of bits beyond those that separate the rows of a group: with one, about
 * half of the rows of a group have a key that no other has
 */
#define SPARE_KEY_BITS	1

/* The most entries of a list */
#define MAX_ENTRIES		((uint64) PG_INT32_MAX)

/* Takes an entry: a node under a key, as the list has it */
typedef void (*VisitEntry) (LokiGathered *gathered, uint32 node, uint32 key, uint32 entry);

/* ----------------------------------------------------------------
 * What nodes say
 * ----------------------------------------------------------------
 */

/* Visit the entries of a slot of an array of arrays, by the list keys of its elements plus 1; or of rows. */
static void
visit_slot(LokiGathered *gathered, int array, uint32 number, const char *slot, VisitEntry visit)
{
	const LokiRowMapData *map = &gathered->list.map;
	const LokiTidData *tid = (const LokiTidData *) slot;
	const LokiDuplicateData *duplicate = (const LokiDuplicateData *) slot;
	const ItemPointerData *heap = array == LOKI_SLOTS_TID ? &tid->u.heap : &duplicate->heap;
	uint32		node = array == LOKI_SLOTS_DUPLICATE ? duplicate->node : number;
	uint16		hashes[LOKI_SLOT_ELEMENTS];
	int			state;

	if (node >= gathered->list.end)
		return;
	if (array == LOKI_SLOTS_TID || array == LOKI_SLOTS_DUPLICATE)
	{
		state = array == LOKI_SLOTS_TID ? LokiTidState(tid) : duplicate->state;
		if (state == LOKI_TID_LIVE || state == LOKI_TID_KILLED)
		{
			BlockNumber block = ItemPointerGetBlockNumberNoCheck(heap);

			visit(gathered, node, Min(block >> map->shift, gathered->nkeys - 1), node |
				  loki_rowmap_key(map, block, ItemPointerGetOffsetNumberNoCheck(heap)) <<
				  map->node_bits);
		}
	}
	else if (slot[0] == LOKI_ATTR_ELEMENTS)
	{
		loki_slot_elements(slot, hashes);
		for (int i = 0; i < LOKI_SLOT_ELEMENTS; i++)
			if (i == 0 || hashes[i] != hashes[i - 1])
				visit(gathered, node, LOKI_ARRAY_HASH(hashes[i]) + 1, node);
	}
	else
		visit(gathered, node, slot[0] == LOKI_ATTR_NULL ? 0 :
			  (slot[0] == LOKI_ATTR_EXACT ? LOKI_ARRAY_EMPTY : LOKI_ARRAY_SIGNATURE) + 1, node);
}

/* Visit what all nodes say: page by page, each of which is copied under share lock. */
static void
visit_all_nodes(LokiGathered *gathered, VisitEntry visit)
{
	LokiSortedList *list = &gathered->list;
	bool		rows = list->number == LOKI_SORTED_ROWS;
	int			arrays[] = {rows ? LOKI_SLOTS_TID : LOKI_SLOTS_ATTR + list->number,
	LOKI_SLOTS_DUPLICATE};

	for (int i = 0; i < (rows ? 2 : 1); i++)
	{
		LokiAllSlots all = {list->state, list->index, arrays[i]};
		const char *slot;

		while ((slot = loki_all_slots_next(&all)) != NULL)
			visit_slot(gathered, arrays[i], all.number, slot, visit);
	}
}

/* ----------------------------------------------------------------
 * Counted keys
 * ----------------------------------------------------------------
 */

/* VisitEntry, of the first pass: count the entries of each key, where they will begin in the end. */
static void
count_entry(LokiGathered *gathered, uint32 node, uint32 key, uint32 entry)
{
	Assert(key < gathered->nkeys);
	gathered->starts[key]++;
}

/* VisitEntry, of the second pass: put an entry in its place, or note its node if that is taken. */
static void
place_entry(LokiGathered *gathered, uint32 node, uint32 key, uint32 entry)
{
	LokiNodeBits *lost = &gathered->lost;

	Assert(key < gathered->nkeys && gathered->next[key] >= gathered->starts[key]);
	if (gathered->next[key] < gathered->starts[key + 1])
	{
		gathered->entries[gathered->next[key]++] = entry;
		return;
	}
	if (lost->nwords == 0)
	{
		lost->end = gathered->list.end;
		lost->nwords = lost->end / 64 + 1;
		lost->words = palloc0(mul_size(sizeof(uint64), lost->nwords));
	}
	lost->words[node / 64] |= UINT64CONST(1) << (node % 64);
}

/*
 * Gather a list whose keys are few, by counting.  Places that nothing took in the second pass, since
 * their nodes have changed, are entries whose bits are all set (D5).
 */
static bool
gather_counted(LokiGathered *gathered)
{
	LokiSortedList *list = &gathered->list;
	bool		rows = list->number == LOKI_SORTED_ROWS;
	Size		size;
	uint64		sum = 0;

	gathered->nkeys = rows ? list->map.groups + 1 : LOKI_ARRAY_SIGNATURE + 2;
	size = mul_size(sizeof(uint32), (Size) gathered->nkeys + 1);
	gathered->starts = palloc_extended(size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	visit_all_nodes(gathered, count_entry);
	for (uint32 key = 0; key <= gathered->nkeys; key++)
	{
		uint32		count = gathered->starts[key];

		gathered->starts[key] = (uint32) sum;
		sum += count;
		if (sum > MAX_ENTRIES)
			return false;
	}
	gathered->next = palloc_extended(size, MCXT_ALLOC_HUGE);
	memcpy(gathered->next, gathered->starts, size);
	size = mul_size(sizeof(uint32), sum + 1);
	gathered->entries = palloc_extended(size, MCXT_ALLOC_HUGE);
	memset(gathered->entries, 0xFF, size);
	visit_all_nodes(gathered, place_entry);
	list->n = (uint32) sum;
	list->nulls = rows ? 0 : gathered->starts[1];
	return true;
}

/* Sort the entries of groups.  See derived.h. */
void
loki_groups_sort(uint32 *entries, const uint32 *starts, uint32 groups)
{
	for (uint32 i = 0; i < groups; i++)
	{
		Assert(starts[i] <= starts[i + 1]);
		if (i % 256 == 0)
			CHECK_FOR_INTERRUPTS();
		qsort(entries + starts[i], starts[i + 1] - starts[i], sizeof(uint32), loki_compare_uint32);
	}
}

/* ----------------------------------------------------------------
 * Keys of 64 bits
 * ----------------------------------------------------------------
 */

/* Nodes by key, and those of equal keys by ID */
#define ST_SORT sort_nodes
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, keys) \
	((keys)[*(a)] != (keys)[*(b)] ? ((keys)[*(a)] < (keys)[*(b)] ? -1 : 1) : (*(a) > *(b)) - (*(a) < *(b)))
#define ST_COMPARE_ARG_TYPE int64
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* ----------------------------------------------------------------
 * Any list
 * ----------------------------------------------------------------
 */

/*
 * Gather a list by counting, or one of which each node has one key by sorting: NULLs are put first as they are
 * read.  See derived.h.
 */
bool
loki_gather(LokiGathered *gathered)
{
	LokiSortedList *list = &gathered->list;
	int			number = LOKI_SLOTS_ATTR + list->number;
	LokiAllSlots all = {list->state, list->index, number};
	const char *slot;

	Assert(list->end > 0 && gathered->entries == NULL);
	if (list->number == LOKI_SORTED_ROWS || loki_attr_has_elements(list->state->attr_type[list->number]))
		return gather_counted(gathered);
	gathered->keys = palloc_extended(mul_size(sizeof(int64), (Size) list->end + 1),
									 MCXT_ALLOC_HUGE);
	gathered->entries = palloc_extended(mul_size(sizeof(uint32), (Size) list->end + 1),
										MCXT_ALLOC_HUGE);
	list->n = list->nulls = 0;
	while ((slot = loki_all_slots_next(&all)) != NULL && all.number < list->end)
	{
		uint32		place = list->n++;

		gathered->keys[all.number] = slot[0] == LOKI_ATTR_NULL ? PG_INT64_MIN :
			loki_attr_sort_key(list->state->arrays[number].slot_size - 1, slot);
		/* a NULL changes places with the first entry that is none */
		if (slot[0] == LOKI_ATTR_NULL)
		{
			gathered->entries[place] = gathered->entries[list->nulls];
			place = list->nulls++;
		}
		gathered->entries[place] = all.number;
	}
	Assert(list->n <= list->end);
	sort_nodes(gathered->entries + list->nulls, list->n - list->nulls, gathered->keys);
	return true;
}

/* Free what loki_gather() has allocated, also if it has failed. */
void
loki_gathered_free(LokiGathered *gathered)
{
	void	   *memory[] = {gathered->entries, gathered->keys, gathered->starts, gathered->next,
	gathered->lost.words};

	for (int i = 0; i < lengthof(memory); i++)
		if (memory[i] != NULL)
			pfree(memory[i]);
}

/*
 * The key of an entry: that of NULL is below all others.  See derived.h.  Counted keys are found by
 * going on from the one that was asked for last.
 */
int64
loki_gathered_key(LokiGathered *gathered, uint32 place)
{
	Assert(place < gathered->list.n);
	Assert(gathered->keys != NULL || gathered->starts[gathered->at] <= place);	/* ascending calls */
	if (gathered->keys != NULL)
		return gathered->keys[gathered->entries[place]];
	while (place >= gathered->starts[gathered->at + 1])
		gathered->at++;
	if (gathered->list.number == LOKI_SORTED_ROWS)
		return gathered->at;
	return gathered->at == 0 ? PG_INT64_MIN : (int64) gathered->at - 1;
}

/* How many values the entries have, but NULL, up to `most`; keys begin again afterwards */
uint32
loki_gathered_values(LokiGathered *gathered, uint32 most)
{
	uint32		values = 0;
	int64		last = 0;

	for (uint32 i = gathered->list.nulls; i < gathered->list.n && values < most; i++)
	{
		int64		key = loki_gathered_key(gathered, i);

		values += i == gathered->list.nulls || key != last;
		last = key;
	}
	gathered->at = 0;
	return values;
}

/* ----------------------------------------------------------------
 * Groups and memory
 * ----------------------------------------------------------------
 */

/* Raise the highest group; nkeys - 1 is that of the highest block. */
static void
count_group(LokiGathered *gathered, uint32 node, uint32 key, uint32 entry)
{
	gathered->list.map.groups = Max(gathered->list.map.groups, key + 1);
	gathered->list.n++;
}

/*
 * Choose groups and widths of a row map.  See derived.h.  Groups of blocks are made larger until they
 * have GROUP_ROWS rows on average, so that bounds stay few; then an entry gets bits enough to tell most
 * rows of a group apart.
 */
void
loki_rowmap_choose(LokiIndex *state, Relation index, LokiRowMapData *map)
{
	LokiGathered gathered = {
		.list = {.state = state, .index = index, .number = LOKI_SORTED_ROWS, .end = map->end},
		.nkeys = MaxBlockNumber
	};
	uint32		rows;

	visit_all_nodes(&gathered, count_group);
	map->entries = gathered.list.n;
	map->groups = gathered.list.map.groups;
	map->shift = 0;
	while (map->groups > Max(map->end / GROUP_ROWS, 1))
	{
		map->groups = map->groups / 2 + map->groups % 2;
		map->shift++;
	}
	rows = map->entries / Max(map->groups, 1);
	/* a node whose bits are all set is none */
	map->node_bits = (uint8) (pg_leftmost_one_pos32(Max(map->end, 1)) + 1);
	map->key_bits = (uint8) Min(pg_leftmost_one_pos32(rows + 1) + 1 + SPARE_KEY_BITS,
								LOKI_ROWMAP_MAX_KEY_BITS);
	map->key_bits = (uint8) Min(map->key_bits, LOKI_ROWMAP_MAX_WIDTH - map->node_bits);
	Assert(map->end < UINT64CONST(1) << map->node_bits);	/* D5 */
	Assert(map->node_bits + map->key_bits <= LOKI_ROWMAP_MAX_WIDTH);
}

/*
 * See derived.h: arrays of gather_counted() or loki_gather().  Rows are those of nodes, and those that have DUPLICATE
 * slots.
 */
double
loki_gather_memory(const LokiIndex *state, int number, uint32 end)
{
	const LokiSlotArray *duplicate = &state->arrays[LOKI_SLOTS_DUPLICATE];

	if (number == LOKI_SORTED_ROWS)
		return sizeof(uint32) * (end + (double) duplicate->npages * duplicate->per_page +
								 2.0 * Max(end / GROUP_ROWS, 1));
	return (double) end * (loki_attr_has_elements(state->attr_type[number]) ?
						   LOKI_SLOT_ELEMENTS * sizeof(uint32) : sizeof(int64) + sizeof(uint32));
}
