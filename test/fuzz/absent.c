/* SPDX-License-Identifier: PostgreSQL */
/*
 * Functions of the extension that pages.c does not link.  Their arguments do not matter, so
 * they are declared without any here.
 */
#include <stdbool.h>

extern void loki_stub_must(const char *what, bool holds);

/* Damage must not lead to these. */
#define NEVER(name) \
	void name(void) { loki_stub_must(#name "() is not called", false); }

NEVER(loki_check_heap)
NEVER(loki_check_terms_heap)
NEVER(loki_columns_begin)
NEVER(loki_columns_next)
NEVER(loki_dimensions_lost)
NEVER(loki_errhint_not_valid)
NEVER(loki_open_allowed)
NEVER(loki_require_valid)
NEVER(loki_scan_terms_bounds)
NEVER(loki_scan_terms_enter)
NEVER(loki_scan_terms_left)
NEVER(loki_scan_terms_near)
NEVER(loki_sees_all_rows)
NEVER(loki_terms_open)
NEVER(loki_terms_sum)
NEVER(loki_toast_open)
NEVER(loki_toast_read_at)
NEVER(loki_value_distance)
NEVER(loki_value_size)

/* What lists are made by; none are made here. */
const char	loki_default_options[1024] = {0};

/* Statistics are not kept, and there are no posting lists. */
#define NOTHING(name) \
	void name(void) { }

NOTHING(loki_check_terms)
NOTHING(loki_count)
NOTHING(loki_scan_choose_sample)
NOTHING(loki_scan_end_sample)
NOTHING(loki_scan_terms_begin)
