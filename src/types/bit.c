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

#ifdef USE_ASSERT_CHECKING
/* Kernels count whole bytes, since the server keeps the padding of a string zero. */
static inline bool
is_padded_with_zeros(const VarBit *string)
{
	return VARBITPAD(string) == 0 ||
		(VARBITS(string)[VARBITBYTES(string) - 1] & ((1 << VARBITPAD(string)) - 1)) == 0;
}
#endif

/* ERROR unless both arguments have the same length */
static inline double
bit_distance(FunctionCallInfo fcinfo, BitDistance distance)
{
	const VarBit *a = (const VarBit *) loki_toast_argument(fcinfo, 0);
	const VarBit *b = (const VarBit *) loki_toast_argument(fcinfo, 1);

	if (VARBITLEN(a) != VARBITLEN(b))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different bit lengths %u and %u", VARBITLEN(a), VARBITLEN(b))));
	Assert(is_padded_with_zeros(a) && is_padded_with_zeros(b));
	return distance(VARBITBYTES(a), VARBITS(a), VARBITS(b));
}

/* Bits that differ */
LOKI_FLOAT8_FUNCTION(hamming_distance, bit_distance(fcinfo, loki_hamming_distance))

/* Share of the bits set in either that are not set in both */
LOKI_FLOAT8_FUNCTION(jaccard_distance, bit_distance(fcinfo, loki_jaccard_distance))
