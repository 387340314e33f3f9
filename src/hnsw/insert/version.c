/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Finding the nodes of rows that are updated by the hash of their vectors.
 *
 * A statement that updates many rows and leaves the indexed columns alone looks for the
 * node of each row.  After some of them it reads HASH once and puts all node IDs into a hash
 * table, which finds a node in less than a tenth of the time of a search.  The table belongs
 * to the statement: it lacks nodes that come later, and names nodes that are gone.  That is
 * noticed, because each node it names is compared with the row in the index.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/version.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "utils/memutils.h"

/* Places that are looked at for a hash: many nodes may have the same vector and differ in
 * attributes */
#define MAX_PROBES			32

/*
 * Node IDs by the hash of their vectors, with linear probing.  The hashes are not kept, as simplehash
 * would keep them with a status: four bytes a node, a third of that, are read from one cache line.
 */
typedef struct LokiVersionTable
{
	uint32		mask;			/* size - 1; the size is a power of two */
	uint32		nodes[FLEXIBLE_ARRAY_MEMBER];	/* LOKI_NONE = empty */
} LokiVersionTable;

/*
 * Make the table if enough rows have come for it, and if it fits the memory of hash tables.
 * Making it costs as much as one search for each 500 nodes.
 * The insert lock is not held: reading all of HASH takes long.
 */
void
loki_version_prepare(LokiNewRow *row)
{
	LokiInsertCache *cache = row->cache;
	LokiSlotArray *array = &row->state->arrays[LOKI_SLOTS_HASH];
	uint64		nodes = (uint64) array->npages * array->per_page;
	LokiVersionTable *table;
	LokiAllSlots all = {row->state, row->index, LOKI_SLOTS_HASH};
	const void *slot;
	uint32		size = 1024;

	Assert(!loki_insert_lock_held(row->index));
	if (cache->versions != NULL ||
		++cache->nunchanged < Max(64, nodes / 500))
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
	while ((slot = loki_all_slots_next(&all)) != NULL)
	{
		uint64		hash;
		int			probe = 0;

		/* a node is left out if the places for its hash are taken */
		memcpy(&hash, slot, sizeof(hash));
		while (probe < MAX_PROBES && table->nodes[(hash + probe) & table->mask] != LOKI_NONE)
			probe++;
		if (probe < MAX_PROBES)
			table->nodes[(hash + probe) & table->mask] = all.number;
	}
	cache->versions = table;
}

/*
 * Find the row's node in the table, and join it; false if it is not there.  What the table says is
 * a hint (loki_join_duplicate() compares).  The insert lock is held, and no content lock; none is left.
 */
bool
loki_version_join(LokiNewRow *row)
{
	const LokiVersionTable *table = row->cache->versions;

	Assert(loki_insert_lock_held(row->index));
	Assert((table->mask & (table->mask + 1)) == 0);
	for (int probe = 0; probe < MAX_PROBES; probe++)
	{
		uint32		node = table->nodes[(row->hash.h[0] + probe) & table->mask];

		if (node == LOKI_NONE)
			return false;
		if (loki_join_duplicate(row, node))
			return true;
	}
	return false;
}
