/*-------------------------------------------------------------------------
 *
 * constant.c
 *	  Constants of scan keys in the domain of their column.
 *
 * Filters compare sort keys (definition/attribute.h).  So a constant of another type
 * becomes the sort key of a value of the column's type.  If no value of the column's
 * type is equal to the constant, the operator is adjusted:
 *
 * - Integers and bool compare as int64, floats by their bits.  A double precision
 *	 constant for a real column becomes the nearest real.
 * - For a date column and a timestamp, days are compared.  The operator is adjusted
 *	 for timestamps other than midnight.
 * - For a timestamptz column and a date or timestamp, the constant is converted as
 *	 core converts it.
 * - For a date or timestamp column and a timestamptz, the constant is converted to
 *	 local time if that is exact: if the session's zone keeps one offset from GMT for
 *	 some days before and after.  Close to a change of the offset, local time does not
 *	 rise with real time, and no constant expresses the comparison.  Then core's own
 *	 function compares the values that are within LOKI_ZONE_DAYS of the constant.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/constant.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "compat/time.h"
#include "hnsw/filter/key.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/timestamp.h"

/* Whether a type is bool or an integer */
static bool
is_integer(uint8 type)
{
	return type >= LOKI_ATTR_BOOL && type <= LOKI_ATTR_INT8;
}

/*
 * For a real column, take the real that is nearest to a double precision constant, and
 * the operator that makes up for the difference.
 */
static void
set_float4(LokiConstant *constant, double value)
{
	float		nearest = (float) value;

	constant->value.sort_key = loki_float4_sort_key(nearest);
	if (isnan(value) || nearest == value)
		return;
	switch (constant->op)
	{
		case BTLessStrategyNumber:
		case BTLessEqualStrategyNumber:
			constant->op = nearest < value ? BTLessEqualStrategyNumber : BTLessStrategyNumber;
			break;
		case BTGreaterStrategyNumber:
		case BTGreaterEqualStrategyNumber:
			constant->op = nearest < value ? BTGreaterStrategyNumber :
				BTGreaterEqualStrategyNumber;
			break;
		default:
			constant->possible = false;
			break;
	}
}

/*
 * Set the constant to the time t.  If its conversion has overflowed, it lies between the
 * finite times and an infinite one, at the end that the sign of `overflow` says.  Returns
 * false if no value can match.
 */
static bool
set_time(LokiConstant *constant, Timestamp t, int overflow)
{
	bool		less = loki_is_less(constant->op);

	constant->value.sort_key = t;
	if (overflow == 0)
		return true;
	if (constant->op == BTEqualStrategyNumber)
		return false;

	if (overflow > 0)
	{
		constant->op = less ? BTLessStrategyNumber : BTGreaterEqualStrategyNumber;
		constant->value.sort_key = DT_NOEND;
	}
	else
	{
		constant->op = less ? BTLessEqualStrategyNumber : BTGreaterStrategyNumber;
		constant->value.sort_key = DT_NOBEGIN;
	}
	return true;
}

/* Set the constant so that days compare with the time t; false if no day can match. */
static bool
set_day(LokiConstant *constant, Timestamp t)
{
	int64		day = t / USECS_PER_DAY;

	Assert(constant->type == LOKI_ATTR_DATE);
	if (TIMESTAMP_NOT_FINITE(t))
	{
		constant->value.sort_key = TIMESTAMP_IS_NOEND(t) ? DATEVAL_NOEND : DATEVAL_NOBEGIN;
		return true;
	}
	if (t % USECS_PER_DAY < 0)
		day--;
	constant->value.sort_key = day;
	if (t % USECS_PER_DAY == 0)
		return true;

	/* t is not midnight: the one before is less than t, the next one greater */
	if (constant->op == BTEqualStrategyNumber)
		return false;
	if (constant->op == BTLessStrategyNumber)
		constant->op = BTLessEqualStrategyNumber;
	else if (constant->op == BTGreaterEqualStrategyNumber)
		constant->op = BTGreaterStrategyNumber;
	return true;
}

/*
 * Convert a real time to local time, if comparing local times with the result is the same
 * as comparing real times.  That holds for infinite times, and if the zone has one offset
 * for every local time within LOKI_ZONE_DAYS.
 *
 * For the offset of a local time v, core looks at the first change after v - 1 day
 * (DetermineTimeZoneOffset).  v less the offset, which is LOKI_ZONE_DAYS at most, is before
 * or after that change.
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

	start = timestamptz_to_time_t(t) - (LOKI_ZONE_DAYS + 2) * SECS_PER_DAY;
	result = pg_next_dst_boundary(&start, &before, &isdst, &boundary, &after, &isdst,
								  session_timezone);
	if (result < 0 ||
		(result > 0 && boundary <= start + (3 * LOKI_ZONE_DAYS + 4) * SECS_PER_DAY))
		return false;

	*local = t + (int64) before * USECS_PER_SEC;

	/* times beyond the range of local times compare by other rules */
	return IS_VALID_TIMESTAMP(*local);
}

/* Constants of other date and time types than the column's; false for any other type */
static bool
time_constant(LokiConstant *constant, Datum value, uint8 type)
{
	bool		is_date = constant->type == LOKI_ATTR_DATE;
	bool		is_tz = constant->type == LOKI_ATTR_TIMESTAMPTZ;
	Timestamp	t;
	int			overflow = 0;

	Assert(is_date || is_tz || constant->type == LOKI_ATTR_TIMESTAMP);
	switch (type)
	{
		case LOKI_ATTR_DATE:
			t = is_tz ? loki_date_to_timestamptz(DatumGetDateADT(value), &overflow) :
				loki_date_to_timestamp(DatumGetDateADT(value), &overflow);
			break;
		case LOKI_ATTR_TIMESTAMP:
			t = DatumGetTimestamp(value);
			if (is_tz)
				t = loki_timestamp_to_timestamptz(t, &overflow);
			break;
		case LOKI_ATTR_TIMESTAMPTZ:
			t = DatumGetTimestampTz(value);
			constant->value.sort_key = t;
			constant->zoned = !local_time(t, &t);
			if (constant->zoned)
				return true;
			break;
		default:
			return false;
	}
	constant->possible = is_date ? set_day(constant, t) : set_time(constant, t, overflow);
	return true;
}

/*
 * See key.h.  A constant that no value matches leaves `possible` false, and is no error.  An integer that is
 * out of the column's range needs no care: sort keys are compared as int64.
 */
bool
loki_constant_compile(LokiConstant *constant, Datum value, Oid typid)
{
	uint8		type = loki_attr_type_lookup(typid);

	Assert(constant->op >= BTLessStrategyNumber);
	constant->possible = true;
	if (constant->type == LOKI_ATTR_TEXT && typid == NAMEOID)
	{
		value = CStringGetTextDatum(NameStr(*DatumGetName(value)));
		type = LOKI_ATTR_TEXT;
	}
	if (type == constant->type || (is_integer(type) && is_integer(constant->type)))
	{
		constant->value = loki_attr_value((LokiAttrType) type, value);
		return true;
	}
	switch (constant->type)
	{
		case LOKI_ATTR_FLOAT4:
			if (type == LOKI_ATTR_FLOAT8)
				set_float4(constant, DatumGetFloat8(value));
			return type == LOKI_ATTR_FLOAT8;
		case LOKI_ATTR_FLOAT8:
			if (type == LOKI_ATTR_FLOAT4)
				constant->value.sort_key = loki_float_sort_key(DatumGetFloat4(value));
			return type == LOKI_ATTR_FLOAT4;
		case LOKI_ATTR_DATE:
		case LOKI_ATTR_TIMESTAMP:
		case LOKI_ATTR_TIMESTAMPTZ:
			return time_constant(constant, value, type);
		default:
			return false;
	}
}
