/*-------------------------------------------------------------------------
 *
 * bit.c
 *	  Distances between bit strings.
 *
 * IDENTIFICATION
 *	  src/types/bit.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "distance/bits.h"
#include "lokivector.h"
#include "types/toast.h"
#include "utils/varbit.h"

/* A distance over strings of n bytes */
typedef double (*BitDistance) (int n, const uint8 *a, const uint8 *b);

static inline double
bit_distance(FunctionCallInfo fcinfo, BitDistance distance)
{
	const VarBit *a = (const VarBit *) loki_toast_argument(fcinfo, 0);
	const VarBit *b = (const VarBit *) loki_toast_argument(fcinfo, 1);

	if (VARBITLEN(a) != VARBITLEN(b))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different bit lengths %u and %u", VARBITLEN(a), VARBITLEN(b))));
	return distance(VARBITBYTES(a), VARBITS(a), VARBITS(b));
}

/* Bits that differ */
LOKI_FUNCTION(hamming_distance);
Datum
hamming_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(bit_distance(fcinfo, loki_hamming_distance));
}

/* Share of the bits set in either that are not set in both */
LOKI_FUNCTION(jaccard_distance);
Datum
jaccard_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(bit_distance(fcinfo, loki_jaccard_distance));
}
