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

#include "compat/grow.h"
#include "hnsw/build/build.h"

/* Append a DUPLICATE slot that is followed by `next` in its TID list; returns its number. */
static uint32
add_duplicate_slot(LokiBuild *build, uint32 node, uint32 next, const ItemPointerData *tid)
{
	LokiBuildSlots *slots = &build->arrays.duplicate;
	char	  **array = &build->arrays.slots[LOKI_SLOTS_DUPLICATE];

	Assert(next == LOKI_NONE || next < slots->count);
	if (slots->count >= LOKI_MAX_NUMBER)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot index more than %u rows", LOKI_MAX_NUMBER)));
	*array = loki_grow(build->context, *array, &slots->allocated, (uint64) slots->count + 1, 1024,
					   build->geometry.arrays[LOKI_SLOTS_DUPLICATE].slot_size);
	*(LokiDuplicateData *) loki_build_slot(build, LOKI_SLOTS_DUPLICATE, slots->count) =
		loki_duplicate_slot(node, next, tid);
	return slots->count++;
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

/*
 * Join nodes that are equal, and close the gaps that they leave.  The order stays.  A row comes to the head of the TID
 * list of the first node, which is made if that has one row; the TID slot keeps the value in the TOAST table if all
 * rows have the same.
 */
void
loki_build_find_duplicates(LokiBuild *build)
{
	LokiEqualNodes equal = {.narrays = 1 + build->meta.nattributes};
	uint32		nnodes = 0;

	Assert(build->part.leader && build->arrays.rows == NULL);
	for (int i = 0; i < equal.narrays; i++)
	{
		equal.slots[i] = loki_build_slot(build, LokiSharedArray(i), 0);
		equal.sizes[i] = build->geometry.arrays[LokiSharedArray(i)].slot_size;
	}
	loki_equal_begin(&equal, build->context, build->nnodes);
	for (uint32 row = 0; row < build->nnodes; row++)
	{
		uint32		first;
		uint32		head;
		LokiTidData *slot;
		LokiTidData *joining;

		CHECK_FOR_INTERRUPTS();
		if (row != nnodes)
			move_node(build, row, nnodes);
		first = loki_equal_first(&equal, nnodes);
		if (first == nnodes)
		{
			nnodes++;
			continue;
		}
		slot = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_TID, first);
		joining = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_TID, nnodes);
		Assert(first < nnodes && LokiTidState(joining) == LOKI_TID_LIVE);
		Assert(LokiTidState(slot) == LOKI_TID_LIVE || LokiTidState(slot) == LOKI_TID_LIST);
		head = LokiTidState(slot) == LOKI_TID_LIST ? LokiTidListHead(slot) :
			add_duplicate_slot(build, first, LOKI_NONE, &slot->u.heap);
		head = add_duplicate_slot(build, first, head, &joining->u.heap);
		loki_tid_make_list(slot, build->geometry.arrays[LOKI_SLOTS_TID].slot_size, head, joining);
	}
	build->nnodes = nnodes;
	loki_equal_end(&equal);
}
