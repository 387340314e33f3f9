/*-------------------------------------------------------------------------
 *
 * textprint.h
 *	  The numbers in the text output of all types.
 *
 * Pure C over c.h and libpgcommon, as textscan.h.
 *
 * IDENTIFICATION
 *	  src/types/textprint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TEXTPRINT_H
#define LOKI_TEXTPRINT_H

#include "c.h"

/*
 * The characters that a number takes while it is written.  Its text is shorter,
 * with a comma as well.
 */
#define LOKI_PRINT_LENGTH 17

/*
 * Write the text that float4 has, the shortest that reads as the same float,
 * and return where it ends.  No zero byte ends it.
 */
extern char *loki_print_float(char *p, float x);

/* The same for n floats, at least one, with commas between them */
extern char *loki_print_floats(char *p, int n, const float *x);

#endif							/* LOKI_TEXTPRINT_H */
