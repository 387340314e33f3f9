/*-------------------------------------------------------------------------
 *
 * duplicates.c
 *	  Making one node of duplicates: rows that are equal in vector and attributes.
 *
 * Several processes load rows, each as a node of its own, so this is done afterwards.  Vectors
 * count as equal if their hashes are equal; the index keeps the same hashes.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/duplicates.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "hnsw/build/build.h"
#include "utils/memutils.h"

/* A node, found by vector and attributes */
typedef struct EqualEntry
{
	uint32		node;
	uint32		hash;
	char		status;
} EqualEntry;

/* Whether the rows of two nodes share one */
static bool
nodes_equal(const LokiBuild *build, uint32 a, uint32 b)
{
	for (int i = 0; i <= build->meta.nattributes; i++)
	{
		int			array = LokiSharedArray(i);

		if (memcmp(loki_build_slot(build, array, a), loki_build_slot(build, array, b),
				   build->geometry.arrays[array].slot_size) != 0)
			return false;
	}
	return true;
}

/* Attributes go into the hash: many rows may have one vector and differ in attributes */
static uint32
node_hash(const LokiBuild *build, uint32 node)
{
	uint32		result = 0;

	for (int i = 0; i <= build->meta.nattributes; i++)
	{
		int			array = LokiSharedArray(i);

		result = hash_combine(result,
							  hash_bytes((unsigned char *) loki_build_slot(build, array, node),
										 build->geometry.arrays[array].slot_size));
	}
	return result;
}

#define SH_PREFIX equal
#define SH_ELEMENT_TYPE EqualEntry
#define SH_KEY_TYPE uint32
#define SH_KEY node
#define SH_HASH_KEY(tb, key) node_hash((const LokiBuild *) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b) nodes_equal((const LokiBuild *) (tb)->private_data, a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Bytes of a node in the hash table, which is at least half full */
Size
loki_duplicate_node_memory(void)
{
	return 2 * sizeof(EqualEntry);
}

/* Append a DUPLICATE slot that is followed by `next` in its TID list; returns its number. */
static uint32
add_duplicate_slot(LokiBuild *build, uint32 node, uint32 next, const ItemPointerData *tid)
{
	LokiBuildSlots *slots = &build->arrays.duplicate;
	char	  **array = &build->arrays.slots[LOKI_SLOTS_DUPLICATE];

	Assert(next == LOKI_NONE || next < slots->count);
	if (slots->count == slots->allocated)
	{
		Size		size;

		if (slots->count >= LOKI_MAX_NUMBER)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot index more than %u rows", LOKI_MAX_NUMBER)));
		slots->allocated = Min(Max((uint64) slots->count * 2, 1024), LOKI_MAX_NUMBER);
		size = mul_size(build->geometry.arrays[LOKI_SLOTS_DUPLICATE].slot_size,
						slots->allocated);
		*array = *array ? repalloc_huge(*array, size) :
			MemoryContextAllocHuge(build->context, size);
	}
	*(LokiDuplicateData *) loki_build_slot(build, LOKI_SLOTS_DUPLICATE, slots->count) =
		loki_duplicate_slot(node, next, tid);
	return slots->count++;
}

/*
 * Put the row of node `other` at the head of a node's TID list, which is made if the node
 * has one row.  The TID slot keeps the value in the TOAST table if all rows have the same.
 */
static void
join_node(LokiBuild *build, uint32 node, uint32 other)
{
	LokiTidData *slot = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_TID, node);
	LokiTidData *row = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_TID, other);
	uint32		head;

	Assert(node < other);
	Assert(LokiTidState(slot) == LOKI_TID_LIVE || LokiTidState(slot) == LOKI_TID_LIST);
	Assert(LokiTidState(row) == LOKI_TID_LIVE);
	if (LokiTidState(slot) == LOKI_TID_LIVE)
		head = add_duplicate_slot(build, node, LOKI_NONE, &slot->u.heap);
	else
		head = LokiTidListHead(slot);
	head = add_duplicate_slot(build, node, head, &row->u.heap);
	loki_tid_make_list(slot, build->geometry.arrays[LOKI_SLOTS_TID].slot_size, head, row);
}

/* Move a node to a smaller node ID. */
static void
move_node(LokiBuild *build, uint32 from, uint32 to)
{
	Assert(to < from);
	for (int i = LOKI_ARENA_NODES; i <= LOKI_ARENA_ROWS; i++)
	{
		const LokiArena *arena = &build->arenas[i];

		for (int array = 0; array < arena->shared->narrays; array++)
		{
			Size		stride = arena->shared->stride[array];

			if (stride > 0)
				memcpy(arena->arrays[array] + stride * to,
					   arena->arrays[array] + stride * from, stride);
		}
	}
}

/* Join nodes that are equal, and close the gaps that they leave.  The order stays. */
void
loki_build_find_duplicates(LokiBuild *build)
{
	struct equal_hash *equal = equal_create(build->context, Max(build->nnodes / 2, 1024),
											build);
	uint32		nnodes = 0;

	Assert(build->part.leader && build->arrays.rows == NULL);
	for (uint32 row = 0; row < build->nnodes; row++)
	{
		EqualEntry *entry;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		if (row != nnodes)
			move_node(build, row, nnodes);
		entry = equal_insert(equal, nnodes, &found);
		if (found)
			join_node(build, entry->node, nnodes);
		else
			nnodes++;
	}
	build->nnodes = nnodes;
	equal_destroy(equal);
}
