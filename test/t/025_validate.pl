# SPDX-License-Identifier: PostgreSQL
# The validation of a move: a database is the same as itself, every change is
# seen, and no code of other roles runs with the rights of whoever runs it.

use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $script = abs_path('../sql/takeover/lokivector_validate.sql');
my $node = loki_node('main');
$node->start;

$node->safe_psql('postgres', q(
	CREATE SCHEMA "Ext";
	CREATE EXTENSION lokivector SCHEMA "Ext";
	SET search_path = public, "Ext";
	CREATE SCHEMA "A b";
	CREATE DOMAIN embedding AS vector(4);
	CREATE TABLE "A b"."T" (id int PRIMARY KEY, "V" vector(4), h halfvec(4), s sparsevec(4), b bit(16),
		u vector, w sparsevec, e embedding, many vector[], "T" text);
	INSERT INTO "A b"."T" SELECT i, CASE WHEN i % 50 > 0 THEN v END, v, v::sparsevec, binary_quantize(
			array_cat(array_cat(v::real[], v::real[]), array_cat(v::real[], v::real[]))::vector)::bit(16),
		CASE WHEN i % 2 = 0 THEN v ELSE subvector(v, 1, 2) END,
		CASE WHEN i % 3 = 0 THEN v::sparsevec ELSE '{1:1}/2' END, v, ARRAY[v, v], 'row ' || i
		FROM (SELECT i, ARRAY[sin(i), cos(i * 3), sin(i * 7), i % 5]::vector(4) AS v FROM generate_series(1, 500) i) AS t;
	INSERT INTO "A b"."T" (id, "V", b) VALUES (0, '[0,0,0,0]', repeat('0', 16)::bit(16));
	CREATE INDEX "V l2" ON "A b"."T" USING hnsw ("V" vector_l2_ops);
	CREATE INDEX v_cosine ON "A b"."T" USING hnsw ("V" vector_cosine_ops) WHERE id > 100;
	CREATE INDEX h_ip ON "A b"."T" USING hnsw (h halfvec_ip_ops);
	CREATE INDEX s_l1 ON "A b"."T" USING hnsw (s sparsevec_l1_ops);
	CREATE INDEX b_jaccard ON "A b"."T" USING hnsw (b bit_jaccard_ops);
	CREATE INDEX v_half ON "A b"."T" USING hnsw (("V"::halfvec(4)) halfvec_l2_ops);
	CREATE INDEX v_bits ON "A b"."T" USING hnsw ((binary_quantize("V")::bit(4)) bit_hamming_ops);
	CREATE INDEX u_ivfflat ON "A b"."T" USING ivfflat ((subvector(u, 1, 2)::vector(2)));
	CREATE INDEX e_l2 ON "A b"."T" USING hnsw ((e::vector(4)) vector_l2_ops);
	CREATE TABLE p (c int, v vector(2), d text, o text, s text, u text) PARTITION BY RANGE (c);
	CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
	CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (300);
	INSERT INTO p (c, v) SELECT i, ARRAY[sin(i), cos(i)]::vector FROM generate_series(1, 250) i;
	CREATE INDEX p_v ON p USING hnsw (v vector_l2_ops);
	CREATE MATERIALIZED VIEW m AS SELECT c % 7 AS id, avg(v) AS mean FROM p GROUP BY 1;
	CREATE TABLE none (v vector(3));
	CREATE INDEX ON none USING hnsw (v vector_l2_ops);
	CREATE TABLE other (id int);));

# Exit status, output, and the lines of what differs
sub validate
{
	my ($database, @options) = @_;
	my ($stdout, $stderr);
	my $result = IPC::Run::run([ 'psql', '-XAt', '-d', $node->connstr($database),
			(map { ('-v', $_) } @options), '-f', $script ], '>', \$stdout, '2>', \$stderr);

	diag($stderr) if $stderr !~ /the database is not what it was|^$|use -v|nothing was|is not to be trusted|must be owner|has vectors/;
	return ($result ? 0 : $? >> 8, $stdout . $stderr,
		join("\n", grep { /DIFFERENT/ } split(/\n/, $stdout)));
}

my ($status, $output, $different) = validate('postgres');
is($status, 3, 'it asks for a phase');
like($output, qr/use -v phase=before/, '... in words');
($status, $output) = validate('postgres', 'phase=after');
like($output, qr/nothing was recorded before/, 'after, with nothing before');
($status, $output) = validate('postgres', 'phase=before', 'queries=5');
is($status, 0, 'before');
like($output, qr/^recorded 6 tables and 48 columns and indexes, 0 of them not measured/m, '... measures all');
($status, $output, $different) = validate('postgres', 'phase=after');
is($status, 0, 'after, with no change') or diag($output);
is($different, '', '... has no difference');
like($output, qr/^verdict: 119 checks, 0 differences$/m, '... and a verdict');
like($output, qr/^nearest rows\|"A b"."T"."V" <=>\|5 queries\|5 queries\|same$/m, 'a column and an operator');
like($output, qr/^recall of index\|public.p1_v_idx <->\| 1.0000\| 1.0000\|same$/m, 'an index');

# Elsewhere
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'... is restored');
($status, $output, $different) = validate('restored', 'phase=after');
is("$status$different", '0', '... and the same') or diag($output);

# Changes
my @changes = (
	[ 'a row that is missing', 'DELETE FROM p WHERE c = 7',
		qr/^contents\|public.p\|.*^rows\|public.p\|250\|249\|DIFFERENT$/ms, qr/\bT\b/ ],
	[ 'another vector', q(UPDATE "A b"."T" SET h = '[1,1,1,2]' WHERE id = 9),
		qr/^contents\|"A b"."T"\|.*^distances\|"A b"."T".h <->\|/ms, qr/^rows|public/m ],
	[ 'another text', q(UPDATE "A b"."T" SET "T" = 'other' WHERE id = 9),
		qr/^contents\|"A b"."T"\|[^\n]*$/m, qr/^(rows|distances|recall)/m ],
	[ 'an index that is missing', 'DROP INDEX "A b".v_half',
		qr/^distances\|"A b".v_half <->\|5 queries\|\|DIFFERENT\nrecall of index\|"A b".v_half <->\| 1.0000\|\|DIFFERENT$/, qr/contents/ ],
	[ 'an index that is invalid', q(UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"A b"."V l2"'::regclass),
		qr/^recall of index\|"A b"."V l2" <->\| 1.0000\|\|DIFFERENT$/m, qr/contents/ ],
	[ 'an index that finds less', q(ALTER DATABASE restored SET lokivector.complete = off;
			ALTER DATABASE restored SET hnsw.ef_search = 2),
		qr/^recall of index\|"A b".h_ip <#>\| 1.0000\| 0\.\d+\|DIFFERENT$/m, qr/contents|^distances/m ],
	[ 'a table that is missing', 'DROP TABLE none',
		qr/^rows\|public."none"\|0\|\|DIFFERENT$/m, qr/contents/ ]);
for my $change (@changes)
{
	my ($name, $sql, $seen, $unseen) = @$change;

	$node->safe_psql('postgres', 'DROP DATABASE restored');
	$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE postgres');
	$node->safe_psql('restored', 'SET search_path = public, "Ext"; ' . $sql);
	($status, $output, $different) = validate('restored', 'phase=after');
	is($status, 3, $name);
	like($different, $seen, '... is seen');
	unlike($different, $unseen, '... and nothing else') if $unseen;
}

# With writers: rows that came hide no change of those that were there
my $new_rows = q(
	INSERT INTO "A b"."T" (id, "V", h, e, "T") SELECT id + 1000, "V", h, e, 'new' FROM "A b"."T" WHERE id > 0;
	INSERT INTO p (c, v) SELECT c, v FROM p WHERE c % 3 = 0;);
for my $change ([ 'rows that came', $new_rows, 0, qr/^$/ ],
	[ '... beside a row that is gone', "$new_rows; DELETE FROM p WHERE c % 3 = 1 AND c < 120", 3,
		qr/^nearest rows\|public.p.v <->\|/m ],
	[ '... beside a row that has changed', qq($new_rows; UPDATE "A b"."T" SET "T" = 'other' WHERE id < 500), 3,
		qr/^nearest rows\|"A b"."T"."V" <->\|/m ],
	[ 'rows that are gone', 'DELETE FROM p WHERE c > 200', 3, qr/^rows\|public.p\|250\|200\|DIFFERENT$/m ],
	[ 'rows that were changed or are gone, by recall', qq($new_rows; DELETE FROM p WHERE c % 3 = 1;
			UPDATE "A b"."T" SET h = '[1,1,1,2]', "V" = "V" + "V", "T" = 'other' WHERE id < 200), 0, qr/^$/, 2 ],
	[ '... beside an index that is missing', 'DELETE FROM p WHERE c > 200; DROP INDEX "A b".v_half', 3,
		qr/^distances\|"A b".v_half <->\|5 queries\|\|DIFFERENT\nrecall of index\|"A b".v_half <->\| 1.0000\|\|DIFFERENT$/, 2 ],
	[ '... beside an index that finds less', q(DELETE FROM p WHERE c > 200;
			ALTER DATABASE restored SET lokivector.complete = off; ALTER DATABASE restored SET hnsw.ef_search = 2), 3,
		qr/^recall of index\|"A b".h_ip <#>\| 1.0000\| 0\.\d+\|DIFFERENT$/m, 2 ],
	[ '... beside a table that is missing', 'DELETE FROM p WHERE c > 200; DROP TABLE none', 3,
		qr/^rows\|public."none"\|0\|\|DIFFERENT$/m, 2 ])
{
	my ($name, $sql, $wanted, $seen, $live) = @$change;

	$node->safe_psql('postgres', 'DROP DATABASE restored');
	$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE postgres');
	$node->safe_psql('restored', 'SET search_path = public, "Ext"; ' . $sql);
	($status, $output, $different) = validate('restored', 'phase=after', 'live=' . ($live // 1));
	is($status, $wanted, "live: $name") or diag($output);
	like($different, $seen, '... is told');
	my $hint = qr/\nHINT:  If rows were changed or deleted since phase=before, compare with -v live=2\.\n/;
	($status && !$live) ? like($output, $hint, '... with a hint') : unlike($output, qr/HINT/, '... without a hint');
}
$node->safe_psql('restored', "SET search_path = public, \"Ext\"; $new_rows");
($status, $output) = validate('restored', 'phase=after');
like($output, qr/\nHINT:  If rows were added since phase=before, compare with -v live=1; if rows were changed or deleted, with -v live=2\.\n/,
	'rows that came, without live: the hint has it');
($status, $output) = validate('postgres', 'phase=drop');
is( $status . $node->safe_psql('postgres', q(SELECT to_regnamespace('lokivector_validation'))),
	'0', 'taken away');

# Nothing to compare
$node->safe_psql('postgres', 'CREATE DATABASE empty');
($status, $output) = validate('empty', 'phase=before');
is($status, 3, 'a database without vectors');
like($output, qr/no table of this database has vectors/, '... is an error');

# Wide vectors, of which the temporary files have none
$node->safe_psql('empty', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE wide (id int, v vector(1000));
	INSERT INTO wide SELECT i, (SELECT array_agg(sin(i * j))::vector FROM generate_series(1, 1000) j)
		FROM generate_series(1, 500) i;));
{
	local $ENV{PGOPTIONS} = '-c temp_file_limit=1MB -c work_mem=64kB';

	($status, $output) = validate('empty', 'phase=before', 'queries=3');
}
like($output, qr/^recorded 1 tables and \d+ columns and indexes, 0 of them not measured$/m,
	'wide vectors are recorded with small temporary files') or diag($output);

# An ordinary role with tables of its own.  Its code tells by a sequence that it ran, and makes
# the role a superuser wherever it has the right to, now or later.
$node->safe_psql('postgres', q(
	CREATE ROLE mallory LOGIN;
	GRANT pg_read_all_data TO mallory;
	CREATE DATABASE hostile OWNER mallory;
	ALTER DATABASE hostile SET search_path = public;));
$node->safe_psql('hostile', q(
	GRANT CREATE ON SCHEMA public TO mallory;
	CREATE EXTENSION lokivector;
	CREATE TABLE honest (id int, v vector(3));
	INSERT INTO honest SELECT i, ARRAY[i, i % 7, 1] FROM generate_series(1, 50) i;
	CREATE INDEX honest_v ON honest USING hnsw (v vector_l2_ops);
	CREATE TABLE mixed (id int, v vector(3)) PARTITION BY RANGE (id);
	CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (0) TO (10);
	ALTER TABLE mixed_1 OWNER TO mallory;));
$node->safe_psql('hostile', q(
	CREATE SEQUENCE ran;
	CREATE SEQUENCE seized;
	CREATE FUNCTION payload() RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
				PERFORM nextval('public.seized');	-- which no rollback takes back
				ALTER ROLE mallory SUPERUSER;
			END IF;
		END $$;
	CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.payload(); RETURN NULL; END $$;
	CREATE TABLE deferred (id int);
	CREATE CONSTRAINT TRIGGER t AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION fire();
	CREATE FUNCTION attempt(statement text) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE statement;
			PERFORM public.payload();
		EXCEPTION WHEN OTHERS THEN NULL;
		END $$;
	CREATE FUNCTION attack() RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM nextval('public.ran');
			PERFORM public.payload();
			PERFORM public.attempt('RESET ROLE');
			PERFORM public.attempt('RESET SESSION AUTHORIZATION');
			PERFORM public.attempt('INSERT INTO public.deferred VALUES (1)');
			PERFORM public.attempt('DECLARE c CURSOR WITH HOLD FOR SELECT public.payload()');
			PERFORM public.attempt('SET search_path = public, pg_catalog');
			PERFORM public.attempt('CREATE FUNCTION pg_temp.compare(numeric) RETURNS TABLE (what text, object text,
				before text, after text, same boolean) LANGUAGE sql AS $q$ SELECT public.payload()::text, 1::text, 1::text, 1::text, true $q$');
			PERFORM public.attempt('CREATE FUNCTION pg_temp.check_schema(text DEFAULT NULL) RETURNS void LANGUAGE sql AS $q$ SELECT public.payload() $q$');
		END $$;
	CREATE FUNCTION expression(i int) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM public.attack(); RETURN ARRAY[i, 1, 2]; END $$;
	CREATE FUNCTION constant(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM public.attack(); RETURN i; END $$;
	CREATE FUNCTION checked(v vector) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM public.attack(); RETURN true; END $$;
	CREATE FUNCTION measured(a vector, b vector) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM public.attack(); RETURN 1; END $$;
	CREATE OPERATOR <-#-> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = measured);
	CREATE DOMAIN checked_vector AS vector(3) CHECK (checked(VALUE));
	CREATE TABLE expressions (id int, v checked_vector);
	INSERT INTO expressions SELECT i, ARRAY[i, 3, 4]::vector(3) FROM generate_series(1, 20) i;
	CREATE INDEX by_expression ON expressions USING hnsw ((expression(id)::vector(3)) vector_l2_ops);
	CREATE INDEX by_predicate ON expressions USING hnsw (v vector_l2_ops) WHERE id > constant(3);
	-- row security hides no rows from the script
	CREATE TABLE hidden (id int, v vector(3));
	INSERT INTO hidden SELECT i, ARRAY[i, 3, 4] FROM generate_series(1, 20) i;
	CREATE POLICY none ON hidden USING (constant(id) < 0);
	ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
	ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
	-- statistics on the result, which the planner of whoever reads it would compute
	CREATE FUNCTION trap() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN
			PERFORM public.attempt('CREATE STATISTICS public.trap ON (public.constant(1) + length(answer::text)), answer
				FROM lokivector_validation.evaluated');
			RETURN 1;
		END $$;
	-- a constant whose elements are checked as it is parsed
	CREATE TABLE parsed (id int, v vector(3));
	INSERT INTO parsed SELECT i, ARRAY[i, 3, 4] FROM generate_series(1, 20) i;
	CREATE INDEX by_constant ON parsed USING hnsw (v vector_l2_ops) WHERE '{"[1,2,3]"}'::checked_vector[] IS NOT NULL;
	-- distances of a type that has a cast to json
	CREATE TYPE far AS ENUM ('x', 'NaN', 'Infinity');
	CREATE FUNCTION far_float8(far) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT 1::float8';
	CREATE FUNCTION far_text(far) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'x' $$;
	CREATE FUNCTION far_json(far) RETURNS json LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.attack(); RETURN '1'::json; END $$;
	CREATE CAST (far AS float8) WITH FUNCTION far_float8(far) AS IMPLICIT;
	CREATE CAST (far AS text) WITH FUNCTION far_text(far) AS IMPLICIT;
	CREATE CAST (far AS json) WITH FUNCTION far_json(far);
	CREATE DOMAIN decoy AS vector(3);
	CREATE FUNCTION far(decoy, vector) RETURNS far LANGUAGE sql IMMUTABLE AS $$ SELECT 'x'::public.far $$;
	CREATE OPERATOR <-> (LEFTARG = decoy, RIGHTARG = vector, FUNCTION = far);
	CREATE TABLE decoys (id int, v decoy);
	INSERT INTO decoys SELECT i, ARRAY[i, 3, 4]::vector(3) FROM generate_series(1, 20) i;
	CREATE TABLE trapped (id int, v vector(3));
	CREATE INDEX ON trapped (id) WHERE id > trap();), extra_params => [ '-U', 'mallory' ]);

sub superuser
{
	return $node->safe_psql('hostile', q(
		SELECT rolsuper OR is_called FROM pg_roles, public.seized WHERE rolname = 'mallory'));
}

my $ran = 'SELECT last_value FROM ran';
my $count = $node->safe_psql('hostile', $ran);
is(superuser(), 'f', 'tables of an ordinary role');
($status, $output) = validate('hostile', 'phase=before', 'queries=3');
is($status, 0, '... are recorded');
cmp_ok($node->safe_psql('hostile', $ran), '>', $count, '... and its code is run');
is(superuser(), 'f', '... without the rights of a superuser');
like($output, qr/^public\.trapped\|an expression of public\.trapped made something/m, '... nor does what it leaves');
like($output, qr/^public\.mixed\|partitions or children of public\.mixed belong to other roles$/m,
	'... nor is it reached through a table of somebody else');
is($node->safe_psql('hostile', 'SELECT count(*) FROM pg_statistic_ext'), '0', '... and nothing stays of it');
unlike($output, qr/by_|honest|hidden/, '... all else is measured');

# Names that are nearer than those of pg_catalog where public is searched
$node->safe_psql('hostile', q(
	CREATE FUNCTION same(regclass, oid) RETURNS boolean LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.attack(); RETURN $1::oid OPERATOR(pg_catalog.=) $2; END $$;
	CREATE FUNCTION same(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.attack(); RETURN $1 OPERATOR(pg_catalog.=) $2::oid; END $$;
	CREATE FUNCTION joined(text, name) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.attack(); RETURN $1 OPERATOR(pg_catalog.||) $2::text; END $$;
	CREATE OPERATOR = (LEFTARG = regclass, RIGHTARG = oid, FUNCTION = same);
	CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = same);
	CREATE OPERATOR || (LEFTARG = text, RIGHTARG = name, FUNCTION = joined);
	CREATE FUNCTION format(text, name, name) RETURNS text LANGUAGE plpgsql AS $$
		BEGIN PERFORM public.attack(); RETURN NULL; END $$;), extra_params => [ '-U', 'mallory' ]);
($status, $output) = validate('hostile', 'phase=after');
is($status . superuser(), '0f', 'it is compared the same way') or diag($output);
like($output, qr/^recall of index\|public\.$_ <->\| 1.0000\| 1.0000\|same$/m, "... $_")
  for qw(honest_v by_expression by_predicate by_constant);
like($output, qr/^rows\|public\.hidden\|20\|20\|same$/m, '... and rows that a policy hides');
unlike($output, qr/<-#->/, '... by no operator but the extension\'s');

# What was recorded, in the hands of somebody else
$node->safe_psql('hostile', 'DELETE FROM lokivector_validation.tables; DELETE FROM lokivector_validation.units');
($status, $output) = validate('hostile', 'phase=after');
is($status, 3, 'nothing that was recorded is compared');
like($output, qr/nothing was compared/, '... which is an error');
$node->safe_psql('hostile', 'ALTER TABLE lokivector_validation.nearest OWNER TO mallory');
for my $whose ('a part', 'the whole')
{
	for my $phase (qw(before after drop))
	{
		($status, $output) = validate('hostile', "phase=$phase");
		is($status, 3, "phase $phase: $whose of the schema is another role's");
		like($output, qr/schema lokivector_validation is not to be trusted: role "mallory"/, '... which is an error');
	}
	$node->safe_psql('hostile', q(
		DROP SCHEMA lokivector_validation CASCADE;
		SET ROLE mallory;
		CREATE SCHEMA lokivector_validation;
		CREATE TABLE lokivector_validation.tables (phase text, name text, rows bigint, digest numeric);
		CREATE TRIGGER t AFTER DELETE ON lokivector_validation.tables FOR EACH STATEMENT EXECUTE FUNCTION fire();));
}
is(superuser(), 'f', '... and nothing of it is run');

# The owner of all tables, who is no superuser, and rights that schemas come with
$node->safe_psql('hostile', q(
	DROP SCHEMA lokivector_validation CASCADE;
	CREATE ROLE alice LOGIN;
	GRANT CREATE ON DATABASE hostile TO alice;
	ALTER DEFAULT PRIVILEGES FOR ROLE alice GRANT ALL ON SCHEMAS TO mallory, PUBLIC;
	DROP TABLE expressions, hidden, parsed, decoys, trapped, mixed;
	ALTER TABLE honest OWNER TO alice;));
($status, $output) = validate('hostile', 'phase=before');
is($status, 0, 'a record of a superuser') or diag($output);
{
	local $ENV{PGUSER} = 'alice';

	for my $phase (qw(before after drop))
	{
		($status, $output) = validate('hostile', "phase=$phase");
		like("$status $output",
			qr/^3 .*must be owner of schema lokivector_validation\nHINT:  Role ".*" made it: .* phase=drop as that role/s,
			"phase $phase: it is not the owner's of all tables, with a hint");
	}
}
($status, $output) = validate('hostile', 'phase=drop');
is($status, 0, '... which goes away') or diag($output);
{
	local $ENV{PGUSER} = 'alice';

	for my $phase (qw(before after))
	{
		($status, $output) = validate('hostile', "phase=$phase");
		is($status, 0, "phase $phase by the owner of all tables") or diag($output);
	}
}
like($output, qr/^verdict: 13 checks, 0 differences$/m, '... with the same result');
is( $node->safe_psql('hostile', q(
		SELECT DISTINCT grantee::regrole FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'lokivector_validation')),
	'alice', '... and the schema is the owner\'s alone');

$node->stop;
done_testing();
