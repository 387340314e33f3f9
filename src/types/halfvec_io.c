/*-------------------------------------------------------------------------
 *
 * halfvec_io.c
 *	  Text and binary input and output of halfvecs, and their typmod.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_io.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "types/dense.h"
#include "types/textprint.h"
#include "types/textscan.h"

/*
 * Raise or save the error that element n, a finite float, is too large for a half.
 * The text is read once more to find it.
 */
static void
report_range(fmNodePtr soft, char *input, int n)
{
	LokiTextScan scan = {input, input + strlen(input), NULL};
	float		x;

	loki_skip_space(&scan);
	for (int i = 0; i <= n; i++)
	{
		scan.at++;				/* the bracket or comma */
		loki_skip_space(&scan);
		(void) loki_scan_float(&scan, &x);
		if (i < n)
			loki_skip_space(&scan);
	}
	loki_range_error(soft, "halfvec", scan.number, scan.at - scan.number);
}

LOKI_FUNCTION(halfvec_in);
Datum
halfvec_in(PG_FUNCTION_ARGS)
{
	char	   *input = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	LokiTextScan scan = {input, input + strlen(input), NULL};
	LokiScanStatus status;
	float		x[LOKI_HALFVEC_MAX_DIM];
	LokiHalf	halves[LOKI_HALFVEC_MAX_DIM];
	int			dim;
	HalfVector *v;

	status = loki_scan_array(&scan, LOKI_HALFVEC_MAX_DIM, x, &dim);

	/* of several errors the first counts */
	loki_distance.f32_to_f16(dim, x, halves);
	for (int i = 0; i < dim; i++)
		if (unlikely(loki_half_is_infinite(halves[i])))
		{
			report_range(fcinfo->context, input, i);
			PG_RETURN_NULL();
		}
	if (status != LOKI_SCAN_OK)
	{
		loki_scan_error(fcinfo->context, "halfvec", LOKI_HALFVEC_MAX_DIM, status, &scan, input);
		PG_RETURN_NULL();
	}
	if (!loki_check_typmod(fcinfo->context, typmod, dim))
		PG_RETURN_NULL();

	v = loki_halfvec_make(dim);
	memcpy(v->x, halves, sizeof(LokiHalf) * dim);
	PG_RETURN_HALFVEC_P(v);
}

/*
 * Texts of the halves without their sign, each made when it is first asked for,
 * since to make a text takes longer than to copy it.  A backend that prints no
 * halfvec does not touch this memory.
 */
#define HALF_SIGN_SHIFT 15
#define HALF_MAGNITUDE 0x7fff

static struct
{
	char		chars[15];		/* not terminated */
	uint8		length;			/* 0 if not made yet */
}			half_texts[HALF_MAGNITUDE + 1];

/*
 * Write a half as float4 would write it, in LOKI_PRINT_LENGTH characters, and
 * return where the text ends.  Signs are hard to predict, so there is no branch
 * for them.
 */
static inline char *
print_half(char *p, LokiHalf h)
{
	int			magnitude = h & HALF_MAGNITUDE;

	if (unlikely(half_texts[magnitude].length == 0))
	{
		char		chars[LOKI_PRINT_LENGTH];
		int			length = loki_print_float(chars, loki_half_to_float(magnitude)) - chars;

		Assert(length > 0 && length <= sizeof(half_texts[magnitude].chars));
		memcpy(half_texts[magnitude].chars, chars, length);
		half_texts[magnitude].length = length;
	}
	*p = '-';
	p += h >> HALF_SIGN_SHIFT;
	memcpy(p, &half_texts[magnitude], sizeof(half_texts[magnitude]));
	return p + half_texts[magnitude].length;
}

LOKI_FUNCTION(halfvec_out);
Datum
halfvec_out(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	char	   *result = palloc(LOKI_PRINT_LENGTH * v->dim + 3);
	char	   *p = result;

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

LOKI_FUNCTION(halfvec_typmod_in);
Datum
halfvec_typmod_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(loki_check_typmods("halfvec", PG_GETARG_ARRAYTYPE_P(0),
									   LOKI_HALFVEC_MAX_DIM));
}

/*
 * Binary format: dimensions, a reserved zero and the bits of the elements, 16
 * bits each, all in network byte order.
 */
LOKI_FUNCTION(halfvec_recv);
Datum
halfvec_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	int16		dim = pq_getmsgint(buf, sizeof(int16));
	int16		unused = pq_getmsgint(buf, sizeof(int16));
	int			count;
	HalfVector *v;

	loki_dense_check_dim(&loki_halfvec_type, dim);
	(void) loki_check_typmod(NULL, typmod, dim);
	loki_check_unused(unused);

	/* Of a message that is too short, the elements that are there count */
	count = Min(dim, (buf->len - buf->cursor) / (int) sizeof(LokiHalf));
	v = loki_halfvec_make(dim);
	pq_copymsgbytes(buf, (char *) v->x, sizeof(LokiHalf) * count);
	for (int i = 0; i < count; i++)
		v->x[i] = pg_ntoh16(v->x[i]);
	loki_halfvec_check_elements(v);
	pq_copymsgbytes(buf, (char *) &v->x[count], sizeof(LokiHalf) * (dim - count));
	PG_RETURN_HALFVEC_P(v);
}

LOKI_FUNCTION(halfvec_send);
Datum
halfvec_send(PG_FUNCTION_ARGS)
{
	HalfVector *v = PG_GETARG_HALFVEC_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	enlargeStringInfo(&buf, sizeof(LokiHalf) * (v->dim + 2));
	pq_writeint16(&buf, v->dim);
	pq_writeint16(&buf, v->unused);
	for (int i = 0; i < v->dim; i++)
		pq_writeint16(&buf, v->x[i]);

	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
