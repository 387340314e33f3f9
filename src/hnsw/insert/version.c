/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Finding the nodes of rows that are updated by the hash of their vectors.
 *
 * A statement that updates many rows and leaves the indexed columns alone looks
 * for the node of each.  After some of them it reads HASH once and keeps the
 * number of every node in a hash table, which finds the nodes of the others in
 * less than a tenth of the time that a search takes.  The table is the
 * statement's own: nodes that come later are not in it, and those that go are
 * seen to be gone, since what it says is compared with the index.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/version.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"

/*
 * Rows before the table is made: it costs as much as a search for each of so
 * many nodes.
 */
#define MIN_ROWS			64
#define NODES_PER_SEARCH	500

/* Places that are looked at for a hash: there may be many nodes with one vector
 * and other attributes */
#define MAX_PROBES			32

typedef struct LokiVersionTable
{
	uint32		mask;			/* size - 1 */
	uint32		nodes[FLEXIBLE_ARRAY_MEMBER];	/* LOKI_NONE = empty */
} LokiVersionTable;

static void
table_insert(LokiVersionTable *table, uint64 hash, uint32 node)
{
	uint32		i = (uint32) hash & table->mask;

	for (int probe = 0; probe < MAX_PROBES; probe++)
	{
		if (table->nodes[i] == LOKI_NONE)
		{
			table->nodes[i] = node;
			return;
		}
		i = (i + 1) & table->mask;
	}
}

/* Put the nodes of a page of HASH into the table; how many there are */
static int
insert_page(LokiNewRow *row, LokiVersionTable *table, uint32 ordinal)
{
	LokiSlotArray *array = &row->state->arrays[LOKI_SLOTS_HASH];
	PGAlignedBlock copy;
	int			used = loki_page_copy(row->state, row->index, LOKI_SLOTS_HASH, ordinal, NULL, copy.data);

	for (int i = 0; i < used; i++)
	{
		uint64		hash;

		memcpy(&hash, LokiPageSlot(copy.data, array->slot_size, i), sizeof(hash));
		table_insert(table, hash, ordinal * array->per_page + i);
	}
	return used;
}

/*
 * Make the table if enough rows have come for it, and if it fits the memory of
 * hash tables.  No lock is held.
 */
void
loki_version_prepare(LokiNewRow *row)
{
	LokiInsertCache *cache = row->cache;
	LokiSlotArray *array = &row->state->arrays[LOKI_SLOTS_HASH];
	uint64		nodes = (uint64) array->npages * array->per_page;
	LokiVersionTable *table;
	uint32		size = 1024;

	if (cache->versions != NULL ||
		++cache->nunchanged < Max(MIN_ROWS, nodes / NODES_PER_SEARCH))
		return;
	while (size < nodes + nodes / 2)
		size *= 2;
	if (mul_size(size, sizeof(uint32)) > get_hash_memory_limit())
		return;

	table = MemoryContextAllocHuge(cache->context,
								   add_size(offsetof(LokiVersionTable, nodes),
											mul_size(size, sizeof(uint32))));
	table->mask = size - 1;
	memset(table->nodes, 0xFF, mul_size(size, sizeof(uint32)));
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		CHECK_FOR_INTERRUPTS();
		if (insert_page(row, table, ordinal) == 0)
			break;
	}
	cache->versions = table;
}

/* Find the row's node in the table, and join it.  The page lock is held. */
bool
loki_version_share(LokiNewRow *row)
{
	const LokiVersionTable *table = row->cache->versions;
	uint32		i = (uint32) row->hash.h[0] & table->mask;

	for (int probe = 0; probe < MAX_PROBES && table->nodes[i] != LOKI_NONE; probe++)
	{
		if (loki_share_if_equal(row, table->nodes[i]))
			return true;
		i = (i + 1) & table->mask;
	}
	return false;
}
