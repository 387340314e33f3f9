/*-------------------------------------------------------------------------
 *
 * sparsevec_io.c
 *	  Text and binary input and output of sparse vectors, and their typmod.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_io.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <errno.h>
#include <limits.h>

#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "lokivector.h"
#include "types/sparsevecint.h"
#include "types/textprint.h"
#include "utils/builtins.h"

/* An element as text has it, with its index counted from 0 */
typedef struct Element
{
	int32		index;
	float		value;
} Element;

static void
syntax_error(const char *text, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type sparsevec: \"%s\"", text),
			 detail ? errdetail("%s", detail) : 0));
}

/* Commas anywhere in the text say how many elements it can have. */
static int
count_elements(const char *text)
{
	int			n = 1;

	for (const char *p = strchr(text, ','); p != NULL; p = strchr(p + 1, ','))
		n++;
	loki_sparsevec_check_nnz(n, INT_MAX);
	return n;
}

/* Take a decimal integer; what exceeds an int32 is brought into its range. */
static int32
take_integer(LokiTextScan *scan, const char *text)
{
	char	   *end;
	long		value = strtol(scan->at, &end, 10);

	if (end == scan->at)
		syntax_error(text, NULL);
	scan->at = end;
	return Min(Max(value, INT_MIN + 1), INT_MAX);
}

/* Whether a number that reads as zero is not, but too small */
static bool
underflows(const LokiTextScan *scan)
{
	errno = 0;
	(void) strtof(scan->number, NULL);
	return errno == ERANGE;
}

static float
take_value(LokiTextScan *scan, const char *text)
{
	float		value;
	LokiScanStatus status = loki_scan_float(scan, &value);

	if (status == LOKI_SCAN_SYNTAX)
		syntax_error(text, NULL);
	if (status == LOKI_SCAN_RANGE ||
		(status == LOKI_SCAN_OK && value == 0 && underflows(scan)))
		loki_range_error("sparsevec", scan->number, scan->at - scan->number);
	loki_sparsevec_check_value(value);
	return value;
}

/* Go past a character, and the space around it. */
static void
take_character(LokiTextScan *scan, char wanted, const char *text, const char *detail)
{
	loki_skip_space(scan);
	if (*scan->at != wanted)
		syntax_error(text, detail);
	scan->at++;
	loki_skip_space(scan);
}

/*
 * Take elements and the closing brace.  Zeros are left out, whatever their
 * index.  Returns the number of elements.
 */
static int
take_elements(LokiTextScan *scan, const char *text, Element *elements)
{
	int			n = 0;

	if (*scan->at == '}')
	{
		scan->at++;
		return 0;
	}
	for (;;)
	{
		loki_skip_space(scan);
		elements[n].index = take_integer(scan, text) - 1;
		take_character(scan, ':', text, NULL);
		elements[n].value = take_value(scan, text);
		if (elements[n].value != 0)
			n++;
		loki_skip_space(scan);
		if (*scan->at != ',')
			break;
		scan->at++;
	}
	take_character(scan, '}', text, NULL);
	return n;
}

static int
compare_elements(const void *a, const void *b)
{
	int32		x = ((const Element *) a)->index;
	int32		y = ((const Element *) b)->index;

	return (x > y) - (x < y);
}

/* A vector of elements in any order, which are checked. */
static SparseVector *
form_vector(int dim, int n, Element *elements)
{
	SparseVector *v = loki_sparsevec_make(dim, n);
	float	   *values = LOKI_SPARSEVEC_VALUES(v);
	bool		ascending = true;

	for (int i = 1; i < n && ascending; i++)
		ascending = elements[i - 1].index < elements[i].index;
	if (!ascending)
		qsort(elements, n, sizeof(Element), compare_elements);

	for (int i = 0; i < n; i++)
	{
		v->indices[i] = elements[i].index;
		values[i] = elements[i].value;
		loki_sparsevec_check_index(v, i);
	}
	return v;
}

LOKI_FUNCTION(sparsevec_in);
Datum
sparsevec_in(PG_FUNCTION_ARGS)
{
	char	   *literal = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	LokiTextScan scan = {literal, literal + strlen(literal), NULL};
	Element    *elements = palloc_array(Element, count_elements(literal));
	int			n;
	int			dim;

	take_character(&scan, '{', literal, "Vector contents must start with \"{\".");
	n = take_elements(&scan, literal, elements);
	take_character(&scan, '/', literal, "Unexpected end of input.");
	dim = take_integer(&scan, literal);
	loki_skip_space(&scan);
	if (*scan.at != '\0')
		syntax_error(literal, "Junk after closing.");

	loki_sparsevec_check_dim(dim);
	loki_check_typmod(typmod, dim);
	PG_RETURN_SPARSEVEC_P(form_vector(dim, n, elements));
}

LOKI_FUNCTION(sparsevec_out);
Datum
sparsevec_out(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = LOKI_SPARSEVEC_VALUES(v);

	/* an index, a colon, a value and a comma; then a slash and dimensions */
	char	   *result = palloc((10 + 2 + LOKI_PRINT_LENGTH) * v->nnz + 10 + 4);
	char	   *p = result;

	*p++ = '{';
	for (int i = 0; i < v->nnz; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += pg_ltoa(v->indices[i] + 1, p);
		*p++ = ':';
		p = loki_print_float(p, values[i]);
	}
	*p++ = '}';
	*p++ = '/';
	p += pg_ltoa(v->dim, p);
	*p = '\0';

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
	int32		dim = pq_getmsgint(buf, sizeof(int32));
	int32		nnz = pq_getmsgint(buf, sizeof(int32));
	int32		unused = pq_getmsgint(buf, sizeof(int32));
	SparseVector *v;
	float	   *values;

	loki_sparsevec_check_dim(dim);
	loki_sparsevec_check_nnz(nnz, dim);
	loki_check_typmod(typmod, dim);
	loki_check_unused(unused);

	v = loki_sparsevec_make(dim, nnz);
	values = LOKI_SPARSEVEC_VALUES(v);
	for (int i = 0; i < nnz; i++)
	{
		v->indices[i] = pq_getmsgint(buf, sizeof(int32));
		loki_sparsevec_check_index(v, i);
	}
	for (int i = 0; i < nnz; i++)
	{
		values[i] = pq_getmsgfloat4(buf);
		loki_sparsevec_check_value(values[i]);
		if (values[i] == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("binary representation of sparsevec cannot contain zero values")));
	}
	PG_RETURN_SPARSEVEC_P(v);
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
	enlargeStringInfo(&buf, (sizeof(int32) + sizeof(float)) * v->nnz);
	for (int i = 0; i < v->nnz; i++)
		pq_sendint32(&buf, v->indices[i]);
	for (int i = 0; i < v->nnz; i++)
		pq_sendfloat4(&buf, values[i]);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
