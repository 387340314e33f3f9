/*-------------------------------------------------------------------------
 *
 * input.c
 *	  libFuzzer on text and binary input of the types.
 *
 * The first byte of an input chooses type, form and type modifier; the rest is
 * what the input function or the receive function gets.  A value that comes of
 * it has to be valid, and the same after it went out and in again, in both
 * forms.  The functions are the server's own; stubs.c stands for the server.
 *
 * IDENTIFICATION
 *	  test/fuzz/input.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/distance.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "stubs.h"
#include "types/dense.h"
#include "types/sparsevec.h"

/* of lokivector.h, which declares them to be exported */
extern Datum vector_in(PG_FUNCTION_ARGS), vector_out(PG_FUNCTION_ARGS),
			vector_recv(PG_FUNCTION_ARGS), vector_send(PG_FUNCTION_ARGS),
			halfvec_in(PG_FUNCTION_ARGS), halfvec_out(PG_FUNCTION_ARGS),
			halfvec_recv(PG_FUNCTION_ARGS), halfvec_send(PG_FUNCTION_ARGS),
			bytevec_in(PG_FUNCTION_ARGS), bytevec_out(PG_FUNCTION_ARGS),
			bytevec_recv(PG_FUNCTION_ARGS), bytevec_send(PG_FUNCTION_ARGS),
			sparsevec_in(PG_FUNCTION_ARGS), sparsevec_out(PG_FUNCTION_ARGS),
			sparsevec_recv(PG_FUNCTION_ARGS), sparsevec_send(PG_FUNCTION_ARGS);

static const struct
{
	PGFunction	in,
				out,
				recv,
				send;
}			types[] =
{
	{vector_in, vector_out, vector_recv, vector_send},
	{halfvec_in, halfvec_out, halfvec_recv, halfvec_send},
	{bytevec_in, bytevec_out, bytevec_recv, bytevec_send},
	{sparsevec_in, sparsevec_out, sparsevec_recv, sparsevec_send},
};

static Datum
call(PGFunction function, Datum arg, int32 typmod)
{
	LOCAL_FCINFO(fcinfo, 3);

	InitFunctionCallInfoData(*fcinfo, NULL, 3, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = arg;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = ObjectIdGetDatum(InvalidOid);
	fcinfo->args[1].isnull = false;
	fcinfo->args[2].value = Int32GetDatum(typmod);
	fcinfo->args[2].isnull = false;
	return function(fcinfo);
}

static Datum
receive(PGFunction recv, const char *data, int length, int32 typmod)
{
	StringInfo	buf = makeStringInfo();

	appendBinaryStringInfo(buf, data, length);
	return call(recv, PointerGetDatum(buf), typmod);
}

static bool
same(Datum a, Datum b)
{
	return VARSIZE(DatumGetPointer(a)) == VARSIZE(DatumGetPointer(b)) &&
		memcmp(DatumGetPointer(a), DatumGetPointer(b), VARSIZE(DatumGetPointer(a))) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started = false;
	int			type;
	bool		text;
	int32		typmod;
	char	   *rest;

	if (!started)
		loki_distance_init();
	started = true;
	if (size < 1)
		return 0;
	type = data[0] % lengthof(types);
	text = data[0] & 64;
	typmod = data[0] & 128 ? 3 : -1;
	rest = loki_stub_alloc(size);
	memcpy(rest, data + 1, size - 1);
	rest[size - 1] = '\0';

	LOKI_STUB_TRY
	{
		Datum		value = text ? call(types[type].in, CStringGetDatum(rest), typmod) :
			receive(types[type].recv, rest, size - 1, typmod);
		Datum		out;
		Datum		sent;

		loki_stub_errors_allowed = false;
		out = call(types[type].out, value, 0);
		sent = call(types[type].send, value, 0);
		loki_stub_must("text out and in", same(value, call(types[type].in, out, typmod)));
		loki_stub_must("binary out and in",
					   same(value, receive(types[type].recv, VARDATA(DatumGetPointer(sent)),
										   VARSIZE(DatumGetPointer(sent)) - VARHDRSZ, typmod)));
	}
	loki_stub_free_all();
	return 0;
}
