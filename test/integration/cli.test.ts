// xctl against a real controller with an etcd of its own: every command, every format, every exit code.
import anyTest, { type TestFn } from 'ava';
import { parse as parseYaml } from 'yaml';
import { ControllerProcess } from '../support/controller-process.js';
import { type Json, json, list, part, Xctl } from '../support/xctl.js';
import { inTurn, words } from '../support/xctl-socket.js';

type Shared = { controller: ControllerProcess; xctl: Xctl };
const test = anyTest as TestFn<Shared>;

// Each test has its own controller and etcd, so the tests run one after the other.
test.beforeEach(async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  t.context = { controller, xctl: new Xctl({ controller: `unix:${controller.socket}` }) };
});
test.afterEach.always(async (t) => {
  t.context.xctl.close();
  await t.context.controller.close();
});

test.serial('from nothing to nodes and back', async (t) => {
  const { xctl, controller } = t.context;
  const says = async (args: string, expected: RegExp, code = 0) => {
    const ran = await xctl.run(...args.split(' '));
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(ran.stdout, expected, args);
    return ran;
  };
  await says('status', /no pools: xctl pools create/);
  await says(
    'pools create default 10.76.0.0/24 --subnet-length 28 --quarantine 2h',
    /^created pool default: .* 16 subnets/,
  );
  await says('pools create default 10.76.0.0/24 --subnet-length 28 --quarantine 2h', /^unchanged: pool default/);
  const pub = await says(
    'pools create pub 172.172.0.0/16 --mode bridge --bridge-name br7',
    /^created pool pub: .* bridge\n/,
  );
  t.regex(pub.stderr, /^warning: 172\.172\.0\.0\/16 is a public range/);
  await says('pool ls -o name', /^default\npub\n$/);
  const added = await says(
    'nodes add web-1 --address 192.168.83.11 --label zone=eu-1',
    /^leased 10\.76\.0\.0\/28 of pool default to web-1\n/,
  );
  t.regex(
    added.stdout,
    new RegExp(
      `\\n\\nxnetd join --controller 127\\.0\\.0\\.1:${controller.joinPort} --token-file - <<'EOF'\\n` +
        'XJT1-[0-9a-z]{50}-[0-9a-z]{6}\\.[0-9a-z]{26}\\nEOF\\n',
    ),
  );
  t.regex(added.stderr, /^note: the controllers listen on this machine only/);
  const again = await says('nodes add web-1 --address 192.168.83.11 --label zone=eu-1', /^unchanged: 10\.76\.0\.0\/28/);
  t.regex(again.stdout, /for a host that has not joined: xctl tokens create --node web-1\n$/);
  await says('nodes add web-2 --address 192.168.83.12 --subnet 10.76.0.64/28', /^leased 10\.76\.0\.64\/28/);
  await says('nodes add edge-1 --address 192.168.83.13 --pool pub --mode bip -o name', /^edge-1\n$/);
  await says(
    'pools reserve default 10.76.0.128/26 --node web-9 --reason testing',
    /^reserved 10\.76\.0\.128\/26 of pool default for web-9/,
  );
  await says('pools reserve default 10.76.0.128/26 --node web-9 --reason testing', /^unchanged:/);
  await says(
    'pools show default',
    /Subnets: +16: 2 leased, 4 reserved, 0 in quarantine, 10 free\nReservations:\n {2}10\.76\.0\.128\/26 for web-9: testing\n\n10\.76\.0\.0\/28 +#\.\.\.#\.\.\.rrrr\.\.\.\.\n/,
  );
  await says('lease ls', /\n10\.76\.0\.128\/26 +default +reserved +web-9 +- +- +testing\n/);
  const { id } = part(json(await xctl.run('nodes', 'show', 'web-1', '-o', 'json')), 'node') as { id: string };
  for (const name of ['web-1', id, id.slice(0, 8), '192.168.83.11', '10.76.0.0/28', '10.76.0.5']) {
    await says(`node get ${name} -o name`, /^web-1\n$/);
  }
  await says(
    'nodes show web-1',
    /^! web-1 is pending: its host has not joined\n {4}next: xctl tokens create --node web-1\n\nName: [\s\S]*Labels: +zone=eu-1[\s\S]*none: its host has not joined[\s\S]*never connected[\s\S]*tokens create --node web-1[\s\S]*NodeAdded/,
  );
  await says(
    'nodes set web-1 --address 192.168.83.21 --label rack=r1 --label spare= --remove-label zone',
    /^changed web-1: address: 192\.168\.83\.11 → 192\.168\.83\.21, label rack: \(none\) → r1, label spare: \(none\) → "", label zone: eu-1 → \(none\)\n$/,
  );
  await says('nodes set web-1 --address 192.168.83.21', /^unchanged: web-1\n$/);
  await says('nodes cordon web-1', /^changed web-1: availability: active → cordoned\n$/);
  await says('nodes list --selector rack=r1', /\nweb-1 .* pending,cordoned /);
  await says('nodes list --selector rack=r1,zone=eu-1 -o name', /^$/);
  await says('nodes list --state ready -o name', /^$/);
  await says('nodes list --state ready,pending -o name', /^edge-1\nweb-1\nweb-2\n$/);
  await says('nodes uncordon 192.168.83.21', /cordoned → active/);
  await says('routes list', /^SUBNET +NEXT-HOP +NODE +STATE\n10\.76\.0\.0\/28 +192\.168\.83\.21 +web-1 +pending\n/);
  t.notRegex((await xctl.run('routes', 'list', '--node', 'web-1')).stdout, / web-1 /);
  await says('routes check', /^all 0 connected nodes have every route\n$/);
  await says('nodes rm web-2 --yes', /^removed web-2; 10\.76\.0\.64\/28 is in quarantine for 2h, until /);
  await says('nodes rm web-2 --yes', /^$/, 3);
  await says('leases list --pool default', /quarantined +web-2 +\d+s +in (2h|1h59m\d+s)/);
  await says('pools remove default --confirm default', /^$/, 4);
  await says('leases release 10.76.0.64/28 --confirm 10.76.0.64/28', /^ended the quarantine/);
  await says('nodes remove web-1 --confirm web-1', /^removed web-1/);
  await says('pools unreserve default 10.76.0.128/26', /^ended the reservation of 10\.76\.0\.128\/26/);
  await says('pools rm default --confirm default', /^$/, 4);
  await says('pools rm default --confirm default --force', /^removed pool default\n$/);
  await says('events --node web-1', /NodeAdded .*\n[\s\S]*NodeChanged .*\n[\s\S]*NodeRemoved /);
  await says('event --subject pool/pub -o name', /^\d+-[a-z0-9]+\n$/);
  await says(
    'status',
    /\nNodes: +1 \(1 pending\)\n[\s\S]*CONTROLLER[\s\S]*\npub +172\.172\.0\.0\/16[\s\S]*all is well\n$/,
  );
});

test.serial('every list and every show agree in every format', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool();
  for (const host of [1, 2, 3]) await controller.addNode(`web-${host}`, `192.168.83.${host}`);
  const lists: readonly (readonly [string, string, string])[] = [
    ['pools list', 'pools', 'name'],
    ['nodes list', 'nodes', 'name'],
    ['leases list', 'leases', 'subnet'],
    ['routes list', 'routes', 'subnet'],
    ['events', 'events', 'id'],
  ];
  for (const [args, key, name] of lists) {
    const as = (format: string) => xctl.run(...args.split(' '), '-o', format);
    const items = list(json(await as('json')), key);
    t.true(items.length > 0, args);
    t.deepEqual(list(parseYaml((await as('yaml')).stdout) as Json, key), items, args);
    const lines = (await as('jsonl')).stdout.trimEnd().split('\n');
    t.deepEqual(
      lines.map((line) => JSON.parse(line) as Json),
      items.map((item) => ({ schemaVersion: 1, ...item })),
      args,
    );
    t.deepEqual(
      (await as('name')).stdout.trimEnd().split('\n'),
      items.map((item) => item[name]),
      args,
    );
    const [table, wide] = [(await as('table')).stdout.split('\n'), (await as('wide')).stdout.split('\n')];
    t.true(table.length > items.length, args);
    t.true((wide[0]?.length ?? 0) >= (table[0]?.length ?? 0), args);
    for (const value of JSON.stringify(items).matchAll(/"state":"([^"]*)"/g)) t.regex(value[1] ?? '', /^[a-z]+$/);
  }
  for (const args of ['pools show default', 'nodes show web-1', 'status']) {
    const as = (format: string) => xctl.run(...args.split(' '), '-o', format);
    const document = json(await as('json'));
    t.is(document['schemaVersion'], 1, args);
    // The revision and the ages change meanwhile.
    const withoutTime = ({ revision: _, ...rest }: Json) => rest;
    t.deepEqual(withoutTime(parseYaml((await as('yaml')).stdout) as Json), withoutTime(document), args);
    t.deepEqual(withoutTime(JSON.parse((await as('jsonl')).stdout) as Json), withoutTime(document), args);
    t.is((await as('name')).stdout.trim().split('\n').length, 1, args);
  }
  const [first] = list(json(await xctl.run('nodes', 'list', '-o', 'json')), 'nodes');
  t.like(first, {
    name: 'web-1',
    address: '192.168.83.1',
    pool: 'default',
    subnet: '10.76.0.0/24',
    gateway: '10.76.0.1',
    mode: 'bip',
    availability: 'active',
    state: 'pending',
    labels: {},
    seenAt: null,
    controller: null,
    routes: null,
    conditions: [],
    generation: 1,
    versions: { daemon: null, kernel: null, docker: null },
  });
  t.regex(String(first?.['createdAt']), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test.serial('errors have distinct exit codes, go to standard error alone, and change nothing', async (t) => {
  const { xctl, controller } = t.context;
  await controller.createPool('10.76.0.0/30', 'tiny', 30);
  await controller.createPool('10.77.0.0/16');
  await controller.addNode('web-1', '192.168.83.1');
  const before = await controller.contents();
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['', 2, /Usage: xctl/],
    ['nodes', 2, /Usage: xctl nodes/],
    ['ndoes list', 2, /unknown command 'ndoes'\n\(Did you mean nodes\?\)\nsee xctl --help/],
    ['nodes lst', 2, /unknown command 'lst'[\s\S]*\blist\b[\s\S]*see xctl nodes --help/],
    ['nodes add web-2 --adress 1.2.3.4', 2, /unknown option '--adress'\n\(Did you mean --address\?\)/],
    ['nodes add web-2', 2, /option '--address' is missing\nsee xctl nodes add --help/],
    ['nodes add', 2, /missing required argument 'name'/],
    ['pools reserve tiny 10.76.0.0/30 x', 2, /too many arguments/],
    ['nodes list --sort-by size', 2, /--sort-by: there is no field "size"\nthere are name, /],
    ['status --wait --watch', 2, /exclude each other/],
    ['nodes list -o xml', 2, /Allowed choices are table, wide, json, yaml, jsonl, name/],
    ['nodes list --state broken', 2, /Allowed are pending, progressing/],
    ['nodes list --timeout soon', 2, /Give a duration such as 90s/],
    ['nodes list --controller nowhere:99999', 2, /neither HOST:PORT/],
    ['nodes list --config /nonexistent', 2, /can't read the config file \/nonexistent/],
    ['events --node web-1 --subject node/web-1', 2, /exclude each other/],
    [
      'nodes add Web_2 --address 127.0.0.1 --subnet 10.77.0.1/24 --pool -',
      2,
      /invalid node: 4 problems\n( {2}- .*\n){4}/,
    ],
    ['nodes add web-2 --address 192.168.83.2 --label zone', 2, /"zone" is not a label/],
    [
      'pools create p 10.78.0.9/16 --network-name host',
      2,
      /2 problems\n.*did you mean 10\.78\.0\.0\/16\?\n.*one of Docker's own/,
    ],
    ['nodes show web-7', 3, /there is no node "web-7"\ndid you mean web-1\?/],
    ['pools show none', 3, /there is no pool none\npools: default, tiny/],
    ['nodes add web-2 --address 192.168.83.2 --pool none', 3, /there is no pool none/],
    ['leases release 10.77.9.0/24 --confirm 10.77.9.0/24', 3, /is not in quarantine/],
    ['nodes add web-1 --address 192.168.83.9', 4, /node web-1 already exists: its address is 192\.168\.83\.1\n/],
    [
      'nodes set web-1 --label zone=eu-2 --revision 1',
      4,
      /web-1 was changed since revision 1: nothing was changed\n.*label zone: it is \(none\) at revision \d+, yours is eu-2\n/,
    ],
    ['nodes rename web-1 web-9 --revision 1', 4, /name: it is web-1 at revision \d+, yours is web-9/],
    ['nodes set web-1 --label zone=eu-2 --revision x', 2, /Give a revision/],
    ['nodes add web-2 --address 192.168.83.1', 4, /address 192\.168\.83\.1 is that of node web-1/],
    ['nodes add web-2 --address 192.168.83.2 --subnet 10.77.0.0/24', 4, /10\.77\.0\.0\/24/],
    ['nodes add web-2 --address 10.77.0.9', 4, /lies inside pool default/],
    ['pools create p 10.77.4.0/24 --subnet-length 26', 4, /overlaps pool default/],
    ['pools create p 10.90.0.0/31', 2, /^xctl: cidr: 10\.90\.0\.0\/31 is smaller than a \/30/],
    ['pools create p 10.90.0.0/25', 2, /10\.90\.0\.0\/25 is small for subnets of \/24: .* --subnet-length 27$/m],
    ['nodes list -l zone>a', 2, /"zone>a" is not a selector: write zone=a, zone!=a/],
    ['nodes list -l zone=a,', 2, /"" is not a selector/],
    ['pools create tiny 10.79.0.0/16', 4, /pool tiny already exists/],
    ['nodes remove web-1', 2, /without confirmation \(no terminal\)\nto confirm: --yes/],
    ['nodes remove web-1 --force --yes', 2, /without confirmation \(no terminal\)\nto confirm: --confirm web-1/],
    ['nodes remove web-1 --force --confirm web-2', 2, /--confirm web-2 does not match/],
    ['pools remove tiny', 2, /to confirm: --confirm tiny/],
    ['leases release 10.77.0.0/24', 2, /to confirm: --confirm 10\.77\.0\.0\/24/],
    ['completion tcsh', 2, /Allowed choices are bash, zsh, fish/],
  ];
  for await (const [[args, code, stderr], ran] of inTurn(cases, ([args]) => xctl.run(...words(args)))) {
    t.is(ran.code, code, `${args}: ${ran.stderr}`);
    t.regex(ran.stderr, stderr, args);
    t.is(ran.stdout, '', args);
  }
  t.deepEqual(await controller.contents(), before);
  const documents: readonly (readonly [string, string, number, RegExp])[] = [
    ['nodes show web-7 -o json', 'NotFound', 3, /^there is no node "web-7"$/],
    ['pools create p 10.78.0.9/16 --network-name host -o json', 'InvalidArgument', 2, /2 problems/],
    ['nodes lst -o json', 'InvalidArgument', 2, /^unknown command 'lst'/],
    ['nodes add web-2 -o jsonl', 'InvalidArgument', 2, /^option '--address' is missing$/],
    ['nodes add web-2 --address 192.168.83.1 -o json', 'AlreadyExists', 4, /is that of node web-1/],
  ];
  for await (const [[args, code, exitCode, message], ran] of inTurn(documents, ([args]) => xctl.run(...words(args)))) {
    t.is(ran.code, exitCode, args);
    t.is(ran.stdout, '', args);
    t.regex(ran.stderr, /^[^\n]+\n$/, 'one line');
    const { schemaVersion, error } = JSON.parse(ran.stderr) as { schemaVersion: number; error: Json };
    t.is(schemaVersion, 1);
    t.like(error, { code, exitCode }, args);
    t.regex(String(error['message']), message);
    t.deepEqual(Object.keys(error), ['code', 'message', 'problems', 'hint', 'exitCode']);
  }
  for (const args of ['--help', 'nodes --help', 'nodes add -h', 'help pools', '--version']) {
    const ran = await xctl.run(...args.split(' '));
    t.deepEqual([ran.code, ran.stderr], [0, ''], args);
    t.not(ran.stdout, '', args);
  }
});
