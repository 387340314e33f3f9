/*-------------------------------------------------------------------------
 *
 * dimensions.h
 *	  Columns with vectors of several sizes.
 *
 * IDENTIFICATION
 *	  src/planner/query/dimensions.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_DIMENSIONS_H
#define LOKI_PLANNER_QUERY_DIMENSIONS_H

#include "nodes/pathnodes.h"

/* A vector below its casts to a number of dimensions, which change no value */
extern Node *loki_without_dimensions(Node *vector);

/*
 * The first column of an index, if that is this vector: the vector itself, or the index's expression that
 * casts it to a number of dimensions.  NULL for others.
 */
extern Node *loki_indexed_vector(IndexOptInfo *info, Node *vector);

#endif							/* LOKI_PLANNER_QUERY_DIMENSIONS_H */
