/*-------------------------------------------------------------------------
 *
 * textscan.h
 *	  The scanner under the text input of all types.
 *
 * Pure C over c.h, so that it can be tested and fuzzed without a server.  A
 * status says what is wrong; the caller words the error.
 *
 * IDENTIFICATION
 *	  src/types/textscan.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TEXTSCAN_H
#define LOKI_TEXTSCAN_H

#include "c.h"

typedef enum LokiScanStatus
{
	LOKI_SCAN_OK,
	LOKI_SCAN_SYNTAX,			/* not as it should be, in some other way */
	LOKI_SCAN_NO_START,			/* no bracket at the start */
	LOKI_SCAN_EMPTY,			/* no number between the brackets */
	LOKI_SCAN_TOO_MANY,			/* more numbers than the caller has room for */
	LOKI_SCAN_RANGE,			/* a number too large for the type */
	LOKI_SCAN_NAN,				/* a NaN */
	LOKI_SCAN_INFINITE,			/* an infinity, as a word */
	LOKI_SCAN_JUNK				/* something after the closing bracket */
} LokiScanStatus;

/* A position in a text that ends with a zero byte */
typedef struct LokiTextScan
{
	const char *at;				/* what comes next */
	const char *number;			/* where the latest number starts */
} LokiTextScan;

/* What isspace() takes for space in the C locale */
static inline bool
loki_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline void
loki_skip_space(LokiTextScan *scan)
{
	while (loki_is_space(*scan->at))
		scan->at++;
}

/*
 * Take the number at the position (no space before it) and go past it: the
 * float that strtof() gives, over the same characters.  Returns OK, SYNTAX
 * (nothing taken), RANGE, NAN or INFINITE; a number too small becomes what
 * strtof() makes of it.
 */
extern LokiScanStatus loki_scan_float(LokiTextScan *scan, float *value);

/*
 * Take a text that consists of numbers between brackets, "[1,2.5,-3e4]", with
 * spaces anywhere but inside a number, each of a magnitude below `limit`: a
 * type that has less range than floats names the least that it rounds to
 * infinity.  Up to max values are stored; *n is their number, also when the
 * status is not OK.
 */
extern LokiScanStatus loki_scan_array(LokiTextScan *scan, int max, float limit, float *values,
									  int *n);

#endif							/* LOKI_TEXTSCAN_H */
