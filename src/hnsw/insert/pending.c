/*-------------------------------------------------------------------------
 *
 * pending.c
 *	  Inserting a row into a pending index, which has neither codes nor a graph.
 *
 * This is GIN's pending list, with two differences: nodes are where they will stay, and the
 * insert that fills the list makes codes and graph of it, not vacuum (build/make_pending.c).  The row gets
 * a node with its heap TID, hash and attributes; scans read the rows of all nodes (scan/README,
 * "Pending indexes").  A duplicate is found by reading all of HASH, a few pages.
 * src/hnsw/insert/README, "Pending indexes".
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/pending.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/insert/insert.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"

/*
 * Join the node of a row with the same vector and attributes; false if there is none.  HASH is read
 * page by page under share lock, and nothing is locked while a node is joined.  The insert lock is held, so
 * that the index stays pending, and no content lock; none is left.
 */
bool
loki_join_pending(LokiNewRow *row)
{
	LokiSlotArray *array = &row->state->arrays[LOKI_SLOTS_HASH];

	Assert(loki_insert_lock_held(row->index));	/* N1 */
	Assert(row->meta.pending > 0 && row->meta.entry.node == LOKI_NONE); /* N3 */

	/*
	 * posting lists have a node for each row; all of HASH would be too much
	 * to read
	 */
	if (loki_column_listed(&row->state->column))
		return false;
	loki_index_refresh(row->state, row->index);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		PGAlignedBlock copy;
		int			used = loki_page_copy(row->state, row->index, LOKI_SLOTS_HASH, ordinal, NULL,
										  copy.data);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < used; i++)
			if (memcmp(LokiPageSlot(copy.data, array->slot_size, i), &row->hash,
					   array->slot_size) == 0 &&
				loki_join_duplicate(row, ordinal * array->per_page + i))
				return true;
	}
	return false;
}
