# SPDX-License-Identifier: PostgreSQL
# The documents: what they tell the reader to type works as written.
#
# A page's blocks of SQL run in order in one session of psql, in a database of
# the page's own.  The language of a block says what happens to it:
#
#	sql				runs without an error
#	sql error		runs, and gives an error
#	sql citus		runs in test/citus/citus.pl, where there is Citus
#	text			what the block of SQL before it prints: each line, but for
#					white space, in this order; a line "..." stands for any
#	text example	the same of a reader's own data, which is not compared
#	sh				names files, tests and targets of make that exist; a line
#					that begins with psql runs, in its turn
#	python FILE		(and other languages) lines that are in FILE, a program that
#					the tests run
#
# Links lead to files and headings that are there, names of files in the text are
# names of files, and doc/reference.md has everything that the catalog has.

use File::Basename;
use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use Documents;

# The tests run in test/
chdir('..') or die "cannot go to the tree: $!";
my @files = split(/\n/, `test/files.sh`);

my $node = loki_node('main');
$node->start;

# A page as a script of psql that has each line where the page has it, so that
# psql's messages name the page's lines; the lines around code become marks in its output.
sub script
{
	my @lines;

	for my $block (@_)
	{
		my $line = $block->{first} - 1;

		if ($block->{language} eq 'sql')
		{
			$lines[$line] = "\\echo \@\@ $block->{first}";
			$lines[ ++$line ] = $_ for @{ $block->{lines} };
		}
		elsif ($block->{language} eq 'sh')
		{
			for (@{ $block->{lines} })
			{
				$line++;
				$lines[$line] = "\\! $_ || echo 'psql:page:$line: ERROR: failed' >&2" if /^(?:psql|make -f) /;
			}
		}
	}
	return join("\n", map { $_ // '' } @lines[ 1 .. $#lines ]) . "\n";
}

# Run a page's blocks; each gets its output, {errors} and {printed}.
sub run_page
{
	my ($page, @blocks) = @_;
	my $database = lc($page =~ s/\W/_/gr);
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$database.sql";
	my ($stdout, $stderr, %printed);
	my $first = 0;

	open my $fh, '>', $file or die "$file: $!";
	print $fh script(@blocks);
	close $fh;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	local %ENV = (%ENV, $node->_get_env(PGDATABASE => $database));
	IPC::Run::run([ 'psql', '-X', '-f', $file ], '<', '/dev/null', '>', \$stdout, '2>', \$stderr)
	  or die "psql: $stderr";

	for (split(/\n/, $stdout))
	{
		$first = $1, next if /^\@\@ (\d+)$/;
		push @{ $printed{$first} }, $_;
	}
	for my $block (@blocks)
	{
		my $last = $block->{first} + @{ $block->{lines} };
		my $inside = 0;

		$block->{errors} = [];
		$block->{printed} = $printed{ $block->{first} } // [];
		for (split(/\n/, $stderr))
		{
			$inside = $1 >= $block->{first} && $1 <= $last if s/^psql:.*?:(\d+): //;
			next unless $inside;
			push @{ $block->{printed} }, $_;
			push @{ $block->{errors} }, $_ if /^(ERROR|FATAL|invalid command)/;
		}
	}
	return;
}

# What a block of SQL does wrong
sub faults
{
	my ($block) = @_;

	return "gives no error" if $block->{rest} eq 'error' && !@{ $block->{errors} };
	return @{ $block->{errors} } if $block->{rest} ne 'error';
	return;
}

# Whether there is a file of this name, or a folder; * and the words NAME, NNN, OLD
# and NEW stand for anything
sub exists_in_tree
{
	my ($name) = @_;
	my $pattern =
	  join('.*', map { quotemeta } split(/\*|NAME|NNN|OLD|NEW/, $name =~ s/^\.\/|\/$//gr, -1));

	return grep { m{(^|/)$pattern($|/)} } @files;
}

my %targets = map { $_ => 1 } qw(all install uninstall installcheck clean),
  split(' ', `make -s print-own_targets`), slurp_file('Makefile') =~ /^([a-z-]+):/mg;

my %clients = map { $_ => 1 } split(' ', `test/clients/run.sh --list`);

# What a line for the shell names that is not there
sub unknown_in_command
{
	my ($line) = @_;
	my @unknown;

	$line =~ s/(^|\s)#.*//;
	if ($line =~ /(^|\s)TESTS=("[^"]*"|\S+)/)
	{
		push @unknown,
		  grep { !exists_in_tree("$_.*") && !exists_in_tree("${_}_test.*") && !$clients{$_} }
		  split(' ', $2 =~ s/"//gr);
	}
	if ($line =~ /(^|\s)make((\s+\w[\w-]*(?=\s|$))+)/)
	{
		push @unknown, grep { !$targets{$_} } split(' ', $2);
	}
	$line =~ s/"[^"]*"|'[^']*'//g;
	$line =~ s/^\w+=\$\((.*)\)$/$1/;
	push @unknown, grep { !/^(?:build|venv)\b/ && !exists_in_tree($_) }
	  grep { m{^[\w.-]+/[\w./-]+$|\.(sh|py|sql|md|pl)$} } split(' ', $line);
	return @unknown;
}

# Names of files in the text, between backticks, that are not there
sub unknown_in_text
{
	my ($page) = @_;
	my $text = slurp_file($page) =~ s/^```.*?^```//smgr;

	return grep { !exists_in_tree($_) } grep { !m{^(build|out)/} }
	  $text =~ /`([\w\/.*-]+\.(?:c|h|sh|py|pl|md)|(?:src|doc|test|bench|demo|examples|sql)\/[\w\/.*-]+)`/g;
}

sub anchors
{
	my ($page) = @_;
	my $text = slurp_file($page) =~ s/^```.*?^```//smgr;

	return map { lc($_) =~ s/[^\w\- ]//gr =~ s/ /-/gr } $text =~ /^#+ +(.*?) *$/mg;
}

# Links to files and headings that are not there
sub broken_links
{
	my ($page) = @_;
	my @broken;

	for (slurp_file($page) =~ /\]\(([^)\s]+)\)/g)
	{
		next if /^https?:/;
		my ($file, $anchor) = /^([^#]*)#?(.*)$/;
		my $target = $file eq '' ? $page : dirname($page) . "/$file";

		if (!-e $target)
		{
			push @broken, $_;
		}
		elsif ($anchor ne '' && !grep { $_ eq $anchor } anchors($target))
		{
			push @broken, $_;
		}
	}
	return @broken;
}

# Lines of a snippet that the program it is from does not have
sub not_in_program
{
	my ($block) = @_;
	my %lines = map { plain($_) => 1 } split(/\n/, slurp_file($block->{rest}));

	return grep { $_ ne '' && !$lines{$_} } map { plain($_) } @{ $block->{lines} };
}

sub passes
{
	my ($name, @faults) = @_;

	ok(!@faults, $name) or diag(join("\n", @faults));
	return;
}

my @run = ('README.md', sort glob('doc/*.md doc/contributors/*.md'));
for my $page (@run)
{
	my @blocks = grep { "$_->{language} $_->{rest}" ne 'sql citus' } blocks($page);
	my $before;
	my (@wrong, @other);

	if (grep { $_->{language} eq 'sql' } @blocks)
	{
		run_page($page, @blocks);
		for my $block (grep { $_->{language} =~ /^(sql|sh)$/ } @blocks)
		{
			push @wrong, map { "$page:$block->{first}: $_" } faults($block);
		}
		passes("$page: SQL runs as written", @wrong);
		for my $block (@blocks)
		{
			if ($block->{language} eq 'text' && $block->{rest} eq '' && $before)
			{
				my $line = missing($block->{lines}, $before->{printed});

				push @other, "$page:$block->{first}: is not printed: $line", @{ $before->{printed} }
				  if defined $line;
			}
			$before = $block if $block->{language} eq 'sql';
		}
		passes("$page: SQL prints what the page shows", @other);
	}
	@wrong = map { "$page:$_->{first}: $_->{language} $_->{rest}" }
	  grep { $_->{language} !~ /^(sql|sh|text)$/ && !-f $_->{rest} } @blocks;
	passes("$page: every block says what it is", @wrong);
	@wrong = map { not_in_program($_) } grep { -f $_->{rest} } @blocks;
	passes("$page: programs are as tested", @wrong);
}

for my $page (@run, 'CONTRIBUTING.md', 'bench/README.md', sort glob('doc/design/*.md examples/*.md examples/*/*.md operations/*/*.md'))
{
	# what follows the checkout of an older commit is there
	my @commands = grep { !(/^git checkout /m .. /\A\z/) } map { (@{ $_->{lines} }, '') }
	  grep { $_->{language} eq 'sh' } blocks($page);

	passes("$page: commands name what exists", map { unknown_in_command($_) } @commands);
	passes("$page: names of files", unknown_in_text($page));
	passes("$page: links", broken_links($page));
}

#
# doc/reference.md and doc/contributors/catalog.md against the catalog
#

# The cells of the tables below a heading
sub table
{
	my ($page, $heading) = @_;
	my ($text) = slurp_file($page) =~ /^#+ \Q$heading\E\n(.*?)(?=^#|\z)/ms;

	return map { [ map { s/^\s+|\s+$//gr =~ s/\\\|/|/gr } split(/(?<!\\)\|/, $_) ] }
	  map { s/^\|//r } grep { !/^\|[-|]+$/ } $text =~ /^(\|.*)$/mg;
}

sub codes
{
	my @codes = $_[0] =~ /`([^`]+)`/g;

	return @codes;
}

# Rows of a query on what belongs to the extension in a catalog
sub members
{
	my ($database, $catalog, $columns, $from) = @_;

	return split(/\n/, $node->safe_psql($database, qq(
		LOAD '\$libdir/lokivector';
		SELECT concat_ws(' | ', $columns) FROM $catalog c $from
		WHERE c.oid IN (SELECT objid FROM pg_depend WHERE classid = '$catalog'::regclass AND deptype = 'e'
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lokivector')))));
}

sub same
{
	my ($name, $written, $there) = @_;
	my %written = map { $_ => 1 } @$written;
	my %there = map { $_ => 1 } @$there;

	passes("reference: $name",
		(map { "is missing: $_" } grep { !$written{$_} } sort keys %there),
		(map { "is not there: $_" } grep { !$there{$_} } sort keys %written));
	return;
}

# What the functions that users call return, and the names of their arguments
sub unnamed_arguments
{
	my ($page, @functions) = @_;
	my @unnamed;

	for (@functions)
	{
		my ($function, $names) = split(/ \| /, $_, 2);
		my ($text) = slurp_file($page) =~ /^### \Q$function\E\n(.*?)(?=^#)/ms;

		$text //= '';
		push @unnamed, map { "$function: $_" } grep { $text !~ /`$_`/ } split(/,/, $names // '');
		push @unnamed, "$function: who may call it" if $text !~ /^Who may call it: /m;
	}
	return @unnamed;
}

# Values that a storage parameter takes, as the error for another one tells
sub parameter_values
{
	my ($database, $method, $name) = @_;
	my ($result, $stdout, $stderr) = $node->psql($database,
		"CREATE INDEX ON items USING $method (embedding vector_l2_ops) WITH ($name = 99999999)");

	return "$1 to $2" if $stderr =~ /Valid values are between "(\d+)[.0]*" and "(\d+)[.0]*"/;
	return join(', ', $1 =~ /"(\w+)"/g) if $stderr =~ /Valid values are (.*)/;
	return "on, off" if $stderr =~ /invalid value for boolean option/;
	return $1 if $stderr =~ /Name (a column .*?) by ALTER INDEX/;
	return $stderr;
}

# The rows of a table that name something
sub named
{
	return grep { $_->[0] =~ /`/ } table(@_);
}

# Operators by operand, and casts, of which a row has several
sub one_by_one
{
	my ($row, $end) = @_;
	my ($first) = codes($row->[0]);

	return map { "$first | $_$end" } codes($row->[1]);
}

sub check_objects
{
	my ($page, $database) = @_;
	my $catalog = 'doc/contributors/catalog.md';
	my $text = join('', map { slurp_file($_) } $page, $catalog) =~ s/^```.*?^```//smgr;

	same('types', [ map { codes($_->[0]) } named($page, 'Types') ],
		[ grep { !/\[\]$/ } members($database, 'pg_type', 'format_type(c.oid, NULL)',
			# without the types of views' rows, which are members since 17
			'JOIN (SELECT oid AS type FROM pg_type WHERE typrelid = 0) t ON type = c.oid') ]);
	same('operators', [ map { one_by_one($_, '') } named($page, 'Operators') ],
		[ members($database, 'pg_operator', 'oprname, format_type(oprleft, NULL)', '') ]);
	same('functions', [ grep { /^\w+\(([a-z][\w \[\],]*)?\)$/ } codes($text) ],
		[ map { s/,/, /gr } members($database, 'pg_proc', 'c.oid::regprocedure', '') ]);
	same('casts', [ map { one_by_one($_, " | $_->[2]") } named($page, 'Casts') ],
		[ members($database, 'pg_cast', "format_type(castsource, NULL), format_type(casttarget, NULL),
			CASE castcontext WHEN 'i' THEN 'implicit' ELSE 'in assignments' END", '') ]);
	same('access methods', [ map { codes($_->[0]) } named($page, 'Access methods and operator classes') ],
		[ members($database, 'pg_am', 'amname', '') ]);
	same('operator classes',
		[ map { join(' | ', codes("@$_[ 0 .. 2 ]"), $_->[4] // '') } named($catalog, 'Operator classes') ],
		[ members($database, 'pg_opclass', "opcname, amname, format_type(opcintype, NULL),
			CASE WHEN opcdefault THEN 'yes' ELSE '' END", 'JOIN pg_am a ON a.oid = c.opcmethod') ]);
	return;
}

sub check_functions
{
	my ($page, $database) = @_;
	my @functions = grep { !/^lokivector_(version|simd|typanalyze|(?:distance|fusion|words)_support)\b/ }
	  members($database, 'pg_proc', "proname, array_to_string(proargnames, ',')",
		"JOIN pg_namespace n ON n.oid = pronamespace AND proname LIKE 'lokivector%'");

	passes('reference: what users call has a description', members($database, 'pg_proc', 'proname',
		"JOIN pg_namespace n ON n.oid = pronamespace AND proname LIKE 'lokivector%'
			AND obj_description(c.oid, 'pg_proc') IS NULL"));
	passes('reference: arguments, results, rights', unnamed_arguments($page, @functions));
	return;
}

sub check_parameters
{
	my ($page, $database) = @_;
	my @parameters = named($page, 'Storage parameters');
	my @sources = map { slurp_file($_) } glob('src/hnsw/definition/*.c src/hnsw/*.c');
	my @values;

	same('settings', [ map { join(' | ', codes("$_->[0]$_->[1]"), $_->[2]) } named($page, 'Settings') ],
		[ split(/\n/, $node->safe_psql($database, q(
			LOAD '$libdir/lokivector';
			SELECT concat_ws(' | ', name, boot_val, coalesce(min_val || ' to ' || max_val,
				array_to_string(enumvals, ', '), 'on, off'))
			FROM pg_settings WHERE name ~ '^(hnsw|ivfflat|lokivector)\.' AND context IN ('user', 'superuser')))) ]);
	same('storage parameters', [ map { codes($_->[0]) } @parameters ],
		[ map { /add_\w+_reloption\(\w+, "(\w+)"/g } @sources ]);
	for (@parameters)
	{
		my ($name, $method) = codes("$_->[0]$_->[1]");

		push @values, "$name | " . parameter_values($database, $method, $name);
	}
	same('values of storage parameters', [ map { join(' | ', codes($_->[0]), $_->[3]) } @parameters ],
		\@values);
	return;
}

sub check_explain
{
	my ($page) = @_;
	my $sources = join('', map { slurp_file($_) } glob('src/planner/*/*.c'));

	same('fields of EXPLAIN', [ map { codes($_->[0]) } table($page, 'Fields of EXPLAIN (ANALYZE)') ],
		[ $sources =~ /(?:ExplainProperty\w+|show_expressions)\("([^"]+)"/g ]);
	return;
}

sub check_examples
{
	my ($page, $database) = @_;
	my @faults;

	for (named($page, 'Operators'), named($page, 'Functions of values'))
	{
		my ($example, $result) = codes("$_->[-2]$_->[-1]");
		my $is = $node->safe_psql($database, "SELECT ($example)");

		push @faults, "$example is $is, not $result" if $is ne $result;
	}
	passes('reference: examples', @faults);
	return;
}

$_->('doc/reference.md', 'doc_reference_md')
  for \&check_objects, \&check_functions, \&check_parameters, \&check_explain, \&check_examples;

# The same documents in a package
my $package = "$PostgreSQL::Test::Utils::tmp_check/package";
system('mkdir', '-p', "$package/doc", "$package/examples") == 0
  && system('cp', '-R', 'operations', "$package/examples") == 0
  && system('sh', '-c', 'cp README.md CHANGELOG.md "$0" && cp doc/*.md doc/*.svg doc/*.png "$0/doc"', $package) == 0
  or die 'cannot copy the documents';
is(system('packaging/documents.pl', $package), 0, 'packaging/documents.pl');
passes('links in a package', map { broken_links($_) } "$package/README.md", glob("$package/doc/*.md"));

# The program of README.md, in the database that its blocks made
SKIP:
{
	skip('python3 has no psycopg', 1) if system('python3 -c "import psycopg" 2>/dev/null') != 0;
	local %ENV = (%ENV, $node->_get_env(PGDATABASE => 'readme_md'));

	is(`python3 examples/first_search.py`, "[3, 1]\n", 'examples/first_search.py');
}

# The compose file names files of the tree, and begins with the first table of README.md
my $compose = slurp_file('packaging/compose.yaml');
my @of_compose = ($compose =~ /dockerfile: (\S+)/, map { "packaging/$_" } $compose =~ m{- \./([^:\s]+):}g);
passes('packaging/compose.yaml: names of files', grep { !-f $_ } @of_compose);
is(scalar(@of_compose), 2, '... of which there are two');
$node->safe_psql('postgres', 'CREATE DATABASE compose');
my ($status, $printed, $errors) = $node->psql('compose', slurp_file('packaging/first-table.sql'));
is($errors, '', 'packaging/first-table.sql runs');
my ($columns) = slurp_file('README.md') =~ /(CREATE TABLE items \(.*?\n\);)/s;
$columns =~ s/\s*--.*//g;
ok(index(slurp_file('packaging/first-table.sql'), $columns) >= 0, '... and makes the first table of README.md');

done_testing();
