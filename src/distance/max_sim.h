/*-------------------------------------------------------------------------
 *
 * max_sim.h
 *	  How similar a set of vectors is to another, by its most similar members.
 *
 * IDENTIFICATION
 *	  src/distance/max_sim.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_MAX_SIM_H
#define LOKI_MAX_SIM_H

/*
 * For each of `nb` vectors, one to LOKI_TILE_COLUMNS, the largest of its dot products with the
 * `na` vectors of a, at least one.  A dot product is that of dot_f32 except for the
 * order of its sum.
 */
extern void loki_max_dots(int dim, int na, const float *const *a,
						  int nb, const float *const *b, float *largest);

#endif							/* LOKI_MAX_SIM_H */
