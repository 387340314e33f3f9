# SPDX-License-Identifier: PostgreSQL
# Rows that only dead ones led to stay within reach, whenever VACUUM ends: the server is killed with it while it
# takes dead nodes out of lists.  By inner product few rows lead to most.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my %operators = (ip => '<#>', l2 => '<->', cosine => '<=>', l1 => '<+>');
my $node = loki_node('main');
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', q(
CREATE EXTENSION lokivector;
CREATE FUNCTION h(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
	RETURN (hashint8extended(n, salt) & 1048575) / 1048576.0::float8;
CREATE TABLE rows AS SELECT n AS id,
	(SELECT array_agg((h(n, i) - .5) * exp(2 * (h(n, 100) + h(n, 101) + h(n, 102) - 1.5)))::vector(16) FROM generate_series(1, 16) i) AS v
	FROM generate_series(1, 3000) n;
-- returns when VACUUM is half through with it, or has ended, which its session's lock shows
CREATE PROCEDURE wait_for_vacuum() LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		EXIT WHEN EXISTS (SELECT FROM lokivector_progress
			WHERE phase ~ 'taking out dead nodes' AND done >= total / 2 OR phase ~ 'freeing|calibrating') OR
			NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 72);
		PERFORM pg_sleep(.001);
	END LOOP;
END $$));

# How many rows are out of reach, as check says; undef if it finds more amiss
sub out_of_reach
{
	my ($name) = @_;
	my (undef, $out, $err) = $node->psql('postgres', "SELECT lokivector_check('${name}_idx', true)");

	return undef if $out ne 'sound';
	return $err =~ /(\d+) that cannot be reached/ ? $1 : $err eq '' ? 0 : undef;
}

foreach my $name (sort keys %operators)
{
	$node->safe_psql('postgres', qq(
		CREATE TABLE $name AS SELECT * FROM rows;
		CREATE INDEX ${name}_idx ON $name USING hnsw (v vector_${name}_ops) WITH (m = 8);
		VACUUM $name;
		DELETE FROM $name WHERE id % 5 = 0));
	is(out_of_reach($name), 0, "$name: before");
	my $vacuum = open_session($node);
	# pages that it reads take so long that one can see how far it is
	ask($vacuum, 'SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 5; SELECT pg_advisory_lock(72)');
	$vacuum->{in} .= "VACUUM (PARALLEL 0) $name;\nSELECT pg_advisory_unlock(72);\n";
	$vacuum->{run}->pump_nb;
	$node->safe_psql('postgres', 'CALL wait_for_vacuum()');
	$node->stop('immediate');
	$vacuum->{run}->kill_kill;
	$node->start;
	# none as a rule, whichever moment it is: a full list gives up a link for another at times
	cmp_ok(out_of_reach($name) // 'inf', '<', 5, "$name: VACUUM was killed");
	$node->safe_psql('postgres', "VACUUM $name");
	is(out_of_reach($name), 0, "$name: the next one came to its end");
	is( $node->safe_psql('postgres', qq(SET enable_seqscan = off; SET hnsw.ef_search = 400;
		SELECT count(*) FROM $name r WHERE NOT EXISTS
			(SELECT FROM (SELECT id FROM $name ORDER BY v $operators{$name} r.v LIMIT 100) s WHERE s.id = r.id))),
		'0', "$name: rows are found") if $name ne 'ip';
}
$node->stop;
done_testing();
