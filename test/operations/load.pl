# SPDX-License-Identifier: PostgreSQL
# operations/load.py: files of each format into tables and back, and a load that goes on.

use lib 'operations';
use OperationsTest;

my $python = $ENV{LOKIVECTOR_PYTHON} // '/usr/bin/python3';

sub lacks
{
	my ($module) = @_;

	return system("$python -c 'import $module' 2>/dev/null") != 0;
}

plan(skip_all => 'python3 has no numpy') if lacks('numpy');

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE sample (id int PRIMARY KEY, "a Name" text, tags text[], more jsonb, embedding vector(3));
	INSERT INTO sample
	SELECT i, CASE WHEN i % 3 > 0 THEN 'back\slash, ' || E'tab\t, line\n, "ü" ' || i END, ARRAY['a,"b\c', NULL, i::text],
		jsonb_build_object('n', i, 't', '\'), ARRAY[i % 7 / 2.0, -i, 0.25]
	FROM generate_series(0, 2499) i;));

sub load
{
	my ($output, $status);

	IPC::Run::run([ $python, "$top/operations/load.py", '--batch=1000', @_ ], '<', '/dev/null', '>&', \$output);
	$status = $? >> 8;
	return "$output$status";
}

# Rows of a table that the sample has not, and the other way round
sub differing
{
	my ($table, $columns) = @_;

	return $node->safe_psql('postgres', qq(
		SELECT count(*) FROM (SELECT $columns FROM $table EXCEPT SELECT $columns FROM sample) a;
		SELECT count(*) FROM (SELECT $columns FROM sample EXCEPT SELECT $columns FROM $table) a;));
}

my %needs = (hdf5 => 'h5py', parquet => 'pyarrow');
for my $format (qw(npy fvecs hdf5 jsonl parquet))
{
  SKIP:
	{
		skip("$format: python3 has no $needs{$format}", 1) if $needs{$format} && lacks($needs{$format});
		my $records = $format =~ /jsonl|parquet/;
		# Parquet has structures of its own in place of jsonb
		my @columns = $records ? ('id', 'a Name', 'tags', 'embedding') : ();
		my $columns = $records ? 'id, "a Name", tags, embedding' : 'id, embedding';
		my $table = "from_$format";

		like(load('--unload', "$tmp/file.$format", 'sample', @columns), qr/^2500 rows, .*\n0$/, "$format: unload");
		$node->safe_psql('postgres', "CREATE TABLE $table (LIKE sample)");
		like(load("$tmp/file.$format", $table, @columns), qr/^2500( of 2500)? rows, .*\n0$/, "$format: load");
		is(differing($table, $columns), "0\n0", "$format: the rows are the same");
		$node->safe_psql('postgres', "DELETE FROM $table WHERE id >= 1000");
		like(load('--resume', "$tmp/file.$format", $table), qr/^1500( of 1500)? rows, .*\n0$/, "$format: resume");
		is(differing($table, $columns), "0\n0", "$format: the rows are the same after it");
	}
}
$node->safe_psql('postgres', 'CREATE TABLE halves (id bigint, embedding halfvec(3)); CREATE TABLE other (LIKE sample)');
like(load("$tmp/file.npy", 'halves'), qr/\n0$/, 'halfvec: load');
is($node->safe_psql('postgres', 'SELECT count(*) FROM halves h JOIN sample s USING (id) WHERE h.embedding = s.embedding::halfvec(3)'),
	'2500', 'halfvec: the vectors are the same');
like(load('--unload', "$tmp/all.jsonl", 'sample'), qr/\n0$/, 'jsonl: unload all columns');
like(load("$tmp/all.jsonl", 'other'), qr/\n0$/, 'jsonl: load all columns');
is($node->safe_psql('postgres', 'SELECT count(*) FROM other o JOIN sample s USING (id) WHERE to_jsonb(o) = to_jsonb(s)'),
	'2500', 'jsonl: the rows are the same');
like(run_program($python, '-S', "$top/operations/load.py", '--help'), qr/^usage: /, 'help without NumPy');
like(load("$tmp/file.npy", 'sample'), qr/duplicate key.*\nstopped: rows 1 to 1000 of the file are not in the table, all before them are.*1$/s,
	'a load that fails');
$node->safe_psql('postgres', 'CREATE TABLE started (LIKE sample); ALTER TABLE started ADD CHECK (id < 1500)');
like(load($_, 'started'), qr/check constraint.*\nstopped: rows 1001 to 2000 of the file .*--resume\n1$/s, "... in its second transaction: $_"),
  is($node->safe_psql('postgres', 'SELECT count(*) FROM started; TRUNCATE started'), '1000', '... after the first')
  for "$tmp/file.npy", "$tmp/all.jsonl";

# Files that are not what they should be
my %broken = ('half.jsonl' => qq({"id": 1}\n\n{"id": 2, "a\n), 'list.jsonl' => qq({"id": 1}\n[2]\n), 'latin.jsonl' => qq({"a Name": "\xfc"}\n),
	'half.json' => '{"ids": [1', 'other.json' => '{"a": 1}', 'other.jsonl' => '{"a": 1}', 'text.npy' => 'text', 'empty.fvecs' => '',
	'items.csv' => '1,"[1,2,3]"', 'items.txt' => '1',
	'flat.npy' => "\x93NUMPY\1\0" . pack('v/a*', sprintf("%-117s\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }")) . pack('f<3', 1 .. 3));
append_to_file("$tmp/$_", $broken{$_}) for sort keys %broken;
like(load("$tmp/half.jsonl", 'started'), qr/^\S*half\.jsonl, line 3: not JSON\n1$/, 'a line that is not JSON');
like(load("$tmp/latin.jsonl", 'started'), qr/^\S*latin\.jsonl, line 1: not JSON\n1$/, '... or not UTF-8');
like(load("$tmp/list.jsonl", 'started'), qr/^\S*list\.jsonl, line 2: not an object with the names of columns\n1$/, '... or no row');
like(load('--from', 'chroma', "$tmp/half.json", 'started'), qr/^\S*half\.json: not JSON\n1$/, 'an export that is not JSON');
like(load('--from', 'chroma', "$tmp/other.json", 'started'), qr/^\S*other\.json: not as chroma writes it\n1$/, '... or has no ids');
like(load('--from', 'qdrant', "$tmp/other.jsonl", 'started'), qr/^\S*other\.jsonl, row 1: not as qdrant writes it\n1$/, '... or is of another database');
like(load("$tmp/$_", 'started'), qr/^\S*\Q$_\E: not such a file: .*\n1$/, "no vectors in $_") for 'text.npy', 'flat.npy', 'empty.fvecs';
like(load("$tmp/items.csv", 'started'), qr/\\copy started FROM '\S*items\.csv' WITH \(FORMAT csv, HEADER\)\n2$/, 'csv is for psql');
like(load('--batch', '0', "$tmp/all.jsonl", 'started'), qr/--batch has to be 1 or more\n2$/, 'a batch without rows');
like(load("$tmp/items.txt", 'started'), qr/has to end in \.npy, .*\n2$/, 'an ending that is not known');
like(load("$tmp/file.npy", 'sample', 'tags', 'embedding'), qr/"tags" has to be int4 or int8.*1$/s, 'columns of other types');
like(load("$tmp/none.npy", 'sample'), qr/there is no file .*none\.npy\n2$/s, 'no such file');
like(load('--unload', "$tmp/file.npy", 'nothing'), qr/"nothing" does not exist.*1$/s, 'no such table');

# Exports, as the tools of other databases write them
$node->safe_psql('postgres', q(
	CREATE TABLE qdrant (id int, lang text, tags text[], payload jsonb, dense vector(2), sparse sparsevec(100),
		parts vector(2)[], made int GENERATED ALWAYS AS (1) STORED);
	CREATE TABLE chroma (id text, lang text, document text, metadata jsonb, embedding halfvec(2));
	CREATE TABLE milvus (id bigint, body text, more jsonb, lang text, embedding vector(2), sparse sparsevec(100));));
my $point = '{"id":3,"payload":{"lang":"en","tags":["a","b"]},"vector":{"dense":[0.5,1.0],'
  . '"sparse":{"indices":[0,7],"values":[0.5,1.25]},"parts":[[0.5,1.0],[2.0,3.0]]},"shard_key":null}';
append_to_file("$tmp/scroll.jsonl", "$point\n");
append_to_file("$tmp/page.json", "{\"result\":{\"points\":[$point],\"next_page_offset\":null},\"status\":\"ok\",\"time\":0.1}");
append_to_file("$tmp/get.json", '{"ids":["a","b"],"embeddings":[[1.0,2.0],[4.0,5.0]],"documents":["text a",null],"uris":null,'
	. '"included":["embeddings","documents","metadatas"],"data":null,"metadatas":[{"n":1,"lang":"en"},null]}');
append_to_file("$tmp/rows.json", '{"rows":[{"id":0,"body":"{text}","more":{"a":0},"embedding":[0.0,1.0],"sparse":{"3":0.5,"70":1.5},"$meta":{"lang":"en"}}]}');
append_to_file("$tmp/rows.jsonl", '{"id":1,"body":"text","more":"{\"a\": 0}","embedding":[0.0,1.0],"sparse":"{\"3\": 0.5}","$meta":"{\"lang\": \"de\"}"}');
mkdir("$tmp/arrays");
run_program($python, '-c', "import numpy as np; [np.save('$tmp/arrays/' + n, np.array(v)) for n, v in
	{'id': [5], 'body': ['text'], 'more': ['{\"a\": 1}'], 'embedding': [[0.5, 1]], '\$meta': ['{\"lang\": \"en\"}']}.items()]");
like(load('--from', 'qdrant', "$tmp/$_", 'qdrant'), qr/^1 rows, .*\n0$/, "qdrant: $_") for 'scroll.jsonl', 'page.json';
is($node->safe_psql('postgres', 'SELECT DISTINCT * FROM qdrant'),
	'3|en|{a,b}|{"lang": "en", "tags": ["a", "b"]}|[0.5,1]|{1:0.5,8:1.25}/100|{"[0.5,1]","[2,3]"}|1', '... its rows');
like(load('--from', 'chroma', "$tmp/get.json", 'chroma'), qr/^2 rows, .*\n0$/, 'chroma: get.json');
is($node->safe_psql('postgres', 'SELECT * FROM chroma ORDER BY id'),
	qq(a|en|text a|{"n": 1, "lang": "en"}|[1,2]\nb|||{}|[4,5]), '... its rows');
like(load('--from', 'milvus', "$tmp/$_", 'milvus'), qr/^1 rows, .*\n0$/, "milvus: $_") for 'rows.json', 'rows.jsonl', 'arrays';
is($node->safe_psql('postgres', 'SELECT * FROM milvus ORDER BY id'), join("\n",
	'0|{text}|{"a": 0}|en|[0,1]|{4:0.5,71:1.5}/100', '1|text|{"a": 0}|de|[0,1]|{4:0.5}/100', '5|text|{"a": 1}|en|[0.5,1]|'),
	'... its rows');
like(load('--from', 'milvus', "$tmp/none.json", 'milvus'), qr/there is no file .*none\.json\n2$/s, 'no such export');

$node->stop;
done_testing();
