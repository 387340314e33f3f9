/*-------------------------------------------------------------------------
 *
 * elements.c
 *	  Arrays, and texts by their beginnings, as elements that have hashes.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/elements.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "hnsw/definition/attribute.h"
#include "lib/qunique.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

/* Bits that an element sets in a signature of 120, as in a Bloom filter */
#define ELEMENT_BITS		4

/*
 * Lengths in bytes of the beginnings that a text is known by.  A search for a longer one looks for those that
 * it begins with itself, so they are close where texts differ, and reach as far as a uuid behind a word.
 */
static const int beginnings[LOKI_SLOT_ELEMENTS - 1] = {2, 4, 8, 12, 20, 32};

/*
 * Hash of an element.  Equal elements have equal hashes under any deterministic collation;
 * under others the hashes are not used (filter/key.c).
 */
static uint64
element_hash(TypeCacheEntry *type, Datum element)
{
	if (OidIsValid(type->hash_extended_proc))
		return DatumGetUInt64(FunctionCall2Coll(&type->hash_extended_proc_finfo,
												DEFAULT_COLLATION_OID, element,
												UInt64GetDatum(0)));
	else
	{
		uint32		hash = DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
															DEFAULT_COLLATION_OID,
															element));

		return (uint64) murmurhash32(hash) << 32 | hash;
	}
}

/* qsort: ascending */
static int
compare_hashes(const void *a, const void *b)
{
	return (int) *(const uint16 *) a - (int) *(const uint16 *) b;
}

/* See attribute.h. */
void
loki_elements_of(const uint64 *hashes, int n, LokiElements *elements)
{
	memset(elements, 0, sizeof(LokiElements));
	elements->n = n;
	elements->each = palloc_array(LokiSignature, Max(n, 1));
	elements->hashes = palloc_array(uint16, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		LokiSignature *one = &elements->each[i];
		uint64		hash = hashes[i];

		/* one bit for each 16 bits of its hash, maybe the same */
		memset(one, 0, sizeof(LokiSignature));
		for (int bits = 0; bits < ELEMENT_BITS; bits++, hash >>= 16)
		{
			uint32		bit = ((uint16) hash * LOKI_SIGNATURE_BYTES * 8) >> 16;

			Assert(bit < LOKI_SIGNATURE_BYTES * 8);
			one->bytes[bit / 8] |= 1 << (bit % 8);
		}
		elements->all.bits[0] |= one->bits[0];
		elements->all.bits[1] |= one->bits[1];
		elements->hashes[i] = (uint16) hashes[i];
	}
	qsort(elements->hashes, n, sizeof(uint16), compare_hashes);
	elements->nhashes = (int) qunique(elements->hashes, n, sizeof(uint16), compare_hashes);
	Assert(elements->nhashes <= elements->n);
	Assert(elements->nhashes < 2 ||
		   elements->hashes[0] < elements->hashes[elements->nhashes - 1]);
}

/* What an array is compared by: hashes of its elements, each and together.  See attribute.h. */
void
loki_array_elements(Datum datum, LokiElements *elements)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	TypeCacheEntry *type = lookup_type_cache(ARR_ELEMTYPE(array), TYPECACHE_HASH_PROC_FINFO |
											 TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	Datum	   *values;
	bool	   *nulls;
	uint64	   *hashes;
	bool		has_null = false;
	int			nhashes = 0;
	int			n;

	if (!OidIsValid(type->hash_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify a hash function for type %s",
						format_type_be(ARR_ELEMTYPE(array)))));
	deconstruct_array(array, ARR_ELEMTYPE(array), type->typlen, type->typbyval,
					  type->typalign, &values, &nulls, &n);
	hashes = palloc_array(uint64, Max(n, 1));
	for (int i = 0; i < n; i++)
		if (nulls[i])
			has_null = true;
		else
			hashes[nhashes++] = element_hash(type, values[i]);
	loki_elements_of(hashes, nhashes, elements);
	elements->has_null = has_null;
	pfree(hashes);
}

/*
 * See attribute.h.  The length is the seed of a hash, and 0 that of the whole: a beginning is another element
 * than a text of its bytes.
 */
int
loki_text_hashes(const char *data, int length, bool whole, uint64 *hashes)
{
	const unsigned char *bytes = (const unsigned char *) data;
	int			n = 0;

	Assert(length >= 0);
	for (; n < lengthof(beginnings) && beginnings[n] <= length; n++)
		hashes[n] = hash_bytes_extended(bytes, beginnings[n], beginnings[n]);
	if (whole)
		hashes[n++] = hash_bytes_extended(bytes, length, 0);
	Assert(n <= LOKI_SLOT_ELEMENTS);
	return n;
}
