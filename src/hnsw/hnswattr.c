/*-------------------------------------------------------------------------
 *
 * hnswattr.c
 *	  Attribute columns: their slots, and filters over them.
 *
 * A filter is compiled once per rescan from scan keys whose constants may be
 * of any type of btree's integer, float and datetime families, and evaluated
 * for every node that a search meets, without a call through fmgr.  So each
 * constant is brought into the domain of its column first:
 *
 * - integers and bool compare as int64, floats as float8 with NaN above all
 *	 else, which is what core's cross-type functions do;
 * - a date column against a timestamp compares days, after the operator was
 *	 adjusted for constants that are not midnight;
 * - a timestamptz column against a date or timestamp has its constant
 *	 converted, as core converts it;
 * - a date or timestamp column against a timestamptz has its constant
 *	 converted to local time where that is exact: where the session's zone
 *	 keeps one offset from GMT for some days around it.  Close to a change of
 *	 the offset local time does not rise with real time, and no constant
 *	 expresses the comparison; then values within ZONE_DAYS of the constant
 *	 are compared one by one by core's own function.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswattr.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "hnsw/hnswint.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* No zone, not even one written by hand, is further than this from GMT */
#define ZONE_DAYS	8

/* ----------------------------------------------------------------
 * Types and slots
 * ----------------------------------------------------------------
 */
static const struct
{
	Oid			typid;
	uint32		width;
}			attr_types[] =
{
	[LOKI_ATTR_BOOL] = {BOOLOID, sizeof(uint8)},
	[LOKI_ATTR_INT2] = {INT2OID, sizeof(int16)},
	[LOKI_ATTR_INT4] = {INT4OID, sizeof(int32)},
	[LOKI_ATTR_INT8] = {INT8OID, sizeof(int64)},
	[LOKI_ATTR_FLOAT4] = {FLOAT4OID, sizeof(float4)},
	[LOKI_ATTR_FLOAT8] = {FLOAT8OID, sizeof(float8)},
	[LOKI_ATTR_DATE] = {DATEOID, sizeof(DateADT)},
	[LOKI_ATTR_TIMESTAMP] = {TIMESTAMPOID, sizeof(Timestamp)},
	[LOKI_ATTR_TIMESTAMPTZ] = {TIMESTAMPTZOID, sizeof(TimestampTz)},
};

/* The attribute type of an SQL type, 0 if there is none */
uint8
loki_attr_type_lookup(Oid typid)
{
	for (uint8 type = 1; type < lengthof(attr_types); type++)
		if (attr_types[type].typid == typid)
			return type;
	return 0;
}

LokiAttrType
loki_attr_type(Oid typid)
{
	uint8		type = loki_attr_type_lookup(getBaseType(typid));

	if (type == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type %s is not supported for attribute columns of hnsw indexes",
						format_type_be(typid)),
				 errhint("Attribute columns can be of type boolean, smallint, integer, bigint, real, double precision, date, timestamp or timestamp with time zone.")));
	return (LokiAttrType) type;
}

bool
loki_attr_type_valid(uint8 type)
{
	return type > 0 && type < lengthof(attr_types);
}

uint32
loki_attr_slot_size(LokiAttrType type)
{
	Assert(loki_attr_type_valid(type));
	return 1 + attr_types[type].width;
}

/* Store a value of any width behind the NULL byte; slots are not aligned */
#define STORE(ctype, expr) \
	do { \
		ctype		v_ = (expr); \
		memcpy(slot + 1, &v_, sizeof(v_)); \
	} while (0)

void
loki_attr_form(LokiAttrType type, Datum value, bool isnull, char *slot)
{
	memset(slot, 0, loki_attr_slot_size(type));
	if (isnull)
	{
		slot[0] = 1;
		return;
	}

	switch (type)
	{
		case LOKI_ATTR_BOOL:
			STORE(uint8, DatumGetBool(value) ? 1 : 0);
			break;
		case LOKI_ATTR_INT2:
			STORE(int16, DatumGetInt16(value));
			break;
		case LOKI_ATTR_INT4:
			STORE(int32, DatumGetInt32(value));
			break;
		case LOKI_ATTR_INT8:
			STORE(int64, DatumGetInt64(value));
			break;
		case LOKI_ATTR_FLOAT4:
			{
				float4		f = DatumGetFloat4(value);

				/* one pattern for every zero, one for every NaN */
				STORE(float4, isnan(f) ? get_float4_nan() : (f == 0 ? 0 : f));
				break;
			}
		case LOKI_ATTR_FLOAT8:
			{
				float8		f = DatumGetFloat8(value);

				STORE(float8, isnan(f) ? get_float8_nan() : (f == 0 ? 0 : f));
				break;
			}
		case LOKI_ATTR_DATE:
			STORE(DateADT, DatumGetDateADT(value));
			break;
		case LOKI_ATTR_TIMESTAMP:
			STORE(Timestamp, DatumGetTimestamp(value));
			break;
		case LOKI_ATTR_TIMESTAMPTZ:
			STORE(TimestampTz, DatumGetTimestampTz(value));
			break;
	}
}

/* ----------------------------------------------------------------
 * Compiling scan keys
 * ----------------------------------------------------------------
 */

/* Constants of integer types and bool; false for any other type */
static bool
integer_constant(Datum value, Oid typid, int64 *result)
{
	switch (typid)
	{
		case BOOLOID:
			*result = DatumGetBool(value) ? 1 : 0;
			return true;
		case INT2OID:
			*result = DatumGetInt16(value);
			return true;
		case INT4OID:
			*result = DatumGetInt32(value);
			return true;
		case INT8OID:
			*result = DatumGetInt64(value);
			return true;
		default:
			return false;
	}
}

static bool
float_constant(Datum value, Oid typid, double *result)
{
	switch (typid)
	{
		case FLOAT4OID:
			*result = DatumGetFloat4(value);
			return true;
		case FLOAT8OID:
			*result = DatumGetFloat8(value);
			return true;
		default:
			return false;
	}
}

/*
 * The constant is the time t, or, on overflow, lies between the finite times
 * and one of the infinite ones.  Returns false where no value can match.
 */
static bool
set_time(LokiFilterKey *key, Timestamp t, int overflow)
{
	bool		less = key->op == LOKI_FILTER_LT || key->op == LOKI_FILTER_LE;

	key->u.i = t;
	if (overflow == 0)
		return true;
	if (key->op == LOKI_FILTER_EQ)
		return false;

	if (overflow > 0)
	{
		key->op = less ? LOKI_FILTER_LT : LOKI_FILTER_GE;
		key->u.i = DT_NOEND;
	}
	else
	{
		key->op = less ? LOKI_FILTER_LE : LOKI_FILTER_GT;
		key->u.i = DT_NOBEGIN;
	}
	return true;
}

/*
 * Compare days with the time t.  Returns false where no day can match.
 */
static bool
set_day(LokiFilterKey *key, Timestamp t)
{
	int64		day = t / USECS_PER_DAY;

	if (TIMESTAMP_NOT_FINITE(t))
	{
		key->u.i = TIMESTAMP_IS_NOEND(t) ? DATEVAL_NOEND : DATEVAL_NOBEGIN;
		return true;
	}
	if (t % USECS_PER_DAY < 0)
		day--;
	key->u.i = day;
	if (t % USECS_PER_DAY == 0)
		return true;

	/* the first midnight at or before t is less than t, the next greater */
	if (key->op == LOKI_FILTER_EQ)
		return false;
	if (key->op == LOKI_FILTER_LT)
		key->op = LOKI_FILTER_LE;
	else if (key->op == LOKI_FILTER_GE)
		key->op = LOKI_FILTER_GT;
	return true;
}

/*
 * Convert a real time to local time, if comparing local times with the result
 * is the same as comparing real times: for infinite ones, and if the zone has
 * one offset for every local time that is within ZONE_DAYS.
 *
 * Core takes the offset of a local time v from either side of the first
 * change after v - 1 day (DetermineTimeZoneOffset), by where v lies less the
 * offset, which is another ZONE_DAYS at most.
 */
static bool
local_time(TimestampTz t, Timestamp *local)
{
	pg_time_t	start;
	pg_time_t	boundary;
	long int	before;
	long int	after;
	int			isdst;
	int			result;

	*local = t;
	if (TIMESTAMP_NOT_FINITE(t))
		return true;

	start = timestamptz_to_time_t(t) - (ZONE_DAYS + 2) * SECS_PER_DAY;
	result = pg_next_dst_boundary(&start, &before, &isdst, &boundary, &after, &isdst,
								  session_timezone);
	if (result < 0 ||
		(result > 0 && boundary <= start + (3 * ZONE_DAYS + 4) * SECS_PER_DAY))
		return false;

	*local = t + (int64) before * USECS_PER_SEC;

	/* what is past the range of local times compares by rules of its own */
	return IS_VALID_TIMESTAMP(*local);
}

/*
 * Constants of datetime types.  *possible = false where no value can match;
 * false if the type is none of them.
 */
static bool
compile_time(LokiFilterKey *key, Datum value, Oid typid, bool *possible)
{
	bool		is_date = key->type == LOKI_ATTR_DATE;
	bool		is_tz = key->type == LOKI_ATTR_TIMESTAMPTZ;
	Timestamp	t;
	int			overflow = 0;

	*possible = true;
	if (typid == DATEOID)
	{
		DateADT		date = DatumGetDateADT(value);

		if (is_date)
			key->u.i = date;
		else
		{
			t = is_tz ? date2timestamptz_opt_overflow(date, &overflow) :
				date2timestamp_opt_overflow(date, &overflow);
			*possible = set_time(key, t, overflow);
		}
		return true;
	}
	if (typid == TIMESTAMPOID)
	{
		t = DatumGetTimestamp(value);
		if (is_tz)
			t = timestamp2timestamptz_opt_overflow(t, &overflow);
		*possible = is_date ? set_day(key, t) : set_time(key, t, overflow);
		return true;
	}
	if (typid == TIMESTAMPTZOID)
	{
		t = DatumGetTimestampTz(value);
		key->u.i = t;
		key->zoned = !is_tz && !local_time(t, &t);
		if (!key->zoned)
			*possible = is_date ? set_day(key, t) : set_time(key, t, 0);
		return true;
	}
	return false;
}

/* Bring the constant of a key into the column's domain */
static void
compile_constant(LokiFilter *filter, LokiFilterKey *key, Relation index, ScanKey skey)
{
	Oid			typid = skey->sk_subtype;
	bool		possible = true;
	bool		known;

	if (!OidIsValid(typid))
		typid = index->rd_opcintype[skey->sk_attno - 1];
	typid = getBaseType(typid);

	switch (key->type)
	{
		case LOKI_ATTR_BOOL:
		case LOKI_ATTR_INT2:
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_INT8:
			known = integer_constant(skey->sk_argument, typid, &key->u.i);
			break;
		case LOKI_ATTR_FLOAT4:
		case LOKI_ATTR_FLOAT8:
			key->is_float = true;
			known = float_constant(skey->sk_argument, typid, &key->u.f);
			break;
		default:
			known = compile_time(key, skey->sk_argument, typid, &possible);
			break;
	}

	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("operator with right-hand type %s is not supported for column %d of index \"%s\"",
						format_type_be(typid), skey->sk_attno,
						RelationGetRelationName(index))));
	if (!possible)
		filter->never = true;
}

static void
compile_vector_key(LokiFilter *filter, Relation index, ScanKey skey)
{
	if (skey->sk_flags & SK_SEARCHNULL)
		filter->vector_null = true;
	else if (skey->sk_flags & SK_SEARCHNOTNULL)
		filter->vector_not_null = true;
	else
		elog(ERROR, "unexpected scan key on column 1 of index \"%s\"",
			 RelationGetRelationName(index));

	if (filter->vector_null && filter->vector_not_null)
		filter->never = true;
}

static void
compile_attribute_key(LokiFilter *filter, Relation index, ScanKey skey)
{
	LokiFilterKey *key;
	int			i;

	/* every operator of the families is strict */
	if ((skey->sk_flags & SK_ISNULL) &&
		!(skey->sk_flags & (SK_SEARCHNULL | SK_SEARCHNOTNULL)))
	{
		filter->never = true;
		return;
	}

	key = &filter->keys[filter->nkeys++];
	memset(key, 0, sizeof(LokiFilterKey));
	key->attribute = skey->sk_attno - 2;
	key->type = loki_attr_type(index->rd_opcintype[skey->sk_attno - 1]);

	if (skey->sk_flags & SK_SEARCHNULL)
		key->op = LOKI_FILTER_ISNULL;
	else if (skey->sk_flags & SK_SEARCHNOTNULL)
		key->op = LOKI_FILTER_ISNOTNULL;
	else
	{
		Assert(!(skey->sk_flags & (SK_SEARCHARRAY | SK_ROW_HEADER)));
		if (skey->sk_strategy < BTLessStrategyNumber ||
			skey->sk_strategy > BTGreaterStrategyNumber)
			elog(ERROR, "unrecognized strategy number: %d", skey->sk_strategy);
		key->op = (uint8) skey->sk_strategy;
		compile_constant(filter, key, index, skey);
	}

	for (i = 0; i < filter->nattributes; i++)
		if (filter->attributes[i] == key->attribute)
			return;
	filter->attributes[filter->nattributes++] = key->attribute;
}

void
loki_filter_compile(LokiFilter *filter, Relation index, ScanKey keys, int nkeys)
{
	filter->nkeys = 0;
	filter->nattributes = 0;
	filter->never = false;
	filter->vector_null = false;
	filter->vector_not_null = false;

	if (nkeys > filter->keys_allocated)
	{
		if (filter->keys != NULL)
			pfree(filter->keys);
		filter->keys = (LokiFilterKey *) palloc(mul_size(nkeys, sizeof(LokiFilterKey)));
		filter->keys_allocated = nkeys;
	}

	for (int i = 0; i < nkeys; i++)
	{
		if (keys[i].sk_attno == 1)
			compile_vector_key(filter, index, &keys[i]);
		else
			compile_attribute_key(filter, index, &keys[i]);
	}
}

/* ----------------------------------------------------------------
 * Evaluation
 * ----------------------------------------------------------------
 */
#define LOAD(ctype, result) \
	do { \
		ctype		v_; \
		memcpy(&v_, slot + 1, sizeof(v_)); \
		(result) = v_; \
	} while (0)

static inline int64
load_integer(uint8 type, const char *slot)
{
	int64		value = 0;

	switch (type)
	{
		case LOKI_ATTR_BOOL:
			LOAD(uint8, value);
			break;
		case LOKI_ATTR_INT2:
			LOAD(int16, value);
			break;
		case LOKI_ATTR_INT4:
		case LOKI_ATTR_DATE:
			LOAD(int32, value);
			break;
		default:
			LOAD(int64, value);
			break;
	}
	return value;
}

static inline double
load_float(uint8 type, const char *slot)
{
	double		value;

	if (type == LOKI_ATTR_FLOAT4)
		LOAD(float4, value);
	else
		LOAD(float8, value);
	return value;
}

/*
 * Compare a local date or time with the real time of a key.
 */
static int
compare_zoned(const LokiFilterKey *key, int64 value)
{
	TimestampTz t = key->u.i;
	int64		days;

	if (key->type == LOKI_ATTR_DATE)
		days = value - t / USECS_PER_DAY;
	else
		days = value / USECS_PER_DAY - t / USECS_PER_DAY;

	if (days > ZONE_DAYS)
		return 1;
	if (days < -ZONE_DAYS)
		return -1;
	if (key->type == LOKI_ATTR_DATE)
		return date_cmp_timestamptz_internal((DateADT) value, t);
	return timestamp_cmp_timestamptz_internal((Timestamp) value, t);
}

static inline int
compare_key(const LokiFilterKey *key, const char *slot)
{
	int64		value;

	if (key->is_float)
		return float8_cmp_internal(load_float(key->type, slot), key->u.f);

	value = load_integer(key->type, slot);
	if (unlikely(key->zoned))
		return compare_zoned(key, value);
	return value < key->u.i ? -1 : (value > key->u.i ? 1 : 0);
}

static inline bool
match_key(const LokiFilterKey *key, const char *slot)
{
	bool		isnull = slot[0] != 0;

	if (key->op == LOKI_FILTER_ISNULL)
		return isnull;
	if (isnull)
		return false;

	switch (key->op)
	{
		case LOKI_FILTER_LT:
			return compare_key(key, slot) < 0;
		case LOKI_FILTER_LE:
			return compare_key(key, slot) <= 0;
		case LOKI_FILTER_EQ:
			return compare_key(key, slot) == 0;
		case LOKI_FILTER_GE:
			return compare_key(key, slot) >= 0;
		case LOKI_FILTER_GT:
			return compare_key(key, slot) > 0;
		default:
			return true;		/* IS NOT NULL */
	}
}

bool
loki_filter_match(const LokiFilter *filter, const char *const *slots)
{
	if (filter->never)
		return false;
	for (int i = 0; i < filter->nkeys; i++)
		if (!match_key(&filter->keys[i], slots[filter->keys[i].attribute]))
			return false;
	return true;
}
