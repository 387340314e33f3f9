/*-------------------------------------------------------------------------
 *
 * toast.c
 *	  Reading values out of line without descending the TOAST index.
 *
 * Detoasting opens the TOAST table and its index, descends the index, and
 * fetches chunk by chunk; the bytes themselves are the smallest part of it.
 * But values are mostly stored one after another, in the order of their rows,
 * so that the next begins where one ends.
 *
 * A place is never more than a guess.  A chunk is taken from it only if it is
 * that of the value wanted: value ids are unique among the tuples of a TOAST
 * table that its snapshot can see.  Otherwise the index is asked, and what is
 * damaged is left to the server's own detoasting, which reports it.
 *
 * So there are three ways, each the fallback of the one before:
 *
 *	read_chunks()		where the value is thought to lie: the one behind the
 *						value read last, or a known place
 *	scan_chunks()		by the index, without opening it again for each value
 *	pg_detoast_datum()	the server, as if this file were not there
 *
 * A value must not be removed while it is read.  The rule is the server's: a
 * registered or active snapshot, by which the row was seen that points to the
 * value, keeps vacuum from it.  Its place must not be cut off either, which
 * takes a lock that conflicts with the reader's AccessShareLock.
 *
 * IDENTIFICATION
 *	  src/types/toast.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "access/xact.h"
#include "compat/pgcompat.h"
#include "storage/lmgr.h"
#include "types/toast.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* A value out of line */
typedef struct ToastValue
{
	Oid			id;				/* chunk_id of its chunks */
	Size		size;			/* of its chunks together */
} ToastValue;

/* What a tuple of a TOAST table begins with; a varlena follows */
typedef struct ChunkHeader
{
	Oid			value;			/* chunk_id */
	int32		sequence;		/* chunk_seq, from 0 */
} ChunkHeader;

/*
 * Where values were found by readers that were given their places, by value id.
 * An index scan reads vectors so, and then the executor those of the rows that
 * are returned, to compute a distance for the result.
 */
#define KNOWN_PLACES	1024

typedef struct KnownPlace
{
	Oid			relid;			/* the TOAST table */
	Oid			valueid;		/* InvalidOid: none */
	ItemPointerData first;		/* its first chunk, as far as is known */
} KnownPlace;

/*
 * A cache without rules of invalidation: a place that holds something else by now is as any wrong
 * guess.  Of two values with one place in it the one found last stays.
 */
static KnownPlace known_places[KNOWN_PLACES];

/* ----------------------------------------------------------------
 * Relations
 * ----------------------------------------------------------------
 */
/*
 * A TOAST table could be of another access method than heap, whose tuples are not laid out as
 * copy_chunk() expects; its index is asked then.
 */
static void
open_relation(LokiToastReader *reader, Oid relid, LOCKMODE lock)
{
	Assert(reader->relation == NULL);
	reader->relation = table_open(relid, lock);
	Assert(CheckRelationLockedByMe(reader->relation, AccessShareLock, true));
	reader->direct = reader->relation->rd_tableam == GetHeapamTableAmRoutine();
}

/* Close what reading opened; locks are kept, as those of the table itself are. */
void
loki_toast_close(LokiToastReader *reader)
{
	if (reader->relation == NULL)
		return;
	if (reader->scan != NULL)
	{
		index_endscan(reader->scan);
		ExecDropSingleTupleTableSlot(reader->slot);
		toast_close_indexes(reader->indexes, reader->nindexes, NoLock);
		reader->scan = NULL;
	}
	table_close(reader->relation, NoLock);
	reader->relation = NULL;
}

/*
 * Bulk reading keeps to a ring of buffers where the server's scan of a table of
 * that size would: the processor's cache holds the ring, and others' pages stay.
 */
Relation
loki_toast_open(LokiToastReader *reader, Oid relid)
{
	if (reader->relation != NULL && RelationGetRelid(reader->relation) == relid)
		return reader->relation;
	loki_toast_close(reader);
	open_relation(reader, relid, AccessShareLock);
	reader->ahead.block = InvalidBlockNumber;
	if (reader->choose != NULL)
		reader->strategy = reader->choose(reader->choose_arg, reader->relation);
	if (reader->bulk && reader->strategy == NULL && !RelationUsesLocalBuffers(reader->relation) &&
		RelationGetNumberOfBlocks(reader->relation) > NBuffers / 4)
	{
		MemoryContext old = MemoryContextSwitchTo(reader->context);

		reader->strategy = GetAccessStrategy(BAS_BULKREAD);
		MemoryContextSwitchTo(old);
	}
	return reader->relation;
}

/*
 * Make room for a value; the one read last is gone.  valueid is reset before anything can fail: it says
 * that reader->value is whole.
 */
static void
make_room_for_value(LokiToastReader *reader, Size size)
{
	Assert((reader->value == NULL) == (reader->allocated == 0));
	reader->valueid = InvalidOid;
	if (reader->allocated >= size + VARHDRSZ)
		return;
	if (reader->value != NULL)
		pfree(reader->value);
	/* the allocation may fail, and the reader is used again after the error */
	reader->value = NULL;
	reader->allocated = 0;
	reader->value = MemoryContextAlloc(reader->context, size + VARHDRSZ);
	reader->allocated = size + VARHDRSZ;
}

/* ----------------------------------------------------------------
 * Reading chunks where they are thought to lie
 * ----------------------------------------------------------------
 */

/*
 * The size that this backend knows is a lower bound: a table is cut under a lock that conflicts with ours,
 * and the number is forgotten by whoever takes a lock afterwards.
 */
bool
loki_relation_has_block(Relation relation, BlockNumber block)
{
	BlockNumber known = RelationGetSmgr(relation)->smgr_cached_nblocks[MAIN_FORKNUM];

	Assert(CheckRelationLockedByMe(relation, AccessShareLock, true));
	if (likely(known != InvalidBlockNumber && block < known))
		return true;
	return block < RelationGetNumberOfBlocks(relation);
}

/*
 * Pin and share-lock a block of the relation, if it has it.  A block behind the end would be an error of
 * the server's, and a guess may be of one.  `recent` saves the lookup in the table of buffers if it still
 * holds the block.
 */
static Buffer
lock_toast_block(LokiToastReader *reader, BlockNumber block, Buffer recent)
{
	Relation	relation = reader->relation;
	Buffer		buffer = recent;

	if (!loki_relation_has_block(relation, block))
		return InvalidBuffer;
	if (recent == InvalidBuffer || RelationUsesLocalBuffers(relation) ||
		!ReadRecentBuffer(LokiRelationLocator(relation), MAIN_FORKNUM, block, recent))
		buffer = ReadBufferExtended(relation, MAIN_FORKNUM, block, RBM_NORMAL,
									reader->strategy);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	return buffer;
}

/*
 * Values are being read one after another, and the first of a page is next.
 * That is about once a value, if vectors have 1,536 dimensions: four chunks, as many as a page takes:
 * have the page behind it brought in, from disk or into the processor's cache.
 * Bulk reading leaves that to the system, which reads ahead in larger pieces.
 */
static void
look_ahead(LokiToastReader *reader)
{
	BlockNumber block = reader->ahead.block + 1;
	char	   *page;

	reader->ahead.next = InvalidBuffer;
	if ((reader->bulk && reader->strategy != NULL) ||
		RelationUsesLocalBuffers(reader->relation) ||
		!loki_relation_has_block(reader->relation, block))
		return;
	reader->ahead.next = PrefetchBuffer(reader->relation, MAIN_FORKNUM, block).recent_buffer;
	if (reader->ahead.next == InvalidBuffer)
		return;
	page = (char *) BufferGetBlock(reader->ahead.next);
	for (int i = 0; i < BLCKSZ; i += 64)
		__builtin_prefetch(page + i);
}

/*
 * Copy a chunk from a tuple of a locked page, if that is what is there: chunk
 * `sequence` of the value, of `length` bytes, and visible.
 */
static bool
copy_chunk(LokiToastReader *reader, Buffer buffer, OffsetNumber offset,
		   const ToastValue *value, int32 sequence, char *bytes, Size length)
{
	static SnapshotData toast_snapshot = {.snapshot_type = SNAPSHOT_TOAST};
	Page		page = BufferGetPage(buffer);
	ItemId		item = PageGetItemId(page, offset);
	HeapTupleData tuple;
	ChunkHeader *header;
	struct varlena *chunk;

	Assert(length > 0 && length <= TOAST_MAX_CHUNK_SIZE);
	/*
	 * Nothing of the tuple is trusted before it is known to lie in the item: the
	 * place may be any tuple, in use or not, or damaged.  A chunk's tuple has no
	 * NULLs, so that its attributes lie at fixed places behind the header.
	 */
	if (!ItemIdIsNormal(item) ||
		ItemIdGetLength(item) < MAXALIGN(SizeofHeapTupleHeader) + sizeof(ChunkHeader) + length)
		return false;
	tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
	if (tuple.t_data->t_hoff != MAXALIGN(SizeofHeapTupleHeader) ||
		(tuple.t_data->t_infomask & HEAP_HASNULL) != 0)
		return false;
	header = (ChunkHeader *) ((char *) tuple.t_data + MAXALIGN(SizeofHeapTupleHeader));
	if (header->value != value->id || header->sequence != sequence)
		return false;

	chunk = (struct varlena *) (header + 1);
	if ((VARATT_IS_EXTENDED(chunk) && !VARATT_IS_SHORT(chunk)) ||
		VARSIZE_ANY_EXHDR(chunk) != length ||
		(char *) chunk + VARSIZE_ANY(chunk) > (char *) tuple.t_data + ItemIdGetLength(item))
		return false;

	/*
	 * SNAPSHOT_TOAST sees what was not aborted.  The hint says so of most
	 * tuples; only of others need the transaction be looked up.
	 */
	if (!HeapTupleHeaderXminCommitted(tuple.t_data))
	{
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(reader->relation);
		ItemPointerSet(&tuple.t_self, BufferGetBlockNumber(buffer), offset);
		if (!HeapTupleSatisfiesVisibility(&tuple, &toast_snapshot, buffer))
			return false;
	}
	memcpy(bytes, VARDATA_ANY(chunk), length);
	return true;
}

/*
 * Read a value into reader->value, beginning at reader->ahead.block and offset and
 * going on with the next tuple, or the first of the next page.  False if one
 * of its chunks is not there.  One page is locked and pinned at a time, and none
 * when it returns; reader->ahead is behind the value then, where the next one
 * is likely to begin.
 */
static bool
read_chunks(LokiToastReader *reader, const ToastValue *value)
{
	char	   *bytes = VARDATA(reader->value);
	Buffer		buffer = lock_toast_block(reader, reader->ahead.block, reader->ahead.recent);
	Size		done = 0;

	/* the size is that of the datum that points to the value, and not of what lies there */
	Assert(reader->allocated >= value->size + VARHDRSZ);
	if (buffer == InvalidBuffer)
		return false;
	for (int32 sequence = 0; done < value->size; sequence++)
	{
		Size		length = Min(value->size - done, TOAST_MAX_CHUNK_SIZE);

		if (reader->ahead.offset > PageGetMaxOffsetNumber(BufferGetPage(buffer)))
		{
			UnlockReleaseBuffer(buffer);
			buffer = lock_toast_block(reader, ++reader->ahead.block, reader->ahead.next);
			if (buffer == InvalidBuffer)
				return false;
			look_ahead(reader);
			reader->ahead.offset = FirstOffsetNumber;
		}
		if (reader->ahead.offset > PageGetMaxOffsetNumber(BufferGetPage(buffer)) ||
			!copy_chunk(reader, buffer, reader->ahead.offset, value, sequence, bytes + done, length))
		{
			UnlockReleaseBuffer(buffer);
			return false;
		}
		if (sequence == 0)
			ItemPointerSet(&reader->first, reader->ahead.block, reader->ahead.offset);
		reader->ahead.offset++;
		done += length;
	}
	UnlockReleaseBuffer(buffer);
	Assert(done == value->size);
	reader->ahead.recent = buffer;
	return true;
}

/*
 * Without a snapshot that keeps vacuum from removing the value nothing may be
 * read; the server's own detoasting says so.
 */
static bool
may_read_directly(const LokiToastReader *reader)
{
	return reader->direct && HaveRegisteredOrActiveSnapshot();
}

/*
 * For a caller that knows the place of a value from an index, and has not read its row.  The place is
 * noted: the executor is likely to ask for the value next, by its id alone.
 */
struct varlena *
loki_toast_read_at(LokiToastReader *reader, Oid relid, Oid valueid,
				   const ItemPointerData *first, Size size, Buffer recent)
{
	ToastValue	value = {valueid, size};
	KnownPlace *place = &known_places[valueid % KNOWN_PLACES];

	loki_toast_open(reader, relid);
	if (!may_read_directly(reader))
		return NULL;
	make_room_for_value(reader, size);
	reader->ahead.recent = recent;
	reader->ahead.next = InvalidBuffer;
	reader->ahead.block = ItemPointerGetBlockNumberNoCheck(first);
	reader->ahead.offset = ItemPointerGetOffsetNumberNoCheck(first);
	if (!read_chunks(reader, &value))
		return NULL;
	SET_VARSIZE(reader->value, size + VARHDRSZ);
	reader->valueid = valueid;
	*place = (KnownPlace) {relid, valueid, *first};
	return reader->value;
}

/* ----------------------------------------------------------------
 * Reading by the index
 * ----------------------------------------------------------------
 */

/*
 * The snapshot to read chunks with: SNAPSHOT_TOAST, which sees all that was not aborted.  Until 16 it is as old as the
 * oldest of the session, and reading with it fails where that is too old.
 */
static Snapshot
chunk_snapshot(LokiToastReader *reader)
{
	Snapshot	snapshot = LokiToastSnapshot(&reader->snapshot);

	if (reader->may_be_gone)
		LokiSnapshotNeverOld(snapshot);
	return snapshot;
}

/*
 * Begin to look for the chunks of a value.  All of the scan is in the reader's context, since it outlives the
 * call.
 */
static void
rescan_index(LokiToastReader *reader, Oid valueid)
{
	ScanKeyData key;

	if (reader->scan == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(reader->context);

		reader->valid_index = toast_open_indexes(reader->relation, AccessShareLock,
												 &reader->indexes, &reader->nindexes);
		reader->slot = table_slot_create(reader->relation, NULL);
		reader->scan = LokiIndexBeginScanKeys(reader->relation,
											  reader->indexes[reader->valid_index],
											  chunk_snapshot(reader), NULL, 1, 0);
		MemoryContextSwitchTo(old);
	}
	/* that of the scan's beginning may have ended with its query */
	reader->scan->xs_snapshot = chunk_snapshot(reader);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(valueid));
	index_rescan(reader->scan, &key, 1, NULL, 0);
}

/*
 * Let go of the pages that the scan is on.  A pin on a page of the index would
 * make vacuum wait for as long as a cursor is open, and a standby cancel the
 * query.
 */
static void
rest_index(LokiToastReader *reader)
{
	index_rescan(reader->scan, NULL, 1, NULL, 0);
	ExecClearTuple(reader->slot);
}

/* As read_chunks(), by the index. */
static bool
scan_chunks(LokiToastReader *reader, const ToastValue *value)
{
	Size		done = 0;

	Assert(reader->allocated >= value->size + VARHDRSZ);
	rescan_index(reader, value->id);
	for (int32 sequence = 0; done < value->size; sequence++)
	{
		Size		length = Min(value->size - done, TOAST_MAX_CHUNK_SIZE);
		struct varlena *chunk;
		bool		isnull;

		/* the one expected, or none */
		if (!index_getnext_slot(reader->scan, ForwardScanDirection, reader->slot) ||
			DatumGetInt32(slot_getattr(reader->slot, 2, &isnull)) != sequence || isnull)
			break;
		chunk = (struct varlena *) DatumGetPointer(slot_getattr(reader->slot, 3, &isnull));
		if (isnull || (VARATT_IS_EXTENDED(chunk) && !VARATT_IS_SHORT(chunk)) ||
			VARSIZE_ANY_EXHDR(chunk) != length)
			break;
		memcpy(VARDATA(reader->value) + done, VARDATA_ANY(chunk), length);
		if (sequence == 0)
			reader->first = reader->slot->tts_tid;
		reader->ahead.block = ItemPointerGetBlockNumber(&reader->slot->tts_tid);
		reader->ahead.offset = ItemPointerGetOffsetNumber(&reader->slot->tts_tid) + 1;
		done += length;
	}
	reader->ahead.recent = reader->ahead.next = InvalidBuffer;
	rest_index(reader);
	return done == value->size;
}

/* The first chunk alone, for an index that keeps its place; chunks are in the order of their numbers. */
bool
loki_toast_find(LokiToastReader *reader, Oid relid, Oid valueid)
{
	bool		found;

	reader->valueid = InvalidOid;
	loki_toast_open(reader, relid);
	if (!may_read_directly(reader))
		return false;
	rescan_index(reader, valueid);
	found = index_getnext_slot(reader->scan, ForwardScanDirection, reader->slot);
	if (found)
	{
		reader->valueid = valueid;
		reader->first = reader->slot->tts_tid;
	}
	rest_index(reader);
	return found;
}

/* ----------------------------------------------------------------
 * Reading a datum
 * ----------------------------------------------------------------
 */

/* Read from the open relation; NULL if detoasting must do it. */
static struct varlena *
read_value(LokiToastReader *reader, const struct varatt_external *pointer)
{
	ToastValue	value = {pointer->va_valueid, VARATT_EXTERNAL_GET_EXTSIZE(*pointer)};
	const KnownPlace *place = &known_places[value.id % KNOWN_PLACES];

	if (!may_read_directly(reader))
		return NULL;
	make_room_for_value(reader, value.size);

	/* begin where it was found before, if it was; else where the one before ended */
	if (place->valueid == value.id && place->relid == RelationGetRelid(reader->relation))
	{
		/* the buffers of another block are no hint */
		if (ItemPointerGetBlockNumberNoCheck(&place->first) != reader->ahead.block)
			reader->ahead.recent = reader->ahead.next = InvalidBuffer;
		reader->ahead.block = ItemPointerGetBlockNumberNoCheck(&place->first);
		reader->ahead.offset = ItemPointerGetOffsetNumberNoCheck(&place->first);
	}
	if ((reader->ahead.block == InvalidBlockNumber || !read_chunks(reader, &value)) &&
		!scan_chunks(reader, &value))
		return NULL;
	if (!VARATT_EXTERNAL_IS_COMPRESSED(*pointer))
	{
		SET_VARSIZE(reader->value, value.size + VARHDRSZ);
		reader->valueid = value.id;
		return reader->value;
	}
	/* valueid stays invalid: what is returned is not reader->value */
	SET_VARSIZE_COMPRESSED(reader->value, value.size + VARHDRSZ);
	return detoast_attr(reader->value);
}

struct varlena *
loki_toast_try(LokiToastReader *reader, struct varlena *datum)
{
	struct varatt_external pointer;

	reader->valueid = InvalidOid;
	if (!VARATT_IS_EXTERNAL_ONDISK(datum))
		return pg_detoast_datum(datum);
	VARATT_EXTERNAL_GET_POINTER(pointer, datum);
	loki_toast_open(reader, pointer.va_toastrelid);
	return read_value(reader, &pointer);
}

struct varlena *
loki_toast_read(LokiToastReader *reader, struct varlena *datum)
{
	struct varlena *value = loki_toast_try(reader, datum);

	return value != NULL ? value : pg_detoast_datum(datum);
}

/* ----------------------------------------------------------------
 * Arguments of functions
 * ----------------------------------------------------------------
 */

/*
 * One argument, in fn_extra.  Nothing is held between calls: neither relation
 * nor pin.  Only the lock on the TOAST table is, until the end of the
 * subtransaction that took it at least.  All live as long as the call's FmgrInfo.
 */
typedef struct ToastArgument
{
	LokiToastReader reader;		/* its value is kept, its relation is not */
	Oid			relid;			/* the TOAST table read last ... */
	LocalTransactionId transaction; /* ... and where it was locked */
	SubTransactionId subtransaction;
} ToastArgument;

#define MAX_ARGUMENTS	2

struct varlena *
loki_toast_argument(FunctionCallInfo fcinfo, int n)
{
	struct varlena *datum = (struct varlena *) PG_GETARG_POINTER(n);
	FmgrInfo   *flinfo = fcinfo->flinfo;
	struct varatt_external pointer;
	ToastArgument *argument;
	struct varlena *value;
	bool		is_known;		/* the TOAST table, from an earlier call in this transaction */
	bool		is_locked;

	if (!VARATT_IS_EXTERNAL_ONDISK(datum) || flinfo == NULL)
		return pg_detoast_datum(datum);
	VARATT_EXTERNAL_GET_POINTER(pointer, datum);
	Assert(n >= 0 && n < MAX_ARGUMENTS);
	if (flinfo->fn_extra == NULL)
	{
		argument = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(ToastArgument) * MAX_ARGUMENTS);
		for (int i = 0; i < MAX_ARGUMENTS; i++)
			argument[i].reader.context = flinfo->fn_mcxt;
		flinfo->fn_extra = argument;
	}
	argument = (ToastArgument *) flinfo->fn_extra + n;
	is_known = argument->relid == pointer.va_toastrelid &&
		argument->transaction == LokiMyLocalTransactionId();

	/* an argument that does not change from row to row */
	if (is_known && argument->reader.valueid == pointer.va_valueid)
		return argument->reader.value;
	if (!is_known)
	{
		argument->reader.ahead.block = InvalidBlockNumber;
		argument->reader.valueid = InvalidOid;
	}

	/*
	 * An error may have left these: its cleanup closed them, and fn_extra
	 * outlives it where the error is caught, as in PL/pgSQL.
	 */
	argument->reader.relation = NULL;
	argument->reader.scan = NULL;

	/*
	 * A lock that this subtransaction took lasts at least as long as it, so it need not be taken again; one
	 * of another may have been released by a rollback to a savepoint.
	 */
	is_locked = is_known && argument->subtransaction == GetCurrentSubTransactionId();
	open_relation(&argument->reader, pointer.va_toastrelid, is_locked ? NoLock : AccessShareLock);
	argument->relid = pointer.va_toastrelid;
	argument->transaction = LokiMyLocalTransactionId();
	argument->subtransaction = GetCurrentSubTransactionId();
	value = read_value(&argument->reader, &pointer);
	loki_toast_close(&argument->reader);
	return value != NULL ? value : pg_detoast_datum(datum);
}
