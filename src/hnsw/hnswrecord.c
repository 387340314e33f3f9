/*-------------------------------------------------------------------------
 *
 * hnswrecord.c
 *	  Changing pages in place, in one WAL record.
 *
 * GenericXLogFinish finds out what changed by comparing pages with copies of
 * them, byte by byte, which takes several times as long as everything else that
 * adding a link consists of.  Whoever knows what changes says so here.  The
 * records are those that the generic resource manager replays: for each page a
 * sequence of offset, length and bytes, which GenericXLogFinish would have found
 * as well.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswrecord.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "hnsw/hnswrecord.h"
#include "miscadmin.h"

/* XLogInsert takes so many pieces of data without being asked for more */
#define DEFAULT_PIECES	20

/* Changes of a slot that are told apart, and bytes between them: each has a
 * header of 4 */
#define CHANGES			8
#define FAR_APART		4

StaticAssertDecl(offsetof(LokiRecordPart, length) ==
				 offsetof(LokiRecordPart, offset) + sizeof(uint16),
				 "offset and length precede a part's bytes in a record");

void
loki_record_begin(LokiRecord *record, Relation index)
{
	record->index = index;
	record->npages = 0;
	record->nparts = 0;
}

/* The number of a page in a record; the page is added if it is not there yet. */
int
loki_record_page(LokiRecord *record, Buffer buffer)
{
	LokiRecordPage *page = record->pages;

	for (int i = 0; i < record->npages; i++)
		if (page[i].buffer == buffer)
			return i;
	if (record->npages == LOKI_RECORD_PAGES)
		elog(ERROR, "too many pages in a record");
	page += record->npages;
	page->buffer = buffer;
	page->lower = ((PageHeader) BufferGetPage(buffer))->pd_lower;
	return record->npages++;
}

/*
 * Change bytes of a page.  They are copied when the record is finished, in the
 * order in which they were added; so does replay.
 */
void
loki_record_bytes(LokiRecord *record, int page, Size offset, const void *bytes, Size length)
{
	LokiRecordPart *part;

	if (record->nparts == LOKI_RECORD_PARTS)
		elog(ERROR, "too many changes in a record");
	Assert(page < record->npages && offset + length <= BLCKSZ);
	part = &record->parts[record->nparts++];
	part->page = page;
	part->offset = (uint16) offset;
	part->length = (uint16) length;
	part->bytes = bytes;
}

/* Change part of a slot, which the used part of its page will cover. */
void
loki_record_slot_bytes(LokiRecord *record, int page, uint32 slot_size, uint32 place,
					   Size offset, const void *bytes, Size length)
{
	Size		start = SizeOfPageHeaderData + (Size) slot_size * place;

	Assert(offset + length <= slot_size);
	Assert(start + slot_size <= BLCKSZ - sizeof(LokiPageOpaqueData));
	record->pages[page].lower = Max(record->pages[page].lower, start + slot_size);
	loki_record_bytes(record, page, start + offset, bytes, length);
}

/* Change a slot. */
void
loki_record_slot(LokiRecord *record, int page, uint32 slot_size, uint32 place,
				 const void *slot)
{
	loki_record_slot_bytes(record, page, slot_size, place, 0, slot, slot_size);
}

/*
 * Change a slot where it differs from what the page has.  What is not in use yet
 * is zero.  The end comes first: for those who read a list without lock, its new
 * links are there before its count.
 */
void
loki_record_slot_changes(LokiRecord *record, int page, uint32 slot_size, uint32 place,
						 const char *slot)
{
	const char *old = LokiPageSlot(BufferGetPage(record->pages[page].buffer),
								   slot_size, place);
	uint32		starts[CHANGES];
	uint32		ends[CHANGES];
	int			n = 0;

	for (uint32 i = 0; i < slot_size; i++)
	{
		if (slot[i] == old[i])
			continue;
		if (n == 0 || (n < CHANGES && i - ends[n - 1] > FAR_APART))
			starts[n++] = i;
		ends[n - 1] = i + 1;
	}
	for (int i = n - 1; i >= 0; i--)
		loki_record_slot_bytes(record, page, slot_size, place, starts[i],
							   slot + starts[i], ends[i] - starts[i]);
	record->pages[page].lower = Max(record->pages[page].lower, SizeOfPageHeaderData +
									slot_size * (place + 1));
}

/* Add what raises the ends of the used parts. */
static void
add_page_ends(LokiRecord *record)
{
	for (int i = 0; i < record->npages; i++)
	{
		LokiRecordPage *page = &record->pages[i];

		if (((PageHeader) BufferGetPage(page->buffer))->pd_lower != page->lower)
			loki_record_bytes(record, i, offsetof(PageHeaderData, pd_lower),
							  &page->lower, sizeof(page->lower));
	}
}

/* Write the record, whose pages have been changed. */
static void
insert_record(LokiRecord *record)
{
	XLogRecPtr	lsn;

	for (int i = 0; i < record->npages; i++)
		XLogRegisterBuffer((uint8) i, record->pages[i].buffer, REGBUF_STANDARD);
	for (int i = 0; i < record->nparts; i++)
	{
		LokiRecordPart *part = &record->parts[i];

		XLogRegisterBufData(part->page, (char *) &part->offset, 2 * sizeof(uint16));
		XLogRegisterBufData(part->page, (char *) part->bytes, part->length);
	}
	lsn = XLogInsert(RM_GENERIC_ID, 0);
	for (int i = 0; i < record->npages; i++)
		PageSetLSN(BufferGetPage(record->pages[i].buffer), lsn);
}

/*
 * Make the changes.  All pages are locked exclusively, and stay so.
 */
void
loki_record_finish(LokiRecord *record)
{
	bool		log = RelationNeedsWAL(record->index);

	add_page_ends(record);
	if (log)
	{
		if (2 * record->nparts > DEFAULT_PIECES)
			XLogEnsureRecordSpace(0, 2 * record->nparts);
		XLogBeginInsert();
	}
	START_CRIT_SECTION();
	for (int i = 0; i < record->nparts; i++)
	{
		const LokiRecordPart *part = &record->parts[i];
		Page		page = BufferGetPage(record->pages[part->page].buffer);

		memcpy((char *) page + part->offset, part->bytes, part->length);
	}
	for (int i = 0; i < record->npages; i++)
		MarkBufferDirty(record->pages[i].buffer);
	if (log)
		insert_record(record);
	END_CRIT_SECTION();
}
