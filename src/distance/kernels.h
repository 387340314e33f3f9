/*-------------------------------------------------------------------------
 *
 * kernels.h
 *	  The table that each instruction set's file offers to dispatch.c.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/distance/kernels.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_KERNELS_H
#define LOKI_KERNELS_H

#include "distance/distance.h"

/*
 * What the files have in common: one loop serves three kernels, which differ
 * in how they take a pair of elements into a sum.  The loop is inlined with a
 * constant of this type.
 */
typedef enum LokiTerm
{
	LOKI_TERM_L2SQ,				/* (a - b)^2 */
	LOKI_TERM_DOT,				/* a * b */
	LOKI_TERM_L1				/* |a - b| */
} LokiTerm;

extern const LokiDistanceKernels loki_distance_scalar;
#if defined(__x86_64__)
extern const LokiDistanceKernels loki_distance_avx2;
extern const LokiDistanceKernels loki_distance_avx512;
#endif
#if defined(__aarch64__)
extern const LokiDistanceKernels loki_distance_neon;
#endif

#endif							/* LOKI_KERNELS_H */
