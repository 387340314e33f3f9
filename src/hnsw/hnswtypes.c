/*-------------------------------------------------------------------------
 *
 * hnswtypes.c
 *	  The indexed column: its metric, its dimensions, its values.
 *
 * The only file of the access method that knows concrete types.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswtypes.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/heaptoast.h"
#include "catalog/pg_amop.h"
#include "common/hashfn.h"
#include "distance/distance.h"
#include "hnsw/hnswint.h"
#include "miscadmin.h"
#include "types/vector.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * The metric of the operator class of column 1, told by the name of its
 * ordering operator, which is the same in every schema.
 */
LokiMetric
loki_family_metric(Oid family, Oid type)
{
	Oid			operator = get_opfamily_member(family, type, type, 1);
	char	   *name = OidIsValid(operator) ? get_opname(operator) : NULL;

	if (name != NULL)
	{
		if (strcmp(name, "<->") == 0)
			return LOKI_METRIC_L2;
		if (strcmp(name, "<#>") == 0)
			return LOKI_METRIC_IP;
		if (strcmp(name, "<=>") == 0)
			return LOKI_METRIC_COSINE;
		if (strcmp(name, "<+>") == 0)
			return LOKI_METRIC_L1;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("type not supported for hnsw index")));
	return 0;
}

LokiMetric
loki_index_metric(Relation index)
{
	return loki_family_metric(index->rd_opfamily[0], index->rd_opcintype[0]);
}

/*
 * Dimensions of column 1, from its typmod.
 */
uint32
loki_index_dimensions(Relation index)
{
	int			dimensions = TupleDescAttr(index->rd_att, 0)->atttypmod;

	if (dimensions < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions")));
	if (dimensions > LOKI_VECTOR_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for hnsw index",
						LOKI_VECTOR_MAX_DIM)));
	return dimensions;
}

/* Whether a vector has a place in the graph */
static LokiValueClass
classify(LokiMetric metric, uint32 dim, const float *values)
{
	if (metric != LOKI_METRIC_COSINE)
		return LOKI_VALUE_VECTOR;
	/* any element that is not zero gives a direction */
	for (uint32 i = 0; i < dim; i++)
		if (values[i] != 0)
			return LOKI_VALUE_VECTOR;
	return LOKI_VALUE_ZERO_NORM;
}

/*
 * Look at the datum of column 1; for LOKI_VALUE_VECTOR *values points to its
 * floats, in the datum or in a detoasted copy in the current context.
 */
LokiValueClass
loki_value_open(LokiMetric metric, uint32 dim, Datum datum, bool isnull,
				const float **values)
{
	Vector	   *vector;

	*values = NULL;
	if (isnull)
		return LOKI_VALUE_NULL;
	vector = DatumGetVector(datum);
	if (vector->dim != dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %u dimensions, not %d", dim, vector->dim)));
	*values = vector->x;
	return classify(metric, dim, vector->x);
}

/*
 * Copy the vector of a query into values; ERROR as the operator's, if its
 * dimensions differ from the index's.  Says whether it has a direction, where
 * the metric asks for one.
 */
LokiValueClass
loki_query_open(LokiMetric metric, uint32 dim, Datum datum, float *values)
{
	Vector	   *vector = DatumGetVector(datum);

	if (vector->dim != dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different vector dimensions %u and %d", dim, vector->dim)));
	memcpy(values, vector->x, sizeof(float) * dim);
	return classify(metric, dim, values);
}

/* The vectors of an array that are to be searched for */
int
loki_query_array(LokiMetric metric, uint32 dim, ArrayType *array, float **values)
{
	Oid			type = ARR_ELEMTYPE(array);
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &elements, &nulls, &n);
	*values = palloc_extended(mul_size(mul_size(Max(n, 1), dim), sizeof(float)),
							  MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("query vectors must not be null")));
		if (loki_query_open(metric, dim, elements[i],
							*values + (Size) i * dim) != LOKI_VALUE_VECTOR)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("query vectors must not be zero under cosine distance")));
		CHECK_FOR_INTERRUPTS();
	}
	return n;
}

/* A value of the indexed column, palloc'd */
Datum
loki_value_form(uint32 dim, const float *values)
{
	Vector	   *vector = loki_vector_make(dim);

	memcpy(vector->x, values, sizeof(float) * dim);
	return PointerGetDatum(vector);
}

/* Bytes of a vector as it is stored out of line */
Size
loki_value_size(uint32 dim)
{
	return LOKI_VECTOR_SIZE(dim) - VARHDRSZ;
}

/*
 * Whether vectors are so long that most of them will be out of line.  A row is
 * brought down to TOAST_TUPLE_TARGET bytes, its longest value first: one that
 * is longer than half of that goes out unless the row has hardly anything else.
 */
bool
loki_value_is_long(uint32 dim)
{
	return loki_value_size(dim) > TOAST_TUPLE_TARGET / 2;
}

/* 128-bit hash of a vector's bytes */
void
loki_value_hash(const float *values, uint32 dim, LokiHashData *hash)
{
	const unsigned char *bytes = (const unsigned char *) values;
	int			length = (int) (dim * sizeof(float));

	hash->h[0] = hash_bytes_extended(bytes, length, UINT64CONST(0x9E3779B97F4A7C15));
	hash->h[1] = hash_bytes_extended(bytes, length, UINT64CONST(0xC2B2AE3D27D4EB4F));
}

/* The distance that the SQL operator returns, by the same kernels */
double
loki_exact_distance(LokiMetric metric, uint32 dim, const float *a, const float *b)
{
	switch (metric)
	{
		case LOKI_METRIC_L2:
			return sqrt((double) loki_distance.l2sq_f32(dim, a, b));
		case LOKI_METRIC_IP:
			return -(double) loki_distance.dot_f32(dim, a, b);
		case LOKI_METRIC_L1:
			return (double) loki_distance.l1_f32(dim, a, b);
		case LOKI_METRIC_COSINE:
			{
				float		dot;
				float		norma;
				float		normb;
				double		cosine;

				loki_distance.cosine_f32(dim, a, b, &dot, &norma, &normb);
				cosine = (double) dot / sqrt((double) norma * (double) normb);
				if (cosine > 1)
					cosine = 1;
				else if (cosine < -1)
					cosine = -1;
				return 1 - cosine;
			}
	}
	return 0;
}

/* An estimate of the index in the unit of the SQL operator */
double
loki_operator_distance(LokiMetric metric, float estimate)
{
	if (metric == LOKI_METRIC_L2)
		return estimate > 0 ? sqrt((double) estimate) : 0;
	return estimate;
}
