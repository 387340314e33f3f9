/*-------------------------------------------------------------------------
 *
 * vector_io.c
 *	  Text and binary input and output of vectors, and their typmod.
 *
 * IDENTIFICATION
 *	  src/types/vector_io.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "lokivector.h"
#include "port/pg_bswap.h"
#include "types/textscan.h"
#include "types/vectorint.h"
#include "utils/array.h"

/*
 * Raise the error that a scan of text ended with.
 */
static void
report_scan_error(LokiScanStatus status, const LokiScan *scan, const char *text)
{
	char	   *number;

	switch (status)
	{
		case LOKI_SCAN_EMPTY:
			loki_vector_check_dim(0);
			break;
		case LOKI_SCAN_TOO_MANY:
			loki_vector_check_dim(LOKI_VECTOR_MAX_DIM + 1);
			break;
		case LOKI_SCAN_NAN:
			loki_vector_nan_error();
			break;
		case LOKI_SCAN_INFINITE:
			loki_vector_infinite_error();
			break;
		case LOKI_SCAN_RANGE:
			number = pnstrdup(scan->number, scan->at - scan->number);
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("\"%s\" is out of range for type vector", number)));
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type vector: \"%s\"", text),
					 status == LOKI_SCAN_NO_START ?
					 errdetail("Vector contents must start with \"[\".") :
					 status == LOKI_SCAN_JUNK ?
					 errdetail("Junk after closing right brace.") : 0));
			break;
	}
}

LOKI_FUNCTION(vector_in);
Datum
vector_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	LokiScan	scan = {text, text + strlen(text), NULL};
	LokiScanStatus status;
	float		x[LOKI_VECTOR_MAX_DIM];
	int			dim;
	Vector	   *v;

	status = loki_scan_array(&scan, LOKI_VECTOR_MAX_DIM, x, &dim);
	if (status != LOKI_SCAN_OK)
		report_scan_error(status, &scan, text);
	loki_vector_check_typmod(typmod, dim);

	v = loki_vector_make(dim);
	memcpy(v->x, x, sizeof(float) * dim);
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(vector_out);
Datum
vector_out(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);

	/* each element and a comma fit FLOAT_SHORTEST_DECIMAL_LEN */
	char	   *text = palloc(FLOAT_SHORTEST_DECIMAL_LEN * v->dim + 3);
	char	   *p = text;

	*p++ = '[';
	for (int i = 0; i < v->dim; i++)
	{
		if (i > 0)
			*p++ = ',';
		p += float_to_shortest_decimal_bufn(v->x[i], p);
	}
	*p++ = ']';
	*p = '\0';

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(text);
}

LOKI_FUNCTION(vector_typmod_in);
Datum
vector_typmod_in(PG_FUNCTION_ARGS)
{
	int			n;
	int32	   *typmods = ArrayGetIntegerTypmods(PG_GETARG_ARRAYTYPE_P(0), &n);

	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid type modifier")));
	if (typmods[0] < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type vector must be at least 1")));
	if (typmods[0] > LOKI_VECTOR_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type vector cannot exceed %d",
						LOKI_VECTOR_MAX_DIM)));

	PG_RETURN_INT32(typmods[0]);
}

/*
 * Binary format: dimensions and a reserved zero, 16 bits each, then the
 * elements as float4, all in network byte order.
 */
LOKI_FUNCTION(vector_recv);
Datum
vector_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	int16		dim = pq_getmsgint(buf, sizeof(int16));
	int16		unused = pq_getmsgint(buf, sizeof(int16));
	const char *elements;
	Vector	   *v;

	loki_vector_check_dim(dim);
	loki_vector_check_typmod(typmod, dim);
	if (unused != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));

	elements = pq_getmsgbytes(buf, sizeof(float) * dim);
	v = loki_vector_make(dim);
	for (int i = 0; i < dim; i++)
	{
		uint32		bits;

		memcpy(&bits, elements + sizeof(bits) * i, sizeof(bits));
		bits = pg_ntoh32(bits);
		memcpy(&v->x[i], &bits, sizeof(bits));
	}
	loki_vector_check_elements(v);
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(vector_send);
Datum
vector_send(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, v->dim);
	pq_sendint16(&buf, v->unused);
	enlargeStringInfo(&buf, sizeof(float) * v->dim);
	for (int i = 0; i < v->dim; i++)
	{
		uint32		bits;

		memcpy(&bits, &v->x[i], sizeof(bits));
		bits = pg_hton32(bits);
		memcpy(buf.data + buf.len, &bits, sizeof(bits));
		buf.len += sizeof(bits);
	}

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
