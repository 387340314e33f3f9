/*-------------------------------------------------------------------------
 *
 * hnswwrite.c
 *	  Writing a new index from the arrays of a build.
 *
 * Metapage, directory, then one array after another, each in the extents that
 * the directory wants; blocks are written in the order of the file.  Pages go
 * through shared buffers (a new index is soon read) and are WAL-logged
 * together at the end, where that is needed at all.  Nobody else sees the
 * index before the transaction commits.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswwrite.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xloginsert.h"
#include "commands/progress.h"
#include "hnsw/hnswbuild.h"
#include "miscadmin.h"
#include "pgstat.h"

/* An UPPER slot: a node on a layer */
typedef struct UpperSlot
{
	uint32		node;
	uint32		layer;
} UpperSlot;

typedef struct WriteState
{
	LokiBuild  *build;
	BlockNumber next_block;		/* where the file ends */
	LokiExtentData *entries;	/* of the directory */
	uint32		nentries;
	UpperSlot  *upper;			/* by slot number */
	uint32	   *upper_number;	/* by list of the graph */
} WriteState;

/* Fills in slot number of a family */
typedef void (*FormSlot) (WriteState *write, int family, uint32 number, char *slot);

/* ----------------------------------------------------------------
 * Slots
 * ----------------------------------------------------------------
 */

/* A slot that goes by node */
static void
form_node(WriteState *write, int family, uint32 number, char *slot)
{
	LokiBuild  *build = write->build;

	memcpy(slot, loki_build_slot(build, family, build->order[number]),
		   build->geometry.families[family].slot_size);
}

/* A slot of an array that keeps its order */
static void
form_plain(WriteState *write, int family, uint32 number, char *slot)
{
	memcpy(slot, loki_build_slot(write->build, family, number),
		   write->build->geometry.families[family].slot_size);
}

static void
form_centroid(WriteState *write, int family, uint32 number, char *slot)
{
	const LokiIndex *geometry = &write->build->geometry;
	int16		pair[2];

	if (number < geometry->dim)
	{
		memcpy(slot, &geometry->centroid[number], sizeof(float));
		return;
	}
	for (int i = 0; i < 2; i++)
		pair[i] = (int16) rintf(LOKI_BASIS_UNIT *
								geometry->centroid[geometry->dim + 2 * (number - geometry->dim) + i]);
	memcpy(slot, pair, sizeof(pair));
}

static void
form_overflow(WriteState *write, int family, uint32 number, char *slot)
{
	LokiOverflowData *overflow = (LokiOverflowData *) slot;

	form_plain(write, family, number, slot);
	overflow->node = write->build->position[overflow->node];
}

static void
form_link(WriteState *write, int family, uint32 number, char *slot)
{
	LokiBuild  *build = write->build;
	const LokiGraphLists *lists = &build->graph->base;
	uint32		node = build->order[number];
	const uint32 *neighbors = lists->neighbors + (Size) node * lists->capacity;
	LokiLinkData *link = (LokiLinkData *) slot;

	Assert(lists->counts[node] <= lists->width);
	memset(slot, 0, build->geometry.families[family].slot_size);
	link->count = lists->counts[node];
	link->level = build->graph->levels[node];
	for (int i = 0; i < link->count; i++)
		link->neighbors[i] = build->position[neighbors[i]];
}

static void
form_upper(WriteState *write, int family, uint32 number, char *slot)
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
	memset(slot, 0, build->geometry.families[family].slot_size);
	upper->node = build->position[node];
	upper->down = layer > 1 ? write->upper_number[list - 1] : LOKI_NONE;
	upper->level = layer;
	upper->count = lists->counts[list];
	for (int i = 0; i < upper->count; i++)
	{
		upper->neighbors[i].node = build->position[neighbors[i]];
		upper->neighbors[i].slot =
			write->upper_number[loki_graph_list(graph, neighbors[i], layer)];
	}
}

/*
 * Number the UPPER slots: layer by layer from the top, in the order of nodes.
 */
static void
number_upper(WriteState *write)
{
	LokiBuild  *build = write->build;
	const LokiGraph *graph = build->graph;
	uint32		number = 0;

	write->upper = MemoryContextAllocHuge(build->context,
										  mul_size(graph->nupper, sizeof(UpperSlot)));
	write->upper_number = MemoryContextAllocHuge(build->context,
												 mul_size(graph->nupper, sizeof(uint32)));
	for (int layer = LOKI_MAX_LEVEL; layer > 0; layer--)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < graph->nnodes; i++)
		{
			uint32		node = build->order[i];

			if (graph->levels[node] < layer)
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
 * Pages
 * ----------------------------------------------------------------
 */

/* Add a block to the file, as an empty page; locked exclusively on return */
static Buffer
add_page(WriteState *write, int family, uint32 ordinal)
{
	Relation	index = write->build->index;
	Buffer		buffer;

	CHECK_FOR_INTERRUPTS();
	buffer = ReadBufferExtended(index, MAIN_FORKNUM, P_NEW, RBM_ZERO_AND_LOCK, NULL);
	if (BufferGetBlockNumber(buffer) != write->next_block)
		elog(ERROR, "unexpected block %u when extending index \"%s\" to block %u",
			 BufferGetBlockNumber(buffer), RelationGetRelationName(index),
			 write->next_block);
	write->next_block++;
	loki_page_init(BufferGetPage(buffer), family, ordinal);
	MarkBufferDirty(buffer);
	return buffer;
}

/* Number of extents that hold so many pages */
static uint32
extents_for(uint32 npages)
{
	uint32		nextents = 0;

	while (LokiExtentStart(nextents) < npages)
		nextents++;
	return nextents;
}

/*
 * Write the slots of a family, in as many extents as that takes.
 */
static void
write_family(WriteState *write, int family, uint32 count, FormSlot form)
{
	const LokiFamily *geometry = &write->build->geometry.families[family];
	uint32		nextents;
	uint32		ordinal = 0;
	uint32		number = 0;

	if (geometry->slot_size == 0)
		return;
	nextents = extents_for((uint32) (((uint64) count + geometry->per_page - 1) /
									 geometry->per_page));
	for (uint32 extent = 0; extent < nextents; extent++)
	{
		LokiExtentData *entry = &write->entries[write->nentries++];

		entry->family = family;
		entry->unused = 0;
		entry->extent = extent;
		entry->first = write->next_block;
		for (uint32 i = 0; i < LokiExtentBlocks(extent); i++)
		{
			Buffer		buffer = add_page(write, family, ordinal++);
			Page		page = BufferGetPage(buffer);

			for (uint32 place = 0; place < geometry->per_page && number < count; place++)
			{
				form(write, family, number++,
					 loki_page_slot_for_write(page, geometry->slot_size, place));
			}
			UnlockReleaseBuffer(buffer);
		}
		if (LokiFamilyFreeList(family) < 0)
			pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, number);
	}
}

/*
 * Call visit for every family of the index with its number of slots.
 */
typedef void (*VisitFamily) (WriteState *write, int family, uint32 count, FormSlot form);

static void
visit_families(WriteState *write, VisitFamily visit)
{
	LokiBuild  *build = write->build;
	uint32		nnodes = build->nnodes;

	visit(write, LOKI_FAMILY_TID, nnodes, form_node);
	visit(write, LOKI_FAMILY_CODE, nnodes, form_node);
	visit(write, LOKI_FAMILY_LINK, nnodes, form_link);
	visit(write, LOKI_FAMILY_REFINE, nnodes, form_node);
	visit(write, LOKI_FAMILY_HASH, nnodes, form_node);
	if (nnodes > 0)
	{
		visit(write, LOKI_FAMILY_UPPER, build->graph->nupper, form_upper);
		visit(write, LOKI_FAMILY_CENTROID, LokiCentroidSlots(&build->geometry.code),
			  form_centroid);
	}
	visit(write, LOKI_FAMILY_OVERFLOW, build->overflow.count, form_overflow);
	visit(write, LOKI_FAMILY_NULLTID, build->nnulls, form_plain);
	for (int i = 0; i < build->meta.nattributes; i++)
	{
		visit(write, LOKI_FAMILY_ATTR + i, nnodes, form_node);
		visit(write, LOKI_FAMILY_NULLATTR + i, build->nnulls, form_plain);
	}
}

/* Count the directory entries that a family takes */
static void
count_entries(WriteState *write, int family, uint32 count, FormSlot form)
{
	const LokiFamily *geometry = &write->build->geometry.families[family];

	if (geometry->slot_size > 0)
		write->nentries += extents_for((uint32) (((uint64) count + geometry->per_page - 1) /
												 geometry->per_page));
}

/* ----------------------------------------------------------------
 * Directory and metapage
 * ----------------------------------------------------------------
 */

/*
 * Write the entries into the directory pages: block 1 and those that were put
 * behind it.
 */
static void
write_directory(WriteState *write, uint32 npages)
{
	uint32		done = 0;

	for (uint32 i = 0; i < npages; i++)
	{
		Buffer		buffer = ReadBuffer(write->build->index, LOKI_DIRECTORY_BLKNO + i);
		Page		page = BufferGetPage(buffer);

		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		for (int place = 0; place < LOKI_EXTENTS_PER_PAGE && done < write->nentries; place++)
			memcpy(loki_page_slot_for_write(page, sizeof(LokiExtentData), place),
				   &write->entries[done++], sizeof(LokiExtentData));
		LokiPageOpaque(page)->next = i + 1 < npages ? LOKI_DIRECTORY_BLKNO + i + 1 : 0;
		MarkBufferDirty(buffer);
		UnlockReleaseBuffer(buffer);
	}
}

static void
write_meta(WriteState *write)
{
	LokiBuild  *build = write->build;
	Buffer		buffer = ReadBuffer(build->index, LOKI_META_BLKNO);
	LokiMetaPage meta;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	meta = LokiPageGetMeta(BufferGetPage(buffer));
	meta->directory_entries = write->nentries;
	if (build->nnodes > 0)
	{
		LokiGraph  *graph = build->graph;

		meta->entry_node = build->position[graph->entry_node];
		meta->entry_level = graph->entry_level;
		if (graph->entry_level > 0)
			meta->entry_slot =
				write->upper_number[loki_graph_list(graph, graph->entry_node,
													graph->entry_level)];
	}
	MarkBufferDirty(buffer);
	UnlockReleaseBuffer(buffer);
}

/*
 * Write the index.
 */
void
loki_build_write(LokiBuild *build)
{
	WriteState	write = {build};
	uint32		ndirectory;
	Relation	index = build->index;

	loki_create_empty(index, MAIN_FORKNUM, &build->meta);
	write.next_block = LOKI_DIRECTORY_BLKNO + 1;

	visit_families(&write, count_entries);
	if (write.nentries == 0)
		return;
	write.entries = MemoryContextAlloc(build->context,
									   mul_size(write.nentries, sizeof(LokiExtentData)));
	ndirectory = (write.nentries + LOKI_EXTENTS_PER_PAGE - 1) / LOKI_EXTENTS_PER_PAGE;
	write.nentries = 0;
	for (uint32 i = 1; i < ndirectory; i++)
		UnlockReleaseBuffer(add_page(&write, LOKI_FAMILY_DIRECTORY, i));

	if (build->nnodes > 0)
		number_upper(&write);
	visit_families(&write, write_family);
	write_directory(&write, ndirectory);
	write_meta(&write);

	if (RelationNeedsWAL(index))
		log_newpage_range(index, MAIN_FORKNUM, LOKI_META_BLKNO, write.next_block, true);
}
