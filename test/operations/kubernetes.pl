# SPDX-License-Identifier: PostgreSQL
# The manifests of operations/kubernetes.yaml have the fields, types and values that the
# definitions of CloudNativePG and of its plugin for backups allow, which are taken from their
# Go modules, and name each other.  No cluster is at hand: nothing is started.

use IPC::Run;
use JSON::PP qw(decode_json);
use lib 'operations';
use OperationsTest;

my %modules = (
	'github.com/cloudnative-pg/cloudnative-pg@v1.27.1' => 'h1:w+bbtXyEPoaa7sZGXxbb8qJ+/bUGWQ3M48kbNUEpKlk=',
	'github.com/cloudnative-pg/plugin-barman-cloud@v0.15.0' => 'h1:gNVytrzzYUE08wxLDrjfJqy1FPPSFkMe1OEr4s4pVI0=');
my %definitions = (
	Cluster => 'postgresql.cnpg.io_clusters', Database => 'postgresql.cnpg.io_databases',
	ScheduledBackup => 'postgresql.cnpg.io_scheduledbackups', ObjectStore => 'barmancloud.cnpg.io_objectstores');

sub skip_rest
{
	my ($reason) = @_;

  SKIP: { skip($reason, 1); }
	done_testing();
	exit;
}

unpack_or_skip('python3-yaml');
# run() dies of a command that is not there
skip_rest('there is no go') if !eval { IPC::Run::run([ 'go', 'version' ], '>', \my $version, '2>', \my $missing) };

# Where the modules are; their sums are compared here
my @directories;
local %ENV = (%ENV, GOTOOLCHAIN => 'local', GOFLAGS => '-modcacherw', GONOSUMDB => '*',
	GOMODCACHE => "$root/go-modules", GOCACHE => "$root/go-build", HOME => $root);
for my $module (sort keys %modules)
{
	my $json;

	IPC::Run::run([ 'timeout', '300', 'go', 'mod', 'download', '-json', $module ], '>', \$json, '2>', '/dev/null',
		init => sub { chdir $root })
	  or skip_rest("$module cannot be had");
	my $got = decode_json($json);
	is($got->{Sum}, $modules{$module}, "$module is what it was");
	push @directories, $got->{Dir};
}

sub definition
{
	my ($kind) = @_;
	my ($file) = grep { -e } map { "$_/config/crd/bases/$definitions{$kind}.yaml" } @directories;

	return yaml(slurp_file($file))->{spec}{versions}[0]{schema}{openAPIV3Schema};
}

# What a schema does not allow in a value
sub faults
{
	my ($schema, $value, $path) = @_;
	my $type = $schema->{'x-kubernetes-int-or-string'} ? 'scalar' : $schema->{type} // 'any';
	my $json = JSON::PP->new->allow_nonref->allow_blessed->encode($value);
	my $is = ref $value eq 'HASH' ? 'object' : ref $value eq 'ARRAY' ? 'array' : ref $value ? 'boolean' :
	  $json =~ /^"/ ? 'string' : 'integer';

	return if $type eq 'any' || $schema->{'x-kubernetes-preserve-unknown-fields'};
	return "$path: $is, not $type"
	  if $type eq 'scalar' ? $is !~ /^(string|integer)$/ : $is ne ($type eq 'number' ? 'integer' : $type);
	return "$path: $value is none of @{ $schema->{enum} }"
	  if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
	return "$path: $value does not match $schema->{pattern}"
	  if $schema->{pattern} && $value !~ /$schema->{pattern}/;
	return "$path: $value is too small" if defined $schema->{minimum} && $value < $schema->{minimum};
	return map { faults($schema->{items}, $value->[$_], "$path\[$_\]") } 0 .. $#$value if $is eq 'array';
	return if $is ne 'object' || !$schema->{properties} && !$schema->{additionalProperties};
	my $known = $schema->{properties} // {};
	return ((map { "$path.$_ is missing" } grep { !exists $value->{$_} } @{ $schema->{required} // [] }),
		map { my $of = $known->{$_} // $schema->{additionalProperties};
			  $of ? faults($of, $value->{$_}, "$path.$_") : "$path.$_ is not known" } sort keys %$value);
}

my %manifest = map { $_->{kind} => $_ } map { yaml($_) } split(/^---$/m, slurp_file("$top/operations/kubernetes.yaml"));

is(join(' ', sort keys %manifest), join(' ', sort keys %definitions), 'manifests');
for my $kind (sort keys %manifest)
{
	is(join("\n", faults(definition($kind), $manifest{$kind}, $kind)), '', "$kind is as its definition");
	my ($group) = $definitions{$kind} =~ /^(.*)_/;
	is($manifest{$kind}{apiVersion}, "$group/v1", '... of its group');
}
my %wrong = (%{ $manifest{ScheduledBackup}{spec} }, schedule => 2, metod => 'plugin', target => 'any');
is(join("\n", faults(definition('ScheduledBackup'), { %{ $manifest{ScheduledBackup} }, spec => \%wrong }, 'b')),
	"b.spec.metod is not known\nb.spec.schedule: integer, not string\nb.spec.target: any is none of primary prefer-standby",
	'the comparison finds faults');

# They name each other
my ($cluster, $database, $store, $backup) = map { $manifest{$_} } qw(Cluster Database ObjectStore ScheduledBackup);
my ($plugin) = @{ $cluster->{spec}{plugins} };
is("$database->{spec}{cluster}{name} $backup->{spec}{cluster}{name}", "$cluster->{metadata}{name} $cluster->{metadata}{name}",
	'the cluster of database and backups');
is("@{ $database->{spec} }{qw(name owner)}", "@{ $cluster->{spec}{bootstrap}{initdb} }{qw(database owner)}",
	'the database');
is($plugin->{parameters}{barmanObjectName}, $store->{metadata}{name}, 'where backups go');
is($backup->{spec}{pluginConfiguration}{name}, $plugin->{name}, '... and what makes them');
is(join(' ', map { $_->{name} } @{ $cluster->{spec}{postgresql}{extensions} }, @{ $database->{spec}{extensions} }),
	'lokivector lokivector', 'the extension');

# What the head of the file says to have
like($cluster->{spec}{imageName}, qr{^ghcr\.io/cloudnative-pg/postgresql:\d+-\w+-trixie$}, "the servers' image");
my ($secret) = slurp_file("$top/operations/kubernetes.yaml") =~ /^#\tkubectl create secret generic (\S+)/m;
my $credentials = $store->{spec}{configuration}{s3Credentials};
is($credentials->{$_}{name}, $secret, "the Secret of $_") for sort keys %$credentials;

done_testing();
