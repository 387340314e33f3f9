/*-------------------------------------------------------------------------
 *
 * stubs.c
 *	  As much of a server as functions need that are run without one.
 *
 * Each allocation is one of malloc(), so that the address sanitizer knows its
 * bounds.
 *
 * IDENTIFICATION
 *	  test/fuzz/stubs.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "storage/shmem.h"
#include "stubs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct Chunk
{
	struct Chunk *next;
	void	   *memory;
} Chunk;

sigjmp_buf	loki_stub_error;
bool		loki_stub_errors_allowed = true;

static Chunk *chunks = NULL;

/* ----------------------------------------------------------------
 * Memory
 * ----------------------------------------------------------------
 */
void *
loki_stub_alloc(Size size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk));

	chunk->next = chunks;
	chunk->memory = malloc(size);
	chunks = chunk;
	return chunk->memory;
}

void
loki_stub_free_all(void)
{
	while (chunks != NULL)
	{
		Chunk	   *next = chunks->next;

		free(chunks->memory);
		free(chunks);
		chunks = next;
	}
}

void *
palloc(Size size)
{
	if (!AllocSizeIsValid(size))
		elog(ERROR, "invalid memory alloc request size %zu", size);
	return loki_stub_alloc(size);
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	void	   *memory = loki_stub_alloc(size);

	return flags & MCXT_ALLOC_ZERO ? memset(memory, 0, size) : memory;
}

Size
mul_size(Size s1, Size s2)
{
	Size		size;

	if (__builtin_mul_overflow(s1, s2, &size))
		elog(ERROR, "invalid memory allocation request size %zu * %zu", s1, s2);
	return size;
}

Size
add_size(Size s1, Size s2)
{
	return s1 + s2;
}

/* What palloc_array() is on servers that watch the product */
extern void *palloc_mul(Size s1, Size s2);
extern void *palloc0_mul(Size s1, Size s2);
extern void *repalloc_mul(void *pointer, Size s1, Size s2);

void *
palloc_mul(Size s1, Size s2)
{
	return palloc(mul_size(s1, s2));
}

void *
palloc0_mul(Size s1, Size s2)
{
	return palloc0(mul_size(s1, s2));
}

static Chunk *
find_chunk(void *pointer)
{
	Chunk	   *chunk = chunks;

	while (chunk != NULL && chunk->memory != pointer)
		chunk = chunk->next;
	loki_stub_must("pointer is of palloc()", chunk != NULL);
	return chunk;
}

char *
pstrdup(const char *string)
{
	return strcpy(palloc(strlen(string) + 1), string);
}

void *
repalloc(void *pointer, Size size)
{
	Chunk	   *chunk = find_chunk(pointer);

	return chunk->memory = realloc(chunk->memory, size);
}

void *
repalloc_mul(void *pointer, Size s1, Size s2)
{
	return repalloc(pointer, mul_size(s1, s2));
}

void
pfree(void *pointer)
{
	Chunk	   *chunk = find_chunk(pointer);

	free(chunk->memory);
	chunk->memory = NULL;
}

struct varlena *
pg_detoast_datum(struct varlena *datum)
{
	return datum;
}

/* ----------------------------------------------------------------
 * Errors
 * ----------------------------------------------------------------
 */
void
loki_stub_must(const char *what, bool holds)
{
	if (!holds)
	{
		fprintf(stderr, "does not hold: %s\n", what);
		abort();
	}
}

ErrorContextCallback *error_context_stack = NULL;

bool
errstart(int elevel, const char *domain)
{
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	loki_stub_must("no error", loki_stub_errors_allowed);
	for (ErrorContextCallback *context = error_context_stack; context != NULL; context = context->previous)
		context->callback(context->arg);
	error_context_stack = NULL;
	siglongjmp(loki_stub_error, 1);
}

/* Errors that may be saved, since 16; no caller here asks for it */
extern bool errsave_start(struct Node *context, const char *domain);
extern void errsave_finish(struct Node *context, const char *filename, int lineno,
						   const char *funcname);

bool
errsave_start(struct Node *context, const char *domain)
{
	return errstart(ERROR, domain);
}

void
errsave_finish(struct Node *context, const char *filename, int lineno, const char *funcname)
{
	errfinish(filename, lineno, funcname);
}

int
errcode(int sqlerrcode)
{
	return 0;
}

/* Formats are followed, as what they name may be read beyond its end */
#define FORMAT_MESSAGE(name) \
int \
name(const char *format,...) \
{ \
	char		message[1024]; \
	va_list		args; \
	va_start(args, format); \
	vsnprintf(message, sizeof(message), format, args); \
	va_end(args); \
	return 0; \
}

FORMAT_MESSAGE(errmsg)
FORMAT_MESSAGE(errmsg_internal)
FORMAT_MESSAGE(errdetail)
FORMAT_MESSAGE(errdetail_internal)
FORMAT_MESSAGE(errhint)

/* ----------------------------------------------------------------
 * Strings and messages
 * ----------------------------------------------------------------
 */
void
initStringInfo(StringInfo str)
{
	str->maxlen = 64;
	str->data = palloc0(str->maxlen);
	str->len = str->cursor = 0;
}

StringInfo
makeStringInfo(void)
{
	StringInfo	str = palloc(sizeof(StringInfoData));

	initStringInfo(str);
	return str;
}

void
enlargeStringInfo(StringInfo str, int needed)
{
	if (str->len + needed >= str->maxlen)
	{
		str->maxlen = str->len + needed + 1;
		str->data = repalloc(str->data, str->maxlen);
	}
}

void
appendBinaryStringInfo(StringInfo str, const char *data, int datalen)
{
	enlargeStringInfo(str, datalen);
	memcpy(str->data + str->len, data, datalen);
	str->len += datalen;
	str->data[str->len] = '\0';
}

const char *
pq_getmsgbytes(StringInfo msg, int datalen)
{
	const char *result = msg->data + msg->cursor;

	if (datalen < 0 || datalen > msg->len - msg->cursor)
		elog(ERROR, "insufficient data left in message");
	msg->cursor += datalen;
	return result;
}

void
pq_copymsgbytes(StringInfo msg, char *buf, int datalen)
{
	memcpy(buf, pq_getmsgbytes(msg, datalen), datalen);
}

unsigned int
pq_getmsgint(StringInfo msg, int b)
{
	uint16		two;
	uint32		four;

	if (b == sizeof(two))
	{
		pq_copymsgbytes(msg, (char *) &two, b);
		return pg_ntoh16(two);
	}
	pq_copymsgbytes(msg, (char *) &four, sizeof(four));
	return pg_ntoh32(four);
}

float4
pq_getmsgfloat4(StringInfo msg)
{
	uint32		bits = pq_getmsgint(msg, sizeof(uint32));
	float4		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

void
pq_sendfloat4(StringInfo buf, float4 f)
{
	uint32		bits;

	memcpy(&bits, &f, sizeof(bits));
	bits = pg_hton32(bits);
	appendBinaryStringInfo(buf, (char *) &bits, sizeof(bits));
}

void
pq_begintypsend(StringInfo buf)
{
	initStringInfo(buf);
	appendBinaryStringInfo(buf, "\0\0\0", VARHDRSZ);
}

bytea *
pq_endtypsend(StringInfo buf)
{
	SET_VARSIZE(buf->data, buf->len);
	return (bytea *) buf->data;
}

/* ----------------------------------------------------------------
 * Others
 * ----------------------------------------------------------------
 */
extern void vacuum_delay_point(void);

int
pg_ltoa(int32 value, char *a)
{
	return sprintf(a, "%d", value);
}

void
vacuum_delay_point(void)
{
}

int32 *
ArrayGetIntegerTypmods(ArrayType *arr, int *n)
{
	abort();
}

void
ExceptionalCondition(const char *conditionName, const char *errorType,
					 const char *fileName, int lineNumber)
{
	loki_stub_must(conditionName, false);
}
