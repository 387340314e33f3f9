/*-------------------------------------------------------------------------
 *
 * write.c
 *	  Writing a new index from the arrays of a build.
 *
 * Metapage and directory come first, then one slot array after another, each in the extents
 * that the directory names.  The leader extends the file to its full size; then all processes
 * fill pages, each claiming the next ones, and log them if the relation needs WAL.  Pages go
 * through shared buffers, because a new index is soon read.  Nobody else sees the index
 * before the transaction commits, so that pages are locked only one at a time.
 *
 *	block 0			metapage
 *	1 ...			directory: where each extent of each array begins
 *	first ...		extents of TID, then those of CODE, of LINK, ...
 *
 * A slot is made when its page is filled, by the function of its array (fill_page()), from the
 * arrays of the build and the final IDs of nodes.  So no second copy of the index is in memory.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/write.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"

/* The node and layer of an UPPER slot */
typedef struct UpperSlot
{
	uint32		node;
	uint32		layer;
} UpperSlot;

/* What a process writes from */
typedef struct WriteState
{
	LokiBuild  *build;
	LokiWriteShared *shared;
	LokiExtentData *entries;	/* of the directory, ascending by block */
	uint32		nentries;
	BlockNumber first;			/* behind the directory */
	BlockNumber end;
	UpperSlot  *upper;			/* by UPPER slot */
	uint32	   *upper_number;	/* UPPER slot of each list of the graph */
	const char *duplicate;		/* DUPLICATE slots, whose `node` goes by the
								 * order in the build */
} WriteState;

/* Blocks that a process fills at a time */
#define CLAIM_BLOCKS	64

/* Blocks that the file is extended by at a time */
#define EXTEND_BLOCKS	1024

/* Fills in one slot of a slot array */
typedef void (*FormSlot) (WriteState *write, int array, uint32 number, char *slot);

/* ----------------------------------------------------------------
 * Slots
 * ----------------------------------------------------------------
 */

/* A slot of an array that is addressed by node ID; zeros where an index that was pending has a free node */
static void
form_built_slot(WriteState *write, int array, uint32 id, char *slot)
{
	LokiBuild  *build = write->build;
	uint32		node = build->final.order[id];

	if (node == LOKI_NONE)
	{
		memset(slot, 0, build->geometry.arrays[array].slot_size);
		return;
	}
	/*
	 * codes were moved into the order of insertion, which the build reads
	 * them by; all else lies as it was loaded
	 */
	if (array != LOKI_SLOTS_CODE)
		node = loki_build_row(build, node);
	memcpy(slot, loki_build_slot(build, array, node),
		   build->geometry.arrays[array].slot_size);
}

/* A slot of an array that keeps the order in which it was loaded */
static void
form_plain(WriteState *write, int array, uint32 number, char *slot)
{
	memcpy(slot, loki_build_slot(write->build, array, number),
		   write->build->geometry.arrays[array].slot_size);
}

/* A slot of CENTROID: of the centroid, or of the basis behind it, two elements of 16 bits in a slot */
static void
form_centroid(WriteState *write, int array, uint32 number, char *slot)
{
	const LokiIndex *geometry = &write->build->geometry;

	Assert(number < LokiCentroidSlots(&geometry->code));
	memcpy(slot, &geometry->centroid[number], sizeof(float));
}

/* A slot of DUPLICATE, which names its node by the order of the build until now */
static void
form_duplicate(WriteState *write, int array, uint32 number, char *slot)
{
	LokiDuplicateData *duplicate = (LokiDuplicateData *) slot;
	Size		size = write->build->geometry.arrays[array].slot_size;

	memcpy(slot, write->duplicate + size * number, size);
	Assert(duplicate->node < write->shared->counts[LOKI_SLOTS_TID]);
	duplicate->node = write->build->final.position[duplicate->node];
}

/* A slot of LINK, by final node IDs, which it has plus 1: zero is no neighbor (definition/README) */
static void
form_link(WriteState *write, int array, uint32 id, char *slot)
{
	LokiBuild  *build = write->build;
	const LokiGraphLists *lists = &build->graph->base;
	uint32		node = build->final.order[id];
	const uint32 *neighbors;
	LokiLinkData *link = (LokiLinkData *) slot;

	memset(slot, 0, build->geometry.arrays[array].slot_size);
	if (node == LOKI_NONE)
		return;
	Assert(lists->counts[node] <= lists->width);
	neighbors = lists->neighbors + (Size) node * lists->capacity;
	link->level = build->graph->levels[node];
	for (int i = 0; i < lists->counts[node]; i++)
		link->neighbors[i] = build->final.position[neighbors[i]] + 1;
}

/* A slot of UPPER, by final node IDs and the numbers that number_upper() gave */
static void
form_upper(WriteState *write, int array, uint32 number, char *slot)
{
	LokiBuild  *build = write->build;
	const LokiGraph *graph = build->graph;
	const LokiGraphLists *lists = &graph->upper;
	uint32		node = write->upper[number].node;
	int			layer = write->upper[number].layer;
	uint32		list = loki_graph_list(graph, node, layer);
	const uint32 *neighbors = lists->neighbors + (Size) list * lists->capacity;
	LokiUpperData *upper = (LokiUpperData *) slot;

	Assert(lists->counts[list] <= lists->width);
	memset(slot, 0, build->geometry.arrays[array].slot_size);
	upper->node = build->final.position[node];
	upper->down = layer > 1 ? write->upper_number[list - 1] : LOKI_NONE;
	upper->level = layer;
	upper->count = lists->counts[list];
	for (int i = 0; i < upper->count; i++)
	{
		upper->neighbors[i].node = build->final.position[neighbors[i]];
		upper->neighbors[i].slot =
			write->upper_number[loki_graph_list(graph, neighbors[i], layer)];
	}
}

/*
 * Number the UPPER slots: layer by layer from the top, in the order of node IDs.  Every search begins at the
 * top, so these pages are the ones that stay in memory; and the slots of a layer lie together as its
 * nodes do on layer 0.
 */
static void
number_upper(WriteState *write)
{
	LokiBuild  *build = write->build;
	const LokiGraph *graph = build->graph;
	uint32		number = 0;

	for (int layer = graph->entry_level; layer > 0; layer--)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 id = 0; id < write->shared->counts[LOKI_SLOTS_LINK]; id++)
		{
			uint32		node = build->final.order[id];

			if (node == LOKI_NONE || graph->levels[node] < layer)
				continue;
			write->upper[number].node = node;
			write->upper[number].layer = layer;
			write->upper_number[loki_graph_list(graph, node, layer)] = number;
			number++;
		}
	}
	Assert(number == graph->nupper);
}

/* ----------------------------------------------------------------
 * Layout of the file
 * ----------------------------------------------------------------
 */

/*
 * Plan the file: the entries of the directory, slot array by slot array in the order of the file.  They
 * follow from the numbers of slots, so that each process finds the same.
 */
static void
plan_extents(WriteState *write)
{
	static const int first[] = {
		LOKI_SLOTS_TID, LOKI_SLOTS_CODE, LOKI_SLOTS_LINK, LOKI_SLOTS_REFINE,
		LOKI_SLOTS_HASH, LOKI_SLOTS_UPPER, LOKI_SLOTS_CENTROID,
		LOKI_SLOTS_DUPLICATE, LOKI_SLOTS_NULLTID
	};
	uint64		allocated = 0;

	for (int i = 0; i < lengthof(first) + LOKI_SLOTS_SORTED - LOKI_SLOTS_ATTR; i++)
	{
		int			array = i < lengthof(first) ? first[i] :
			LOKI_SLOTS_ATTR + i - (int) lengthof(first);
		const LokiSlotArray *geometry = &write->build->geometry.arrays[array];
		uint64		count = write->shared->counts[array];
		uint32		nextents = 0;

		if (count == 0 || geometry->slot_size == 0)
			continue;

		/*
		 * The number of UPPER slots that a number of nodes needs varies by
		 * chance. There is room for four standard deviations more, so that the
		 * index need not grow if all rows of the table are replaced.
		 */
		if (array == LOKI_SLOTS_UPPER)
			count += (uint64) (4 * sqrt((double) count));
		while (LokiExtentStart(nextents) < (count + geometry->per_page - 1) / geometry->per_page)
			nextents++;
		write->entries = loki_grow(write->build->context, write->entries, &allocated,
								   write->nentries + (uint64) nextents, 64, sizeof(LokiExtentData));
		for (uint32 extent = 0; extent < nextents; extent++)
		{
			write->entries[write->nentries++] = (LokiExtentData)
			{
				.array = array, .extent = extent, .first = write->end
			};
			write->end += LokiExtentBlocks(extent);
		}
	}
	/* extents follow the directory, whose size they decide */
	write->first = LOKI_DIRECTORY_BLKNO +
		(write->nentries + LOKI_EXTENTS_PER_PAGE - 1) / LOKI_EXTENTS_PER_PAGE;
	write->end += write->first;
	for (uint32 i = 0; i < write->nentries; i++)
		write->entries[i].first += write->first;
}

/* ----------------------------------------------------------------
 * Pages
 * ----------------------------------------------------------------
 */

/*
 * A block that has not been written yet, as an empty page: pinned, and locked exclusively.  It is not logged
 * here: log_newpage_range() follows for all that were filled.
 */
static Buffer
new_page(LokiBuild *build, BlockNumber block, int array, uint32 ordinal)
{
	Buffer		buffer = ReadBufferExtended(build->index, MAIN_FORKNUM, block,
											RBM_ZERO_AND_LOCK, NULL);

	loki_page_init(BufferGetPage(buffer), array, ordinal);
	MarkBufferDirty(buffer);
	return buffer;
}

/*
 * Fill a page with the slots that it is to have.  It is a copy, or locked exclusively.  pd_lower grows with
 * each slot, as it says how many slots of a page are in use.
 */
static void
fill_page(WriteState *write, int array, uint32 ordinal, Page page)
{
	const LokiSlotArray *geometry = &write->build->geometry.arrays[array];
	uint64		number = (uint64) ordinal * geometry->per_page;
	FormSlot	form = array == LOKI_SLOTS_NULLTID || array >= LOKI_SLOTS_NULLATTR ? form_plain : form_built_slot;

	switch (array)
	{
		case LOKI_SLOTS_LINK:
			form = form_link;
			break;
		case LOKI_SLOTS_UPPER:
			form = form_upper;
			break;
		case LOKI_SLOTS_CENTROID:
			form = form_centroid;
			break;
		case LOKI_SLOTS_DUPLICATE:
			form = form_duplicate;
			break;
	}
	for (uint32 place = 0; place < geometry->per_page &&
		 number < write->shared->counts[array]; place++)
		form(write, array, (uint32) number++,
			 loki_page_slot_for_write(page, geometry->slot_size, place));
}

/* View what the leader has put into the arena. */
static void
view_arena(LokiBuild *build, WriteState *write)
{
	char	  **blocks = build->arenas[LOKI_ARENA_NODES].blocks;

	loki_arena_map_blocks(&build->arenas[LOKI_ARENA_NODES]);
	if (write->shared->counts[LOKI_SLOTS_TID] > 0)
	{
		build->final.order = (uint32 *) blocks[build->part.shared->order_block];
		build->final.position = (uint32 *) blocks[build->part.shared->position_block];
	}
	if (build->graph != NULL)
	{
		write->upper = (UpperSlot *) blocks[write->shared->upper_block];
		write->upper_number = (uint32 *) blocks[write->shared->upper_number_block];
	}
	write->duplicate = blocks[write->shared->duplicate_block];
}

/* A process's part of writing: pages behind the directory */
void
loki_build_write_pages(LokiBuild *build)
{
	WriteState	write = {.build = build, .shared = &build->part.shared->write};
	const LokiExtentData *extent;
	uint32		first;
	uint32		end;

	Assert(loki_no_buffer_locked());
	/* a worker maps what others have added to the arenas since its last job */
	if (build->part.shared->write.counts[LOKI_SLOTS_LINK] > 0)
		loki_build_open_graph(build);
	loki_build_grow_arrays(build, build->part.shared->write.counts[LOKI_SLOTS_TID],
						   build->part.shared->write.counts[LOKI_SLOTS_NULLTID]);
	view_arena(build, &write);
	plan_extents(&write);
	extent = write.entries;		/* blocks come in ascending order */
	while (loki_build_claim(build, CLAIM_BLOCKS, &first, &end))
	{
		BlockNumber from = write.first + first;
		BlockNumber to = write.first + end;

		/* logged by runs: 32 pages in a record, which is as many as one may have */
		for (BlockNumber block = from; block < to; block++)
		{
			uint32		ordinal;
			Buffer		buffer;

			while (block - extent->first >= LokiExtentBlocks(extent->extent))
				extent++;
			Assert(block >= extent->first);
			ordinal = LokiExtentStart(extent->extent) + (block - extent->first);
			buffer = new_page(build, block, extent->array, ordinal);
			fill_page(&write, extent->array, ordinal, BufferGetPage(buffer));
			UnlockReleaseBuffer(buffer);
		}
		if (RelationNeedsWAL(build->index))
			log_newpage_range(build->index, MAIN_FORKNUM, from, to, true);
	}
}

/* ----------------------------------------------------------------
 * Directory and metapage
 * ----------------------------------------------------------------
 */

/* Write the entries into the directory pages: block 1 and those behind it. */
static void
write_directory(WriteState *write)
{
	LokiBuild  *build = write->build;
	uint32		npages = write->first - LOKI_DIRECTORY_BLKNO;
	uint32		nentries = write->nentries;
	uint32		done = 0;

	for (uint32 i = 0; i < npages; i++)
	{
		Buffer		buffer = new_page(build, LOKI_DIRECTORY_BLKNO + i,
									  LOKI_SLOTS_DIRECTORY, i);
		Page		page = BufferGetPage(buffer);

		for (int place = 0; place < LOKI_EXTENTS_PER_PAGE && done < nentries; place++)
			memcpy(loki_page_slot_for_write(page, sizeof(LokiExtentData), place),
				   &write->entries[done++], sizeof(LokiExtentData));
		LokiPageOpaque(page)->next = i + 1 < npages ? LOKI_DIRECTORY_BLKNO + i + 1 : 0;
		UnlockReleaseBuffer(buffer);
	}
	Assert(done == nentries);
}

/* The graph's entry point, as the metapage names it */
static LokiEntryPoint
entry_point(const WriteState *write)
{
	const LokiGraph *graph = write->build->graph;

	return (LokiEntryPoint)
	{
		.node = write->build->final.position[graph->entry_node],
			.slot = graph->entry_level == 0 ? LOKI_NONE :
			write->upper_number[loki_graph_list(graph, graph->entry_node, graph->entry_level)],
			.level = graph->entry_level
	};
}

/*
 * Write the entry point to the metapage, under the exclusive lock of block 0.  While CREATE INDEX
 * CONCURRENTLY writes, others may look at the index, and find an empty one without a centroid.
 * By another uid they know that it is not what they remember.
 */
static void
write_built_meta(WriteState *write)
{
	LokiBuild  *build = write->build;
	Buffer		buffer = ReadBuffer(build->index, LOKI_META_BLKNO);
	LokiMetaPage meta;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	meta = LokiPageGetMeta(BufferGetPage(buffer));
	Assert(meta->entry.node == LOKI_NONE && meta->directory_entries == 0);
	Assert(write->nentries > 0);
	meta->format.uid++;
	meta->directory_entries = write->nentries;
	if (build->graph != NULL)
	{
		meta->pending = 0;
		meta->entry = entry_point(write);
	}
	MarkBufferDirty(buffer);
	UnlockReleaseBuffer(buffer);
}

/* Put DUPLICATE slots into the arena, where all processes see them, and make room for the rest. */
static void
share_arrays(LokiBuild *build)
{
	LokiWriteShared *shared = &build->part.shared->write;
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	Size		duplicate = mul_size(build->geometry.arrays[LOKI_SLOTS_DUPLICATE].slot_size,
									 build->arrays.duplicate.count);

	shared->duplicate_block = loki_arena_add_block(arena, duplicate);
	if (duplicate > 0)
		memcpy(arena->blocks[shared->duplicate_block],
			   build->arrays.slots[LOKI_SLOTS_DUPLICATE], duplicate);
	if (build->graph != NULL)
	{
		uint32		nupper = build->graph->nupper;

		shared->upper_block = loki_arena_add_block(arena, mul_size(nupper, sizeof(UpperSlot)));
		shared->upper_number_block = loki_arena_add_block(arena,
														  mul_size(nupper, sizeof(uint32)));
	}
}

/* Write the index, together with the other processes.  Only the leader calls this. */
void
loki_build_write(LokiBuild *build)
{
	LokiWriteShared *shared = &build->part.shared->write;
	uint32	   *counts = shared->counts;
	uint32		nnodes = build->nnodes;
	WriteState	write = {.build = build, .shared = shared};
	Relation	index = build->index;
	BlockNumber block;

	/* an index of no rows is complete with this: blocks 0 and 1, logged */
	Assert(build->part.leader);
	loki_create_empty(index, MAIN_FORKNUM, &build->meta);
	memset(shared, 0, sizeof(*shared));
	counts[LOKI_SLOTS_TID] = counts[LOKI_SLOTS_HASH] = nnodes;
	if (build->graph != NULL)
	{
		counts[LOKI_SLOTS_CODE] = counts[LOKI_SLOTS_LINK] = counts[LOKI_SLOTS_REFINE] = nnodes;
		counts[LOKI_SLOTS_UPPER] = build->graph->nupper;
		counts[LOKI_SLOTS_CENTROID] = LokiCentroidSlots(&build->geometry.code);
	}
	counts[LOKI_SLOTS_DUPLICATE] = build->arrays.duplicate.count;
	counts[LOKI_SLOTS_NULLTID] = build->nnulls;
	for (int i = 0; i < build->meta.nattributes; i++)
	{
		counts[LOKI_SLOTS_ATTR + i] = nnodes;
		counts[LOKI_SLOTS_NULLATTR + i] = build->nnulls;
	}
	plan_extents(&write);
	if (write.nentries == 0)
		return;
	share_arrays(build);
	view_arena(build, &write);

	/*
	 * The file is extended to its full size, so that no process has to ask
	 * another where to write.  Blocks of zeros are no pages of the index yet;
	 * a crash before the commit removes the file.
	 */
	block = RelationGetNumberOfBlocks(index);
	if (block != LOKI_DIRECTORY_BLKNO + 1)
		elog(ERROR, "index \"%s\" has %u blocks, not %u",
			 RelationGetRelationName(index), block, LOKI_DIRECTORY_BLKNO + 1);
	for (int n; block < write.end; block += n)
	{
		CHECK_FOR_INTERRUPTS();
		n = (int) Min(write.end - block, EXTEND_BLOCKS);
		loki_zero_extend(RelationGetSmgr(index), block, n);
	}
	if (build->graph != NULL)
		number_upper(&write);
	loki_parallel_job(build, LOKI_JOB_WRITE, write.end - write.first);

	/* what the directory names is there, and then the metapage names the directory (I3) */
	write_directory(&write);
	write_built_meta(&write);

	/*
	 * in this order on a standby, too: who finds the new uid finds the
	 * directory
	 */
	if (RelationNeedsWAL(index))
	{
		log_newpage_range(index, MAIN_FORKNUM, LOKI_DIRECTORY_BLKNO, write.first, true);
		log_newpage_range(index, MAIN_FORKNUM, LOKI_META_BLKNO, LOKI_DIRECTORY_BLKNO, true);
	}
}

/* ----------------------------------------------------------------
 * A pending index, and another set
 * ----------------------------------------------------------------
 */

/*
 * Write codes, centroid and graph of the nodes below `end`, of a pending index or as another set (insert/README,
 * "Pending indexes" and "Codes made anew").  No reader looks at them before the metapage names them.  `state` has
 * the geometry that the index gets.  Each page is written in a record, whole, as nearly all of it changes; what an
 * earlier attempt has filled further is cut.  No content lock may be held, and none is left.  Returns the entry point.
 */
LokiEntryPoint
loki_build_write_set(LokiBuild *build, LokiIndex *state, uint32 end)
{
	LokiGraph  *graph = build->graph;
	WriteState	write = {.build = build, .shared = &build->part.shared->write};
	uint32	   *counts = write.shared->counts;
	Relation	index = build->index;

	memset(counts, 0, sizeof(write.shared->counts));
	counts[LOKI_SLOTS_CODE] = counts[LOKI_SLOTS_LINK] = counts[LOKI_SLOTS_REFINE] = end;
	counts[LOKI_SLOTS_UPPER] = graph->nupper;
	counts[LOKI_SLOTS_CENTROID] = LokiCentroidSlots(&build->geometry.code);
	write.upper = MemoryContextAlloc(build->context, (graph->nupper + 1) * sizeof(UpperSlot));
	write.upper_number = MemoryContextAlloc(build->context, (graph->nupper + 1) * sizeof(uint32));
	number_upper(&write);
	for (int i = 0; i < LOKI_SET_ARRAYS; i++)
	{
		int			array = loki_set_arrays[i];

		if (state->arrays[array].slot_size == 0)
			continue;
		/* the extents of the last slot and of all before it, as an insert would make them */
		if (counts[array] > 0)
			(void) loki_reserve_slot(state, index, array, counts[array] - 1, ERROR);
		for (uint32 ordinal = 0; ordinal < state->arrays[array].npages; ordinal++)
		{
			LokiChange	change;
			Page		page;
			int			number;

			CHECK_FOR_INTERRUPTS();
			loki_change_begin(&change, state, index);
			number = loki_change_lock_page(&change, array, ordinal);
			page = loki_change_copy(&change, number);
			loki_change_image(&change, number);
			((PageHeader) page)->pd_lower = SizeOfPageHeaderData;
			fill_page(&write, array, ordinal, page);
			loki_change_finish(&change);
		}
	}
	return entry_point(&write);
}

/*
 * Name what was written on the metapage, in one record: of all this, readers and recovery see only that.  Inserts are
 * kept out.  No content lock may be held, and none is left.
 */
void
loki_build_name_set(LokiBuild *build, LokiIndex *state, const LokiEntryPoint *entry)
{
	LokiChange	change;
	LokiMetaPage meta;

	Assert(loki_inserts_blocked(build->index)); /* N1 */
	loki_change_begin(&change, state, build->index);
	meta = loki_change_meta(&change);
	Assert((meta->pending > 0) == (meta->entry.node == LOKI_NONE)); /* N3 */
	meta->format.uid++;
	meta->code = build->meta.code;
	meta->code_size = build->meta.code_size;
	meta->refine_size = build->meta.refine_size;
	meta->pending = 0;
	meta->entry = *entry;
	meta->upper_version++;
	if (meta->set.number != state->cached.set)
	{
		meta->set = build->meta.set;
		meta->free_head[LokiSlotArrayFreeList(LOKI_SLOTS_UPPER)] = LOKI_NONE;
		/* what other codes found is not known: all has changed */
		if (meta->calibration.nodes > 0)
			meta->calibration.at[LOKI_CALIBRATION_CHANGED].other = LOKI_CALIBRATION_SCALE;
	}
	loki_change_finish(&change);
}
