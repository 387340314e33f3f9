# lokivector: vector data type and hnsw access method for PostgreSQL
#
# make, make install	build and install for the server of PG_CONFIG
# make install-as-vector	the same under pgvector's name, as extension vector, with
#						a step from each of pgvector's versions (FORCE=1: over
#						the files of a pgvector that is installed)
# make installcheck		regression, isolation and TAP tests on that server
# make test				all tests, on servers of their own (doc/testing.md)
# make check-PART		one part of them: lint unit sql iso tap assert;
#						TESTS="NAME..." chooses among its files
# make check-clients	drivers, mappers and frameworks of Python, Node, Go and
#						Java, as published; installs them in a directory of
#						their own; TESTS="NAME..."
# make crash-points	a crash after every WAL record that touches an index; or
#						POINTS=..., spread over all; JOBS=...
# make standby		writes, vacuum and eight clients on a standby for half an hour,
#						then promotion; or SECONDS=...
# make soak		everything at once for half an hour; or SECONDS=...
# make kills		the server killed 1,000 times under load; or N=...
# make fuzz		20,000 random statements, by index and without; or COUNT=..., SEED=...
# make sanitize	sql and 2,000 such statements with the address and undefined-
#						behaviour sanitizers
# make fuzz-input	text and binary input, and damaged pages, by libFuzzer for ten
#						minutes each; or SECONDS=...
# make valgrind	some of sql under valgrind; TESTS="NAME..."
# make coverage	which lines of src the tests run
# make test-pg17		unit, sql, iso and tap in a Debian chroot with
# make test-pg18		PostgreSQL 17 or 18; as root
# make test-takeover	from pgvector, and from PostgreSQL 15 to 17, in such a
#						chroot with both; as root
# make check-pgvector	pgvector's own tests, in the chroot of test-pg17
# make check-differential	10,000 random expressions there, compared with
#						pgvector; or COUNT=..., SEED=...
# make demo				a private server, the PostgreSQL manual, questions
# make bench ARGS=...	the benchmark (bench/README.md)
# make bench-goals SIZE=...	the goals, on a small or a large machine
# make bench-shapes	plans of forty query shapes, on the server of libpq's
#						environment variables
# make format			indent the C files, or those of FILES="..."; as root
# make typedefs			the list of types that make format goes by

EXTENSION = lokivector
MODULE_big = lokivector
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" lokivector.control)

# The install script is made of parts, in this order
SCRIPT = lokivector--$(EXTVERSION).sql
SCRIPT_PARTS := $(patsubst %,sql/install/%.sql, \
	module \
	vector \
	halfvec \
	bit \
	sparsevec \
	sparsevec_array \
	max_sim \
	hnsw \
	ivfflat \
	halfvec_index \
	bit_index \
	sparsevec_index \
	max_sim_index \
	attributes \
	functions \
	takeover \
	planner)
DATA = $(wildcard sql/upgrade/*.sql) sql/takeover/lokivector_validate.sql
DATA_built = $(SCRIPT)
HEADERS_lokivector = include/vector.h include/halfvec.h include/sparsevec.h

OBJS := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
EXTRA_CLEAN = $(OBJS:.o=.d)

# The server's interfaces and idioms ask for the exceptions: callbacks with
# parameters that not all need, lengthof() against int, {NULL} ends a list.
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers

# Only what LOKI_FUNCTION declares is exported.  The server's headers are
# system headers to the compiler, so that warnings are about our code alone; as
# are those of libpq, lest they come first: they may be of another version.
PG_CPPFLAGS = -Isrc -DLOKI_VERSION='"$(EXTVERSION)"' \
	-DPGDLLEXPORT='__attribute__((visibility("default")))' \
	-isystem $(includedir_server) -isystem $(includedir_internal)
PG_CFLAGS = -fvisibility=hidden -MMD -MP $(WARNINGS) $(LOKI_CFLAGS)
SHLIB_LINK = -lm $(LOKI_LDFLAGS)

REGRESS := $(sort $(basename $(notdir $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --load-extension=lokivector
ISOLATION := $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=lokivector
TAP_TESTS := $(if $(wildcard test/t/*.pl),1)
PROVE_TESTS = test/t/*.pl

# Targets that need no server's development files, at least not at once
parts = lint unit sql iso tap assert clients
own_targets = test soak kills crash-points standby fuzz sanitize fuzz-input valgrind coverage $(parts:%=check-%) test-pg15 test-pg17 test-pg18 \
	test-takeover check-pgvector check-differential \
	demo bench bench-goals bench-shapes format

ifneq ($(filter-out $(own_targets),$(or $(MAKECMDGOALS),all)),)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# What a changed header reaches is compiled again; -MMD writes down which files that is
$(OBJS:.o=.bc): %.bc: %.o
-include $(OBJS:.o=.d)

$(SCRIPT): $(SCRIPT_PARTS) Makefile
	(printf '%s\n' '/* $@ */' '' \
		'-- complain if script is sourced in psql, rather than via CREATE EXTENSION' \
		'\echo Use "CREATE EXTENSION lokivector" to load this file. \quit'; \
	for part in $(SCRIPT_PARTS); do echo && cat $$part || exit 1; done) >$@

as_vector = build/as-vector
as_vector_scripts = '$(DESTDIR)$(datadir)/extension'
as_vector_headers = '$(DESTDIR)$(includedir_server)/extension/vector'

install-as-vector: all
	sql/vector/owner.sh '$(DESTDIR)$(datadir)/extension' '$(DESTDIR)$(pkglibdir)' $(FORCE)
	sql/vector/build.sh $(as_vector) $(SCRIPT_PARTS)
	$(MKDIR_P) '$(DESTDIR)$(pkglibdir)' $(as_vector_scripts) $(as_vector_headers)
	$(INSTALL_SHLIB) $(shlib) '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX)'
	$(INSTALL_DATA) $(as_vector)/* $(as_vector_scripts)
	$(INSTALL_DATA) $(HEADERS_lokivector) $(as_vector_headers)
ifeq ($(with_llvm), yes)
	$(call install_llvm_module,vector,$(OBJS))
endif

uninstall-as-vector:
	sql/vector/owner.sh '$(DESTDIR)$(datadir)/extension' '$(DESTDIR)$(pkglibdir)' $(FORCE)
	rm -f '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX)' $(as_vector_scripts)/vector.control
	rm -f $(as_vector_scripts)/vector--*.sql
	rm -rf $(as_vector_headers)
ifeq ($(with_llvm), yes)
	$(call uninstall_llvm_module,vector)
endif

typedefs: all
	test/lint/typedefs.sh >test/lint/typedefs.list
endif

.PHONY: $(own_targets) typedefs install-as-vector uninstall-as-vector

# The value of a variable, for scripts
print-%:
	@echo '$($*)'

test:
	test/run.sh

$(parts:%=check-%): check-%:
	test/run.sh $*

crash-points:
	LOKIVECTOR_CRASH_POINTS=$(or $(POINTS),all) LOKIVECTOR_JOBS=$(or $(JOBS),2) \
		LOKIVECTOR_SOAK_SECONDS=20000 TESTS=041_crash_points test/run.sh tap

standby:
	LOKIVECTOR_SOAK_SECONDS=$(or $(SECONDS),1800) TESTS=042_standby test/run.sh tap

soak:
	LOKIVECTOR_SOAK_SECONDS=$(or $(SECONDS),1800) TESTS=019_soak test/run.sh tap

kills:
	LOKIVECTOR_KILLS=$(or $(N),1000) TESTS=036_kills test/run.sh tap

fuzz:
	LOKIVECTOR_FUZZ_COUNT=$(or $(COUNT),20000) LOKIVECTOR_FUZZ_SEED=$(or $(SEED),1) \
		TESTS=040_fuzz test/run.sh tap

sanitize:
	LOKIVECTOR_FUZZ_COUNT=$(or $(COUNT),2000) LOKIVECTOR_FUZZ_SEED=$(or $(SEED),1) test/run.sh address

fuzz-input:
	LOKIVECTOR_FUZZ_SECONDS=$(or $(SECONDS),600) test/run.sh fuzz-input

valgrind:
	test/run.sh valgrind

coverage:
	test/run.sh coverage

test-pg15 test-pg17 test-pg18: test-pg%:
	test/chroot.sh test $*

test-takeover:
	test/takeover.sh

check-pgvector:
	test/pgvector.sh $(or $(PARTS),regress tap)

check-differential:
	COUNT='$(COUNT)' SEED='$(SEED)' test/pgvector.sh differential

demo:
	demo/run.sh

bench:
	bench/run.py $(ARGS)

bench-goals:
	bench/goals.py --size $(or $(SIZE),small) $(ARGS)

bench-shapes:
	bench/shapes.py $(ARGS)

format:
	test/format.sh $(FILES)
