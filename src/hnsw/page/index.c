/*-------------------------------------------------------------------------
 *
 * index.c
 *	  What a backend remembers of an index between scans: geometry, extent
 *	  directory, prepared quantizer, and a map from blocks to buffers.
 *
 * Entries are found by file locator and confirmed by the metapage's uid, since a file
 * name may be used again.  A build changes the uid when all is written, because others see an
 * empty index while CREATE INDEX CONCURRENTLY writes it; so does the insert that makes the
 * codes of a pending index.  The directory only grows; it is read again when a slot lies
 * past its end.  The buffer map is a hint that ReadRecentBuffer verifies.
 *
 * Entries of files that are gone are dropped when the index has another, or when there are many.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/index.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/access.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/page/index.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* Entries kept before those of earlier transactions are dropped */
#define MAX_ENTRIES		64

/*
 * What the cache has of a file.  States are allocated one by one, so that pointers to them stay valid as
 * the table of entries grows.
 */
typedef struct CacheEntry
{
	LokiRelFileLocator locator; /* hash key */
	LokiIndex  *state;			/* in CacheMemoryContext */
	Oid			relid;			/* the index whose file that was */
} CacheEntry;

static HTAB *cache = NULL;

/*
 * Set what follows from the size of a slot.  A slot that is too large for a page is reported by
 * loki_index_for_meta(); until then nothing addresses it.
 */
static void
array_geometry(LokiSlotArray *array, uint32 slot_size)
{
	Assert(slot_size > 0);
	array->slot_size = slot_size;
	array->per_page = LOKI_PAGE_PAYLOAD / slot_size;

	/*
	 * Each look at a slot begins with a division by per_page, which is a
	 * multiplication by 2^64 / per_page, rounded up: exact for all numbers of
	 * 32 bits.  With one slot a page it would be 2^64, so 0 stands for that.
	 */
	array->reciprocal = array->per_page > 1 ?
		PG_UINT64_MAX / array->per_page + 1 : 0;
}

/*
 * The 1-bit sketch of an index; its size, 0 if it has none.  Encodings of arrays have none, as their
 * codes bound nothing.
 */
static uint32
sketch_code(const LokiIndex *state, LokiCodeSpec *sketch)
{
	if (state->profile == LOKI_PROFILE_COMPACT || loki_column_encoded(&state->column))
		return 0;
	return loki_sketch_spec(&state->quantizer->spec, sketch);
}

/* Set the slot sizes of all slot arrays from code, m and attributes. */
void
loki_index_geometry(LokiIndex *state)
{
	LokiSlotArray *arrays = state->arrays;
	LokiCodeSpec sketch;
	uint32		sketch_size = sketch_code(state, &sketch);

	Assert(state->nattributes <= LOKI_MAX_ATTRIBUTES);
	for (int i = 0; i < LOKI_SLOT_ARRAYS; i++)
		arrays[i].stored = loki_stored_array(i, state->cached.set);
	array_geometry(&arrays[LOKI_SLOTS_TID],
				   loki_value_is_long(&state->column) && state->profile != LOKI_PROFILE_COMPACT ?
				   LOKI_TID_LONG : LOKI_TID_SHORT);
	array_geometry(&arrays[LOKI_SLOTS_CODE], state->quantizer->code_size);
	array_geometry(&arrays[LOKI_SLOTS_LINK], LokiLinkSize(state->m));
	if (state->quantizer->refine_size > 0)
		array_geometry(&arrays[LOKI_SLOTS_REFINE], state->quantizer->refine_size);
	array_geometry(&arrays[LOKI_SLOTS_HASH], LokiHashSize(state->profile));
	array_geometry(&arrays[LOKI_SLOTS_UPPER], LokiUpperSize(state->m));
	array_geometry(&arrays[LOKI_SLOTS_DUPLICATE], sizeof(LokiDuplicateData));
	array_geometry(&arrays[LOKI_SLOTS_NULLTID], LOKI_TID_SHORT);
	if (state->code.kind == LOKI_CODE_ROTATED)
		array_geometry(&arrays[LOKI_SLOTS_CENTROID], sizeof(float));
	for (int i = 0; i < state->nattributes; i++)
	{
		uint32		size = loki_attr_slot_size((LokiAttrType) state->attr_type[i]);

		array_geometry(&arrays[LOKI_SLOTS_ATTR + i], size);
		array_geometry(&arrays[LOKI_SLOTS_NULLATTR + i], size);
		array_geometry(&arrays[LOKI_SLOTS_SORTED + i], sizeof(uint64));
		array_geometry(&arrays[LOKI_SLOTS_SEPARATOR + i], sizeof(int64));
		if (sketch_size > 0 && !loki_attr_has_elements(state->attr_type[i]))
			array_geometry(&arrays[LOKI_SLOTS_BRIEF + i], sketch_size * LOKI_SKETCH_BLOCK);
	}
	if (state->profile != LOKI_PROFILE_COMPACT)
	{
		array_geometry(&arrays[LOKI_SLOTS_ROW], sizeof(uint64));
		array_geometry(&arrays[LOKI_SLOTS_BLOCK], sizeof(uint32));
		array_geometry(&arrays[LOKI_SLOTS_GAINED], sizeof(uint64));
		array_geometry(&arrays[LOKI_SLOTS_GAINED2], sizeof(uint64));
	}
	if (loki_column_listed(&state->column))
	{
		array_geometry(&arrays[LOKI_SLOTS_POSTING], LOKI_POSTING_SIZE);
		array_geometry(&arrays[LOKI_SLOTS_TERM], sizeof(LokiTermData));
		array_geometry(&arrays[LOKI_SLOTS_WINDOW], sizeof(LokiWindowData));
		array_geometry(&arrays[LOKI_SLOTS_ELEMENT], LOKI_ELEMENT_SIZE);
		array_geometry(&arrays[LOKI_SLOTS_ELEMENT2], LOKI_ELEMENT_SIZE);
	}
	/* what lists do not have is noted */
	if (state->nattributes > 0 || arrays[LOKI_SLOTS_ROW].slot_size > 0 || arrays[LOKI_SLOTS_TERM].slot_size > 0)
	{
		array_geometry(&arrays[LOKI_SLOTS_REUSED], sizeof(uint64));
		array_geometry(&arrays[LOKI_SLOTS_REUSED2], sizeof(uint64));
	}
}

/*
 * Add an entry that was read from a directory page; ERROR if it cannot be right.  Extents of an
 * array come in order, so their count says the size of the next one.  Whether two extents overlap
 * is not looked at, which would take a sort; lokivector_check() does.  Of a set that is not this state's,
 * only where it ends is of interest.
 */
static void
add_directory_entry(LokiIndex *state, Relation index, const LokiExtentData *entry,
					BlockNumber nblocks)
{
	LokiSlotArray *array = NULL;
	bool		other = false;
	uint32		set;

	if (entry->array < LOKI_STORED_ARRAYS)
	{
		array = &state->arrays[loki_array_of_stored(entry->array, &set)];
		other = array->stored != entry->array;
	}
	if (array == NULL || array->slot_size == 0 ||
		(!other && array->nextents != entry->extent) ||
		entry->first <= LOKI_DIRECTORY_BLKNO ||
		(uint64) entry->first + LokiExtentBlocks(entry->extent) > nblocks)
		loki_damaged(index, psprintf("Entry %u names extent %u of array %u at block %u of %u.",
									 state->directory.entries, entry->extent, entry->array,
									 entry->first, nblocks),
					 "has a damaged extent directory");

	state->directory.entries++;
	state->directory.named += LokiExtentBlocks(entry->extent);
	state->directory.end = Max(state->directory.end, entry->first + LokiExtentBlocks(entry->extent));
	if (other)
		return;
	array->extents = loki_grow(state->context, array->extents, &array->allocated,
							   array->nextents + 1, 16, sizeof(BlockNumber));
	Assert(array->npages == LokiExtentStart(array->nextents));
	array->extents[array->nextents++] = entry->first - array->npages;
	array->npages += LokiExtentBlocks(entry->extent);
}

/*
 * Read directory entries added since the last time, beginning with the page that was the
 * last one then.  Locks directory pages in share mode, one at a time; the caller may hold
 * content locks of other pages, which all come before these in the order of locks.
 */
void
loki_index_refresh(LokiIndex *state, Relation index)
{
	LokiExtentData entries[LOKI_EXTENTS_PER_PAGE];

	for (;;)
	{
		Buffer		buffer = loki_buffer_read(state, index, state->directory.block);
		Page		page = BufferGetPage(buffer);
		BlockNumber next;
		BlockNumber nblocks;
		int			used;
		int			known;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, page, LOKI_SLOTS_DIRECTORY, state->directory.ordinal);
		used = LokiPageUsed(page, sizeof(LokiExtentData));
		Assert(used <= LOKI_EXTENTS_PER_PAGE);	/* loki_page_check() looked at pd_lower */
		next = LokiPageOpaque(page)->next;
		known = state->directory.entries - state->directory.passed;
		if (used > known)
			memcpy(entries, LokiPageSlot(page, sizeof(LokiExtentData), 0),
				   used * sizeof(LokiExtentData));
		UnlockReleaseBuffer(buffer);

		if (used <= known && next == 0)
			break;
		/* asked for after the page was read: others make the file longer first, and then add the entry */
		nblocks = RelationGetNumberOfBlocks(index);
		for (int i = known; i < used; i++)
			add_directory_entry(state, index, &entries[i], nblocks);
		Assert(state->directory.entries == state->directory.passed + Max(used, known));	/* I3 */
		if (next == 0)
			break;
		if (next >= nblocks)
			loki_damaged(index, psprintf("It continues at block %u of %u.", next, nblocks),
						 "has a damaged extent directory");
		state->directory.passed += used;
		state->directory.block = next;
		state->directory.ordinal++;
	}
}

/*
 * Read CENTROID under share lock page by page: the centroid, and behind it the basis, integers of 16 bits,
 * two in each slot.  They do not change as long as the index has its uid, so a copy in memory is as good.
 */
static void
read_constants(LokiIndex *state, Relation index)
{
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_CENTROID];
	uint32		slots = LokiCentroidSlots(&state->code);
	uint32		done = 0;

	Assert(loki_no_buffer_locked());
	while (done < slots)
	{
		uint32		place;
		BlockNumber block = loki_slot_block(state, index, LOKI_SLOTS_CENTROID, done, &place);
		uint32		count = Min(array->per_page - place, slots - done);
		Buffer		buffer = ReadBuffer(index, block);

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_slot_array_page_check(state, index, buffer, LOKI_SLOTS_CENTROID);
		memcpy(state->centroid + done, LokiPageSlot(BufferGetPage(buffer), sizeof(float), place),
			   count * sizeof(float));
		UnlockReleaseBuffer(buffer);
		done += count;
	}
}

/* Memory that begins at a multiple of LOKI_QUANTIZER_ALIGN, so that the pointer is not the allocated one */
static void *
alloc_aligned(MemoryContext context, Size size)
{
	char	   *memory = MemoryContextAllocHuge(context, add_size(size, LOKI_QUANTIZER_ALIGN));

	return (void *) TYPEALIGN(LOKI_QUANTIZER_ALIGN, memory);
}

/* See index.h. */
LokiQuery *
loki_alloc_queries(MemoryContext context, const LokiQuantizer *quantizer, Size n)
{
	return alloc_aligned(context, mul_size(loki_query_stride(quantizer), n));
}

/*
 * The quantizer of a code, with its centroid and basis, in `context`, with which it is freed.
 * `constants` must stay as long.
 */
LokiQuantizer *
loki_make_quantizer(MemoryContext context, const LokiCodeSpec *spec,
					const float *constants)
{
	LokiQuantizer *quantizer = alloc_aligned(context, loki_quantizer_size(spec));

	loki_quantizer_init(quantizer, spec, constants);
	return quantizer;
}

/*
 * Whether a metapage describes the columns that the catalogs have.  Vectors and attributes are
 * read by what it says of them.
 */
bool
loki_definition_valid(Relation index, const LokiColumn *column, const LokiMetaPageData *meta)
{
	if (meta->code.dim != column->dim ||
		meta->nattributes != RelationGetDescr(index)->natts - 1)
		return false;
	for (int i = 0; i < meta->nattributes; i++)
		if (meta->attr_type[i] != loki_index_attr_type(index, i))
			return false;
	return true;
}

/* Build the state of an index from its metapage and directory.  See index.h. */
LokiIndex *
loki_index_for_meta(Relation index, const LokiMetaPageData *meta)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "hnsw index", ALLOCSET_SMALL_SIZES);
	LokiIndex  *state = MemoryContextAllocZero(context, sizeof(LokiIndex));
	LokiCodeSpec sketch;
	bool		valid;

	state->context = context;
	state->column = loki_index_column(index, meta);
	state->cached.typid = TupleDescAttr(RelationGetDescr(index), 0)->atttypid;
	state->cached.typmod = TupleDescAttr(RelationGetDescr(index), 0)->atttypmod;
	if (!loki_definition_valid(index, &state->column, meta))
		loki_meta_damaged(index);
	state->cached.fork = (LokiMainFork) {LokiRelationLocator(index), MAIN_FORKNUM};
	state->cached.uid = meta->format.uid;
	state->cached.set = meta->set.number;
	state->code = meta->code;
	state->profile = meta->profile;
	state->dim = meta->code.dim;
	state->m = meta->m;
	state->nattributes = meta->nattributes;
	memcpy(state->attr_type, meta->attr_type, sizeof(state->attr_type));
	state->local = RelationUsesLocalBuffers(index);
	state->pending = meta->pending > 0;
	state->directory.block = LOKI_DIRECTORY_BLKNO;
	for (int i = 0; i < LOKI_FREELISTS; i++)
		state->hints.tail[i] = LOKI_NONE;

	/* slot sizes come from the quantizer, and the centroid from slots: so the quantizer is made first */
	state->centroid = MemoryContextAllocZero(context, sizeof(float) *
											 loki_code_constants(&state->code));
	state->quantizer = loki_make_quantizer(context, &state->code, state->centroid);
	loki_index_geometry(state);
	valid = meta->code_size == state->quantizer->code_size &&
		meta->refine_size == state->quantizer->refine_size;
	for (int i = 0; i < LOKI_SLOT_ARRAYS; i++)
		valid &= state->arrays[i].slot_size <= LOKI_PAGE_PAYLOAD;
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" has slots of sizes that this version of lokivector does not use",
						RelationGetRelationName(index)),
				 errhint("Please REINDEX it.")));
	loki_index_refresh(state, index);

	/* the centroid is part of what the quantizer derives its constants from */
	if (state->code.kind == LOKI_CODE_ROTATED && !state->pending)
	{
		read_constants(state, index);
		loki_quantizer_init(state->quantizer, &state->code, state->centroid);
	}
	if (state->nattributes > 0 && !state->pending && sketch_code(state, &sketch) > 0)
		state->sketch = loki_make_quantizer(context, &sketch, state->centroid);
	return state;
}

/*
 * Remove a state from the cache, so that the next use of its file makes another.  Its memory stays: that of
 * the context that is returned.
 */
static MemoryContext
forget_state(LokiIndex *state)
{
	bool		found;

	hash_search(cache, &state->cached.fork.locator, HASH_REMOVE, &found);
	Assert(found);
	return state->context;
}

/*
 * Drop entries that nobody can be using: of other files that an index had, since the server refuses to
 * replace the file of what is open; and if there are many, those that this transaction has not used.
 * The local transaction ID is that of the virtual transaction: it changes with each, also with those
 * that get no XID.
 */
static void
shrink_cache(Oid relid)
{
	bool		many = hash_get_num_entries(cache) >= MAX_ENTRIES;
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->relid == relid ||
			(many && entry->state->cached.last_used != LokiMyLocalTransactionId()))
			MemoryContextDelete(forget_state(entry->state));
}

bool
loki_index_is_unbuilt(Relation index)
{
	return RelationUsesLocalBuffers(index) && RelationGetNumberOfBlocks(index) == 0 &&
		loki_dimensions_lost(index);
}

/*
 * ERROR for an index without its first pages: of damage, unless its build failed, or there was none, as its
 * column has lost its dimensions.
 */
static void
require_file(Relation index)
{
	/* the server refuses to scan such an index, but functions come here without it */
	if (index->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary or unlogged relations during recovery"),
				 errdetail("Index \"%s\" is unlogged.", RelationGetRelationName(index))));
	if (RelationGetNumberOfBlocks(index) > LOKI_DIRECTORY_BLKNO)
		return;
	if (loki_index_is_unbuilt(index))
		(void) loki_index_column(index, NULL);
	if (!index->rd_index->indisready && RelationGetNumberOfBlocks(index) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" is not valid", RelationGetRelationName(index)),
				 errdetail("Its build has just begun, or failed before it had written any page."),
				 loki_errhint_not_valid(index)));
	loki_damaged(index, NULL, "lacks its first pages");
}

/*
 * The index of a relation, and a copy of its metapage, unless meta is NULL.  Locks block 0 in
 * share mode meanwhile; no content lock may be held.  See index.h.
 */
LokiIndex *
loki_index_open(Relation index, LokiMetaPageData *meta)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);
	CacheEntry *entry;
	LokiIndex  *state;
	MemoryContext superseded = NULL;
	LokiMetaPageData copy;
	Buffer		buffer;

	/*
	 * while it is locked, no other backend gives the index another file; but
	 * what the metapage says may change, as pending rows get codes
	 */
	Assert(CheckRelationLockedByMe(index, AccessShareLock, true));
	Assert(loki_no_buffer_locked());
	if (cache == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(LokiRelFileLocator);
		control.entrysize = sizeof(CacheEntry);
		control.hcxt = CacheMemoryContext;
		cache = hash_create("hnsw indexes", MAX_ENTRIES, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	/* by the locator, not the OID: REINDEX and TRUNCATE give an index another file */
	entry = hash_search(cache, &LokiRelationLocator(index), HASH_FIND, NULL);
	state = entry != NULL ? entry->state : NULL;
	if (meta == NULL)
		meta = &copy;
	/* a commit cuts the file of a temporary index off, and keeps its name */
	if (state == NULL || state->local)
		require_file(index);

	buffer = state ? loki_buffer_read(state, index, LOKI_META_BLKNO) :
		ReadBuffer(index, LOKI_META_BLKNO);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_meta_validate(index, BufferGetPage(buffer));
	memcpy(meta, LokiPageGetMeta(BufferGetPage(buffer)), sizeof(LokiMetaPageData));
	UnlockReleaseBuffer(buffer);

	/* ALTER TABLE may change the type of column 1 and keep the file, as from vector(3) to vector */
	if (state != NULL &&
		(state->cached.uid != meta->format.uid || state->cached.typid != column->atttypid ||
		 state->cached.typmod != column->atttypmod))
	{
		/*
		 * A build that ends adds one, and so do first codes and each further
		 * set; another begins with another number, in an empty file.  A scan
		 * of this transaction may use the old state, which stays until a later
		 * one opens the index, and goes with the new state if that goes
		 * before.
		 */
		if (meta->format.uid - state->cached.uid <= 2 + LOKI_MORE_SETS)
		{
			superseded = forget_state(state);
			MemoryContextSetParent(superseded, TopTransactionContext);
		}
		else
			MemoryContextDelete(forget_state(state));
		state = NULL;
	}
	if (state == NULL)
	{
		shrink_cache(RelationGetRelid(index));
		/* after an ERROR in here the state is gone with the current context; nothing refers to it yet */
		state = loki_index_for_meta(index, meta);
		MemoryContextSetParent(state->context, CacheMemoryContext);
		if (superseded != NULL)
			MemoryContextSetParent(superseded, state->context);
		entry = hash_search(cache, &state->cached.fork.locator, HASH_ENTER, NULL);

		entry->state = state;
		entry->relid = RelationGetRelid(index);
	}
	else if (state->cached.last_used != LokiMyLocalTransactionId())
		MemoryContextDeleteChildren(state->context);	/* superseded by an earlier transaction */
	Assert(state->cached.uid == meta->format.uid && state->pending == (meta->pending > 0));
	state->cached.last_used = LokiMyLocalTransactionId();

	return state;
}

/* Where a slot lies; false if it is past the end of its array.  See index.h. */
bool
loki_slot_locate(LokiIndex *state, Relation index, int array, uint32 number,
				 BlockNumber *block, uint32 *place)
{
	LokiSlotArray *slots = &state->arrays[array];
	uint32		page;

	if (slots->slot_size == 0)
		return false;
	page = loki_slot_page(slots, number, place);
	if (page >= slots->npages)
	{
		loki_index_refresh(state, index);
		if (page >= slots->npages)
			return false;
	}
	*block = loki_page_block(slots, page);
	return true;
}

/*
 * The same for a number that was read from a page; ERROR if it is past the end.  The set that a scan began with has
 * no slots of nodes that came after the next one: their rows are none that the scan sees, and any slot will do.
 * Whether the index has another set now is read without a lock of the metapage, as the caller may hold locks that
 * come after that of block 0: the uid is an aligned word.
 */
BlockNumber
loki_slot_block(LokiIndex *state, Relation index, int array, uint32 number,
				uint32 *place)
{
	BlockNumber block;
	bool		superseded = false;

	if (loki_slot_locate(state, index, array, number, &block, place))
		return block;
	if (state->arrays[array].npages > 0 && loki_stored_array(array, 1) != array)
	{
		Buffer		buffer = loki_buffer_read(state, index, LOKI_META_BLKNO);

		superseded = state->cached.uid !=
			((volatile LokiMetaPageData *) LokiPageGetMeta(BufferGetPage(buffer)))->format.uid;
		ReleaseBuffer(buffer);
	}
	if (!superseded)
		loki_damaged(index, NULL, "refers to slot %u of the %s array, which has %llu slots",
					 number, loki_slot_array_name(array),
					 (unsigned long long) state->arrays[array].npages *
					 state->arrays[array].per_page);
	*place = 0;
	return loki_page_block(&state->arrays[array], 0);
}
