/*-------------------------------------------------------------------------
 *
 * arena.c
 *	  Memory of a build: arrays that grow, shared by several processes, in
 *	  memory up to a limit and in a temporary file beyond.
 *
 * Arrays grow by chunks of elements.  A chunk lies in an object of anonymous shared memory,
 * or in a temporary file when the memory limit is reached; in it the parts of the arrays
 * follow each other.  Each process reserves addresses for as many elements as there can ever
 * be, and maps the chunks there.  So each array is contiguous to its users, wherever its
 * parts are.
 *
 * Segments of the server's own shared memory would not do: they cannot grow, and a container
 * often has room for only 64 MB of them.  Other processes open the memory object through the
 * owner's descriptor in /proc; without /proc nobody else can attach.
 *
 * Space is allocated before it is used, because running out of memory on access is a SIGBUS.
 *
 *	addresses of array 0	| chunk 0 | chunk 1 | chunk 2 |   reserved   ...
 *	addresses of array 1	| chunk 0 | chunk 1 | chunk 2 |   reserved   ...
 *	memory object			| array 0, array 1 of chunk 0 | of chunk 1 | blocks ...
 *	temporary file			| array 0, array 1 of chunk 2 | blocks ...
 *
 * Blocks are arrays of a fixed size that are made later, when rows are loaded.  What others
 * have added a process does not see until it maps it; only then may it use their numbers.
 *
 * Whatever goes wrong, the memory is freed: mappings and descriptors by a callback of the
 * memory context, the object by the system with its last descriptor, and the file by the
 * server's own cleanup of temporary files.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/arena.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hnsw/build/arena.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#define FILE_NAME "nodes"

/* Chunks of an arena of the expected size */
#define EXPECTED_CHUNKS 32

/* Size up to which an arena needs no file: a build of a few rows should not make one for each arena */
#define SMALL_SIZE		((Size) 512 * 1024)

/* Bytes that are allocated at a time */
#define ALLOCATION_STEP ((Size) 16 * 1024 * 1024)

/*
 * Whether other processes can attach, and an object of memory without a name: an anonymous one, or a
 * temporary file where there is none.
 */
#ifdef MFD_CLOEXEC
bool
loki_arena_can_share(void)
{
	return access("/proc/self/fd", R_OK | X_OK) == 0;
}

/* Not shm_open(): that has names, which a crash leaves behind, and a size that containers limit. */
static int
create_memory(void)
{
	return memfd_create("hnsw build", MFD_CLOEXEC);
}
#else
bool
loki_arena_can_share(void)
{
	return false;
}

static int
create_memory(void)
{
	FILE	   *file = tmpfile();
	int			fd = file != NULL ? dup(fileno(file)) : -1;

	if (file != NULL)
		fclose(file);
	return fd;
}
#endif

/* What is mapped begins and ends with a page of the operating system. */
static Size
round_to_page(Size size)
{
	return TYPEALIGN(sysconf(_SC_PAGESIZE), size);
}

/* Called when the memory context is deleted, also after an error */
static void
unmap(void *arg)
{
	LokiArena  *arena = arg;

	for (int i = 0; i < LOKI_ARENA_ARRAYS; i++)
		if (arena->arrays[i] != NULL)
			munmap(arena->arrays[i], arena->array_size[i]);
	memset(arena->arrays, 0, sizeof(arena->arrays));
	for (int i = 0; i < arena->nblocks; i++)
		munmap(arena->blocks[i], arena->block_size[i]);
	arena->nblocks = 0;
	if (arena->memory_fd >= 0)
	{
		close(arena->memory_fd);
		ReleaseExternalFD();
	}
	arena->memory_fd = -1;
}

/*
 * Reserve addresses without memory behind them.  MAP_FIXED replaces parts of them later, which is safe since
 * they are ours.
 */
static char *
reserve(Size size)
{
	void	   *address = mmap(NULL, size, PROT_NONE,
							   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (address == MAP_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not reserve %zu bytes of address space: %m", size)));
	return address;
}

/* Begin this process's view of an arena: reserve addresses for its arrays. */
static void
begin_view(LokiArena *arena, LokiArenaShared *shared, MemoryContext context)
{
	uint64		chunks = shared->capacity / shared->chunk_elements + 1;

	memset(arena, 0, sizeof(*arena));
	arena->shared = shared;
	arena->memory_fd = -1;
	arena->callback.func = unmap;
	arena->callback.arg = arena;
	MemoryContextRegisterResetCallback(context, &arena->callback);
	for (int i = 0; i < shared->narrays; i++)
	{
		arena->array_size[i] = mul_size(shared->stride[i],
										mul_size(chunks, shared->chunk_elements));
		if (arena->array_size[i] > 0)
			arena->arrays[i] = reserve(arena->array_size[i]);
	}
}

/*
 * Make an empty arena.  If *shared lies in a segment,
 * others can attach.  The arena is released with the memory context.
 */
void
loki_arena_create(LokiArena *arena, LokiArenaShared *shared, MemoryContext context,
				  dsm_segment *segment, int tranche, const LokiArenaExtent *extent)
{
	/*
	 * Whole pages of every array, whatever its elements' size: a chunk has a
	 * multiple of as many elements as a page has bytes, so that each part of
	 * it can be mapped by itself.
	 */
	uint32		unit = sysconf(_SC_PAGESIZE);

	Assert(extent->narrays <= LOKI_ARENA_ARRAYS);
	Assert(extent->expected <= extent->capacity);
	memset(shared, 0, sizeof(*shared));
	LWLockInitialize(&shared->lock, tranche);
	shared->owner = MyProcPid;
	shared->memory_limit = extent->memory_limit;
	shared->chunk_memory_limit = extent->chunk_memory_limit;
	shared->capacity = extent->capacity;
	shared->narrays = extent->narrays;
	shared->chunk_elements = TYPEALIGN(unit, Max(extent->expected / EXPECTED_CHUNKS,
												 extent->capacity / LOKI_ARENA_CHUNKS + 1));
	Assert((uint64) shared->chunk_elements * LOKI_ARENA_CHUNKS >= extent->capacity);
	for (int i = 0; i < extent->narrays; i++)
	{
		shared->stride[i] = extent->strides[i];
		shared->chunk_size += mul_size(extent->strides[i], shared->chunk_elements);
	}
	if (segment != NULL)
	{
		shared->shared = true;
		SharedFileSetInit(&shared->files, segment);
	}

	begin_view(arena, shared, context);
	/* counted among the server's descriptors, which it would run out of otherwise */
	ReserveExternalFD();
	arena->memory_fd = create_memory();
	if (arena->memory_fd < 0)
	{
		ReleaseExternalFD();
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not create shared memory for the build: %m")));
	}
	shared->memory_fd = arena->memory_fd;
}

/*
 * View an arena that another process has made; false if its memory cannot be opened, for
 * instance without permission.
 */
bool
loki_arena_attach(LokiArena *arena, LokiArenaShared *shared, MemoryContext context,
				  dsm_segment *segment)
{
	char		path[64];

	Assert(shared->shared && shared->owner != MyProcPid);
	SharedFileSetAttach(&shared->files, segment);
	begin_view(arena, shared, context);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", shared->owner, shared->memory_fd);
	ReserveExternalFD();
	arena->memory_fd = open(path, O_RDWR | O_CLOEXEC);
	if (arena->memory_fd < 0)
	{
		elog(DEBUG1, "could not open file \"%s\": %m", path);
		ReleaseExternalFD();
		return false;
	}
	return true;
}

/* The descriptor of the temporary file, which is made if there is none.  The lock is held. */
static int
file_descriptor(LokiArena *arena)
{
	LokiArenaShared *shared = arena->shared;

	Assert(LWLockHeldByMeInMode(&shared->lock, LW_EXCLUSIVE));
	if (arena->file == 0)
	{
		if (!shared->shared)
			arena->file = OpenTemporaryFile(false);
		else if (shared->file_exists)
			arena->file = FileSetOpen(&shared->files.fs, FILE_NAME, O_RDWR);
		else
			arena->file = FileSetCreate(&shared->files.fs, FILE_NAME);
		shared->file_exists = true;
	}
	/* the server closes descriptors of files that it has not used for long; this opens it again */
	(void) FileSize(arena->file);
	return FileGetRawDesc(arena->file);
}

/*
 * Allocate a range at the end of the memory object or of the file.  That is done in steps,
 * since a signal makes a step begin again.  The lock is held exclusively.
 */
static LokiArenaRange
allocate(LokiArena *arena, Size size, bool in_file)
{
	LokiArenaShared *shared = arena->shared;
	Size	   *end = in_file ? &shared->file_size : &shared->memory_size;
	LokiArenaRange range = {*end, size, in_file};
	Size		done = 0;

	Assert(LWLockHeldByMeInMode(&shared->lock, LW_EXCLUSIVE));
	Assert(round_to_page(size) == size && round_to_page(*end) == *end);
	/* the server checks this in FileWrite(), which mapped memory does not go through */
	if (in_file && temp_file_limit >= 0 &&
		(*end + size) / 1024 > (Size) temp_file_limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("temporary file size exceeds temp_file_limit (%dkB)",
						temp_file_limit)));
	while (done < size)
	{
		Size		step = Min(size - done, ALLOCATION_STEP);
		int			error = posix_fallocate(in_file ? file_descriptor(arena) : arena->memory_fd,
											range.offset + done, step);

		if (error == 0)
			done += step;
		else if (error != EINTR)
		{
			errno = error;
			ereport(ERROR,
					(errcode(error == ENOSPC && in_file ? ERRCODE_DISK_FULL :
							 ERRCODE_OUT_OF_MEMORY),
					 errmsg("could not allocate %zu bytes for the build: %m", size)));
		}
	}
	*end += size;
	return range;
}

/* Map part of a range, which begins at a page, to an address.  The lock is held. */
static void
map(LokiArena *arena, char *address, const LokiArenaRange *range, Size from, Size size)
{
	int			fd = range->in_file ? file_descriptor(arena) : arena->memory_fd;

	Assert(round_to_page(range->offset + from) == range->offset + from);
	Assert(from + size <= range->size);
	if (size > 0 &&
		mmap(address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			 range->offset + from) == MAP_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not map %zu bytes of the build: %m", size)));
}

/*
 * Make sure that this process can use a number of elements: allocate chunks that nobody has
 * allocated yet, and map those that others have.  Takes the lock exclusively.
 */
void
loki_arena_grow(LokiArena *arena, uint32 elements)
{
	LokiArenaShared *shared = arena->shared;

	if (elements > shared->capacity)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot index more than %u rows", shared->capacity)));
	if (elements <= loki_arena_elements(arena))
		return;
	/*
	 * An error releases the lock.  What was allocated by then is counted, and
	 * mapped by nobody: it is freed with the rest.
	 */
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	while ((uint64) shared->nchunks * shared->chunk_elements < elements)
	{
		/* a small arena stays in memory in any case */
		bool		in_file = shared->memory_size + shared->chunk_size >
			Max(shared->chunk_memory_limit, SMALL_SIZE);

		Assert(shared->nchunks < LOKI_ARENA_CHUNKS);
		shared->chunks[shared->nchunks] = allocate(arena, shared->chunk_size, in_file);
		shared->nchunks++;
	}
	for (; arena->nchunks < shared->nchunks; arena->nchunks++)
	{
		Size		from = 0;

		for (int i = 0; i < shared->narrays; i++)
		{
			Size		size = shared->stride[i] * shared->chunk_elements;

			if (size > 0)
				map(arena, arena->arrays[i] + size * arena->nchunks,
					&shared->chunks[arena->nchunks], from, size);
			from += size;
		}
	}
	LWLockRelease(&shared->lock);
}

/* Map the blocks that others have added.  Takes the lock exclusively. */
void
loki_arena_map_blocks(LokiArena *arena)
{
	LokiArenaShared *shared = arena->shared;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	while (arena->nblocks < shared->nblocks)
	{
		const LokiArenaRange *ranges = shared->blocks[arena->nblocks];
		Size		size = ranges[0].size + ranges[1].size;
		char	   *address = reserve(size);

		/* noted before mmap() can fail, so that unmap() finds it; one stretch of addresses for both parts */
		arena->block_size[arena->nblocks] = size;
		arena->blocks[arena->nblocks++] = address;
		map(arena, address, &ranges[0], 0, ranges[0].size);
		map(arena, address + ranges[0].size, &ranges[1], 0, ranges[1].size);
	}
	LWLockRelease(&shared->lock);
}

/*
 * Add an array of a fixed size, zeroed, with as much of it in memory as the limit allows.
 * Returns its number.  Only the process that made the arena calls this; takes the lock
 * exclusively.
 */
int
loki_arena_add_block(LokiArena *arena, Size size)
{
	LokiArenaShared *shared = arena->shared;
	int			block = shared->nblocks;
	Size		page = sysconf(_SC_PAGESIZE);
	Size		in_memory;

	Assert(shared->owner == MyProcPid);
	/* not the size of the table, but a fault of this code: the blocks of a build are fixed in number */
	if (block == LOKI_ARENA_BLOCKS)
		elog(ERROR, "too many blocks in the build's memory");
	size = round_to_page(Max(size, 1));
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	in_memory = shared->memory_limit > shared->memory_size ?
		shared->memory_limit - shared->memory_size : 0;
	in_memory = Min(size, in_memory - in_memory % page);
	memset(shared->blocks[block], 0, sizeof(shared->blocks[block]));
	if (in_memory > 0)
		shared->blocks[block][0] = allocate(arena, in_memory, false);
	if (in_memory < size)
		shared->blocks[block][1] = allocate(arena, size - in_memory, true);
	shared->nblocks++;
	LWLockRelease(&shared->lock);
	loki_arena_map_blocks(arena);
	return block;
}

/* Release this process's view.  The memory is freed when all processes have done so. */
void
loki_arena_release(LokiArena *arena)
{
	if (arena->file != 0)
		FileClose(arena->file);
	arena->file = 0;
	if (arena->shared != NULL)
		unmap(arena);
}
