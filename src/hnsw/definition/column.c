/*-------------------------------------------------------------------------
 *
 * column.c
 *	  The indexed column: its metric, its dimensions, its values.
 *
 * The only file of the access method, besides sparse_column.c, words_column.c and vector_set.c, that knows
 * concrete types.  To all others a value is `dim` floats, and perhaps a distance of its own
 * (LokiValueType in column.h).
 *
 * A column is described each time from the catalogs, as ALTER TABLE may change it, and then
 * compared with what the metapage says of the codes (loki_definition_valid()).
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/column.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/heaptoast.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "distance/bits.h"
#include "distance/distance.h"
#include "distance/hash.h"
#include "hnsw/definition/column.h"
#include "hnsw/hnsw.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "types/bytevec.h"
#include "types/halfvec.h"
#include "types/vector.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/varbit.h"

/* ----------------------------------------------------------------
 * vector
 * ----------------------------------------------------------------
 */

/* The same for vector, halfvec and bytevec, which begin alike */
static uint32
vector_declared(const struct varlena *value)
{
	StaticAssertStmt(offsetof(Vector, dim) == offsetof(HalfVector, dim) &&
					 offsetof(Vector, dim) == offsetof(ByteVector, dim), "types begin alike");
	return ((const Vector *) value)->dim;
}

/* Where the floats lie in the value itself: nothing is copied, and the value must stay. */
static const float *
vector_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	Assert(((const Vector *) value)->dim == column->dim);
	return ((const Vector *) value)->x;
}

static const LokiValueType vector_type = {
	.max_declared = LOKI_VECTOR_MAX_DIM,
	.stored_header = LOKI_VECTOR_SIZE(0) - VARHDRSZ,
	.stored_bits = 8 * sizeof(float),
	.declared = vector_declared,
	.open = vector_open
};

/* ----------------------------------------------------------------
 * halfvec: opened, it is a vector
 * ----------------------------------------------------------------
 */

static const float *
halfvec_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	Assert(((const HalfVector *) value)->dim == column->dim);
	if (copy == NULL)
		copy = palloc_array(float, column->dim);
	loki_distance.f16_to_f32(column->dim, ((const HalfVector *) value)->x, copy);
	return copy;
}

static const LokiValueType halfvec_type = {
	.max_declared = LOKI_HALFVEC_MAX_DIM,
	.stored_header = LOKI_HALFVEC_SIZE(0) - VARHDRSZ,
	.stored_bits = 8 * sizeof(LokiHalf),
	.declared = vector_declared,
	.open = halfvec_open
};

/* ----------------------------------------------------------------
 * bytevec: opened, it is a vector; and so may be its queries
 * ----------------------------------------------------------------
 */

static const float *
bytevec_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	Assert(((const ByteVector *) value)->dim == column->dim);
	if (copy == NULL)
		copy = palloc_array(float, column->dim);
	loki_bytevec_elements((const ByteVector *) value, copy);
	return copy;
}

static struct varlena *
bytevec_of_vector(const struct varlena *query)
{
	const Vector *vector = (const Vector *) query;

	return (struct varlena *) loki_bytevec_quantize(vector->dim, vector->x);
}

static const LokiValueType bytevec_type = {
	.max_declared = LOKI_BYTEVEC_MAX_DIM,
	.stored_header = LOKI_BYTEVEC_SIZE(0) - VARHDRSZ,
	.stored_bits = 8,
	.declared = vector_declared,
	.open = bytevec_open,
	.of_vector = bytevec_of_vector
};

/* ----------------------------------------------------------------
 * bit: words of 32 bits, the last of which ends in zeros
 * ----------------------------------------------------------------
 */

/* As many bits as fit a slot of CODE, which are 8,000 bytes; pgvector has the same limit */
#define MAX_BITS 64000

static uint32
bit_dim(uint32 declared)
{
	return (declared + 31) / 32;
}

static uint32
bit_declared(const struct varlena *value)
{
	return VARBITLEN(value);
}

static const float *
bit_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	Assert(VARBITBYTES(value) <= sizeof(float) * column->dim);
	if (copy == NULL)
		copy = palloc_array(float, column->dim);
	/* bits beyond the string's length are zero, in its last byte by the server's rule, in the others here */
	copy[column->dim - 1] = 0;
	memcpy(copy, VARBITS(value), VARBITBYTES(value));
	return copy;
}

static const LokiValueType bit_type = {
	.max_declared = MAX_BITS,
	.dim = bit_dim,
	.stored_header = VARBITHDRSZ,
	.stored_bits = 1,
	.declared = bit_declared,
	.open = bit_open
};

/* ----------------------------------------------------------------
 * The column
 * ----------------------------------------------------------------
 */

/* ERROR for a column that cannot be the first of an index; the hint says what is likely meant. */
static void
unsupported_error(Oid method, Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("type not supported for %s index", get_am_name(method)),
			 type == VARBITOID ?
			 errhint("Bit strings in an index have one length. Make the index on an expression that casts the column to bit(N).") :
			 type == TEXTOID ?
			 errhint("The first column of the index must be the vector, or the words of a text: to_tsvector('english', column) bm25_ops.") :
			 errhint("The first column of the index must be the vector. Columns to filter by come after it.")));
}

/*
 * ERROR: a column without dimensions, which ALTER TABLE may also have taken: an index goes by its
 * metapage from then on, but a rebuild has none to go by.  lokivector_advice() has the command that
 * gives them back.  The type is not qualified, as a build may run with another search_path than its user's.
 */
static void
dimensions_missing(Relation index, Oid type)
{
	Oid			element = get_element_type(type);
	AttrNumber	number = index->rd_index->indkey.values[0];

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column does not have dimensions"),
			 number != 0 ?
			 errdetail("Index \"%s\" needs those of column \"%s\" of table \"%s\".",
					   RelationGetRelationName(index),
					   get_attname(index->rd_index->indrelid, number, false),
					   get_rel_name(index->rd_index->indrelid)) :
			 errdetail("Index \"%s\" needs those of the expression that is its first column.",
					   RelationGetRelationName(index)),
			 errhint("Give the column the type %s(n)%s, or make the index on an expression that is cast to it.",
					 loki_type_name(OidIsValid(element) ? element : type),
					 OidIsValid(element) ? "[]" : "")));
}

/*
 * The ordering operator, strategy 1, of an operator family.  See column.h.  Its right side is of the
 * column's type, except for operators that compare documents with queries.
 */
Oid
loki_ordering_operator(Oid family, Oid type, Oid *right)
{
	Oid			operator = get_opfamily_member(family, type, type, 1);
	CatCList   *members;

	/* the usual case is one lookup in a cache; others list the operators of the family */
	*right = type;
	if (OidIsValid(operator))
		return operator;
	members = SearchSysCacheList2(AMOPSTRATEGY, ObjectIdGetDatum(family), ObjectIdGetDatum(type));
	for (int i = 0; i < members->n_members; i++)
	{
		Form_pg_amop member = (Form_pg_amop) GETSTRUCT(&members->members[i]->tuple);

		if (member->amopstrategy == 1)
		{
			operator = member->amopopr;
			*right = member->amoprighttype;
		}
	}
	ReleaseSysCacheList(members);
	return operator;
}

/*
 * The metric of an operator family.  The name of its ordering operator tells, which is the
 * same in every schema.
 */
static LokiMetric
family_metric(Oid method, Oid family, Oid type)
{
	static const struct
	{
		const char *operator;
		LokiMetric	metric;
	}			metrics[] = {
		{"<->", LOKI_METRIC_L2},
		{"<#>", LOKI_METRIC_IP},
		{"<=>", LOKI_METRIC_COSINE},
		{"<+>", LOKI_METRIC_L1},
		{"<~>", LOKI_METRIC_HAMMING},
		{"<%>", LOKI_METRIC_JACCARD},
		{"@#", LOKI_METRIC_IP},
		{"<@@>", LOKI_METRIC_IP},	/* a sum of products over words */
	};
	/* a class of another's making may have an operator of another name, which is not known here */
	Oid			right;
	Oid			operator = loki_ordering_operator(family, type, &right);
	char	   *name = OidIsValid(operator) ? get_opname(operator) : NULL;

	for (int i = 0; name != NULL && i < lengthof(metrics); i++)
		if (strcmp(name, metrics[i].operator) == 0)
			return metrics[i].metric;
	unsupported_error(method, type);
	return 0;
}

/* Support functions that describe a type.  Only family_type() calls them. */
LOKI_TYPE_SUPPORT(hnsw_halfvec_support, halfvec_type)
LOKI_TYPE_SUPPORT(hnsw_bytevec_support, bytevec_type)
LOKI_TYPE_SUPPORT(hnsw_bit_support, bit_type)
LOKI_TYPE_SUPPORT(ivfflat_halfvec_support, halfvec_type)
LOKI_TYPE_SUPPORT(ivfflat_bit_support, bit_type)

/*
 * The description of an operator family's type.  The last support function of the access
 * method returns it; without that function the type is vector.
 */
static const LokiValueType *
family_type(Oid family, Oid type, int16 type_proc)
{
	Oid			procedure = get_opfamily_proc(family, type, type, type_proc);

	if (!OidIsValid(procedure))
		return &vector_type;
	return (const LokiValueType *)
		DatumGetPointer(OidFunctionCall1(procedure, PointerGetDatum(NULL)));
}

/*
 * Column 1 by its operator family, type and typmod.  The index is NULL if there is none.  Its
 * codes have the dimensions `built`, which is 0 if it is to be built.
 */
static LokiColumn
describe_column(Oid method, int16 type_proc, Oid family, Oid type, int32 typmod, uint32 built,
				Relation index)
{
	LokiColumn	column;

	column.typid = type;
	column.metric = family_metric(method, family, type);
	column.type = family_type(family, type, type_proc);
	if (typmod < 0 && built > 0 && column.type->dim == NULL && column.type->encoding_dim == 0)
		typmod = (int32) built;
	/* words have no dimensions, and no typmod that could name them */
	if (column.type->max_declared == 1)
		typmod = 1;
	if (typmod < 0 && index != NULL)
		dimensions_missing(index, type);
	if (typmod < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions")));
	if ((uint32) typmod > column.type->max_declared)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %u dimensions for %s index",
						column.type->max_declared, get_am_name(method))));
	column.declared = typmod;
	column.dim = loki_column_encoded(&column) ?
		(built > 0 && built == column.type->earlier_dim ? built : column.type->encoding_dim) :
		column.type->dim != NULL ? column.type->dim(typmod) : typmod;
	Assert(column.dim > 0 && (column.dim <= column.declared || loki_column_encoded(&column)));
	return column;
}

/*
 * Column 1 of an index that there may be: planner and lokivector_build_memory() ask without one.  See
 * column.h.
 */
LokiColumn
loki_family_column(Oid family, Oid type, int32 typmod)
{
	HeapTuple	tuple = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(family));
	Oid			method;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator family %u", family);
	method = ((Form_pg_opfamily) GETSTRUCT(tuple))->opfmethod;
	ReleaseSysCache(tuple);
	return describe_column(method, GetIndexAmRoutineByAmId(method, false)->amsupport,
						   family, type, typmod, 0, NULL);
}

/*
 * Type and typmod of column 1.  See column.h.  The index has its own copy of the column's type, which
 * ALTER TABLE keeps up to date.
 */
Oid
loki_index_type(Relation index, int32 *typmod)
{
	Form_pg_attribute attribute = TupleDescAttr(index->rd_att, 0);
	Oid			type = attribute->atttypid;

	*typmod = attribute->atttypmod;
	if (*typmod < 0)
		type = getBaseTypeAndTypmod(type, typmod);
	return type;
}

/* The type of column 1 of an index, of which only the operator class is looked at */
static const LokiValueType *
index_value_type(Relation index)
{
	return family_type(index->rd_opfamily[0], index->rd_opcintype[0],
					   index->rd_indam->amsupport);
}

/* See column.h.  Words have none to lose. */
bool
loki_dimensions_lost(Relation index)
{
	int32		typmod;

	(void) loki_index_type(index, &typmod);
	return typmod < 0 && index_value_type(index)->max_declared > 1;
}

/* Whether an index has posting lists.  See hnsw.h. */
bool
loki_index_listed(Relation index)
{
	return index_value_type(index)->elements != NULL;
}

/*
 * Column 1 of an index.  If the column has lost its dimensions, they are those of the codes, unless
 * these may be of encodings, which have others.
 */
LokiColumn
loki_index_column(Relation index, const LokiMetaPageData *meta)
{
	LokiColumn	column;
	int32		typmod;
	Oid			type = loki_index_type(index, &typmod);

	/* bit varying passes for bit, but its values differ in length */
	if (type == VARBITOID)
		unsupported_error(index->rd_rel->relam, VARBITOID);
	/* the operator class of attributes, the default for arrays that have no other: of a domain, perhaps */
	if (index->rd_opcintype[0] == ANYARRAYOID)
		unsupported_error(index->rd_rel->relam, type);
	column = describe_column(index->rd_rel->relam, index->rd_indam->amsupport,
							 index->rd_opfamily[0], index->rd_opcintype[0], typmod,
							 meta != NULL ? meta->code.dim : 0, index);
	Assert(column.declared <= column.type->max_declared);
	return column;
}

/* ----------------------------------------------------------------
 * Values
 * ----------------------------------------------------------------
 */

/* How a vector goes into the graph: with cosine distance it needs a direction */
static LokiValueClass
classify(LokiMetric metric, uint32 dim, const float *values)
{
	if (metric != LOKI_METRIC_COSINE)
		return LOKI_VALUE_VECTOR;
	/* any element that is not zero gives a direction; the norm itself may be 0 in float */
	for (uint32 i = 0; i < dim; i++)
		if (values[i] != 0)
			return LOKI_VALUE_VECTOR;
	return LOKI_VALUE_ZERO_NORM;
}

/*
 * ERROR, with pgvector's message, for a row or a query of other dimensions.  A column without typmod may
 * have them.
 */
static void
check_declared(const LokiColumn *column, const LokiValueType *type,
			   const struct varlena *value)
{
	uint32		declared = type->declared != NULL ? type->declared(value) : 1;

	if (declared != column->declared)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %u dimensions, not %u", column->declared, declared),
				 loki_errhint_dimensions()));
}

/* Open the datum of column 1.  See column.h. */
LokiValueClass
loki_value_open(const LokiColumn *column, Datum datum, bool isnull, const float **values)
{
	struct varlena *value;

	*values = NULL;
	if (isnull)
		return LOKI_VALUE_NULL;
	value = PG_DETOAST_DATUM(datum);
	check_declared(column, column->type, value);
	*values = column->type->open(column, value, NULL);
	return classify(column->metric, column->dim, *values);
}

/*
 * Describes a query's type: that of the column, as none is by convention, or vector; what
 * the column of documents says counts for their queries, too.
 */
static const LokiValueType *
query_type(const LokiColumn *column, Oid type)
{
	if (!OidIsValid(type) || type == column->typid || column->type->of_vector == NULL)
		return column->type;
	return &vector_type;
}

/*
 * Copy the vector of a query into values; ERROR if its dimensions differ from the index's,
 * even if that has no rows.
 */
LokiValueClass
loki_query_open(const LokiColumn *column, Oid type, Datum datum, float *values)
{
	const LokiValueType *of = query_type(column, type);
	struct varlena *value = PG_DETOAST_DATUM(datum);
	const float *opened;

	check_declared(column, of, value);
	opened = (of->open_query != NULL ? of->open_query : of->open) (column, value, values);
	if (opened != values)
		memcpy(values, opened, sizeof(float) * column->dim);
	return classify(column->metric, column->dim, values);
}

/* A query as a value of the column's type.  See column.h. */
struct varlena *
loki_query_value(const LokiColumn *column, Oid type, Datum datum)
{
	if (query_type(column, type) == column->type)
		return PG_DETOAST_DATUM_COPY(datum);
	return column->type->of_vector(PG_DETOAST_DATUM(datum));
}

/* The queries of an array.  See column.h. */
int
loki_query_array(const LokiColumn *column, ArrayType *array, Datum **elements)
{
	Oid			type = ARR_ELEMTYPE(array);
	float	   *values = palloc_array(float, column->dim);
	int16		length;
	bool		by_value;
	char		align;
	bool	   *nulls;
	int			n;
	Oid			input;
	Oid			io_param;

	if (column->type->words != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("an index of words has no query vectors")));
	if (type != column->typid && type != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("queries of type %s do not fit an index on type %s",
						format_type_be_qualified(type),
						format_type_be_qualified(column->typid)),
				 errhint("Queries of any type may be given as text.")));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, elements, &nulls, &n);
	getTypeInputInfo(column->typid, &input, &io_param);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("query vectors must not be null")));
		if (type == TEXTOID)
			(*elements)[i] = OidInputFunctionCall(input, TextDatumGetCString((*elements)[i]), io_param, -1);
		if (loki_query_open(column, column->typid, (*elements)[i], values) != LOKI_VALUE_VECTOR)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("query vectors must not be zero under cosine distance")));
		CHECK_FOR_INTERRUPTS();
	}
	pfree(values);
	return n;
}

/* Bytes of a value as it is stored out of line: without its varlena header.  0 if they differ. */
Size
loki_value_size(const LokiColumn *column)
{
	const LokiValueType *type = column->type;

	if (type->stored_bits == 0)
		return 0;			/* sparse vectors, arrays, words */
	return type->stored_header + ((Size) column->declared * type->stored_bits + 7) / 8;
}

/*
 * Whether values are so long that most of them will be stored out of line.  The server
 * shortens a row to TOAST_TUPLE_TARGET bytes, beginning with its longest value.  A value
 * longer than half of that goes out of line, unless the row has hardly anything else.
 */
bool
loki_value_is_long(const LokiColumn *column)
{
	return loki_value_size(column) > TOAST_TUPLE_TARGET / 2;
}

/* See column.h.  The hash is of the value's own bytes: two arrays may have one encoding. */
float *
loki_encoding_room(const LokiColumn *column, const void *bytes, Size size, float *copy)
{
	LokiHashData hash;

	if (copy == NULL)
	{
		copy = palloc(column->dim * sizeof(float) + sizeof(hash));
		loki_hash_bytes(bytes, size, hash.h);
		memcpy(copy + column->dim, &hash, sizeof(hash));
	}
	return copy;
}

/*
 * Hash of a value that loki_value_open() opened.  The floats of an encoding are not all of a value, so
 * open() has put the hash behind them.
 */
void
loki_value_hash(const LokiColumn *column, const float *values, LokiHashData *hash)
{
	Assert((column->type->distance != NULL) == loki_column_encoded(column));
	if (column->type->distance != NULL)
		memcpy(hash, values + column->dim, sizeof(LokiHashData));
	else
		loki_hash_bytes(values, column->dim * sizeof(float), hash->h);
}

/* The distance of a row's value from a query's, by the type's own function.  See column.h. */
bool
loki_value_distance(const LokiColumn *column, Datum datum, bool isnull,
					const struct varlena *query, double *distance)
{
	Assert(column->type->distance != NULL);
	if (isnull)
		return false;
	*distance = column->type->distance(column, PG_DETOAST_DATUM(datum), query);
	return true;
}

/*
 * The distance that the SQL operator returns, by the same kernels, so that it is the same to the last bit:
 * the executor compares rows by what a scan returns with rows by what an operator does.
 */
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
		case LOKI_METRIC_HAMMING:
			return loki_hamming_distance(dim * sizeof(float), (const uint8 *) a,
										 (const uint8 *) b);
		case LOKI_METRIC_JACCARD:
			return loki_jaccard_distance(dim * sizeof(float), (const uint8 *) a,
										 (const uint8 *) b);
		case LOKI_METRIC_COSINE:
			{
				float		dot;
				float		norma;
				float		normb;

				loki_distance.cosine_f32(dim, a, b, &dot, &norma, &normb);
				return 1 - loki_clamp_cosine(dot / sqrt((double) norma * (double) normb));
			}
	}
	return 0;
}

/* An estimate in the unit of the SQL operator: codes estimate the square of an L2 distance */
double
loki_operator_distance(LokiMetric metric, float estimate)
{
	if (metric == LOKI_METRIC_L2)
		return estimate > 0 ? sqrt((double) estimate) : 0;
	return estimate;
}
