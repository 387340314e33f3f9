/*-------------------------------------------------------------------------
 *
 * options.h
 *	  Storage parameters of hnsw and ivfflat indexes, and settings.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/options.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_OPTIONS_H
#define LOKI_DEFINITION_OPTIONS_H

#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"
#include "utils/guc.h"

#define LOKI_BITS_AUTO	(-1)
#define LOKI_M_AUTO		(-1)
#define LOKI_CENTERS_AUTO	(-1)
#define LOKI_EF_SEARCH_UNSET 0
#define LOKI_DEFAULT_LISTS	100

/* Storage parameters, as the relation cache keeps them; those of ivfflat have the same form */
typedef struct LokiHnswOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			m;				/* LOKI_M_AUTO: depends on profile */
	int			ef_construction;
	int			bits;			/* LOKI_BITS_AUTO: depends on dimensions */
	int			refine_bits;	/* LOKI_BITS_AUTO: depends on bits */
	int			profile;		/* LokiProfile */
	int			centers;		/* LOKI_CENTERS_AUTO: if the rows have crowds */
	bool		brief_codes;	/* sorted lists have them */
	int			ef_search;		/* LOKI_EF_SEARCH_UNSET: hnsw.ef_search */
	double		target_recall;	/* 0: none */
	double		recall_sample_rate;
	int			lists;			/* ivfflat only */
	double		k1;				/* BM25, as is ... */
	double		b;				/* ... this; the index computes in floats */
	bool		shared_statistics;	/* though rows may be hidden */
	int			statistics_by;	/* a string, the name of a column; 0: of all
								 * rows */
} LokiHnswOptions;

extern const LokiHnswOptions loki_default_options;

/* Of an index, which has none of its own if none was set */
#define LokiIndexOptions(index) \
	((index)->rd_options != NULL ? (const LokiHnswOptions *) (index)->rd_options : \
	 &loki_default_options)

/* The parameter m, whose default depends on the profile */
extern int	loki_option_m(const LokiHnswOptions *options);

/* Check hook of a setting: remembers, for the assign hook, whether the user has set it */
extern bool loki_check_int_source(int *newval, void **extra, GucSource source);

/* Part of an assign hook: notes that, and has plans made again if they may rely on the setting */
extern void loki_assign_source(bool *is_set, const void *extra, bool changed);

/* Whether scans are complete, given whether the user set one of pgvector's limits */
extern bool loki_scan_complete(bool limits_set);

/* Parse and validate storage parameters: amoptions */
extern bytea *loki_hnsw_options(Datum reloptions, bool validate);
extern bytea *loki_ivfflat_options(Datum reloptions, bool validate);

/* functions in ivfflat_options.c; the second is false, and nothing, for an index of hnsw */
extern void loki_ivfflat_init(void);
extern bool loki_ivfflat_scan_settings(Relation index, LokiScanSettings *settings);

#endif							/* LOKI_DEFINITION_OPTIONS_H */
