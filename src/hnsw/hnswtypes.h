/*-------------------------------------------------------------------------
 *
 * hnswtypes.h
 *	  What the first column of an index is: its metric, dimensions, values.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswtypes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWTYPES_H
#define LOKI_HNSWTYPES_H

#include "postgres.h"

#include "hnsw/hnswpage.h"
#include "quantize/quantize.h"
#include "utils/array.h"
#include "utils/rel.h"

/* Metric of the operator class of column 1; ERROR if not one of ours */
extern LokiMetric loki_family_metric(Oid family, Oid type);
extern LokiMetric loki_index_metric(Relation index);

/*
 * Dimensions of the indexed column, from its typmod; ERROR with pgvector's
 * messages if it has none.
 */
extern uint32 loki_index_dimensions(Relation index);

/* How a row's value goes into the graph */
typedef enum LokiValueClass
{
	LOKI_VALUE_VECTOR,			/* a point of the graph */
	LOKI_VALUE_NULL,
	LOKI_VALUE_ZERO_NORM		/* cosine: has no direction */
} LokiValueClass;

/*
 * Look at the datum of column 1.  For LOKI_VALUE_VECTOR *values points to dim
 * floats (in the datum or in a detoasted copy in the current context).
 * ERROR "expected %d dimensions, not %d" if dim differs.
 */
extern LokiValueClass loki_value_open(LokiMetric metric, uint32 dim, Datum datum,
									  bool isnull, const float **values);

/*
 * Copy a query's vector to dim floats; ERROR "different vector dimensions %d
 * and %d"
 */
extern LokiValueClass loki_query_open(LokiMetric metric, uint32 dim, Datum datum,
									  float *values);

/*
 * The vectors of an array, dim floats each, palloc'd; returns their number.
 * ERROR for one that cannot be searched for.
 */
extern int	loki_query_array(LokiMetric metric, uint32 dim, ArrayType *array,
							 float **values);

/* A value of the indexed column, palloc'd */
extern Datum loki_value_form(uint32 dim, const float *values);

/* Bytes of a vector as it is stored out of line */
extern Size loki_value_size(uint32 dim);

/* Whether vectors are so long that most of them will be out of line */
extern bool loki_value_is_long(uint32 dim);

/* 128-bit hash of the vector, for finding equal rows */
extern void loki_value_hash(const float *values, uint32 dim, LokiHashData *hash);

/*
 * The distance that the SQL operator returns (for L2 the root), computed by
 * the same kernels.
 */
extern double loki_exact_distance(LokiMetric metric, uint32 dim,
								  const float *a, const float *b);

/* Estimate of an index in the unit of the SQL operator (L2: its root) */
extern double loki_operator_distance(LokiMetric metric, float estimate);

#endif							/* LOKI_HNSWTYPES_H */
