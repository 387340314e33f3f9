/*-------------------------------------------------------------------------
 *
 * make_pending.c
 *	  aminsert, codes and graph for the nodes that an index has, its lists, and the growth of distances.
 *
 * An index with few nodes has neither codes nor a graph.  The insert that brings enough of them
 * makes both, of the rows that the nodes have, as a build does.  Scans go on meanwhile: they read
 * rows, and see nothing of what is written until the metapage says that it is complete.
 * src/hnsw/insert/README, "Pending indexes".
 *
 * Reading rows locks TOAST tables while all insert locks are held.  The deadlock detector knows both.
 *
 * Such codes know the first rows.  If crowds came later, which these codes do not tell apart, vacuum makes codes and
 * graph once more, as another set, while inserts go on (insert/README, "Codes made anew").
 *
 * IDENTIFICATION
 *	  src/hnsw/build/make_pending.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/index.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/definition/options.h"
#include "hnsw/derived/derived.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/recall/recall.h"
#include "hnsw/statistics/statistics.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Whose codes a node has in the set that is made */
typedef enum CodesOf
{
	CODES_MISSING,				/* and no links either */
	CODES_OF_ANOTHER,
	CODES_OWN					/* or of another, for good: it has no rows */
} CodesOf;

/* The nodes of a pending index, and their rows */
typedef struct PendingNodes
{
	Relation	index;
	LokiIndex  *state;
	uint32		end;			/* all node IDs are below */
	uint32		n;
	uint32		sampled;		/* of these, evenly spread */
	uint32	   *nodes;			/* that are live, ascending */
	uint8	   *codes;			/* by node below `end`, when codes are made
								 * anew: CodesOf */
	List	   *forgotten;		/* places in `nodes` of those without a row
								 * that can be read */
	LokiRows	rows;
} PendingNodes;

/*
 * Find the live nodes.  Share locks, one page at a time.  Nodes of dead rows stay without a code: vacuum frees
 * them, and no search comes to them.
 */
static void
find_nodes(PendingNodes *pending)
{
	LokiAllSlots all = {pending->state, pending->index, LOKI_SLOTS_TID};
	const LokiTidData *tid;

	loki_index_refresh(pending->state, pending->index);
	pending->n = 0;
	pending->end = loki_node_end(pending->state, pending->index);
	pending->nodes = palloc_extended(((Size) pending->end + 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	/* others may come meanwhile: these have to wait */
	while ((tid = loki_all_slots_next(&all)) != NULL && all.number < pending->end)
		if (LokiTidIsLive(tid))
			pending->nodes[pending->n++] = all.number;
	Assert(pending->n <= pending->end);
}

/*
 * LokiBuildVector: the vector of a node of the sample, from any of its rows, which are equal.  NULL if these
 * are dead to everyone.
 */
static const float *
sampled_vector(void *arg, uint32 i)
{
	PendingNodes *pending = arg;
	uint32		place = (uint32) ((uint64) i * pending->n / pending->sampled);
	bool		isnull;
	Datum		value;

	Assert(place < pending->n);
	if (!loki_rows_fetch_node(&pending->rows, pending->state, pending->nodes[place]))
		return NULL;
	value = loki_rows_value(&pending->rows, &isnull);
	return loki_rows_vector(&pending->rows, value, isnull);
}

/*
 * The same for the codes, of any version of the rows: those that are dead to everyone here may be seen on a standby, as
 * long as they were not pruned.  A node of which none can be read gets codes of another.  A row that has its vector must
 * not join it then, or searches would not find this row: so its hash is cleared, which rows are compared by.
 */
static const float *
vector_for_codes(void *arg, uint32 i)
{
	PendingNodes *pending = arg;
	const LokiHashData none = {{0}};
	const float *read = loki_rows_indexed_vector(&pending->rows, pending->state, pending->nodes[i], false);

	if (read != NULL)
		return read;
	loki_slot_write(pending->state, pending->index, LOKI_SLOTS_HASH, pending->nodes[i], &none);
	pending->forgotten = lappend_int(pending->forgotten, (int) i);
	/* one may have joined; its hash may be cleared since a vacuum that failed; or functions return others than they did */
	return loki_rows_indexed_vector(&pending->rows, pending->state, pending->nodes[i], true);
}

/*
 * Load the vectors into the arrays of the build; false if too few can be read.  They are read twice, for the centroid
 * and then to be encoded, as by a build.  Beyond LOKI_MOST_PENDING nodes, codes are made of what there is: waiting on
 * would make scans read too many rows.
 *
 * Codes made anew get centers from a sample; false if the rows turn out to need none.  The centroid stays, as 1-bit
 * sketches are made around it.
 */
static bool
load_nodes(LokiBuild *build, PendingNodes *pending, bool anew)
{
	double		read;

	pending->sampled = anew ? Min(pending->n, LOKI_SAMPLE_ROWS) : pending->n;
	loki_compact_begin(build);
	loki_centers_begin(build);
	read = loki_build_sample_vectors(build, pending->sampled, sampled_vector, pending);
	if (read < 1 || (!anew && pending->n < LOKI_MOST_PENDING && read < pending->n / 2.0))
		return false;
	if (anew)
		memcpy(build->geometry.centroid, pending->state->centroid, pending->state->dim * sizeof(float));
	build->expected_rows = pending->n;
	loki_centers_choose(build);
	loki_compact_choose(build);
	if (anew && build->meta.code.centers == 0)
		return false;
	loki_build_set_code(build);
	loki_parallel_begin(build);
	loki_build_load_vectors(build, pending->n, vector_for_codes, pending);
	return true;
}

/*
 * Connect the nodes that were loaded, and write what the index lacks.  In the build, nodes are numbered from 0
 * without gaps; in the index they keep their IDs, and `order` has LOKI_NONE where an ID has no live node.
 */
static LokiEntryPoint
make_codes(LokiBuild *build, PendingNodes *pending, LokiIndex *state)
{
	build->nnodes = pending->n;
	loki_build_make_graph(build);
	build->final.position = pending->nodes;
	build->final.order = palloc_extended(((Size) pending->end + 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	memset(build->final.order, 0xFF, ((Size) pending->end + 1) * sizeof(uint32));
	for (uint32 i = 0; i < pending->n; i++)
		build->final.order[pending->nodes[i]] = i;
	return loki_build_write_set(build, state, pending->end);
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
	pending.rows.toast.may_be_gone = true;
	loaded = load_nodes(build, &pending, false);
	loki_rows_end(&pending.rows);
	if (loaded)
	{
		LokiIndex  *state = loki_index_for_meta(index, &build->meta);
		LokiEntryPoint entry = make_codes(build, &pending, state);

		loki_build_name_set(build, state, &entry);
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

/* ----------------------------------------------------------------
 * Codes made anew
 * ----------------------------------------------------------------
 */

/*
 * Whether codes made anew would tell apart rows that these do not, as far as can be told without reading rows.
 * Space of the sets before is not used again, so nodes have to become four times as many in between: then all of
 * them together take up to a third of the last one.
 */
static bool
is_due(LokiIndex *state, Relation index, const LokiMetaPageData *meta)
{
	return LokiIndexOptions(index)->centers != 0 && meta->profile != LOKI_PROFILE_COMPACT &&
		loki_code_may_have_centers(&meta->code) && meta->set.number < LOKI_MORE_SETS &&
		loki_node_end(state, index) / 4 >= meta->set.nodes &&
		state->column.type->encoding_dim == 0 && loki_rows_need_no_snapshot(index) &&
		loki_crowded_share(state, index, meta) * LOKI_CROWDED_SHARE >= 1;
}

/*
 * Rows may have joined nodes just before the hash of these was cleared.  Such a node gets its hash back, and has
 * codes of another.
 */
static void
remember_joined(PendingNodes *pending)
{
	ListCell   *cell;

	if (pending->forgotten != NIL)
		loki_inserts_wait(pending->index);
	foreach(cell, pending->forgotten)
	{
		uint32		node = pending->nodes[lfirst_int(cell)];
		const float *read = loki_rows_indexed_vector(&pending->rows, pending->state, node, true);
		LokiHashData hash;

		if (read == NULL)
			continue;
		loki_value_hash(&pending->state->column, read, &hash);
		loki_slot_write(pending->state, pending->index, LOKI_SLOTS_HASH, node, &hash);
		pending->codes[node] = CODES_OF_ANOTHER;
	}
	list_free(pending->forgotten);
	pending->forgotten = NIL;
}

/*
 * Link the nodes that came while the graph was made, and then those that came meanwhile.  When they are hardly
 * fewer than before, or none, inserts are kept out for the last of them; they are when this returns.  If that takes
 * longer than inserts would wait without looking for who keeps them, and cancel an autovacuum, they go on in between,
 * each by about one row.
 */
static void
catch_up(PendingNodes *pending, LokiIndex *state, const LokiMetaPageData *meta, IndexInfo *index_info)
{
	Relation	index = pending->index;
	float	   *x = palloc0(state->dim * sizeof(float));
	uint32		before = pending->n;
	bool		blocked = false;

	for (;;)
	{
		instr_time	start;
		uint32		end = pending->end;
		uint32		missing = 0;
		uint32		done = 0;

		INSTR_TIME_SET_CURRENT(start);
		/* live nodes without codes of their own yet; none is gone: vacuum alone frees nodes, and is here */
		pfree(pending->nodes);
		find_nodes(pending);
		pending->codes = repalloc_huge(pending->codes, pending->end + 1);
		memset(pending->codes + end, CODES_MISSING, pending->end - end);
		for (uint32 i = 0; i < pending->n; i++)
			if (pending->codes[pending->nodes[i]] != CODES_OWN)
				pending->nodes[missing++] = pending->nodes[i];
		pending->n = missing;
		while (done < pending->n && !(blocked && loki_microseconds_since(start) > DeadlockTimeout * 500.0))
		{
			uint32		node = pending->nodes[done];
			const float *read = vector_for_codes(pending, done++);

			if (read != NULL)
				memcpy(x, read, state->dim * sizeof(float));
			loki_node_link_anew(index, state, meta, index_info, node, pending->codes[node] == CODES_OF_ANOTHER, x);
			pending->codes[node] = CODES_OWN;
			CHECK_FOR_INTERRUPTS();
		}
		elog(DEBUG1, "%u of %u nodes that came to index \"%s\" while codes were made have these", done, pending->n,
			 RelationGetRelationName(index));
		if (blocked)
		{
			if (done == pending->n)
				return;
			loki_inserts_unblock(index);
		}
		remember_joined(pending);
		blocked = blocked || done == 0 || done > before / 2;
		before = done;
		if (blocked)
			loki_inserts_block(index);
	}
}

/* Write the set, and name it. */
static void
write_anew(LokiBuild *build, PendingNodes *pending, IndexInfo *index_info)
{
	Relation	index = pending->index;
	LokiMetaPageData meta = build->meta;
	LokiIndex  *state;

	pending->codes = palloc_extended(pending->end + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < pending->n; i++)
		pending->codes[pending->nodes[i]] = CODES_OWN;
	remember_joined(pending);
	meta.entry = make_codes(build, pending, loki_index_for_meta(index, &meta));
	meta.pending = 0;
	state = loki_index_for_meta(index, &meta);
	catch_up(pending, state, &meta, index_info);
	loki_build_name_set(build, state, &meta.entry);
	loki_inserts_unblock(index);
}

/*
 * For vacuum, which has locked the table: make codes and graph anew if crowds came after the codes.  Returns whether
 * that was done.  Searches and inserts go on by the codes of before, but for a moment at the end.
 *
 * An error or a crash leaves pages of a set that no metapage names; the next attempt writes them from the beginning.
 */
bool
loki_codes_make_anew(Relation index)
{
	PendingNodes pending = {.index = index};
	LokiMetaPageData meta;
	MemoryContext context;
	MemoryContext old;
	Relation	heap;
	IndexInfo  *index_info;
	LokiBuild  *build;
	SnapshotData snapshot;
	bool		made = false;

	pending.state = loki_index_open(index, &meta);
	loki_index_refresh(pending.state, index);
	if (meta.pending > 0 || meta.entry.node == LOKI_NONE || !is_due(pending.state, index, &meta))
		return false;
	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw codes", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	heap = table_open(index->rd_index->indrelid, NoLock);
	index_info = BuildIndexInfo(index);
	InitNonVacuumableSnapshot(snapshot, GlobalVisTestFor(heap));
	loki_rows_begin(&pending.rows, heap, index, &snapshot);
	pending.rows.toast.may_be_gone = true;
	find_nodes(&pending);

	/* pending, as long as it is written */
	meta.pending = 1;
	meta.code.centers = 0;
	meta.set.number++;
	meta.set.nodes = pending.end;
	build = loki_build_begin(heap, index, index_info, &meta);
	build->part.leader = true;
	build->geometry.pending = true;
	loki_build_set_code(build);
	/* in a file, codes and graph would take too long for vacuum */
	if ((double) pending.n * loki_build_node_memory(build) <= maintenance_work_mem * 1024.0)
	{
		made = load_nodes(build, &pending, true);
		if (made)
		{
			write_anew(build, &pending, index_info);
			loki_parallel_end(build);
		}
		else
		{
			/* they would gain nothing, as long as there are no more nodes */
			LokiChange	change;

			loki_change_begin(&change, pending.state, index);
			loki_change_meta(&change)->set.nodes = pending.end;
			loki_change_finish(&change);
		}
	}
	loki_rows_end(&pending.rows);
	table_close(heap, NoLock);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return made;
}

/*
 * Make lists where no vacuum has, as for an index made before its rows: under vacuum's lock of the table, since that
 * makes lists, too, and alone frees nodes.  If another process holds the lock, it makes them, or a later insert does.
 * Nobody is waited for with it but inserts that are under way, which wait for no lock of the table (N1).  As by vacuum,
 * no function is called that is not written in C: such a one may take any time, raise errors, or insert rows.
 */
static void
make_lists(Relation heap, Relation index)
{
	if (!ConditionalLockRelation(heap, ShareUpdateExclusiveLock))
		return;
	loki_derived_make(index, loki_rows_need_no_snapshot(index) ? loki_build_terms_in_time : NULL, DEBUG1);
	UnlockRelation(heap, ShareUpdateExclusiveLock);
}

/*
 * aminsert: insert a row, make codes and graph if the index has nodes enough now, lists if many of its nodes are
 * in none, and measure how distances grow in a new graph, and in one whose nodes have doubled.
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
	if (due == LOKI_INSERT_DUE_LISTS)
		make_lists(heap, index);
	else
		loki_growth_measure(index);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return false;
}
