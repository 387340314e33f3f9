/*-------------------------------------------------------------------------
 *
 * bytevec_io.c
 *	  Text and binary input and output of bytevecs, and their typmod.
 *
 * Text is "[codes]*scale+offset" or "[codes]*scale-offset", which keeps all
 * bits.  Input also takes the text of a vector, which it quantizes.
 *
 * IDENTIFICATION
 *	  src/types/bytevec_io.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "types/dense.h"
#include "types/textprint.h"
#include "utils/builtins.h"

/* Longest text of a code, with a comma */
#define CODE_LEN 4

/* Returns false, if at all. */
static bool
exact_form_error(fmNodePtr soft, const char *text)
{
	ereturn(soft, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "bytevec", text),
			 errdetail("Behind the brackets comes \"*scale+offset\" or \"*scale-offset\", and codes between them are integers from 0 to 255."),
			 loki_errhint_syntax("bytevec")));
}

/* Take a number of the exact form; error if there is none: false if it is saved. */
static bool
scan_factor(fmNodePtr soft, LokiTextScan *scan, const char *text, float *value)
{
	LokiScanStatus status;

	loki_skip_space(scan);
	status = loki_scan_float(scan, value);
	if (status == LOKI_SCAN_SYNTAX)
		return exact_form_error(soft, text);
	if (status != LOKI_SCAN_OK)
	{
		loki_scan_error(soft, "bytevec", LOKI_BYTEVEC_MAX_DIM, status, scan, text);
		return false;
	}
	loki_skip_space(scan);
	return true;
}

/* Take what follows the brackets of the exact form: scale and offset. */
static bool
scan_factors(fmNodePtr soft, LokiTextScan *scan, const char *text, ByteVector *v)
{
	float		scale;

	Assert(*scan->at == '*');
	scan->at++;
	if (!scan_factor(soft, scan, text, &scale))
		return false;
	v->scale = loki_bytevec_scale(scale);
	if (*scan->at != '+' && *scan->at != '-')
		return exact_form_error(soft, text);
	if (!scan_factor(soft, scan, text, &v->offset))
		return false;
	if (*scan->at != '\0')
		return exact_form_error(soft, text);
	return loki_bytevec_check_factors(soft, v->scale, v->offset);
}

/* The same with the numbers between the brackets, which are codes; NULL after an error */
static ByteVector *
scan_exact(fmNodePtr soft, LokiTextScan *scan, int dim, const float *x, const char *text)
{
	ByteVector *v = (ByteVector *) loki_dense_make(&loki_bytevec_type, dim);

	if (!scan_factors(soft, scan, text, v))
		return NULL;
	for (int i = 0; i < dim; i++)
	{
		if (!(x[i] >= 0 && x[i] <= 255) || x[i] != (uint8) x[i])
		{
			(void) exact_form_error(soft, text);
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
	LokiTextScan scan = {input, input + strlen(input), NULL};
	float		x[LOKI_BYTEVEC_MAX_DIM];
	int			dim;
	LokiScanStatus status = loki_scan_array(&scan, LOKI_BYTEVEC_MAX_DIM, x, &dim);
	ByteVector *v = NULL;

	if (status == LOKI_SCAN_JUNK && *scan.at == '*')
		v = scan_exact(fcinfo->context, &scan, dim, x, input);
	else if (status != LOKI_SCAN_OK)
		loki_scan_error(fcinfo->context, "bytevec", LOKI_BYTEVEC_MAX_DIM, status, &scan, input);
	else
		v = loki_bytevec_of_floats(fcinfo->context, dim, x);
	if (v == NULL || !loki_check_typmod(fcinfo->context, PG_GETARG_INT32(2), dim))
		PG_RETURN_NULL();
	PG_RETURN_BYTEVEC_P(v);
}

LOKI_FUNCTION(bytevec_out);
Datum
bytevec_out(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);
	char	   *result = palloc(CODE_LEN * v->dim + 2 * LOKI_PRINT_LENGTH + 4);
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
	p = loki_print_float(p, v->scale);
	if (!signbit(v->offset))
		*p++ = '+';
	p = loki_print_float(p, v->offset);
	*p = '\0';

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_CSTRING(result);
}

LOKI_FUNCTION(bytevec_typmod_in);
Datum
bytevec_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(loki_check_typmods("bytevec", PG_GETARG_ARRAYTYPE_P(0),
									   LOKI_BYTEVEC_MAX_DIM));
}

/*
 * Binary format: dimensions and a reserved zero, 16 bits each, scale and offset
 * as float4, all in network byte order, and the codes.
 */
LOKI_FUNCTION(bytevec_recv);
Datum
bytevec_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int16		dim = pq_getmsgint(buf, sizeof(int16));
	int16		unused = pq_getmsgint(buf, sizeof(int16));
	ByteVector *v;

	loki_dense_check_dim(&loki_bytevec_type, dim);
	(void) loki_check_typmod(NULL, PG_GETARG_INT32(2), dim);
	loki_check_unused(unused);
	v = (ByteVector *) loki_dense_make(&loki_bytevec_type, dim);
	v->scale = pq_getmsgfloat4(buf);
	v->offset = pq_getmsgfloat4(buf);
	(void) loki_bytevec_check_factors(NULL, v->scale, v->offset);
	pq_copymsgbytes(buf, (char *) v->codes, dim);
	PG_RETURN_BYTEVEC_P(v);
}

LOKI_FUNCTION(bytevec_send);
Datum
bytevec_send(PG_FUNCTION_ARGS)
{
	ByteVector *v = PG_GETARG_BYTEVEC_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, v->dim);
	pq_sendint16(&buf, v->unused);
	pq_sendfloat4(&buf, v->scale);
	pq_sendfloat4(&buf, v->offset);
	appendBinaryStringInfo(&buf, (const char *) v->codes, v->dim);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
