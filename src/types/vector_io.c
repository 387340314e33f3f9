/*-------------------------------------------------------------------------
 *
 * vector_io.c
 *	  Text and binary input and output of vectors, and their typmod.
 *
 * IDENTIFICATION
 *	  src/types/vector_io.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "types/dense.h"
#include "types/textscan.h"

LOKI_FUNCTION(vector_in);
Datum
vector_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	LokiTextScan scan = {input, input + strlen(input), NULL};
	LokiScanStatus status;
	float		x[LOKI_VECTOR_MAX_DIM];
	int			dim;
	Vector	   *v;

	status = loki_scan_array(&scan, LOKI_VECTOR_MAX_DIM, x, &dim);
	if (status != LOKI_SCAN_OK)
	{
		loki_scan_error(fcinfo->context, "vector", LOKI_VECTOR_MAX_DIM, status, &scan, input);
		PG_RETURN_NULL();
	}
	if (!loki_check_typmod(fcinfo->context, typmod, dim))
		PG_RETURN_NULL();

	v = loki_vector_make(dim);
	memcpy(v->x, x, sizeof(float) * dim);
	PG_RETURN_VECTOR_P(v);
}

LOKI_FUNCTION(vector_out);
Datum
vector_out(PG_FUNCTION_ARGS)
{
	Vector	   *v = PG_GETARG_VECTOR_P(0);
	char	   *result = loki_floats_out(v->dim, v->x);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

LOKI_FUNCTION(vector_typmod_in);
Datum
vector_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(loki_check_typmods("vector", PG_GETARG_ARRAYTYPE_P(0),
									   LOKI_VECTOR_MAX_DIM));
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
	int			count;
	const char *elements;
	Vector	   *v;

	loki_dense_check_dim(&loki_vector_type, dim);
	(void) loki_check_typmod(NULL, typmod, dim);
	loki_check_unused(unused);

	/* Of a message that is too short, the elements that are there count */
	count = Min(dim, (buf->len - buf->cursor) / (int) sizeof(float));
	elements = pq_getmsgbytes(buf, sizeof(float) * count);
	v = loki_vector_make(dim);
	for (int i = 0; i < count; i++)
	{
		uint32		bits;

		memcpy(&bits, elements + sizeof(bits) * i, sizeof(bits));
		bits = pg_ntoh32(bits);
		memcpy(&v->x[i], &bits, sizeof(bits));
	}
	loki_vector_check_elements(v);
	pq_copymsgbytes(buf, (char *) &v->x[count], sizeof(float) * (dim - count));
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
