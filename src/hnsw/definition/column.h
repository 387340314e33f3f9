/*-------------------------------------------------------------------------
 *
 * column.h
 *	  What the first column of an index is: its metric, dimensions, values.
 *
 * As GIN leaves it to an operator class what the keys of a value are, the last support function of
 * an operator class describes a type here.  Behind this header nothing knows which one it is.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/column.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_COLUMN_H
#define LOKI_DEFINITION_COLUMN_H

#include "hnsw/definition/layout.h"
#include "quantize/quantize.h"
#include "utils/array.h"
#include "utils/rel.h"

typedef struct LokiColumn LokiColumn;
struct LokiSparse;
struct LokiBm25;

/*
 * A type that column 1 may have.  The access method handles values of any type as arrays of
 * floats, all of one length.
 */
typedef struct LokiValueType
{
	uint32		max_declared;	/* largest typmod; 1: values have none, and 1
								 * is taken for it */
	uint32		encoding_dim;	/* floats of a value, if they are an encoding
								 * of it; else 0 */
	uint32		earlier_dim;	/* those that indexes of earlier versions may
								 * have instead */

	/* floats of a value whose typmod is `declared`; NULL: as many */
	uint32		(*dim) (uint32 declared);

	/*
	 * Bytes before the elements of a value that is stored out of line, and
	 * bits of each of its `declared` elements; 0 bits: sizes differ, so that
	 * TID slots do not name values in the TOAST table
	 */
	uint16		stored_header;
	uint16		stored_bits;

	/* the typmod that a value has, which is not toasted; NULL: 1 */
	uint32		(*declared) (const struct varlena *value);

	/*
	 * The floats of such a value: in the value itself if it has them; else in
	 * `copy` or, if that is NULL, in the current context.
	 */
	const float *(*open) (const LokiColumn *column, const struct varlena *value,
						  float *copy);

	/*
	 * As open(), for the query of a search, if its floats differ from those
	 * of a row with the same value; else NULL.
	 */
	const float *(*open_query) (const LokiColumn *column, const struct varlena *value,
								float *copy);

	/*
	 * A value of the type that is nearly a query of type vector, which is not
	 * toasted, or NULL if there is none.  NULL if the operators of the type
	 * take no such queries.
	 */
	struct varlena *(*of_vector) (const struct varlena *query);

	/*
	 * The distance that the SQL operator returns; NULL if it is that of the
	 * floats.  If it is not NULL, open() puts a hash of the value behind the
	 * floats, unless they are in `copy`.
	 */
	double		(*distance) (const LokiColumn *column, const struct varlena *value,
							 const struct varlena *query);

	/*
	 * The elements of a value that is not toasted, if an index has posting
	 * lists of them in place of codes and a graph; else NULL
	 */
	struct LokiSparse (*elements) (const struct varlena *value);

	/*
	 * If values are documents, whose elements are counts of words, and
	 * queries are of type weighed_tsquery: the words of a query with their
	 * weights.  Else NULL.
	 */
	struct LokiSparse (*words) (const struct varlena *query, struct LokiBm25 *by);
} LokiValueType;

/* The support function, named in SQL, that returns a type */
#define LOKI_TYPE_SUPPORT(name, type) \
LOKI_FUNCTION(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_POINTER(&(type)); \
}

/* Room for an encoding: `copy` or, if that is NULL, floats with a hash of the value's bytes behind them */
extern float *loki_encoding_room(const LokiColumn *column, const void *bytes, Size size, float *copy);

/* Column 1 of an index */
struct LokiColumn
{
	const LokiValueType *type;
	Oid			typid;			/* input type of the operator class */
	LokiMetric	metric;
	uint32		declared;		/* its typmod: dimensions, or bits */
	uint32		dim;			/* floats of a value: dimensions, or words of
								 * 32 bits, which are floats in name only */
};

/*
 * Column 1 of an index, or of an index with this operator family, type and typmod.  ERROR
 * with pgvector's messages if it cannot be indexed.  The metapage of an index that exists tells
 * the dimensions if the column has lost them; NULL for an index that is being built.
 */
extern LokiColumn loki_index_column(Relation index, const LokiMetaPageData *meta);
extern LokiColumn loki_family_column(Oid family, Oid type, int32 typmod);

/* The operator by which an operator family orders values of a type, and its right type; or InvalidOid */
extern Oid	loki_ordering_operator(Oid family, Oid type, Oid *right);

/* functions in definition/column.c */

/* The type of column 1, and its typmod; that of a domain is in the type below it; -1 if it has lost it */
extern Oid	loki_index_type(Relation index, int32 *typmod);

/* Whether column 1 has lost the dimensions without which the index cannot be built */
extern bool loki_dimensions_lost(Relation index);

/* How a row's value goes into the graph */
typedef enum LokiValueClass
{
	LOKI_VALUE_VECTOR,			/* a point of the graph */
	LOKI_VALUE_NULL,
	LOKI_VALUE_ZERO_NORM		/* cosine: has no direction */
} LokiValueClass;

/*
 * Open the datum of column 1.  For LOKI_VALUE_VECTOR, *values points to its dim floats, in the
 * datum or in the current context.  ERROR if it has other dimensions.
 */
extern LokiValueClass loki_value_open(const LokiColumn *column, Datum datum,
									  bool isnull, const float **values);

/*
 * Copy a query's vector to dim floats; ERROR if it has other dimensions.  The query is of type
 * `type`: that of the column or, if its operators take them, vector.
 */
extern LokiValueClass loki_query_open(const LokiColumn *column, Oid type, Datum datum,
									  float *values);

/*
 * Such a query as a value of the column's type, not toasted, palloc'd; NULL if there is no
 * value that is near it.
 */
extern struct varlena *loki_query_value(const LokiColumn *column, Oid type, Datum datum);

/*
 * The queries of an array, which are of the column's type or text: values of the column's type,
 * not toasted; returns their number.  ERROR for one that cannot be searched for.
 */
extern int	loki_query_array(const LokiColumn *column, ArrayType *array, Datum **elements);

/* Bytes of a value that is stored out of line; 0 if they differ from row to row */
extern Size loki_value_size(const LokiColumn *column);

/* Whether values are so long that most of them will be stored out of line */
extern bool loki_value_is_long(const LokiColumn *column);

/* 128-bit hash of what loki_value_open() opened, for finding duplicates */
extern void loki_value_hash(const LokiColumn *column, const float *values,
							LokiHashData *hash);

/*
 * The distance of a value from that of a query, which is not toasted, if the type has a
 * function for it; false if the value is NULL
 */
extern bool loki_value_distance(const LokiColumn *column, Datum datum, bool isnull,
								const struct varlena *query, double *distance);

/* Bits in total of the codes of encodings */
#define LOKI_ENCODING_REFINE_BITS 2

/* Whether an index has posting lists in place of codes and a graph */
static inline bool
loki_column_listed(const LokiColumn *column)
{
	return column->type->elements != NULL;
}

/*
 * Whether the floats of a column's values are an encoding, by which rows are found but not measured: of arrays
 * of vectors, and for form's sake of types with posting lists
 */
static inline bool
loki_column_encoded(const LokiColumn *column)
{
	return column->type->encoding_dim > 0;
}

/*
 * The distance that the SQL operator returns (for L2 the root), computed by
 * the same kernels.
 */
extern double loki_exact_distance(LokiMetric metric, uint32 dim,
								  const float *a, const float *b);

/* An estimate in the unit of the SQL operator (L2: its root) */
extern double loki_operator_distance(LokiMetric metric, float estimate);

#endif							/* LOKI_DEFINITION_COLUMN_H */
