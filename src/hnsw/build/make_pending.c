/*-------------------------------------------------------------------------
 *
 * make_pending.c
 *	  aminsert, codes and graph for the nodes of a pending index, and the growth of distances.
 *
 * An index with few nodes has neither codes nor a graph.  The insert that brings enough of them
 * makes both, of the rows that the nodes have, as a build does.  Scans go on meanwhile: they read
 * rows, and see nothing of what is written until the metapage says that it is complete.
 * src/hnsw/insert/README, "Pending indexes".
 *
 * Reading rows locks TOAST tables while all insert locks are held.  The deadlock detector knows both.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/make_pending.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/recall/recall.h"
#include "hnsw/statistics/statistics.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* The nodes of a pending index, and their rows */
typedef struct PendingNodes
{
	Relation	index;
	LokiIndex  *state;
	uint32		end;			/* all node IDs are below */
	uint32		n;
	uint32	   *nodes;			/* that are live, ascending */
	LokiRows	rows;
} PendingNodes;

/*
 * Find the live nodes.  Share locks, one page at a time.  Nodes of dead rows stay without a code: vacuum frees
 * them, and no search comes to them.
 */
static void
find_nodes(PendingNodes *pending)
{
	LokiSlotArray *array = &pending->state->arrays[LOKI_SLOTS_TID];

	loki_index_refresh(pending->state, pending->index);
	pending->end = loki_node_end(pending->state, pending->index);
	pending->nodes = palloc_array(uint32, pending->end + 1);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		PGAlignedBlock copy;
		int			used = loki_page_copy(pending->state, pending->index, LOKI_SLOTS_TID, ordinal,
										  NULL, copy.data);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < used; i++)
			if (LokiTidIsLive((LokiTidData *) LokiPageSlot(copy.data, array->slot_size, i)))
				pending->nodes[pending->n++] = ordinal * array->per_page + i;
	}
	Assert(pending->n <= pending->end);
}

/*
 * LokiBuildVector: the vector of a node, from any of its rows, which are equal.  NULL if these
 * are dead to everyone.
 */
static const float *
pending_vector(void *arg, uint32 i)
{
	PendingNodes *pending = arg;
	bool		isnull;
	Datum		value;

	Assert(i < pending->n);
	if (!loki_rows_fetch_node(&pending->rows, pending->state, pending->nodes[i]))
		return NULL;
	value = loki_rows_value(&pending->rows, &isnull);
	return loki_rows_vector(&pending->rows, value, isnull);
}

/*
 * Load the vectors into the arrays of the build; false if too few can be read.  They are read twice, for the
 * centroid and then to be encoded, as by a build.  Beyond LOKI_MOST_PENDING nodes, codes are made of
 * what there is: waiting on would make scans read too many rows.
 */
static bool
load_nodes(LokiBuild *build, PendingNodes *pending)
{
	double		read;

	loki_compact_begin(build);
	loki_centers_begin(build);
	read = loki_build_sample_vectors(build, pending->n, pending_vector, pending);
	if (read < 1 || (read < pending->n / 2.0 && pending->n < LOKI_MOST_PENDING))
		return false;
	build->expected_rows = pending->n;
	loki_centers_choose(build);
	loki_compact_choose(build);
	loki_build_set_code(build);
	loki_parallel_begin(build);
	loki_build_load_vectors(build, pending->n, pending_vector, pending);
	return true;
}

/*
 * Connect the nodes that were loaded, and write what the index lacks.  In the build, nodes are numbered from 0
 * without gaps; in the index they keep their IDs, and `order` has LOKI_NONE where an ID has no live node.
 */
static void
make_codes(LokiBuild *build, PendingNodes *pending)
{
	LokiMetaPageData meta = build->meta;

	build->nnodes = pending->n;
	loki_build_make_graph(build);
	build->final.position = pending->nodes;
	build->final.order = palloc_array(uint32, pending->end + 1);
	memset(build->final.order, 0xFF, (pending->end + 1) * sizeof(uint32));
	for (uint32 i = 0; i < pending->n; i++)
		build->final.order[pending->nodes[i]] = i;
	loki_build_write_pending(build, loki_index_for_meta(build->index, &meta));
}

/*
 * Make codes and graph of a pending index, unless another insert did.  The insert locks are held
 * from before the metapage is read until it is written: no node comes or goes; only vacuum sets
 * marks, which vacuum itself follows up (insert/README, "Pending indexes").
 */
static void
make_pending(Relation heap, Relation index, IndexInfo *index_info)
{
	PendingNodes pending = {.index = index};
	LokiMetaPageData meta;
	LokiCounts	counts = {.of[LOKI_COUNT_BUILDS] = 1};
	LokiBuild  *build;
	SnapshotData snapshot;
	bool		loaded;
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	/* waits for inserts that are under way, and keeps others out: they would add nodes without codes */
	loki_inserts_block(index);
	pending.state = loki_index_open(index, &meta);
	find_nodes(&pending);
	/* another insert saw the same, and was here first */
	if (meta.pending == 0 || pending.end < meta.pending)
	{
		loki_inserts_unblock(index);
		return;
	}
	build = loki_build_begin(heap, index, index_info, &meta);
	build->part.leader = true;
	build->geometry.pending = true;
	/* rows are read as the table's owner */
	InitNonVacuumableSnapshot(snapshot, GlobalVisTestFor(heap));
	loki_rows_begin(&pending.rows, heap, index, &snapshot);
	pending.rows.may_be_gone = true;
	loaded = load_nodes(build, &pending);
	loki_rows_end(&pending.rows);
	if (loaded)
	{
		make_codes(build, &pending);
		loki_parallel_end(build);
		counts.of[LOKI_TIME_BUILD] = loki_microseconds_since(start);
		loki_count(index, &counts);
		elog(DEBUG1, "codes and graph of index \"%s\" were made of its %u nodes",
			 RelationGetRelationName(index), pending.n);
	}
	else
	{
		LokiChange	change;

		/*
		 * Wait until the index has twice as many nodes: most of those that it
		 * has are of rows that nobody sees, which say nothing of the rows to
		 * come
		 */
		loki_change_begin(&change, pending.state, index);
		loki_change_meta(&change)->pending = Min(2 * pending.end, LOKI_MAX_NUMBER);
		loki_change_finish(&change);
	}
	loki_inserts_unblock(index);
}

/*
 * aminsert: insert a row, make codes and graph if the index has nodes enough now, and measure how distances
 * grow in a new graph, and in one whose nodes have doubled.
 */
bool
loki_hnsw_insert(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid,
				 Relation heap, IndexUniqueCheck checkUnique, bool indexUnchanged,
				 IndexInfo *indexInfo)
{
	MemoryContext context;
	MemoryContext old;

	LokiInsertDue due = loki_insert_row(index, values, isnull, heap_tid, heap, indexUnchanged, indexInfo);

	if (due == LOKI_INSERT_DUE_NOTHING)
		return false;
	/* the row's insert has ended, so that what fails from here on leaves the index as it is */
	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw pending",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	if (due == LOKI_INSERT_DUE_CODES)
		make_pending(heap, index, indexInfo);
	loki_growth_measure(index);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return false;
}
