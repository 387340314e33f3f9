# lokivector: vector data type and hnsw access method for PostgreSQL
#
# make help says what can be made.

EXTENSION = lokivector
MODULE_big = lokivector
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" lokivector.control)

# The install script is made of parts, in this order
SCRIPT = lokivector--$(EXTVERSION).sql
SCRIPT_PARTS := $(patsubst %,sql/install/%.sql, alone module vector halfvec bit sparsevec \
	sparsevec_array max_sim mmr hnsw ivfflat halfvec_index bit_index sparsevec_index \
	max_sim_index words cjk attributes text_prefix functions statistics advice why takeover plain_indexes planner bytevec fusion shards \
	array_distance)
STEPS := $(patsubst sql/upgrade/%,lokivector--%,$(wildcard sql/upgrade/*.sql))
DATA := $(wildcard sql/takeover/*.sql)
DATA_built = $(SCRIPT) $(STEPS)
HEADERS_lokivector = include/vector.h include/halfvec.h include/sparsevec.h

OBJS := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
EXTRA_CLEAN = $(OBJS:.o=.d) $(as_vector)

# The server's interfaces and idioms ask for the exceptions: callbacks with
# parameters that not all need, lengthof() against int, {NULL} ends a list.
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers

# Codes are the same bytes on every processor, so compilers may not fuse a product and a sum
# where one processor has an instruction for both (src/quantize/README).
#
# Only what LOKI_FUNCTION declares is exported.  The server's headers are
# system headers to the compiler, so that warnings are about our code alone; as
# are those of libpq, lest they come first: they may be of another version.
PG_CPPFLAGS = -Isrc -DLOKI_VERSION='"$(EXTVERSION)"' \
	-ffp-contract=off -DPGDLLEXPORT='__attribute__((visibility("default")))' \
	-isystem $(includedir_server) -isystem $(includedir_internal)
PG_CFLAGS = -fvisibility=hidden -MMD -MP $(WARNINGS) $(LOKI_CFLAGS)
SHLIB_LINK = -lm $(LOKI_LDFLAGS)

# The prelude has what all others need, so it is first also of those that REGRESS= names
override REGRESS := prelude $(filter-out prelude,$(or $(REGRESS),$(sort $(basename $(notdir $(wildcard sql/*.sql))))))
REGRESS_OPTS = --load-extension=lokivector --launcher="sh $(abspath $(srcdir)/test/psql.sh)"
ISOLATION := $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=lokivector --launcher="sh $(abspath $(srcdir)/test/isolation.sh)"
TAP_TESTS := $(if $(wildcard test/t/*.pl),1)
PROVE_TESTS = test/t/*.pl

# Targets that need no server's development files, at least not at once
parts = lint unit sql iso tap assert clients operations examples arm64 bench
long_tests = test-full check-stale soak kills crash-points standby fuzz fuzz-parallel \
	sanitize fuzz-input valgrind coverage
own_targets = help test $(long_tests) $(parts:%=check-%) test-pg15 test-pg16 test-pg17 test-pg18 test-pg19 \
	test-citus test-takeover test-asserts check-attack check-pgvector check-differential demo demo-clean bench bench-goals \
	bench-shapes results gate site format format-sample dist deb wheel check-fresh check-pgxn check-image check-cross \
	release-check

ifneq ($(filter-out $(own_targets),$(or $(MAKECMDGOALS),all)),)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
# Without it that of libpq is found, or none
ifeq ($(wildcard $(PGXS)),)
$(error "$(PG_CONFIG)" finds no development files of a server: install them (Debian: postgresql-server-dev-17), or name another by PG_CONFIG=/path/to/pg_config)
endif
include $(PGXS)

# What a changed header reaches is compiled again; -MMD writes down which files that is
$(OBJS:.o=.bc): %.bc: %.o
-include $(OBJS:.o=.d)

$(SCRIPT): $(SCRIPT_PARTS) Makefile
	(printf '%s\n' '/* $@ */' '' \
		'-- complain if script is sourced in psql, rather than via CREATE EXTENSION' \
		'\echo Use "CREATE EXTENSION lokivector" to load this file. \quit'; \
	for part in $(SCRIPT_PARTS); do echo && cat $$part || exit 1; done) >$@

$(STEPS): lokivector--%: sql/upgrade/% sql/upgrade/build.sh sql/steps.sh $(SCRIPT_PARTS)
	sql/upgrade/build.sh $(basename $*) $(SCRIPT_PARTS) >$@

# PGXS takes the headers away, and leaves their directory.  Scripts that the extension vector has as well
# stay for that.
uninstall: remove-header-directory
uninstall: DATA = $(shell { [ -e $(as_vector_scripts)/vector.control ] && sql/vector/owner.sh \
	$(as_vector_scripts) '$(DESTDIR)$(pkglibdir)' 2>/dev/null; } || echo sql/takeover/*.sql)
.PHONY: remove-header-directory
remove-header-directory:
	rm -rf '$(DESTDIR)$(includedir_server)/extension/lokivector'

as_vector = build/as-vector
as_vector_scripts = '$(DESTDIR)$(datadir)/extension'
as_vector_headers = '$(DESTDIR)$(includedir_server)/extension/vector'

install-as-vector: all
	sql/vector/owner.sh '$(DESTDIR)$(datadir)/extension' '$(DESTDIR)$(pkglibdir)' $(FORCE)
	sql/vector/build.sh $(as_vector) $(SCRIPT_PARTS)
	$(MKDIR_P) '$(DESTDIR)$(pkglibdir)' $(as_vector_scripts) $(as_vector_headers)
	# whole at once: a session that loads half a library crashes the server
	$(INSTALL_SHLIB) $(shlib) '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX).new'
	mv -f '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX).new' '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX)'
	$(INSTALL_DATA) $(as_vector)/* $(DATA) $(as_vector_scripts)
	$(INSTALL_DATA) $(HEADERS_lokivector) $(as_vector_headers)
ifeq ($(with_llvm), yes)
	$(call install_llvm_module,vector,$(OBJS))
endif

uninstall-as-vector:
	sql/vector/owner.sh '$(DESTDIR)$(datadir)/extension' '$(DESTDIR)$(pkglibdir)' $(FORCE)
	rm -f '$(DESTDIR)$(pkglibdir)/vector$(DLSUFFIX)' $(as_vector_scripts)/vector.control
	rm -f $(as_vector_scripts)/vector--*.sql
	[ -e $(as_vector_scripts)/lokivector.control ] || rm -f $(patsubst sql/takeover/%,$(as_vector_scripts)/%,$(DATA))
	rm -rf $(as_vector_headers)
ifeq ($(with_llvm), yes)
	$(call uninstall_llvm_module,vector)
endif
endif

.PHONY: $(own_targets) install-as-vector uninstall-as-vector

# The value of a variable, for scripts
print-%:
	@echo '$($*)'

help: ; @cat doc/targets.txt
test: ; test/run.sh

$(parts:%=check-%): check-%:
	test/run.sh $*

# How much of it may be said: SECONDS=, N=, COUNT= and SEED=, POINTS= and JOBS=
$(long_tests):
	LOKIVECTOR_AMOUNT='$(or $(SECONDS),$(N),$(COUNT),$(POINTS))' LOKIVECTOR_FUZZ_SEED='$(SEED)' \
		LOKIVECTOR_JOBS='$(JOBS)' test/run.sh $(patsubst test-%,%,$(@:check-%=%))

test-pg15 test-pg17 test-pg18 test-pg19: test-pg%:
	test/chroot.sh test $*

test-pg16: ; test/wheel.sh test 16

test-citus: ; test/run.sh citus
test-takeover: ; test/takeover.sh
test-asserts: ; LOKIVECTOR_AMOUNT='$(COUNT)' test/asserts.sh $(PARTS)
check-attack: ; test/run.sh attack
check-pgvector: ; test/pgvector.sh $(or $(PARTS),regress tap)
check-differential: ; COUNT='$(COUNT)' SEED='$(SEED)' test/pgvector.sh differential
demo: ; demo/run.sh
demo-clean: ; demo/run.sh clean
bench: ; bench/run.py $(ARGS)
bench-goals: ; bench/goals.py --size $(or $(SIZE),small) $(ARGS)
bench-shapes: ; bench/shapes.py $(ARGS)
results: ; bench/results.py $(ARGS)
gate: ; bench/gate.py $(if $(BASE),--base $(BASE)) $(ARGS)
site: ; doc/site/build.sh
format: ; test/format.sh $(FILES)
format-sample: ; test/run.sh format-sample

# What PGXN takes: the tree as committed
dist:
	mkdir -p build
	git archive --prefix=lokivector-$(EXTVERSION)/ -o build/lokivector-$(EXTVERSION).zip HEAD

deb: ; packaging/deb.sh $(or $(MAJOR),17)
wheel: ; packaging/wheel.sh
check-fresh: ; packaging/fresh.sh $(or $(MAJOR),17) $(PARTS)
check-pgxn: ; packaging/pgxn.sh $(or $(MAJOR),17)
check-image: ; packaging/image.sh $(or $(MAJOR),17)
check-cross: ; packaging/cross.sh $(MACHINES)
release-check: ; packaging/release.sh $(PARTS)
