/*-------------------------------------------------------------------------
 *
 * tail.c
 *	  Posting lists of the tail: windows that inserts append.
 *
 * A search reads the row of each node that is in no posting list.  So the insert that brings many such
 * nodes lists them, as one flushes GIN's pending list when that is long.  The new windows are behind
 * those that there are, which stay as they are; then one record of block 0 says that there are more.
 * Whoever read the metapage before goes on by what it said, as the generation is the same.  After a
 * crash or an error before that record, what was written is behind the end, and is written over.
 *
 * Such windows are small, and a search looks for its terms in each: without VACUUM, 100,000 new rows have
 * a hundred.  VACUUM counts their nodes among those that no list has, and so makes one window of 65,536
 * nodes again (make.c).  The first lists of an index that was made of few rows are such windows, too.  A
 * node that is used again is in no list before VACUUM makes all.
 *
 * One insert does so at a time, and no other waits for it (page/insert_lock.c).  It holds an insert lock
 * from before it looks at nodes until the metapage is written:
 *
 * - A node that it saw live is not freed meanwhile (I11).  Any other, free, reserved or dead, it notes in
 *	 REUSED, as it may be live before the metapage says that it is below the end.
 *
 * - An insert that uses a node again looks for the end after its claim (insert/node.c).  So if the node
 *	 was live when it was listed, the insert sees the new end, and notes it.
 *
 * - VACUUM, when it makes all lists, says first that there are none, and then waits for inserts; a tail
 *	 that was begun before is given up.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/tail.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/held.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"

/* Nodes of a tail that is listed; and at most at once, by one insert */
#define TAIL_NODES		1000
#define TAIL_AT_ONCE	(4 * TAIL_NODES)

/* Whether lists may begin with the tail: there have been none yet, as the index was made of few rows */
static bool
begins(const LokiMetaPageData *meta)
{
	return (meta->flags & LOKI_META_DERIVED) == 0 && meta->derived.sorted.end == 0;
}

/* Where lists end that inserts may append to; LOKI_NONE if there are none, which VACUUM will make */
static uint32
tail_begin(const LokiMetaPageData *meta)
{
	return (meta->flags & LOKI_META_TERM_LISTS) != 0 ? loki_terms_end(meta) : begins(meta) ? 0 : LOKI_NONE;
}

/*
 * Whether the insert of a node has to list the tail.  See derived.h.  Each TAIL_NODES-th does, so if one
 * cannot, not all that follow try.
 */
bool
loki_tail_due(const LokiMetaPageData *meta, uint32 node)
{
	uint32		begin = tail_begin(meta);

	return node >= begin && (node - begin + 1) % TAIL_NODES == 0;
}

/* See derived.h.  Share locks pages of TID, and may extend REUSED, where nodes will be noted. */
bool
loki_tail_begin(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiTermListsData *data,
				uint32 *end)
{
	uint32		nodes = loki_node_end(state, index);

	Assert(loki_insert_lock_held(index) && loki_no_buffer_locked());
	memset(data, 0, sizeof(LokiTermListsData));
	if ((meta->flags & LOKI_META_TERM_LISTS) != 0)
		*data = meta->derived.terms;
	data->end = tail_begin(meta);
	if (!loki_derived_possible(state, meta) || nodes < data->end || nodes - data->end < TAIL_NODES)
		return false;
	*end = data->end + Min(nodes - data->end, TAIL_AT_ONCE);
	return loki_reserve_slot(state, index, LOKI_SLOTS_REUSED,
							 loki_bit_slots(LOKI_SLOTS_REUSED, *end) - 1, WARNING);
}

/* See derived.h.  The first lists get a generation, as others may have been begun before (D1). */
bool
loki_tail_publish(Relation index, const LokiMetaPageData *meta, const LokiTermListsData *data)
{
	LokiChange	change;
	LokiMetaPage page;
	bool		same;

	Assert(loki_insert_lock_held(index));
	Assert(data->end > tail_begin(meta));
	loki_change_begin(&change, NULL, index);
	page = loki_change_meta(&change);
	same = tail_begin(page) == tail_begin(meta) &&
		page->derived.sorted.generation == meta->derived.sorted.generation;
	if (same)
	{
		if ((page->flags & LOKI_META_TERM_LISTS) == 0)
			page->derived.sorted.generation++;
		page->flags |= LOKI_META_TERM_LISTS;
		page->derived.terms = *data;
	}
	loki_change_finish(&change);
	return same;
}
