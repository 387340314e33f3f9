/*-------------------------------------------------------------------------
 *
 * time.h
 *	  Conversions of dates and times that do not raise errors.
 *
 * *overflow is 1 or -1 if the result is beyond the latest or the earliest time, and infinite.  Since 19 the
 * server takes a place for soft errors instead.
 *
 * IDENTIFICATION
 *	  src/compat/time.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TIME_H
#define LOKI_TIME_H

#include "utils/date.h"
#include "utils/timestamp.h"

#if PG_VERSION_NUM >= 190000
#include "nodes/miscnodes.h"

#define LOKI_TIME_CONVERSION(name, type, convert) \
static inline Timestamp \
name(type value, int *overflow) \
{ \
	ErrorSaveContext saved = {T_ErrorSaveContext}; \
	Timestamp	result = convert(value, (Node *) &saved); \
 \
	Assert(!saved.error_occurred || TIMESTAMP_NOT_FINITE(result)); \
	*overflow = !saved.error_occurred ? 0 : TIMESTAMP_IS_NOEND(result) ? 1 : -1; \
	return result; \
}

LOKI_TIME_CONVERSION(loki_date_to_timestamp, DateADT, date2timestamp_safe)
LOKI_TIME_CONVERSION(loki_date_to_timestamptz, DateADT, date2timestamptz_safe)
LOKI_TIME_CONVERSION(loki_timestamp_to_timestamptz, Timestamp, timestamp2timestamptz_safe)
#else
#define loki_date_to_timestamp			date2timestamp_opt_overflow
#define loki_date_to_timestamptz		date2timestamptz_opt_overflow
#define loki_timestamp_to_timestamptz	timestamp2timestamptz_opt_overflow
#endif

#endif							/* LOKI_TIME_H */
