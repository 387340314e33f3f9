/*-------------------------------------------------------------------------
 *
 * dense_io.c
 *	  Text and binary input and output of vector, halfvec and bytevec, and
 *	  their typmod.
 *
 * Loading a table spends most of its time here.  Texts are scanned by a loop of our own (textscan.c),
 * which gives what strtof() gives, in less time.
 *
 * IDENTIFICATION
 *	  src/types/dense_io.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "types/dense.h"
#include "types/textscan.h"
#include "utils/builtins.h"

/*
 * The scanner is plain C and raises nothing: it returns a status and stops at the fault.  Returns false, if at all.
 */
static bool
scan_error(fmNodePtr soft, const char *type, LokiScanStatus status, const LokiTextScan *scan,
		   const char *text)
{
	Assert(status != LOKI_SCAN_OK);
	switch (status)
	{
		case LOKI_SCAN_EMPTY:
			/* the message is that of a vector of no dimensions, or of one too many */
			return loki_check_dim(soft, type, 0, LOKI_DENSE_MAX_DIM);
		case LOKI_SCAN_TOO_MANY:
			return loki_check_dim(soft, type, LOKI_DENSE_MAX_DIM + 1, LOKI_DENSE_MAX_DIM);
		case LOKI_SCAN_NAN:
		case LOKI_SCAN_INFINITE:
			return loki_finite_error(soft, type, status == LOKI_SCAN_NAN);
		case LOKI_SCAN_RANGE:
			return loki_range_error(soft, type, scan->number, scan->at - scan->number);
		default:
			return loki_syntax_error(soft, type, text,
									 status == LOKI_SCAN_NO_START ? "Vector contents must start with \"[\"." :
									 status == LOKI_SCAN_JUNK ? "Junk after closing right brace." : NULL);
	}
}

/* ------------------------------------------------------------------------
 * Text of vectors and halfvecs
 * ------------------------------------------------------------------------
 */

/*
 * "[1,2,3]"; of several faults the first in the text is reported, as pgvector does.  Floats are on the
 * stack, 64 kB of it: the number of dimensions is known only at the end, and most values are far from
 * the limit.  A halfvec is scanned as floats, too, of its own limit, and rounded afterwards, once.
 */
static Datum
text_in(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	char	   *input = PG_GETARG_CSTRING(0);
	LokiTextScan scan = {input};
	float		x[LOKI_DENSE_MAX_DIM];
	int			dim;
	LokiScanStatus status = loki_scan_array(&scan, LOKI_DENSE_MAX_DIM, type->limit, x, &dim);
	LokiDense  *v;

	if (status != LOKI_SCAN_OK)
		(void) scan_error(fcinfo->context, type->name, status, &scan, input);
	if (status != LOKI_SCAN_OK || !loki_check_typmod(fcinfo->context, PG_GETARG_INT32(2), dim))
		PG_RETURN_NULL();
	v = loki_dense_make(type, dim);
	type->round(v, x);
	PG_RETURN_POINTER(v);
}

LOKI_DENSE_FUNCTION(vector_in, text_in, vector)
LOKI_DENSE_FUNCTION(halfvec_in, text_in, halfvec)

LOKI_FUNCTION(vector_out);
Datum
vector_out(PG_FUNCTION_ARGS)
{
	Vector	   *v = (Vector *) PG_GETARG_DENSE(0);
	char	   *result = palloc(FLOAT_SHORTEST_DECIMAL_LEN * v->dim + 3);
	char	   *p = result;

	Assert(v->dim > 0);			/* the last comma becomes the bracket */
	*p++ = '[';
	for (int i = 0; i < v->dim; i++)
	{
		p += float_to_shortest_decimal_bufn(v->x[i], p);
		*p++ = ',';
	}
	p[-1] = ']';
	*p = '\0';

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

/*
 * Texts of the halves without their sign, each made when it is first asked for,
 * since to make a text takes longer than to copy it.  A backend that prints no
 * halfvec does not touch this memory, half a megabyte of zeros until then.
 */
#define HALF_SIGN_SHIFT 15
#define HALF_MAGNITUDE 0x7fff

static struct
{
	char		chars[FLOAT_SHORTEST_DECIMAL_LEN - 1];	/* not terminated */
	uint8		length;			/* 0 if not made yet */
}			half_texts[HALF_MAGNITUDE + 1];

/*
 * Write a half as float4 would write it, and return where the text ends.  Signs
 * are hard to predict, so there is no branch for them: a minus is always
 * written, and overwritten if the half is positive.  All 16 bytes of an entry
 * are copied, as one instruction does.
 */
static inline char *
print_half(char *p, LokiHalf h)
{
	int			magnitude = h & HALF_MAGNITUDE;

	if (unlikely(half_texts[magnitude].length == 0))
		half_texts[magnitude].length = float_to_shortest_decimal_bufn(loki_half_to_float(magnitude),
																	  half_texts[magnitude].chars);
	*p = '-';
	p += h >> HALF_SIGN_SHIFT;
	memcpy(p, &half_texts[magnitude], sizeof(half_texts[magnitude]));
	return p + half_texts[magnitude].length;
}

LOKI_FUNCTION(halfvec_out);
Datum
halfvec_out(PG_FUNCTION_ARGS)
{
	HalfVector *v = (HalfVector *) PG_GETARG_DENSE(0);
	char	   *result = palloc(FLOAT_SHORTEST_DECIMAL_LEN * v->dim + 3);
	char	   *p = result;

	Assert(v->dim > 0);			/* the last comma becomes the bracket */
	*p++ = '[';
	for (int i = 0; i < v->dim; i++)
	{
		p = print_half(p, v->x[i]);
		*p++ = ',';
	}
	p[-1] = ']';
	*p = '\0';

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

/* ------------------------------------------------------------------------
 * Text of bytevecs
 *
 * "[codes]*scale+offset" or "[codes]*scale-offset", which keeps all bits.  Input also takes the
 * text of a vector, which it quantizes.
 * ------------------------------------------------------------------------
 */

/* Longest text of a code, with a comma */
#define CODE_LEN 4

static const char exact_form[] =
"Behind the brackets comes \"*scale+offset\" or \"*scale-offset\", and codes between them are integers from 0 to 255.";

/* Take a number of the exact form, behind which is a sign, or the end; false after an error that is saved. */
static bool
scan_factor(fmNodePtr soft, LokiTextScan *scan, const char *text, bool is_last, float *value)
{
	LokiScanStatus status;

	loki_skip_space(scan);
	status = loki_scan_float(scan, value);
	if (status == LOKI_SCAN_SYNTAX)
		return loki_syntax_error(soft, "bytevec", text, exact_form);
	if (status != LOKI_SCAN_OK)
		return scan_error(soft, "bytevec", status, scan, text);
	loki_skip_space(scan);
	return (is_last ? *scan->at == '\0' : *scan->at == '+' || *scan->at == '-') ||
		loki_syntax_error(soft, "bytevec", text, exact_form);
}

/*
 * Take what follows the brackets of the exact form, scale and offset; the numbers between them are codes.  NULL
 * after an error.
 */
static ByteVector *
scan_exact(fmNodePtr soft, LokiTextScan *scan, int dim, const float *x, const char *text)
{
	ByteVector *v = (ByteVector *) loki_dense_make(&loki_bytevec_type, dim);

	Assert(*scan->at == '*');
	scan->at++;
	if (!scan_factor(soft, scan, text, false, &v->scale))
		return NULL;
	v->scale = loki_bytevec_scale(v->scale);
	if (!scan_factor(soft, scan, text, true, &v->offset) ||
		!loki_bytevec_check_factors(soft, v->scale, v->offset))
		return NULL;
	for (int i = 0; i < dim; i++)
	{
		/* the range comes first: a float outside of it has no defined uint8 */
		if (!(x[i] >= 0 && x[i] <= PG_UINT8_MAX) || x[i] != (uint8) x[i])
		{
			(void) loki_syntax_error(soft, "bytevec", text, exact_form);
			return NULL;
		}
		v->codes[i] = (uint8) x[i];
	}
	return v;
}

LOKI_FUNCTION(bytevec_in);
Datum
bytevec_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	LokiTextScan scan = {input};
	float		x[LOKI_BYTEVEC_MAX_DIM];
	int			dim;
	LokiScanStatus status = loki_scan_array(&scan, LOKI_BYTEVEC_MAX_DIM, INFINITY, x, &dim);
	ByteVector *v = NULL;

	/* to the scanner, the factors of the exact form are junk behind the bracket */
	if (status == LOKI_SCAN_JUNK && *scan.at == '*')
		v = scan_exact(fcinfo->context, &scan, dim, x, input);
	else if (status != LOKI_SCAN_OK)
		(void) scan_error(fcinfo->context, "bytevec", status, &scan, input);
	else
		v = loki_bytevec_of_floats(fcinfo->context, dim, x);
	if (v == NULL || !loki_check_typmod(fcinfo->context, PG_GETARG_INT32(2), dim))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(v);
}

LOKI_FUNCTION(bytevec_out);
Datum
bytevec_out(PG_FUNCTION_ARGS)
{
	ByteVector *v = (ByteVector *) PG_GETARG_DENSE(0);
	char	   *result = palloc(CODE_LEN * v->dim + 2 * FLOAT_SHORTEST_DECIMAL_LEN + 4);
	char	   *p = result;

	*p++ = '[';
	for (int i = 0; i < v->dim; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += pg_ltoa(v->codes[i], p);
	}
	*p++ = ']';
	*p++ = '*';
	p += float_to_shortest_decimal_bufn(v->scale, p);
	if (!signbit(v->offset))
		*p++ = '+';
	p += float_to_shortest_decimal_bufn(v->offset, p);
	*p = '\0';
	Assert(p - result < CODE_LEN * v->dim + 2 * FLOAT_SHORTEST_DECIMAL_LEN + 4);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

/* ------------------------------------------------------------------------
 * Typmod and binary format
 *
 * Dimensions and a reserved zero, 16 bits each; of a bytevec scale and offset, as float4; and the
 * elements; all in network byte order.
 * ------------------------------------------------------------------------
 */

/* type(n) */
static Datum
typmod_in(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	PG_RETURN_INT32(loki_check_typmods(type->name, PG_GETARG_ARRAYTYPE_P(0),
									   LOKI_DENSE_MAX_DIM));
}

LOKI_DENSE_FUNCTION(vector_typmod_in, typmod_in, vector)
LOKI_DENSE_FUNCTION(halfvec_typmod_in, typmod_in, halfvec)
LOKI_DENSE_FUNCTION(bytevec_typmod_in, typmod_in, bytevec)

/*
 * Turn n elements from the order of the host into that of the network, or back.  Two loops of a constant
 * width, which compilers turn into vector instructions; memcpy, since elements of a buffer lie anywhere.
 */
static void
swap_bytes(Size width, char *elements, int n)
{
	Assert(width == sizeof(uint32) || width == sizeof(uint16) || width == sizeof(uint8));
	for (int i = 0; width == sizeof(uint32) && i < n; i++)
	{
		uint32		bits;

		memcpy(&bits, elements + sizeof(bits) * i, sizeof(bits));
		bits = pg_hton32(bits);
		memcpy(elements + sizeof(bits) * i, &bits, sizeof(bits));
	}
	for (int i = 0; width == sizeof(uint16) && i < n; i++)
	{
		uint16		bits;

		memcpy(&bits, elements + sizeof(bits) * i, sizeof(bits));
		bits = pg_hton16(bits);
		memcpy(elements + sizeof(bits) * i, &bits, sizeof(bits));
	}
}

/* Binary input: of several faults the first in the message is reported. */
static Datum
receive(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	ErrorContextCallback head;
	int16		dim;
	int16		unused;
	LokiDense  *v;
	char	   *elements;
	int			count;

	loki_head_begin(&head, type->name);
	dim = pq_getmsgint(buf, sizeof(int16));
	unused = pq_getmsgint(buf, sizeof(int16));
	loki_dense_check_dim(type, dim);
	loki_head_end(&head, PG_GETARG_INT32(2), dim, unused);
	v = loki_dense_make(type, dim);
	elements = LokiDenseElements(v, type);
	if (type == &loki_bytevec_type)
	{
		ByteVector *bytes = (ByteVector *) v;

		bytes->scale = pq_getmsgfloat4(buf);
		bytes->offset = pq_getmsgfloat4(buf);
		(void) loki_bytevec_check_factors(NULL, bytes->scale, bytes->offset);
	}

	/*
	 * Of a message that is too short, the elements that are there count: one
	 * of them may be the first fault.  The last pq_copymsgbytes() reports that
	 * some are missing, and copies nothing else.
	 */
	count = Min(dim, (buf->len - buf->cursor) / (int) type->width);
	Assert(count >= 0);
	pq_copymsgbytes(buf, elements, type->width * count);
	swap_bytes(type->width, elements, count);
	loki_dense_check_elements(type, v);
	pq_copymsgbytes(buf, elements + type->width * count, type->width * (dim - count));
	PG_RETURN_POINTER(v);
}

LOKI_DENSE_FUNCTION(vector_recv, receive, vector)
LOKI_DENSE_FUNCTION(halfvec_recv, receive, halfvec)
LOKI_DENSE_FUNCTION(bytevec_recv, receive, bytevec)

/* Binary output */
static Datum
send_value(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	LokiDense  *v = PG_GETARG_DENSE(0);
	StringInfoData buf;
	int			start;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, v->dim);
	pq_sendint16(&buf, v->unused);
	if (type == &loki_bytevec_type)
	{
		pq_sendfloat4(&buf, ((ByteVector *) v)->scale);
		pq_sendfloat4(&buf, ((ByteVector *) v)->offset);
	}
	/* all elements at once, and turned around where they are */
	start = buf.len;
	appendBinaryStringInfo(&buf, LokiDenseElements(v, type), type->width * v->dim);
	swap_bytes(type->width, buf.data + start, v->dim);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

LOKI_DENSE_FUNCTION(vector_send, send_value, vector)
LOKI_DENSE_FUNCTION(halfvec_send, send_value, halfvec)
LOKI_DENSE_FUNCTION(bytevec_send, send_value, bytevec)
