/*-------------------------------------------------------------------------
 *
 * pages.c
 *	  libFuzzer on the pages of an index: damage them, then check or scan the index.
 *
 * The file that LOKIVECTOR_FUZZ_INDEX names is a small index, copied from a server
 * (test/fuzz/pages.sql).  The first byte of an input says what is done, the rest is
 * a list of changes: a block, a place, a length and so many bytes.  Then all of
 * lokivector_check() runs but for the comparison with the table, or a scan, until it
 * has returned every row; opening the index is a part of either.  They may end by an
 * error, or well, as an undamaged index does.  They may not touch memory that is not
 * theirs, which each page is only while it is pinned, nor go on for ever, return more
 * rows than the index can have, or keep a pin.
 *
 * Rows are vectors that the place of the row decides; a part of the rows is not
 * visible.
 *
 * What they must not lead to is in absent.c; what nothing here calls stays unresolved.
 *
 * IDENTIFICATION
 *	  test/fuzz/pages.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "../../src/hnsw/page/index.c"
#include "../../src/hnsw/check/check.c"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "access/relscan.h"
#include "access/tableam.h"
#include "distance/distance.h"
#include "executor/instrument.h"
#include "executor/tuptable.h"
#include "hnsw/scan/scan.h"
#include "hnsw/filter/tid_set.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "stubs.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"

#define DIM			8
#define MOST_ROWS	100000
#define CHANGE		5			/* bytes before those of a change */

/* A page for itself, so that what is beyond it is known not to be its own */
typedef struct LokiStubPage
{
	char	   *page;
	int			pins;
} LokiStubPage;

static char *original;
static LokiStubPage *pages;
static BlockNumber nblocks;
static RelationData index_relation;
static RelationData heap_relation;

/* ----------------------------------------------------------------
 * Buffers: those of a temporary table, one for each block
 * ----------------------------------------------------------------
 */
int			NBuffers = 1000;
int			NLocBuffer;
int			MaxBackends = 100;
Block	   *LocalBufferBlockPointers;
BufferUsage pgBufferUsage;
static BufferDescPadded no_descriptor;
BufferDescPadded *BufferDescriptors = &no_descriptor;
char	   *BufferBlocks = (char *) &no_descriptor;

/* Assertions ask: all heavyweight locks are held that must be, and no LWLock */
bool
LWLockAnyHeldByMe(LWLock *lock, int nlocks, size_t stride)
{
	return false;
}

bool
LWLockHeldByMe(LWLock *lock)
{
	return true;
}

bool
LWLockHeldByMeInMode(LWLock *lock, LWLockMode mode)
{
	return true;
}

void
ForEachLWLockHeldByMe(void (*callback) (LWLock *, LWLockMode, void *), void *context)
{
}

bool
CheckRelationLockedByMe(Relation relation, LOCKMODE lockmode, bool orstronger)
{
	return true;
}

Buffer
ReadBufferExtended(Relation relation, ForkNumber fork, BlockNumber block, ReadBufferMode mode,
				   BufferAccessStrategy strategy)
{
	if (relation != &index_relation || block >= nblocks)
		elog(ERROR, "could not read block %u", block);
	if (pages[block].pins++ == 0)
		ASAN_UNPOISON_MEMORY_REGION(pages[block].page, BLCKSZ);
	return -(Buffer) block - 1;
}

Buffer
ReadBuffer(Relation relation, BlockNumber block)
{
	return ReadBufferExtended(relation, MAIN_FORKNUM, block, RBM_NORMAL, NULL);
}

BlockNumber
BufferGetBlockNumber(Buffer buffer)
{
	return -buffer - 1;
}

void
ReleaseBuffer(Buffer buffer)
{
	LokiStubPage *page = &pages[BufferGetBlockNumber(buffer)];

	loki_stub_must("a page that is released is pinned", page->pins > 0);
	if (--page->pins == 0)
		ASAN_POISON_MEMORY_REGION(page->page, BLCKSZ);
}

void
LockBuffer(Buffer buffer, int mode)
{
	loki_stub_must("a page that is locked is pinned",
				   pages[BufferGetBlockNumber(buffer)].pins > 0);
	loki_stub_must("it is not changed", mode != BUFFER_LOCK_EXCLUSIVE);
}

void
UnlockReleaseBuffer(Buffer buffer)
{
	ReleaseBuffer(buffer);
}

XLogRecPtr
BufferGetLSNAtomic(Buffer buffer)
{
	return PageGetLSN(BufferGetPage(buffer));
}

/* What the error of a server would do */
static void
release_all(void)
{
	for (BlockNumber block = 0; block < nblocks; block++)
	{
		pages[block].pins = 0;
		ASAN_POISON_MEMORY_REGION(pages[block].page, BLCKSZ);
	}
}

static void
must_have_released(void)
{
	for (BlockNumber block = 0; block < nblocks; block++)
		loki_stub_must("no page is pinned at the end", pages[block].pins == 0);
}

BlockNumber
RelationGetNumberOfBlocksInFork(Relation relation, ForkNumber fork)
{
	return relation == &index_relation ? nblocks : 0;
}

bool
loki_relation_has_block(Relation relation, BlockNumber block)
{
	return false;
}

BufferAccessStrategy
GetAccessStrategy(BufferAccessStrategyType type)
{
	return NULL;
}

void
FreeAccessStrategy(BufferAccessStrategy strategy)
{
}

/* ----------------------------------------------------------------
 * Memory, which lasts until the end of an input
 * ----------------------------------------------------------------
 */
MemoryContext CurrentMemoryContext = NULL;
MemoryContext CacheMemoryContext = NULL;
MemoryContext TopTransactionContext = NULL;

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size least, Size initial,
							  Size most)
{
	return NULL;
}

void
MemoryContextDelete(MemoryContext context)
{
}

void
MemoryContextReset(MemoryContext context)
{
}

void
MemoryContextSetParent(MemoryContext context, MemoryContext parent)
{
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return palloc_extended(size, MCXT_ALLOC_HUGE);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return palloc_extended(size, flags);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

/* ----------------------------------------------------------------
 * The rest of the server
 * ----------------------------------------------------------------
 */
volatile sig_atomic_t InterruptPending = false;
volatile uint32 InterruptHoldoffCount = 0;
volatile uint32 CritSectionCount = 0;
int			maintenance_work_mem = 65536;
int			work_mem = 4096;
int			wal_level = 0;
int			XactIsoLevel = 0;
bool	   *wal_consistency_checking = NULL;
TransactionId CheckXidAlive = InvalidTransactionId;
bool		bsysscan = false;
int			MyProcPid = 1;
struct Latch *MyLatch = NULL;
int			old_snapshot_threshold = -1;
sigjmp_buf *PG_exception_stack = NULL;
static PGPROC proc;
PGPROC	   *MyProc = &proc;

bool
RecoveryInProgress(void)
{
	return false;
}

void
PredicateLockRelation(Relation relation, Snapshot snapshot)
{
}

void
pgstat_progress_update_param(int index, int64 value)
{
}

void
pgstat_progress_update_multi_param(int nparam, const int *index, const int64 *values)
{
}

int
ItemPointerCompare(ItemPointer a, ItemPointer b)
{
	return memcmp(a, b, sizeof(ItemPointerData));
}

bool
ItemPointerEquals(ItemPointer a, ItemPointer b)
{
	return memcmp(a, b, sizeof(ItemPointerData)) == 0;
}

/* The cache of indexes: each input opens its own */
static char cache_entry[sizeof(CacheEntry)];

HTAB *
hash_create(const char *name, long elements, const HASHCTL *control, int flags)
{
	return (HTAB *) cache_entry;
}

void
hash_seq_init(HASH_SEQ_STATUS *status, HTAB *table)
{
}

void *
hash_seq_search(HASH_SEQ_STATUS *status)
{
	return NULL;
}

void *
hash_search(HTAB *table, const void *key, HASHACTION action, bool *found)
{
	return action == HASH_ENTER ? cache_entry : NULL;
}

long
hash_get_num_entries(HTAB *table)
{
	return 0;
}

/* Types of attributes are of those that need no catalog */
Oid
getBaseType(Oid type)
{
	return type;
}

bool
type_is_enum(Oid type)
{
	return false;
}

Oid
get_element_type(Oid type)
{
	return type == ANYARRAYOID ? INT4OID : InvalidOid;
}

Oid
get_opfamily_member(Oid family, Oid left, Oid right, int16 strategy)
{
	return InvalidOid;
}

/* ----------------------------------------------------------------
 * The rest of the extension
 * ----------------------------------------------------------------
 */
double		loki_scan_mem_multiplier = 1;

/* Values are their floats */
static const LokiValueType value_type = {0};

LokiColumn
loki_index_column(Relation index, const LokiMetaPageData *meta)
{
	LokiColumn	column = {&value_type, InvalidOid, LOKI_METRIC_L2, DIM, DIM};

	return column;
}

bool
loki_value_is_long(const LokiColumn *column)
{
	return false;
}

LokiValueClass
loki_value_open(const LokiColumn *column, Datum datum, bool isnull, const float **values)
{
	*values = (const float *) DatumGetPointer(datum);
	return LOKI_VALUE_VECTOR;
}

LokiValueClass
loki_query_open(const LokiColumn *column, Oid type, Datum datum, float *values)
{
	memcpy(values, DatumGetPointer(datum), DIM * sizeof(float));
	return LOKI_VALUE_VECTOR;
}

double
loki_exact_distance(LokiMetric metric, uint32 dim, const float *a, const float *b)
{
	double		sum = 0;

	for (uint32 i = 0; i < dim; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sqrt(sum);
}

double
loki_operator_distance(LokiMetric metric, float estimate)
{
	return sqrt(Max(estimate, 0));
}

struct varlena *
loki_toast_read(LokiToastReader *reader, struct varlena *value)
{
	return value;
}

void
loki_toast_close(LokiToastReader *reader)
{
}

void
loki_scan_settings(Relation index, LokiScanSettings *settings)
{
	settings->ef = 40;
	settings->recall_sample_rate = 0;
	settings->iterative_scan = LOKI_ITERATIVE_OFF;
	settings->max_tuples = 20000;
	settings->complete = true;
	settings->exact = false;
}

/* ----------------------------------------------------------------
 * The table
 * ----------------------------------------------------------------
 */
static float row_vector[DIM];
static Datum row_values[1];
static bool row_nulls[1];

static void
clear_row(TupleTableSlot *slot)
{
	slot->tts_flags |= TTS_FLAG_EMPTY;
	slot->tts_nvalid = 0;
}

static const TupleTableSlotOps row_ops = {.clear = clear_row};
static TupleTableSlot row_slot = {
	.tts_ops = &row_ops, .tts_values = row_values, .tts_isnull = row_nulls
};

/* The row at a place, of which one in four is not visible, and some are dead */
static bool
fetch_row_at(struct IndexFetchTableData *scan, ItemPointer tid, Snapshot snapshot,
			 TupleTableSlot *slot, bool *call_again, bool *all_dead)
{
	uint32		n = ItemPointerGetBlockNumberNoCheck(tid) * 60 + ItemPointerGetOffsetNumberNoCheck(tid);

	*all_dead = n % 8 == 0;
	if (n % 4 == 0)
		return false;
	for (int i = 0; i < DIM; i++)
		row_vector[i] = sin((n / 2) * (i + 1));
	row_values[0] = PointerGetDatum(row_vector);
	slot->tts_nvalid = 1;
	slot->tts_flags &= ~TTS_FLAG_EMPTY;
	return true;
}

/* No page of its visibility map is pinned, as no row is known to be visible */
bool
visibilitymap_pin_ok(BlockNumber block, Buffer buffer)
{
	return false;
}

static const TableAmRoutine table_routine = {.index_fetch_tuple = fetch_row_at};

const TableAmRoutine *
GetHeapamTableAmRoutine(void)
{
	return NULL;
}

TupleTableSlot *
table_slot_create(Relation relation, List **reglist)
{
	clear_row(&row_slot);
	return &row_slot;
}

void
ExecDropSingleTupleTableSlot(TupleTableSlot *slot)
{
}

/* ----------------------------------------------------------------
 * Scans
 * ----------------------------------------------------------------
 */
IndexScanDesc
RelationGetIndexScan(Relation index, int nkeys, int norderbys)
{
	static IndexFetchTableData fetch = {&heap_relation};
	static SnapshotData snapshot = {SNAPSHOT_MVCC};
	IndexScanDesc scan = palloc0(sizeof(IndexScanDescData));

	scan->indexRelation = index;
	scan->heapRelation = &heap_relation;
	scan->xs_heapfetch = &fetch;
	scan->xs_snapshot = &snapshot;
	scan->numberOfKeys = nkeys;
	scan->keyData = palloc0_array(ScanKeyData, nkeys);
	scan->numberOfOrderBys = norderbys;
	scan->orderByData = palloc0_array(ScanKeyData, norderbys);
	scan->ignore_killed_tuples = true;
	return scan;
}

/* A comparison of the first attribute, an integer */
static void
compare_attribute(ScanKey key, uint8 strategy, int32 constant)
{
	key->sk_attno = 2;
	key->sk_strategy = strategy;
	key->sk_subtype = INT4OID;
	key->sk_argument = Int32GetDatum(constant);
}

/* Rows of some blocks */
static LokiTidSet *
some_rows(void)
{
	LokiTidRow	rows[200];

	for (int i = 0; i < lengthof(rows); i++)
	{
		rows[i].block = i / 20 * 3;
		rows[i].offset = 1 + i % 20 * 2;
		rows[i].recheck = false;
	}
	return loki_tids_of_rows(rows, lengthof(rows));
}

/* Scan for all rows: of the eight ways, with a list, a map, passes, NULL, bounds */
static void
scan_index(uint8 way)
{
	static const float query[DIM] = {0.3, -0.2, 0.9, 0.1, -0.7, 0.2, 0.5, -0.4};
	bool		keyed = way == 1 || way == 2 || way == 6;
	IndexScanDesc scan = loki_hnsw_beginscan(&index_relation, keyed ? 1 : 0, 1);
	OpExpr		distance;
	uint32		rows = 0;

	if (keyed)
		compare_attribute(scan->keyData, way == 1 ? BTEqualStrategyNumber :
						  BTLessStrategyNumber, way == 6 ? 40 : 12);
	scan->orderByData[0].sk_argument = PointerGetDatum(query);
	scan->orderByData[0].sk_flags = way == 3 ? SK_ISNULL : 0;
	loki_set_label(&distance, (LokiLabel) {way == 4 ? LOKI_PROMISE_EXACT : LOKI_PROMISE_SEARCH_LATE, 0});
	scan->orderByData[0].sk_collation = distance.inputcollid;
	loki_hnsw_rescan(scan, NULL, 0, NULL, 0);
	if (way == 5 || way == 6)
		loki_hnsw_restrict(scan, some_rows(), get_float8_nan(), false, false);
	if (way == 7)
		loki_hnsw_restrict(scan, NULL, 1.5, false, true);
	while (loki_hnsw_gettuple(scan, ForwardScanDirection))
		loki_stub_must("a scan comes to an end", ++rows < MOST_ROWS);
	loki_hnsw_endscan(scan);
}

/* ----------------------------------------------------------------
 * Inputs
 * ----------------------------------------------------------------
 */
static char *
read_file(const char *path)
{
	FILE	   *file = path != NULL ? fopen(path, "rb") : NULL;
	char	   *bytes;

	loki_stub_must("LOKIVECTOR_FUZZ_INDEX names an index", file != NULL);
	fseek(file, 0, SEEK_END);
	nblocks = ftell(file) / BLCKSZ;
	rewind(file);
	bytes = malloc((Size) nblocks * BLCKSZ);
	loki_stub_must("the index can be read", fread(bytes, BLCKSZ, nblocks, file) == nblocks);
	fclose(file);
	return bytes;
}

static void
describe_relations(void)
{
	static FormData_pg_class class;
	static Oid	opcintypes[] = {InvalidOid, INT4OID, TEXTOID, ANYARRAYOID};
	static Oid	families[lengthof(opcintypes)];
	static Oid	collations[lengthof(opcintypes)];

	class.relpersistence = RELPERSISTENCE_TEMP;
	strcpy(NameStr(class.relname), "damaged");
	index_relation.rd_rel = &class;
	index_relation.rd_index = calloc(1, sizeof(FormData_pg_index) + sizeof(int16));
	index_relation.rd_index->indkey.values[0] = 1;
	index_relation.rd_att = calloc(1, sizeof(TupleDescData) +
								   lengthof(opcintypes) * sizeof(FormData_pg_attribute));
	index_relation.rd_att->natts = lengthof(opcintypes);
	index_relation.rd_opcintype = opcintypes;
	index_relation.rd_opfamily = families;
	index_relation.rd_indcollation = collations;
	heap_relation.rd_rel = &class;
	heap_relation.rd_tableam = &table_routine;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	original = read_file(getenv("LOKIVECTOR_FUZZ_INDEX"));
	NLocBuffer = nblocks;
	LocalBufferBlockPointers = calloc(nblocks, sizeof(Block));
	pages = calloc(nblocks, sizeof(LokiStubPage));
	for (BlockNumber block = 0; block < nblocks; block++)
	{
		/*
		 * as far as the alignment of pages leaves it, what is behind is not
		 * theirs
		 */
		pages[block].page = LocalBufferBlockPointers[block] = malloc(BLCKSZ);
		memcpy(pages[block].page, original + (Size) block * BLCKSZ, BLCKSZ);
	}
	describe_relations();
	loki_distance_init();
	loki_quantize_init();
	release_all();
	return 0;
}

/*
 * Apply the changes: bytes, or, where the length is 255 or 254, another page or
 * zeroes from a place on.  With undo, what was there before.
 */
static void
change_pages(const uint8_t *data, size_t size, bool undo)
{
	while (size >= CHANGE)
	{
		BlockNumber block = (data[0] | data[1] << 8) % nblocks;
		uint32		offset = (data[2] | data[3] << 8) % BLCKSZ;
		uint32		length = Min(Min(data[4], size - CHANGE), BLCKSZ - offset);
		char	   *page = pages[block].page;
		const char *old = original + (Size) block * BLCKSZ;

		ASAN_UNPOISON_MEMORY_REGION(page, BLCKSZ);
		if (data[4] >= 254)
			length = 0;
		if (undo)
			memcpy(page, old, BLCKSZ);
		else if (data[4] == 255)
			memcpy(page, original + (Size) (offset % nblocks) * BLCKSZ, BLCKSZ);
		else if (data[4] == 254)
			memset(page + offset, 0, BLCKSZ - offset);
		else
			memcpy(page + offset, data + CHANGE, length);
		ASAN_POISON_MEMORY_REGION(page, BLCKSZ);
		data += CHANGE + length;
		size -= CHANGE + length;
	}
}

/* A place of a page that is likely to be looked at: of its header, its slots, or behind */
static uint32
choose_place(const char *page)
{
	uint32		lower = ((const PageHeaderData *) page)->pd_lower;
	uint32		special = BLCKSZ - sizeof(LokiPageOpaqueData);

	switch (rand() % 4)
	{
		case 0:
			return offsetof(PageHeaderData, pd_lower);
		case 1:
			return special + rand() % sizeof(LokiPageOpaqueData) / 2 * 2;
		default:
			return lower <= SizeOfPageHeaderData ? SizeOfPageHeaderData :
				SizeOfPageHeaderData + rand() % (lower - SizeOfPageHeaderData) / 4 * 4;
	}
}

/* A word, often at an edge of its range */
static uint32
choose_word(void)
{
	const uint32 words[] = {0, 1, 2, 16, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe,
	nblocks, 1400, 0x7f800000, 0x7fc00000, 0x00010001, BLCKSZ, rand(), rand() % 65536};

	return words[rand() % lengthof(words)];
}

extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/*
 * Bytes at random hit little that means anything: half of the mutations append a
 * change of a word, or of half of one.
 */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	uint32		word;
	uint32		block;
	uint32		place;
	uint8_t    *end = data + size;

	srand(seed);
	if (size == 0 || size + CHANGE + sizeof(word) > most || rand() % 2 == 0)
		return LLVMFuzzerMutate(data, size, most);
	word = choose_word();
	block = rand() % 4 == 0 ? rand() % 2 : rand() % nblocks;
	place = choose_place(original + (Size) block * BLCKSZ);
	*end++ = block & 255;
	*end++ = block >> 8;
	*end++ = place & 255;
	*end++ = place >> 8;
	*end++ = rand() % 2 == 0 ? sizeof(word) : sizeof(uint16);
	memcpy(end, &word, sizeof(word));
	return end + end[-1] - data;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8		way = size > 0 ? data[0] % 16 : 0;

	if (size > 0)
		change_pages(data + 1, size - 1, false);
	/* states of earlier inputs are gone with their memory */
	cache = NULL;
	CurrentMemoryContext = NULL;
	LOKI_STUB_TRY
	{
		loki_stub_errors_allowed = size >= 1 + CHANGE;
		if (way < 8)
			scan_index(way);
		else
			check_index(&heap_relation, &index_relation, false);
		must_have_released();
	}
	release_all();
	if (size > 0)
		change_pages(data + 1, size - 1, true);
	loki_stub_free_all();
	return 0;
}
