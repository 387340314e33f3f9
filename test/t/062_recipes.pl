# SPDX-License-Identifier: PostgreSQL
# The statements of doc/recipes.md while clients write: another embedding model, whose
# releases of the application come one after the other, and workers that embed texts.

use FindBin;
use lib $FindBin::RealBin;
use Documents;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_SHORT} ? 3 : 5;

my $node = loki_node('main');
$node->start;

# The page's SQL, block by block
my @blocks = map { join("\n", @{ $_->{lines} }) }
  grep { "$_->{language}$_->{rest}" eq 'sql' } blocks('../doc/recipes.md');

# Run the blocks up to the next one that has this text, which stays
sub run_until
{
	my ($text) = @_;

	while (@blocks && index($blocks[0], $text) < 0)
	{
		$node->safe_psql('postgres', shift @blocks);
	}
	BAIL_OUT("doc/recipes.md has no \"$text\"") if !@blocks;
	return;
}

# Writers of a release: each text with its vectors
sub writer
{
	my ($name, $columns, $vectors, $times) = @_;
	my $set = join(', ', map { "$columns->[$_] = $vectors->[$_](body || '.')" } 0 .. $#$columns);
	my $values = join(', ', map { "$_('text ' || :n)" } @$vectors);
	my $list = join(', ', @$columns);

	return start_client($node, $name, 2, $times * $seconds, qq(
\\set n random(1, 1000000)
\\set i random(100, 3000)
INSERT INTO articles (lang, body, $list) VALUES ('en', 'text ' || :n, $values);
UPDATE articles SET body = body || '.', $set WHERE id = :i;
DELETE FROM articles WHERE id = :i + 3000;
));
}

sub reader
{
	my ($name, $column, $model, $times) = @_;

	return start_client($node, $name, 1, $times * $seconds, qq(
\\set n random(1, 3000)
SELECT count(*) = 10 AS complete FROM (
	SELECT id FROM articles WHERE lang = 'en' ORDER BY $column <=> $model('article ' || :n) LIMIT 10) s \\gset
\\if :complete
\\else
	SELECT 1 / 0;
\\endif
));
}

run_until('ADD COLUMN embedding_v2');
my @first = (writer('first-writer', ['embedding'], ['old_model'], 1), reader('first-reader', 'embedding', 'old_model', 2));
run_until('DO $$');
my $both = writer('both-writer', [ 'embedding', 'embedding_v2' ], [ 'old_model', 'new_model' ], 2);
finish_client($first[0]);
run_until('DROP INDEX CONCURRENTLY');
is($node->safe_psql('postgres', 'SELECT count(*) FROM articles WHERE embedding_v2 IS NULL OR embedding IS NULL'),
	'0', 'every row has both vectors');
my @last = (writer('last-writer', ['embedding_v2'], ['new_model'], 3), reader('last-reader', 'embedding_v2', 'new_model', 3));
finish_client($_) for $both, $first[1];
run_until('CREATE TABLE articles_changed');
finish_client($_) for @last;

# A vector of another plan may differ in the last bit
my $stale = 'SELECT count(*) FROM articles
	WHERE embedding_v2 IS NULL OR embedding_v2 <-> new_model(body) > 1e-6';
is($node->safe_psql('postgres', $stale), '0', 'every vector is that of its text');
is($node->safe_psql('postgres', "SELECT lokivector_check('articles_embedding_v2', true)"), 'sound', 'the index is sound');

# Workers that hold a text for a while, and writers that change few texts often
$node->safe_psql('postgres', shift @blocks);
my @clients = (
	start_client($node, 'texts', 3, $seconds, q(
\set i random(1, 20)
UPDATE articles SET body = 'changed ' || random() WHERE id = :i;
INSERT INTO articles (body) VALUES ('new ' || random());
)),
	start_client($node, 'workers', 3, $seconds, q(
BEGIN;
CREATE TEMP TABLE IF NOT EXISTS work (id bigint, body text);
TRUNCATE work;
WITH taken AS (
	DELETE FROM articles_changed WHERE number IN (
		SELECT number FROM articles_changed ORDER BY number LIMIT 5 FOR UPDATE SKIP LOCKED)
	RETURNING id)
INSERT INTO work SELECT id, body FROM articles WHERE id IN (SELECT id FROM taken);
\sleep 5 ms
UPDATE articles a SET embedding_v2 = new_model(w.body)
FROM (SELECT * FROM work ORDER BY id) w WHERE a.id = w.id AND a.body = w.body;
COMMIT;
)));
finish_client($clients[0]);
ended($clients[1]);
$node->safe_psql('postgres', q(
	WITH taken AS (DELETE FROM articles_changed RETURNING id)
	UPDATE articles SET embedding_v2 = new_model(body) WHERE id IN (SELECT id FROM taken)));
is($node->safe_psql('postgres', $stale), '0', 'every vector is that of its text, after the workers');
is($node->safe_psql('postgres', "SELECT lokivector_check('articles_embedding_v2', true)"), 'sound', 'the index is sound');

# Recommendations for a user who dislikes nothing, or likes nothing
run_until('CREATE FUNCTION taste');
$node->safe_psql('postgres', shift @blocks);
is($node->safe_psql('postgres', q(
	SELECT taste('{3,14}', '{}') <-> avg(embedding_v2) < 1e-6, taste('{}', '{25}') IS NULL
	FROM articles WHERE id IN (3, 14))), 't|t', 'a taste without dislikes is the mean of what is liked');

$node->stop;
done_testing();
