import test from 'ava';
import fc from 'fast-check';
import { debianMirrors } from '../../../../deploy/lab/apt-source.js';
import { lastLines } from '../../../../deploy/lab/dockerd.js';
import { abandonedNamespaces } from '../../../../deploy/lab/namespace.js';
import { hostsFile, lanLinks, machineLinks, namespacesOf, planLab } from '../../../../deploy/lab/plan.js';
import { identify, isRunning, signal, thisProcess } from '../../../../deploy/lab/process-table.js';
import { type Ipv4, parseIpv4, prefixContains, prefixOf } from '../../../../proto/domain/address.js';
import { XnetError } from '../../../../proto/errors.js';

const anyLan = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 24 }))
  .map(([address, length]) => prefixOf(address as Ipv4, length));

test('a lab has machines of different addresses, all of its LAN', (t) => {
  fc.assert(
    fc.property(anyLan, fc.integer({ min: 0, max: 238 }), (lan, hosts) => {
      const { machines, router } = planLab('1f0c9a', lan, hosts);
      const addresses = machines.map((machine) => parseIpv4(machine.address));
      t.is(machines.length, hosts + 3);
      t.is(new Set(addresses).size, machines.length);
      t.is(new Set(machines.map((machine) => machine.mac)).size, machines.length);
      t.true(addresses.every((address) => address !== undefined && prefixContains(lan, address)));
      t.true(machines.some((machine) => machine.role === 'outside' && machine.address === router));
    }),
  );
});

test('the machines of the default LAN have the addresses in the documentation', (t) => {
  const { machines } = planLab('1f0c9a', prefixOf(parseIpv4('192.168.83.0') ?? (0 as Ipv4), 24), 57);
  const addressOf = new Map(machines.map((machine) => [machine.name, machine.address]));
  t.is(addressOf.get('h1'), '192.168.83.11');
  t.is(addressOf.get('h55'), '192.168.83.65');
  t.is(addressOf.get('stranger'), '192.168.83.66');
  t.is(addressOf.get('h56'), '192.168.83.67');
  t.is(addressOf.get('control'), '192.168.83.250');
  t.is(addressOf.get('outside'), '192.168.83.254');
});

test('a LAN refuses more hosts than it has addresses for, and says how many fit', (t) => {
  const lan = prefixOf(parseIpv4('192.168.83.0') ?? (0 as Ipv4), 24);
  t.is(planLab('1f0c9a', lan, 238).machines.length, 241);
  for (const hosts of [239, -1, 1.5, Number.NaN]) {
    const error = t.throws(() => planLab('1f0c9a', lan, hosts), { instanceOf: XnetError });
    t.is(error?.code, 'InvalidArgument');
    t.regex(error?.message ?? '', /from 0 to 238 hosts/);
  }
  t.throws(() => planLab('1f0c9a', { ...lan, length: 25 }, 1), { message: /from \/8 to \/24/ });
});

test('every machine has one link to the LAN, and no bridge has more ports than the kernel gives it', (t) => {
  for (const hosts of [0, 3, 997, 998, 2500]) {
    const plan = planLab('1f0c9a', prefixOf(parseIpv4('10.0.0.0') ?? (0 as Ipv4), 16), hosts);
    const lines = lanLinks(plan);
    for (const machine of plan.machines) {
      t.is(lines.filter((line) => line.endsWith(` netns ${machine.namespace}`)).length, 1);
    }
    const bridges = lines.flatMap((line) => / ([a-z0-9]+) type bridge/.exec(line)?.[1] ?? []);
    const ports = lines.flatMap((line) => / master (\S+)/.exec(line)?.[1] ?? []);
    for (const bridge of bridges) t.true(ports.filter((port) => port === bridge).length <= 1023);
    // A tree: as many links between bridges as bridges but one.
    t.is(ports.length - plan.machines.length, 2 * (bridges.length - 1));
    t.is(namespacesOf(plan).length, plan.machines.length + 1);
  }
});

test('only machines of labs with many talkers have their neighbours fixed', (t) => {
  const count = (hosts: number) => {
    const plan = planLab('1f0c9a', prefixOf(parseIpv4('10.0.0.0') ?? (0 as Ipv4), 16), hosts);
    const [host] = plan.machines;
    return host === undefined ? 0 : machineLinks(plan, host).filter((line) => line.startsWith('neighbour')).length;
  };
  t.is(count(3), 0);
  t.is(count(100), 102);
  t.is(count(1000), 2);
});

test('every machine knows all others by name', (t) => {
  const plan = planLab('1f0c9a', prefixOf(parseIpv4('192.168.83.0') ?? (0 as Ipv4), 24), 2);
  const lines = hostsFile(plan).split('\n');
  t.true(lines.includes('192.168.83.12 h2'));
  t.true(lines.includes('192.168.83.250 control'));
});

test("Debian's mirrors are found in both formats of apt sources", (t) => {
  const oneLine = `
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/x.gpg] http://mirror.example/debian/ bookworm main contrib # a comment
deb http://mirror.example/debian bookworm-updates main
deb http://security.debian.org/debian-security bookworm-security main
deb-src http://sources.example/debian bookworm main
deb https://download.docker.com/linux/debian bookworm stable
deb cdrom:[Debian 12]/ bookworm main
`;
  t.deepEqual(debianMirrors('sources.list', oneLine), ['http://mirror.example/debian']);
  const deb822 = `# first
Types: deb deb-src
URIs: http://one.example/debian
 http://two.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
Enabled: no

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
`;
  t.deepEqual(debianMirrors('debian.sources', deb822), ['http://one.example/debian', 'http://two.example/debian']);
  t.deepEqual(debianMirrors('empty.sources', ''), []);
});

test('the lines of dockerd’s log that say why it did not start are reported', (t) => {
  const log = `time="…" level=info msg="Starting up"
time="…" level=warning msg="could not change group"
time="…" level=debug msg="containerd"
failed to start daemon: parse bip failed: invalid CIDR address: nonsense

`;
  t.deepEqual(lastLines(log), [
    'time="…" level=warning msg="could not change group"',
    'failed to start daemon: parse bip failed: invalid CIDR address: nonsense',
  ]);
  t.deepEqual(lastLines('level=info msg=a\nlevel=info msg=b\n'), ['level=info msg=a', 'level=info msg=b']);
  t.deepEqual(lastLines(''), []);
});

test('a process is distinguished from a later one with the same pid', (t) => {
  const self = thisProcess();
  t.deepEqual(identify(process.pid), self);
  t.true(isRunning(self));
  const other = { pid: self.pid, startTime: String(Number(self.startTime) - 1) };
  t.false(isRunning(other));
  // Would end this test if it went by the pid alone.
  t.false(signal(other, 'SIGKILL'));
});

test('namespaces of tests are abandoned when their process is gone', (t) => {
  const { pid, startTime } = thisProcess();
  const ours = `xnet-t${pid}-${startTime}-1f0c9a-h1`;
  const abandoned = `xnet-t${pid}-${Number(startTime) - 1}-1f0c9a-h1`;
  t.deepEqual(abandonedNamespaces([ours, abandoned, 'xnet-1f0c9a-h1', 'somebody-elses']), [abandoned]);
});
