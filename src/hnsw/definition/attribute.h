/*-------------------------------------------------------------------------
 *
 * attribute.h
 *	  Attribute columns: their types, and what their slots hold.
 *
 * A slot is a flag and a number of 1, 2, 4 or 8 bytes, in native order, that
 * stands for the value: if a = b their slots are equal byte for byte, and if
 * a < b then number(a) <= number(b), for types that are searched by order.
 * Where the number tells all of the value, the flag is LOKI_ATTR_EXACT.  Where
 * it does not (LOKI_ATTR_LOSSY), slots that are equal may stand for values that
 * differ, and a comparison may have to pass a row on to be checked again.
 *
 * Slots of arrays have hashes of the elements in place of the number, as far as
 * there is room for them, else a signature of 120 bits: four for each element.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/attribute.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_ATTRIBUTE_H
#define LOKI_DEFINITION_ATTRIBUTE_H

#include "postgres.h"

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
	LOKI_ATTR_ARRAY				/* hashes of elements, or signature */
} LokiAttrType;

#define LOKI_ATTR_EXACT		0
#define LOKI_ATTR_NULL		1	/* all else is zero */
#define LOKI_ATTR_LOSSY		2
#define LOKI_ATTR_ELEMENTS	3	/* an array by its elements; lossy as well */

/* Bytes of a slot: of arrays at most */
#define LOKI_ATTR_MAX_SLOT	(1 + LOKI_SIGNATURE_BYTES)

/* Strategies of arrays; those of other types are btree's */
#define LOKI_ARRAY_EQUAL	3
#define LOKI_ARRAY_OVERLAPS	6
#define LOKI_ARRAY_CONTAINS	7
#define LOKI_ARRAY_CONTAINED 8

/* Low bits of numbers that are a hash, and have no order */
#define LOKI_ATTR_HASH_BITS	20

/* A value as a slot has it; not of arrays */
typedef struct LokiAttrValue
{
	int64		number;
	bool		lossy;
} LokiAttrValue;

#define LOKI_SIGNATURE_BYTES	15

/*
 * Hashes in the slot of an array that has so many different ones at most, and no
 * fewer than one: ascending, the last repeated in what is left.  Behind them is a
 * byte of zero.
 */
#define LOKI_SLOT_ELEMENTS	7

typedef union LokiSignature
{
	uint64		bits[2];		/* what is not on disk is zero */
	uint8		bytes[LOKI_SIGNATURE_BYTES];
} LokiSignature;

/* Type of an attribute column; ERROR with a hint if it is not supported */
extern LokiAttrType loki_attr_type(Oid typid);

/* The same for the input type of an operator class, without ERROR and without
 * looking through domains: 0 if none */
extern uint8 loki_attr_type_lookup(Oid typid);
extern bool loki_attr_type_valid(uint8 type);

/* What arrays are compared by: the elements that are not NULL */
typedef struct LokiElements
{
	int			n;
	LokiSignature *each;		/* n of them ... */
	LokiSignature all;			/* ... and together */
	int			nhashes;
	uint16	   *hashes;			/* that differ, ascending */
	bool		has_null;		/* there are others */
} LokiElements;

/* Bytes of a slot: flag and number, or what stands for an array */
extern uint32 loki_attr_slot_size(LokiAttrType type);

extern void loki_attr_form(LokiAttrType type, Datum value, bool isnull, char *slot);

/* Strategies that a type's operator class has, as bits */
extern uint64 loki_attr_strategies(LokiAttrType type);

/* Whether some values of a type are lossy */
extern bool loki_attr_type_lossy(LokiAttrType type);

/* Whether a slot is one that loki_attr_form() could have made */
extern bool loki_attr_slot_valid(LokiAttrType type, const char *slot);

/* A value that is neither NULL nor an array */
extern LokiAttrValue loki_attr_value(LokiAttrType type, Datum value);

/* Numbers that order floats as float8_cmp_internal() does */
extern int64 loki_float_number(double value);
extern int64 loki_float4_number(float value);

/* The elements of an array, in memory of the current context */
extern void loki_array_elements(Datum array, LokiElements *elements);

/* The hashes in a slot of LOKI_ATTR_ELEMENTS: LOKI_SLOT_ELEMENTS of them */
static inline void
loki_slot_elements(const char *slot, uint16 *hashes)
{
	memcpy(hashes, slot + 1, sizeof(uint16) * LOKI_SLOT_ELEMENTS);
}

/* The number in a slot whose value has `width` bytes */
static pg_attribute_always_inline int64
loki_attr_number(uint8 width, const char *slot)
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
