/*-------------------------------------------------------------------------
 *
 * attribute.h
 *	  Attribute columns: their types, and what their slots hold.
 *
 * A slot is a flag and a sort key of 1, 2, 4 or 8 bytes, in native byte order.  If two values
 * are equal, their slots are equal byte for byte.  If a < b, the sort key of a is not above
 * that of b, for types that are searched by order.  The flag LOKI_ATTR_EXACT says that no
 * other value has the same slot.  With LOKI_ATTR_LOSSY values that differ may have equal
 * slots, and a comparison may have to leave a row to the recheck.
 *
 * The slot of an array has hashes of its elements in place of the sort key, if there is room
 * for them; else a signature of 120 bits, of which each element sets four.  A text of the operator
 * class text_prefix_ops is stored as an array of its beginnings of some lengths, and of the whole.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/attribute.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_ATTRIBUTE_H
#define LOKI_DEFINITION_ATTRIBUTE_H

#include "access/skey.h"
#include "access/stratnum.h"
#include "utils/rel.h"
#include "utils/relcache.h"

/* On disk */
typedef enum LokiAttrType
{
	LOKI_ATTR_BOOL = 1,
	LOKI_ATTR_INT2,
	LOKI_ATTR_INT4,
	LOKI_ATTR_INT8,
	LOKI_ATTR_FLOAT4,			/* its bits, negative ones inverted */
	LOKI_ATTR_FLOAT8,
	LOKI_ATTR_DATE,
	LOKI_ATTR_TIMESTAMP,
	LOKI_ATTR_TIMESTAMPTZ,
	LOKI_ATTR_TIME,
	LOKI_ATTR_TIMETZ,			/* real time, then zone */
	LOKI_ATTR_NUMERIC,			/* the nearest float8 */
	LOKI_ATTR_UUID,				/* 44 leading bits, 20 of a hash */
	LOKI_ATTR_TEXT,				/* up to 4 bytes themselves, else a hash */
	LOKI_ATTR_BPCHAR,			/* without trailing blanks, as TEXT */
	LOKI_ATTR_ENUM,				/* OID of the label */
	LOKI_ATTR_INET,				/* IPv4: network, bits, host; IPv6: as UUID */
	LOKI_ATTR_ARRAY,			/* hashes of elements, or signature */
	LOKI_ATTR_PREFIX			/* text, by hashes of its beginnings */
} LokiAttrType;

#define LOKI_ATTR_EXACT		0
#define LOKI_ATTR_NULL		1	/* the rest of the slot is zero */
#define LOKI_ATTR_LOSSY		2
#define LOKI_ATTR_ELEMENTS	3	/* an array by hashes of its elements; lossy,
								 * too */

/* Most bytes of a slot: those of arrays */
#define LOKI_ATTR_MAX_SLOT	(1 + LOKI_SIGNATURE_BYTES)

/* Strategies of arrays; those of other types are btree's */
#define LOKI_ARRAY_EQUAL	3
#define LOKI_ARRAY_OVERLAPS	6
#define LOKI_ARRAY_CONTAINS	7
#define LOKI_ARRAY_CONTAINED 8

/* Strategies of texts by their beginnings, beside equality; 28 is SP-GiST's for ^@ */
#define LOKI_TEXT_STARTS	28
#define LOKI_TEXT_LIKE		29

/* Low bits of sort keys that are a hash, and have no order */
#define LOKI_ATTR_HASH_BITS	20

/* A value as a slot has it, unless that has elements */
typedef struct LokiAttrValue
{
	int64		sort_key;
	bool		lossy;
} LokiAttrValue;

#define LOKI_SIGNATURE_BYTES	15

/*
 * Hashes in the slot of an array with 1 to this many different ones: ascending; the last is
 * repeated in the room that is left.  A byte of zero follows.
 */
#define LOKI_SLOT_ELEMENTS	7

/* The bits that the elements of an array set, as its slot has them if there are too many hashes */
typedef union LokiSignature
{
	uint64		bits[2];		/* the byte that is not on disk is zero */
	uint8		bytes[LOKI_SIGNATURE_BYTES];
} LokiSignature;

/* Attribute type of a column under its default operator class; ERROR with a hint if there is none */
extern LokiAttrType loki_attr_type(Oid typid);

/* The same for an index, by the operator class that the column has; attributes count from 0 */
extern LokiAttrType loki_index_attr_type(Relation index, int attribute);

/* The same for the input type of an operator class, without ERROR and without looking through domains: 0 if
 * there is none.  The second knows the class by its family, too. */
extern uint8 loki_attr_type_lookup(Oid typid);
extern uint8 loki_attr_class_type(Oid family, Oid typid);

/* Whether slots of a type have elements in place of a sort key */
static inline bool
loki_attr_has_elements(uint8 type)
{
	return type == LOKI_ATTR_ARRAY || type == LOKI_ATTR_PREFIX;
}

/* What arrays are compared by: their elements that are not NULL */
typedef struct LokiElements
{
	int			n;				/* with those that are equal */
	LokiSignature *each;		/* n of them ... */
	LokiSignature all;			/* ... and together */
	int			nhashes;
	uint16	   *hashes;			/* ascending, no two equal */
	bool		has_null;		/* there are NULL elements */
} LokiElements;

/* Bytes of a slot: flag and sort key, or what stands for an array */
extern uint32 loki_attr_slot_size(LokiAttrType type);

/* Form the slot of a value */
extern void loki_attr_form(LokiAttrType type, Datum value, bool isnull, char *slot);

/*
 * The value in a slot; false if that does not show it.  A text is put into `text`, which has
 * LOKI_ATTR_TEXT_SIZE bytes and is aligned for a length word.
 */
#define LOKI_ATTR_TEXT_BYTES 4
#define LOKI_ATTR_TEXT_SIZE	(VARHDRSZ + LOKI_ATTR_TEXT_BYTES)
extern bool loki_attr_returned(LokiAttrType type, const char *slot, Datum *value, bool *isnull,
							   char *text);

/* Strategies of a type's operator class, as bits */
extern uint64 loki_attr_strategies(LokiAttrType type);

/* Whether some values of a type are lossy */
extern bool loki_attr_type_lossy(LokiAttrType type);

/* Whether a slot is one that loki_attr_form() could have made */
extern bool loki_attr_slot_valid(LokiAttrType type, const char *slot);

/* The sort key of a value that is not NULL, of a type that has one */
extern LokiAttrValue loki_attr_value(LokiAttrType type, Datum value);

/* Sort keys that order floats as float8_cmp_internal() does */
extern int64 loki_float_sort_key(double value);
extern int64 loki_float4_sort_key(float value);

/* A sort key as a number of this type; false if it stands for none, as that of a text */
extern bool loki_attr_number(LokiAttrType type, int64 sort_key, Oid *typid, Datum *number);

/* The elements of an array, in memory of the current context */
extern void loki_array_elements(Datum array, LokiElements *elements);

/* The same of elements by their hashes */
extern void loki_elements_of(const uint64 *hashes, int n, LokiElements *elements);

/*
 * The hashes of a text's elements, of which there are up to LOKI_SLOT_ELEMENTS: its beginnings of the lengths
 * that slots keep, from the shortest on, and behind them that of the whole, if `whole`.  Returns their number.
 */
extern int	loki_text_hashes(const char *data, int length, bool whole, uint64 *hashes);

/* The hashes in a slot of LOKI_ATTR_ELEMENTS: LOKI_SLOT_ELEMENTS of them */
static inline void
loki_slot_elements(const char *slot, uint16 *hashes)
{
	memcpy(hashes, slot + 1, sizeof(uint16) * LOKI_SLOT_ELEMENTS);
}

/* The sort key in a slot, which has `width` bytes there */
static pg_attribute_always_inline int64
loki_attr_sort_key(uint8 width, const char *slot)
{
	int64		n8;
	int32		n4;
	int16		n2;

	switch (width)
	{
		case sizeof(int64):
			memcpy(&n8, slot + 1, sizeof(n8));
			return n8;
		case sizeof(int32):
			memcpy(&n4, slot + 1, sizeof(n4));
			return n4;
		case sizeof(int16):
			memcpy(&n2, slot + 1, sizeof(n2));
			return n2;
		default:
			return (int8) slot[1];
	}
}

#endif							/* LOKI_DEFINITION_ATTRIBUTE_H */
