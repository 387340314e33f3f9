/*-------------------------------------------------------------------------
 *
 * sparsevec_io.c
 *	  Text and binary input and output of sparse vectors, and their typmod.
 *
 * Text is "{index:value,...}/dimensions", with indices counted from 1 in any order; a value
 * and binary count from 0 and ascend.  What pgvector accepts is accepted: space around all
 * parts, and elements that are zero, which are left out.
 *
 * Numbers are read by strtol() and loki_scan_float(), which stop at the first character that
 * is none of theirs, so that each function takes its part and leaves the rest.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_io.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <errno.h>
#include <limits.h>

#include "common/shortest_dec.h"
#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "lokivector.h"
#include "types/check_values.h"
#include "types/sparsevec.h"
#include "types/textscan.h"
#include "utils/builtins.h"

/* An element as text has it, with its index counted from 0 */
typedef struct Element
{
	int32		index;			/* any, until it is in a vector */
	float		value;			/* finite */
} Element;

/* A text that is being read.  What takes a part of it returns false after an error that is saved. */
typedef struct Input
{
	LokiTextScan scan;
	const char *text;
	fmNodePtr	soft;			/* types/check_values.h */
} Input;

/*
 * Take a decimal integer; what exceeds an int32 is brought into its range, where the checks of index
 * and dimensions report it.  INT_MIN + 1, so that one less, the index counted from 0, is an int32 still.
 */
static bool
take_integer(Input *input, int32 *integer)
{
	char	   *end;
	long		value = strtol(input->scan.at, &end, 10);

	*integer = Min(Max(value, INT_MIN + 1), INT_MAX);
	if (end == input->scan.at)
		return loki_syntax_error(input->soft, "sparsevec", input->text, NULL);
	input->scan.at = end;
	return true;
}

/* Go past a character, and the space around it. */
static bool
take_character(Input *input, char wanted, const char *detail)
{
	loki_skip_space(&input->scan);
	if (*input->scan.at != wanted)
		return loki_syntax_error(input->soft, "sparsevec", input->text, detail);
	input->scan.at++;
	loki_skip_space(&input->scan);
	return true;
}

/*
 * Take elements and the closing brace.  A value is finite, and zero only if the text says so: one that became
 * zero by rounding would silently be no element.  Zeros are left out, whatever their index; *n is the number of
 * elements.
 */
static bool
take_elements(Input *input, Element *elements, int *n)
{
	LokiTextScan *scan = &input->scan;

	*n = 0;
	if (*scan->at == '}')
	{
		scan->at++;
		return true;
	}
	for (;;)
	{
		Element    *element = &elements[*n];
		int32		number;
		LokiScanStatus status;

		loki_skip_space(scan);
		if (!take_integer(input, &number) || !take_character(input, ':', NULL))
			return false;
		status = loki_scan_float(scan, &element->value);
		if (status == LOKI_SCAN_SYNTAX)
			return loki_syntax_error(input->soft, "sparsevec", input->text, NULL);
		errno = 0;
		/* a number that reads as zero may be too small, which strtof() reports in errno alone */
		if (status == LOKI_SCAN_OK && element->value == 0)
			(void) strtof(scan->number, NULL);
		if (status == LOKI_SCAN_RANGE || errno == ERANGE)
			return loki_range_error(input->soft, "sparsevec", scan->number, scan->at - scan->number);
		if (!loki_check_finite(input->soft, "sparsevec", element->value))
			return false;
		element->index = number - 1;
		/* a zero is overwritten by the next */
		if (element->value != 0)
			(*n)++;
		loki_skip_space(scan);
		if (*scan->at != ',')
			break;
		scan->at++;
	}
	return take_character(input, '}', NULL);
}

LOKI_FUNCTION(sparsevec_in);
Datum
sparsevec_in(PG_FUNCTION_ARGS)
{
	char	   *literal = PG_GETARG_CSTRING(0);
	Input		input = {{literal}, literal, fcinfo->context};
	int			room = 1;		/* at most INT_MAX: a cstring is shorter than
								 * 1 GB */
	Element    *elements;
	SparseVector *v;
	int			n;
	int32		dim;
	bool		ascending = true;

	/* commas anywhere in the text say how many elements it can have, zeros among them */
	for (const char *p = strchr(literal, ','); p != NULL; p = strchr(p + 1, ','))
		room++;
	/* before memory is taken for them; the dimensions come last in the text, so are not known */
	if (!loki_sparsevec_check_nnz(input.soft, room, INT_MAX))
		PG_RETURN_NULL();
	elements = palloc_array(Element, room);
	if (!take_character(&input, '{', "Vector contents must start with \"{\".") ||
		!take_elements(&input, elements, &n) ||
		!take_character(&input, '/', "Unexpected end of input.") ||
		!take_integer(&input, &dim))
		PG_RETURN_NULL();
	loki_skip_space(&input.scan);
	if (*input.scan.at != '\0')
	{
		(void) loki_syntax_error(input.soft, "sparsevec", literal, "Junk after closing.");
		PG_RETURN_NULL();
	}

	if (!loki_check_dim(input.soft, "sparsevec", dim, LOKI_SPARSEVEC_MAX_DIM) ||
		!loki_check_typmod(input.soft, PG_GETARG_INT32(2), dim))
		PG_RETURN_NULL();

	/*
	 * Two elements with one index are side by side once they are sorted, where the check of each index
	 * against the one before finds them.  Most texts ascend, so sorting is worth a look before.
	 */
	for (int i = 1; i < n && ascending; i++)
		ascending = elements[i - 1].index < elements[i].index;
	if (!ascending)
		qsort(elements, n, sizeof(Element), loki_compare_int32);
	v = loki_sparsevec_make(dim, n);
	for (int i = 0; i < n; i++)
	{
		v->indices[i] = elements[i].index;
		LOKI_SPARSEVEC_VALUES(v)[i] = elements[i].value;
		if (!loki_sparsevec_check_index(input.soft, v, i))
			PG_RETURN_NULL();
	}
	PG_RETURN_POINTER(v);
}

LOKI_FUNCTION(sparsevec_out);
Datum
sparsevec_out(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = LOKI_SPARSEVEC_VALUES(v);

	/* an index, a colon, a value and a comma; then a slash and dimensions */
	char	   *result = palloc((10 + 2 + FLOAT_SHORTEST_DECIMAL_LEN) * v->nnz + 10 + 4);
	char	   *p = result;

	*p++ = '{';
	for (int i = 0; i < v->nnz; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += pg_ltoa(v->indices[i] + 1, p);
		*p++ = ':';
		p += float_to_shortest_decimal_bufn(values[i], p);
	}
	*p++ = '}';
	*p++ = '/';
	p += pg_ltoa(v->dim, p);
	*p = '\0';
	Assert(p - result < (10 + 2 + FLOAT_SHORTEST_DECIMAL_LEN) * v->nnz + 10 + 4);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

LOKI_FUNCTION(sparsevec_typmod_in);
Datum
sparsevec_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(loki_check_typmods("sparsevec", PG_GETARG_ARRAYTYPE_P(0),
									   LOKI_SPARSEVEC_MAX_DIM));
}

/*
 * Binary format: dimensions, number of elements and a reserved zero, then the
 * indices, counted from 0, and the values; all of 32 bits, in network byte
 * order.
 */
LOKI_FUNCTION(sparsevec_recv);
Datum
sparsevec_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	ErrorContextCallback head;
	int32		dim;
	int32		nnz;
	int32		unused;
	SparseVector *v;
	float	   *values;

	/* before memory is taken: nnz is what a client says */
	loki_head_begin(&head, "sparsevec");
	dim = pq_getmsgint(buf, sizeof(int32));
	nnz = pq_getmsgint(buf, sizeof(int32));
	unused = pq_getmsgint(buf, sizeof(int32));
	(void) loki_check_dim(NULL, "sparsevec", dim, LOKI_SPARSEVEC_MAX_DIM);
	(void) loki_sparsevec_check_nnz(NULL, nnz, dim);
	loki_head_end(&head, typmod, dim, unused);

	v = loki_sparsevec_make(dim, nnz);
	values = LOKI_SPARSEVEC_VALUES(v);
	for (int i = 0; i < nnz; i++)
	{
		/* each in turn, since the check looks at the one before */
		v->indices[i] = pq_getmsgint(buf, sizeof(int32));
		(void) loki_sparsevec_check_index(NULL, v, i);
	}
	for (int i = 0; i < nnz; i++)
	{
		values[i] = pq_getmsgfloat4(buf);
		(void) loki_check_finite(NULL, "sparsevec", values[i]);
		if (values[i] == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("binary representation of sparsevec cannot contain zero values")));
	}
	PG_RETURN_POINTER(v);
}

LOKI_FUNCTION(sparsevec_send);
Datum
sparsevec_send(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = LOKI_SPARSEVEC_VALUES(v);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, v->dim);
	pq_sendint32(&buf, v->nnz);
	pq_sendint32(&buf, v->unused);
	/* once, so that the loops below do not copy the buffer as it grows */
	enlargeStringInfo(&buf, (sizeof(int32) + sizeof(float)) * v->nnz);
	for (int i = 0; i < v->nnz; i++)
		pq_sendint32(&buf, v->indices[i]);
	for (int i = 0; i < v->nnz; i++)
		pq_sendfloat4(&buf, values[i]);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
