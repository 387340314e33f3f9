# SPDX-License-Identifier: PostgreSQL
# The dashboard, by Grafana's own library: operations/dashboard.py makes the file with it, and
# the library knows all that the file has.

use JSON::PP qw(decode_json);
use lib 'operations';
use OperationsTest;

unpack_or_skip('python3-pip');

# The library, where it stays for the next run
my $program = "$top/operations/dashboard.py";
my ($library) = slurp_file($program) =~ /pip install '([^']+)'/;
my $directory = "$root/python/" . $library =~ s/\W+/_/gr;
my $messages;

if (!-d $directory)
{
	# The directory is there when all of it is
	IPC::Run::run([ '/usr/bin/python3', '-m', 'pip', 'install', '-q', '--no-cache-dir', '--no-deps',
			'--disable-pip-version-check', '--target', "$directory.part", $library ],
		'<', '/dev/null', '>&', \$messages);
	rename("$directory.part", $directory);
}

SKIP:
{
	skip("$library: " . ((split(/\n/, $messages // ''))[-1] // 'cannot be had'), 1) if !-d $directory;

	local $ENV{PYTHONPATH} = $directory;
	my $made = run_program('/usr/bin/python3', '-B', $program);
	my $file = slurp_file("$top/operations/dashboard.json");

	is($file, $made, 'the dashboard is as the library makes it');

	# The library reads what it knows, and leaves out the rest
	is_deeply(decode_json(run_program('/usr/bin/python3', '-B', '-c', q(
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()
print(JSONEncoder().encode(Dashboard.from_json(json.load(open(sys.argv[1])))))
), "$top/operations/dashboard.json")), decode_json($file), 'it knows all that the file has');

	my ($grafana) = slurp_file("$top/operations/compose.yaml") =~ m{/grafana:(\d+)\.};
	my ($made_for) = $library =~ /!(\d+)\./;
	cmp_ok($grafana, '>=', $made_for, 'Grafana in compose.yaml is no older');
}
done_testing();
