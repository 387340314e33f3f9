/*-------------------------------------------------------------------------
 *
 * attribute.c
 *	  Attribute columns: their types, and what their slots hold.
 *
 * Filters compare sort keys (definition/attribute.h), which are made here.  A sort key is an
 * integer of up to 64 bits.  Equal values have equal keys; of types that are searched by order,
 * a < b implies key(a) <= key(b).  Where two values that differ may share a key, their slots are
 * marked lossy, and a filter that cannot decide by a lossy slot leaves the row to the executor.
 *
 *	| flag 1 | sort key 1, 2, 4 or 8	|	exact, lossy or NULL
 *	| flag 1 | 7 hashes of 2 bytes, 0	|	an array with 1 to 7 hashes of elements
 *	| flag 1 | signature of 15 bytes	|	other arrays
 *	| flag 1 | 7 hashes of 2 bytes, 0	|	a text of text_prefix_ops, by its beginnings
 *
 * A type's sort key, and why it orders values as the type does:
 *
 * - an integer, date or time is its own sort key; bool gives 0 or 1; an enum
 *	 the OID of its label, which has no order by itself (filter/key.c);
 * - a float gives its bits as an integer, with negative ones reversed; there
 *	 is one zero, and one NaN above all else;
 * - time with time zone compares by real time and then by zone, which together
 *	 have less than 64 bits;
 * - numeric is rounded to the nearest float8, which keeps the order.  Numbers
 *	 of up to 15 digits have distinct floats, so that these are exact;
 * - text of up to 4 bytes gives the bytes, longer text a hash.  Only equality is
 *	 searched for, since the order depends on the collation.  Trailing blanks of
 *	 character(n) do not count;
 * - uuid and IPv6 addresses give their leading bits, which have the order, and
 *	 some bits of a hash, for equality where many values begin alike;
 * - inet compares by address family, network, length of the netmask, and
 *	 address.  All of that fits for an IPv4 address with a netmask of 7 bits or
 *	 more.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/attribute.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>
#include <sys/socket.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/inet.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

/* Any number with this many decimal digits has a float8 of its own */
#define FLOAT_DIGITS		15

#define STRATEGY_BIT(strategy)	(UINT64CONST(1) << (strategy))

#define SIGN_BIT			UINT64CONST(0x8000000000000000)
#define HASH_MASK			((UINT64CONST(1) << LOKI_ATTR_HASH_BITS) - 1)

/* ----------------------------------------------------------------
 * Types
 * ----------------------------------------------------------------
 */
static const struct
{
	Oid			typid;			/* input type of the operator class; the first that has
								 * it is the default */
	uint32		width;			/* bytes of the sort key */
	bool		lossy;			/* some values are */
	bool		returned;		/* exact slots show the value */
}			attr_types[] =
{
	[LOKI_ATTR_BOOL] = {BOOLOID, sizeof(int8), false, true},
	[LOKI_ATTR_INT2] = {INT2OID, sizeof(int16), false, true},
	[LOKI_ATTR_INT4] = {INT4OID, sizeof(int32), false, true},
	[LOKI_ATTR_INT8] = {INT8OID, sizeof(int64), false, true},
	[LOKI_ATTR_FLOAT4] = {FLOAT4OID, sizeof(int32), false, false},
	[LOKI_ATTR_FLOAT8] = {FLOAT8OID, sizeof(int64), false, false},
	[LOKI_ATTR_DATE] = {DATEOID, sizeof(int32), false, true},
	[LOKI_ATTR_TIMESTAMP] = {TIMESTAMPOID, sizeof(int64), false, true},
	[LOKI_ATTR_TIMESTAMPTZ] = {TIMESTAMPTZOID, sizeof(int64), false, true},
	[LOKI_ATTR_TIME] = {TIMEOID, sizeof(int64), false, true},
	[LOKI_ATTR_TIMETZ] = {TIMETZOID, sizeof(int64), false, false},
	[LOKI_ATTR_NUMERIC] = {NUMERICOID, sizeof(int64), true, false},
	[LOKI_ATTR_UUID] = {UUIDOID, sizeof(int64), true, false},
	[LOKI_ATTR_TEXT] = {TEXTOID, sizeof(int32), true, true},
	[LOKI_ATTR_BPCHAR] = {BPCHAROID, sizeof(int32), true, false},
	[LOKI_ATTR_ENUM] = {ANYENUMOID, sizeof(int32), false, true},
	[LOKI_ATTR_INET] = {INETOID, sizeof(int64), true, false},
	[LOKI_ATTR_ARRAY] = {ANYARRAYOID, LOKI_SIGNATURE_BYTES, true, false},
	[LOKI_ATTR_PREFIX] = {TEXTOID, LOKI_SIGNATURE_BYTES, true, false},
};

/* The attribute type of an input type's default operator class; 0 if there is none */
uint8
loki_attr_type_lookup(Oid typid)
{
	for (uint8 type = 1; type < lengthof(attr_types); type++)
		if (attr_types[type].typid == typid)
			return type;
	return 0;
}

/* A class whose family has ^@ knows texts by their beginnings.  See attribute.h. */
uint8
loki_attr_class_type(Oid family, Oid typid)
{
	if (typid == TEXTOID &&
		OidIsValid(get_opfamily_member(family, TEXTOID, TEXTOID, LOKI_TEXT_STARTS)))
		return LOKI_ATTR_PREFIX;
	return loki_attr_type_lookup(typid);
}

/*
 * The input type of the operator class for a column's type; InvalidOid if there is none.  These are binary
 * coercible, as varchar is to text, so that a value need not be converted.
 */
static Oid
class_type(Oid typid)
{
	Oid			element;

	switch (typid)
	{
		case VARCHAROID:
			return TEXTOID;
		case CIDROID:
			return INETOID;
	}
	if (loki_attr_type_lookup(typid) != 0)
		return typid;
	if (type_is_enum(typid))
		return ANYENUMOID;
	element = get_element_type(typid);
	if (OidIsValid(element) &&
		OidIsValid(lookup_type_cache(element, TYPECACHE_HASH_PROC)->hash_proc))
		return ANYARRAYOID;
	return InvalidOid;
}

/* The attribute type of a column's type, or of what a domain is over; ERROR if there is none */
LokiAttrType
loki_attr_type(Oid typid)
{
	uint8		type = loki_attr_type_lookup(class_type(getBaseType(typid)));

	if (type == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type %s is not supported for attribute columns of hnsw indexes",
						format_type_be(typid)),
				 errhint("Attribute columns can be of type boolean, smallint, integer, bigint, real, double precision, numeric, date, time and timestamp with or without time zone, uuid, text, character varying, character, inet or cidr, of an enum type, or arrays of a type that has a hash operator class.")));
	return (LokiAttrType) type;
}

/* The attribute type of a class, which the catalogs know by family and input type; ERROR if there is none */
static LokiAttrType
type_of_class(Oid family, Oid typid)
{
	uint8		type = loki_attr_class_type(family, typid);

	return type != 0 ? (LokiAttrType) type : loki_attr_type(typid);
}

/* See attribute.h. */
LokiAttrType
loki_index_attr_type(Relation index, int attribute)
{
	Assert(attribute >= 0 && attribute < INDEX_MAX_KEYS - 1);
	return type_of_class(index->rd_opfamily[attribute + 1], index->rd_opcintype[attribute + 1]);
}

/* for assertions */
pg_attribute_unused() static inline bool
is_valid_type(uint8 type)
{
	return type > 0 && type < lengthof(attr_types);
}

/* Bytes of a slot: a flag, and the sort key behind it */
uint32
loki_attr_slot_size(LokiAttrType type)
{
	Assert(is_valid_type(type));
	return 1 + attr_types[type].width;
}

/* The strategies that an operator class of a type must have, as bits */
uint64
loki_attr_strategies(LokiAttrType type)
{
	Assert(is_valid_type(type));
	switch (type)
	{
			/* their order is that of a collation, which no few bytes have */
		case LOKI_ATTR_TEXT:
		case LOKI_ATTR_BPCHAR:
			return STRATEGY_BIT(BTEqualStrategyNumber);
		case LOKI_ATTR_ARRAY:
			return STRATEGY_BIT(LOKI_ARRAY_EQUAL) | STRATEGY_BIT(LOKI_ARRAY_OVERLAPS) |
				STRATEGY_BIT(LOKI_ARRAY_CONTAINS) | STRATEGY_BIT(LOKI_ARRAY_CONTAINED);
		case LOKI_ATTR_PREFIX:
			return STRATEGY_BIT(BTEqualStrategyNumber) | STRATEGY_BIT(LOKI_TEXT_STARTS) |
				STRATEGY_BIT(LOKI_TEXT_LIKE);
		default:
			return STRATEGY_BIT(BTLessStrategyNumber) |
				STRATEGY_BIT(BTLessEqualStrategyNumber) |
				STRATEGY_BIT(BTEqualStrategyNumber) |
				STRATEGY_BIT(BTGreaterEqualStrategyNumber) |
				STRATEGY_BIT(BTGreaterStrategyNumber);
	}
}

/* Whether some values of a type share their slots with others */
bool
loki_attr_type_lossy(LokiAttrType type)
{
	Assert(is_valid_type(type));
	return attr_types[type].lossy;
}

/* Whether slots tell all values apart.  See hnsw.h. */
bool
loki_hnsw_decides(Oid family, Oid typid)
{
	return !loki_attr_type_lossy(type_of_class(family, typid));
}

/* ----------------------------------------------------------------
 * Values as sort keys
 * ----------------------------------------------------------------
 */

/*
 * The bits of a float as an integer that orders as the float does: those of negative ones are reversed,
 * since their magnitudes ascend the other way.  NaN comes last, and there is one zero.
 */
int64
loki_float_sort_key(double value)
{
	int64		bits;

	if (isnan(value))
		return PG_INT64_MAX;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits ^ ((bits >> 63) & PG_INT64_MAX);
}

/* The same of a float4, within 32 bits */
int64
loki_float4_sort_key(float value)
{
	int32		bits;

	if (isnan(value))
		return PG_INT32_MAX;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits ^ ((bits >> 31) & PG_INT32_MAX);
}

/*
 * A sort key as a number of its type; false if it is none.  A numeric becomes the float8 nearest to it.  The
 * bits of a float are reversed as they were when the key was made, which leaves the sign.
 */
bool
loki_attr_number(LokiAttrType type, int64 sort_key, Oid *typid, Datum *number)
{
	double		value;
	float		value4;
	int64		bits = sort_key ^ ((sort_key >> 63) & PG_INT64_MAX);
	int32		bits4 = (int32) (sort_key ^ ((sort_key >> 63) & PG_INT32_MAX));

	Assert(is_valid_type(type));
	*typid = attr_types[type].typid;
	switch (type)
	{
		case LOKI_ATTR_BOOL:
		case LOKI_ATTR_INT2:
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_DATE:
			*number = Int32GetDatum((int32) sort_key);
			return true;
		case LOKI_ATTR_INT8:
		case LOKI_ATTR_TIMESTAMP:
		case LOKI_ATTR_TIMESTAMPTZ:
			*number = Int64GetDatum(sort_key);
			return true;
		case LOKI_ATTR_FLOAT4:
			memcpy(&value4, &bits4, sizeof(value4));
			*number = Float4GetDatum(value4);
			return true;
		case LOKI_ATTR_FLOAT8:
		case LOKI_ATTR_NUMERIC:
			*typid = FLOAT8OID;
			memcpy(&value, &bits, sizeof(value));
			*number = Float8GetDatum(value);
			return true;
		default:
			return false;
	}
}

/*
 * A numeric as its nearest float8: exact if it has so few digits that no other numeric has that float.
 * Decimal numbers of FLOAT_DIGITS digits have distinct floats unless these are subnormal.
 */
static LokiAttrValue
numeric_value(Numeric numeric)
{
	LokiAttrValue result = {0};
	char	   *digits;
	double		value;

	if (numeric_is_nan(numeric))
	{
		result.sort_key = loki_float_sort_key(get_float8_nan());
		return result;
	}
	/* as text: the server's own conversion to float8 is an error where the number is out of range */
	digits = numeric_normalize(numeric);
	value = strtod(digits, NULL);
	result.sort_key = loki_float_sort_key(value);
	if (!numeric_is_inf(numeric))
	{
		/* digits from the first to the last that is not zero; the point and a sign are none */
		int			seen = 0;
		int			significant = 0;

		for (const char *c = digits; *c; c++)
		{
			if (*c < '0' || *c > '9')
				continue;
			if (*c != '0' || seen > 0)
				seen++;
			if (*c != '0')
				significant = seen;
		}
		result.lossy = significant > FLOAT_DIGITS ||
			(significant > 0 && !(fabs(value) >= DBL_MIN && fabs(value) <= DBL_MAX));
	}
	pfree(digits);
	return result;
}

/*
 * The bytes of a text themselves, if they fit; else a hash.  Only equality is searched for.  A text has no
 * bytes that are zero, so that a shorter one with zeros behind it is no other text.  Collations that are not
 * deterministic call different bytes equal; for these, slots decide nothing (filter/key.c).
 */
static LokiAttrValue
text_value(LokiAttrType type, const text *string)
{
	LokiAttrValue result = {0};
	const char *data = VARDATA_ANY(string);
	int			length = VARSIZE_ANY_EXHDR(string);
	int32		sort_key = 0;

	if (type == LOKI_ATTR_BPCHAR)
		length = bpchartruelen((char *) data, length);
	Assert(length >= 0);
	if (length <= (int) sizeof(sort_key))
		memcpy(&sort_key, data, length);
	else
	{
		sort_key = (int32) hash_bytes((const unsigned char *) data, length);
		result.lossy = true;
	}
	result.sort_key = sort_key;
	return result;
}

/* The leading bits of a value of 16 bytes in the order of memcmp(), and bits of its hash */
static uint64
prefix_and_hash(uint64 prefix, const unsigned char *data, uint64 seed)
{
	return (prefix & ~HASH_MASK) | (hash_bytes_extended(data, 16, seed) & HASH_MASK);
}

/* Bytes as a number that orders as memcmp() orders them */
static uint64
big_endian(const unsigned char *data, int bytes)
{
	uint64		result = 0;

	Assert(bytes > 0 && bytes <= (int) sizeof(result));
	for (int i = 0; i < bytes; i++)
		result = result << 8 | data[i];
	return result;
}

/* IPv4, from the highest bit: a 0, 32 bits of the network, 6 of the length of the netmask,
 * and 25 of the rest of the address */
static LokiAttrValue
inet4_value(const inet *address)
{
	LokiAttrValue result;
	uint32		bits = ip_bits(address);
	uint64		all = big_endian(ip_addr(address), 4);
	uint64		host = all & ((UINT64CONST(1) << (32 - bits)) - 1);
	uint32		dropped = bits < 7 ? 7 - bits : 0;

	Assert(bits <= 32);
	Assert(host >> dropped < UINT64CONST(1) << 25);
	result.sort_key = (int64) (SIGN_BIT ^ ((all - host) << 31 | (uint64) bits << 25 |
										   host >> dropped));
	result.lossy = (host & ((UINT64CONST(1) << dropped) - 1)) != 0;
	return result;
}

/* IPv6: a 1, leading bits of the network, and bits of a hash */
static LokiAttrValue
inet6_value(const inet *address)
{
	LokiAttrValue result;
	uint32		bits = ip_bits(address);
	uint64		network = big_endian(ip_addr(address), 8);

	Assert(bits <= 128);
	if (bits < 64)
		network &= ~(PG_UINT64_MAX >> bits);
	/* the highest bit of the number, which is 1, is inverted to 0 */
	result.sort_key = (int64) prefix_and_hash(network >> 1, ip_addr(address), bits);
	result.lossy = true;
	return result;
}

/* The sort key of a value that is not NULL, of a type that has one, and whether others may share it */
LokiAttrValue
loki_attr_value(LokiAttrType type, Datum value)
{
	LokiAttrValue result = {0};
	const TimeTzADT *time;
	const pg_uuid_t *uuid;
	const inet *address;

	Assert(is_valid_type(type));
	switch (type)
	{
		case LOKI_ATTR_BOOL:
			result.sort_key = DatumGetBool(value) ? 1 : 0;
			break;
		case LOKI_ATTR_INT2:
			result.sort_key = DatumGetInt16(value);
			break;
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_DATE:
		case LOKI_ATTR_ENUM:
			result.sort_key = DatumGetInt32(value);
			break;
		case LOKI_ATTR_INT8:
		case LOKI_ATTR_TIMESTAMP:
		case LOKI_ATTR_TIMESTAMPTZ:
		case LOKI_ATTR_TIME:
			result.sort_key = DatumGetInt64(value);
			break;
		case LOKI_ATTR_FLOAT4:
			result.sort_key = loki_float4_sort_key(DatumGetFloat4(value));
			break;
		case LOKI_ATTR_FLOAT8:
			result.sort_key = loki_float_sort_key(DatumGetFloat8(value));
			break;
		case LOKI_ATTR_TIMETZ:
			/* real time in the high bits, and the zone in the low ones: the order of timetz_cmp() */
			time = DatumGetTimeTzADTP(value);
			/* zones are within 16 hours of GMT, in seconds: 17 bits and a sign, which make 18 */
			Assert(abs(time->zone) < 1 << 17);
			result.sort_key = (time->time + time->zone * USECS_PER_SEC) * (1 << 18) + time->zone;
			break;
		case LOKI_ATTR_NUMERIC:
			result = numeric_value(DatumGetNumeric(value));
			break;
		case LOKI_ATTR_UUID:
			/*
			 * Ids of version 4 are random in their first bits, those of
			 * version 7 begin with a time that many share: so some bits are of
			 * a hash of all, which equality is more likely to differ by.
			 * Always lossy: 64 of 128 bits.
			 */
			uuid = DatumGetUUIDP(value);
			result.sort_key = (int64) (SIGN_BIT ^ prefix_and_hash(big_endian(uuid->data, 8), uuid->data, 0));
			result.lossy = true;
			break;
		case LOKI_ATTR_TEXT:
		case LOKI_ATTR_BPCHAR:
			result = text_value(type, DatumGetTextPP(value));
			break;
		case LOKI_ATTR_INET:
			address = DatumGetInetPP(value);
			result = ip_family(address) == PGSQL_AF_INET ? inet4_value(address) : inet6_value(address);
			break;
		case LOKI_ATTR_ARRAY:
		case LOKI_ATTR_PREFIX:
			elog(ERROR, "type %d has no sort key", (int) type);
	}
	Assert(!result.lossy || attr_types[type].lossy);
	return result;
}

/*
 * Whether slots show values, as for an index-only scan.  A float's slot does not separate 0 from -0, that
 * of a time with time zone would have to be taken apart, and that of character(n) has no blanks.
 */
bool
loki_hnsw_returns(Oid family, Oid typid, int32 *most)
{
	LokiAttrType type = type_of_class(family, typid);

	*most = type == LOKI_ATTR_TEXT ? LOKI_ATTR_TEXT_BYTES : PG_INT32_MAX;
	return attr_types[type].returned;
}

/* The value in a slot: the reverse of loki_attr_form(), where it has one.  See attribute.h. */
bool
loki_attr_returned(LokiAttrType type, const char *slot, Datum *value, bool *isnull, char *text)
{
	int64		sort_key;

	Assert(is_valid_type(type));
	*isnull = slot[0] == LOKI_ATTR_NULL;
	*value = (Datum) 0;
	if (*isnull)
		return true;
	if (slot[0] != LOKI_ATTR_EXACT || !attr_types[type].returned)
		return false;
	sort_key = loki_attr_sort_key(attr_types[type].width, slot);
	if (type == LOKI_ATTR_TEXT)
	{
		memcpy(VARDATA(text), slot + 1, LOKI_ATTR_TEXT_BYTES);
		SET_VARSIZE(text, VARHDRSZ + strnlen(VARDATA(text), LOKI_ATTR_TEXT_BYTES));
		*value = PointerGetDatum(text);
	}
	else if (attr_types[type].width == sizeof(int64))
		*value = Int64GetDatum(sort_key);
	else
		*value = (Datum) sort_key;	/* its sign goes on, as in fetch_att() */
	return true;
}

/* ----------------------------------------------------------------
 * Slots
 * ----------------------------------------------------------------
 */

/*
 * Form the slot of an array, or of a text by its beginnings.  Only that of the empty array is exact.  Up to
 * LOKI_SLOT_ELEMENTS hashes are kept one by one, the last repeated, which tells elements apart better than a
 * signature; NULLs have none.
 */
static void
form_elements(LokiAttrType type, Datum value, char *slot)
{
	LokiElements elements;

	if (type == LOKI_ATTR_ARRAY)
		loki_array_elements(value, &elements);
	else
	{
		text	   *string = DatumGetTextPP(value);
		uint64		hashes[LOKI_SLOT_ELEMENTS];
		int			n = loki_text_hashes(VARDATA_ANY(string), (int) VARSIZE_ANY_EXHDR(string), true, hashes);

		loki_elements_of(hashes, n, &elements);
	}
	Assert(elements.n > 0 || type == LOKI_ATTR_ARRAY);
	if (elements.n == 0 && !elements.has_null)
		return;
	if (elements.nhashes >= 1 && elements.nhashes <= LOKI_SLOT_ELEMENTS)
	{
		slot[0] = LOKI_ATTR_ELEMENTS;
		for (int i = 0; i < LOKI_SLOT_ELEMENTS; i++)
			memcpy(slot + 1 + i * sizeof(uint16),
				   &elements.hashes[Min(i, elements.nhashes - 1)], sizeof(uint16));
	}
	else
	{
		slot[0] = LOKI_ATTR_LOSSY;
		memcpy(slot + 1, elements.all.bytes, LOKI_SIGNATURE_BYTES);
	}
	Assert(loki_attr_slot_valid(type, slot));
	pfree(elements.each);
	pfree(elements.hashes);
}

/* Form the slot of a value, loki_attr_slot_size() bytes: equal values have equal bytes (I9). */
void
loki_attr_form(LokiAttrType type, Datum value, bool isnull, char *slot)
{
	uint32		width = attr_types[type].width;
	LokiAttrValue v;
	const char *bytes = (const char *) &v.sort_key;

	memset(slot, 0, loki_attr_slot_size(type));
	if (isnull)
	{
		slot[0] = LOKI_ATTR_NULL;
		return;
	}
	if (loki_attr_has_elements(type))
	{
		form_elements(type, value, slot);
		return;
	}

	v = loki_attr_value(type, value);
	slot[0] = v.lossy ? LOKI_ATTR_LOSSY : LOKI_ATTR_EXACT;
#ifdef WORDS_BIGENDIAN
	bytes += sizeof(v.sort_key) - width;
#endif
	memcpy(slot + 1, bytes, width);
	Assert(loki_attr_sort_key(width, slot) == v.sort_key);	/* nothing is cut off */
	Assert(loki_attr_slot_valid(type, slot));
}

/* Whether a slot may be one that loki_attr_form() made: for checks, of any bytes */
bool
loki_attr_slot_valid(LokiAttrType type, const char *slot)
{
	uint16		hashes[LOKI_SLOT_ELEMENTS];
	bool		zero = true;
	int			n = 1;

	for (uint32 i = 1; i < loki_attr_slot_size(type); i++)
		zero = zero && slot[i] == 0;
	switch (slot[0])
	{
		case LOKI_ATTR_EXACT:
			if (type == LOKI_ATTR_BOOL)
				return slot[1] == 0 || slot[1] == 1;
			return (type != LOKI_ATTR_ARRAY || zero) && type != LOKI_ATTR_UUID && type != LOKI_ATTR_PREFIX;
		case LOKI_ATTR_NULL:
			return zero;
		case LOKI_ATTR_LOSSY:
			/* a text has no more elements than there is room for */
			return attr_types[type].lossy && type != LOKI_ATTR_PREFIX;
		case LOKI_ATTR_ELEMENTS:
			/* slots of other types are shorter */
			if (!loki_attr_has_elements(type))
				return false;
			/* hashes ascend up to the last, which may be repeated */
			loki_slot_elements(slot, hashes);
			while (n < LOKI_SLOT_ELEMENTS && hashes[n] > hashes[n - 1])
				n++;
			while (n < LOKI_SLOT_ELEMENTS && hashes[n] == hashes[n - 1])
				n++;
			return n == LOKI_SLOT_ELEMENTS && slot[LOKI_SIGNATURE_BYTES] == 0;
		default:
			return false;
	}
}
