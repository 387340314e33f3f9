# lokivector: vector data type and hnsw access method for PostgreSQL
#
# make, make install		build and install for the server of PG_CONFIG
# make test					everything: lint, unit, regression, isolation, TAP
# make demo					a private server, the PostgreSQL manual, questions

EXTENSION = lokivector
MODULE_big = lokivector
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" lokivector.control)

DATA = $(wildcard sql/install/*.sql)

OBJS = \
	src/lokivector.o \
	src/distance/dispatch.o \
	src/distance/scalar.o \
	src/distance/avx2.o \
	src/distance/avx512.o \
	src/distance/neon.o \
	src/quantize/quantize.o \
	src/quantize/rotate.o \
	src/quantize/rotated.o \
	src/quantize/exact.o \
	src/quantize/scalar8.o \
	src/quantize/codes_scalar.o \
	src/quantize/codes_avx2.o \
	src/quantize/codes_avx512.o \
	src/quantize/codes_neon.o \
	src/types/textscan.o \
	src/types/vector_io.o \
	src/types/vector_ops.o \
	src/types/vector_agg.o \
	src/types/vector_cast.o \
	src/types/vector_distance.o

PG_CPPFLAGS = -Isrc -DLOKI_VERSION='"$(EXTVERSION)"' \
	-DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CFLAGS = -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers $(LOKI_CFLAGS)
SHLIB_LINK = -lm $(LOKI_LDFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
