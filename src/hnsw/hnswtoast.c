/*-------------------------------------------------------------------------
 *
 * hnswtoast.c
 *	  Reading many values out of one TOAST table.
 *
 * Detoasting opens the TOAST relation and its index, and begins and ends an
 * index scan, for each value.  A scan that ranks rows by their vectors does
 * that once and rescans instead.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswtoast.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/toast_internals.h"
#include "hnsw/hnswscan.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static void
open_toast(LokiToast *toast, Oid relid)
{
	toast->relation = table_open(relid, AccessShareLock);
	toast->valid = toast_open_indexes(toast->relation, AccessShareLock,
									  &toast->indexes, &toast->nindexes);
	toast->slot = table_slot_create(toast->relation, NULL);
	toast->scan = LokiIndexBeginScan(toast->relation, toast->indexes[toast->valid],
									 LokiToastSnapshot(&toast->snapshot), 1);
}

/* Close what loki_toast_read() opened. */
void
loki_toast_close(LokiToast *toast)
{
	if (toast->relation == NULL)
		return;
	index_endscan(toast->scan);
	ExecDropSingleTupleTableSlot(toast->slot);
	toast_close_indexes(toast->indexes, toast->nindexes, NoLock);
	table_close(toast->relation, NoLock);
	toast->relation = NULL;
}

/*
 * Let go of the pages that the last value was read from.  A pin on a page of
 * the TOAST index would make vacuum wait for as long as the scan's cursor is
 * open, and a standby cancel the query.
 */
void
loki_toast_rest(LokiToast *toast)
{
	if (toast->relation == NULL)
		return;
	index_rescan(toast->scan, NULL, 1, NULL, 0);
	ExecClearTuple(toast->slot);
}

/* Copy the next chunk behind *done bytes; false if it is not as expected. */
static bool
copy_chunk(LokiToast *toast, int32 sequence, char *bytes, Size size, Size *done)
{
	bool		isnull;
	struct varlena *chunk;
	Size		length;

	if (DatumGetInt32(slot_getattr(toast->slot, 2, &isnull)) != sequence || isnull)
		return false;
	chunk = (struct varlena *) DatumGetPointer(slot_getattr(toast->slot, 3, &isnull));
	if (isnull || (VARATT_IS_EXTENDED(chunk) && !VARATT_IS_SHORT(chunk)))
		return false;
	length = VARSIZE_ANY_EXHDR(chunk);
	if (length > size - *done)
		return false;
	memcpy(bytes + *done, VARDATA_ANY(chunk), length);
	*done += length;
	return true;
}

/*
 * Read a value into memory of the toast's buffer, which lives until the next
 * call.  The datum itself if it is not an uncompressed value out of line, or
 * if its chunks are not as expected: whoever detoasts it then reports why.
 */
Datum
loki_toast_read(LokiScan *so, Datum datum)
{
	LokiToast  *toast = &so->toast;
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	struct varatt_external pointer;
	MemoryContext old;
	ScanKeyData key;
	Size		size;
	Size		done = 0;

	if (!VARATT_IS_EXTERNAL_ONDISK(value))
		return datum;
	VARATT_EXTERNAL_GET_POINTER(pointer, value);
	if (VARATT_EXTERNAL_IS_COMPRESSED(pointer))
		return datum;
	size = VARATT_EXTERNAL_GET_EXTSIZE(pointer);

	old = MemoryContextSwitchTo(so->context);
	if (toast->relation != NULL && RelationGetRelid(toast->relation) != pointer.va_toastrelid)
		loki_toast_close(toast);
	if (toast->relation == NULL)
		open_toast(toast, pointer.va_toastrelid);
	if (toast->buffer_size < size + VARHDRSZ)
	{
		if (toast->buffer)
			pfree(toast->buffer);
		toast->buffer = palloc(size + VARHDRSZ);
		toast->buffer_size = size + VARHDRSZ;
	}
	MemoryContextSwitchTo(old);

	toast->scan->xs_snapshot = LokiToastSnapshot(&toast->snapshot);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(pointer.va_valueid));
	index_rescan(toast->scan, &key, 1, NULL, 0);
	for (int32 sequence = 0; done < size; sequence++)
		if (!index_getnext_slot(toast->scan, ForwardScanDirection, toast->slot) ||
			!copy_chunk(toast, sequence, toast->buffer + VARHDRSZ, size, &done))
			return datum;
	SET_VARSIZE(toast->buffer, size + VARHDRSZ);
	return PointerGetDatum(toast->buffer);
}
