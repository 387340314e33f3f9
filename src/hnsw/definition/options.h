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
#define LOKI_EF_SEARCH_UNSET 0

typedef struct LokiHnswOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			m;				/* LOKI_M_AUTO: depends on profile */
	int			ef_construction;
	int			bits;			/* LOKI_BITS_AUTO: depends on dimensions */
	int			refine_bits;	/* LOKI_BITS_AUTO: depends on bits */
	int			profile;		/* LokiProfile */
	bool		brief_codes;	/* sorted lists have them */
	int			ef_search;		/* LOKI_EF_SEARCH_UNSET: hnsw.ef_search */
	double		target_recall;	/* 0: none */
	double		recall_sample_rate;
	int			lists;			/* ivfflat only */
	double		k1;				/* BM25 */
	double		b;
	bool		shared_statistics;	/* though rows may be hidden */
} LokiHnswOptions;

/* NULL stands for the defaults */
#define LokiIndexOptions(index)	((const LokiHnswOptions *) (index)->rd_options)
extern LokiProfile loki_option_profile(const LokiHnswOptions *options);
extern int	loki_option_m(const LokiHnswOptions *options);
extern int	loki_option_ef_construction(const LokiHnswOptions *options);
extern int	loki_option_bits(const LokiHnswOptions *options);
extern int	loki_option_refine_bits(const LokiHnswOptions *options);
extern bool loki_option_brief_codes(const LokiHnswOptions *options);
extern float loki_option_k1(const LokiHnswOptions *options);
extern float loki_option_b(const LokiHnswOptions *options);

/* prototypes for other functions in definition/options.c */
extern bool loki_check_int_source(int *newval, void **extra, GucSource source);
extern void loki_assign_source(bool *is_set, const void *extra, bool changed);
extern bool loki_scan_complete(bool limits_set);

/* Parse and validate storage parameters: amoptions */
extern bytea *loki_hnsw_options(Datum reloptions, bool validate);
extern bytea *loki_ivfflat_options(Datum reloptions, bool validate);

/* functions in ivfflat_options.c; the second is false for an index of hnsw */
extern void loki_ivfflat_init(void);
extern bool loki_ivfflat_scan_settings(Relation index, LokiScanSettings *settings);

/* Called by loki_hnsw_init() */
extern void loki_options_init(void);

#endif							/* LOKI_DEFINITION_OPTIONS_H */
