// Decisions about the Docker engine: its flags, its answers, its version, the reason why it does not start.
import test from 'ava';
import {
  attachmentFrom,
  containersFrom,
  endpointsFrom,
  eventFrom,
  infoFrom,
  networksFrom,
  versionFrom,
} from '../../../../../node/docker/engine/engine-answers.js';
import { argvWithoutBip, dropInText, execStartOf, withoutBip } from '../../../../../node/docker/engine/exec-start.js';
import { flagsOf } from '../../../../../node/docker/engine/flags.js';
import { unreachableEngine, unsupportedEngine } from '../../../../../node/docker/engine/preflight.js';
import { reasonIn } from '../../../../../node/docker/engine/restarter.js';
import { parseIpv4 } from '../../../../../proto/domain/address.js';
import { XnetError } from '../../../../../proto/errors.js';
import { prefix } from '../../../../support/docker-values.js';

test('every spelling of a dockerd flag is read', (t) => {
  const spellings: readonly (readonly [string, string, string])[] = [
    ['--bip=10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['--bip 10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['-b br0', 'bridge', 'br0'],
    ['-bbr0', 'bridge', 'br0'],
    ['-b=br0', 'bridge', 'br0'],
    ['-Db br0', 'bridge', 'br0'],
    ['--bridge= --bip 10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['-D --live-restore --bip 10.1.1.1/24', 'live-restore', 'true'],
    ['--iptables=false --config-file /etc/d.json', 'config-file', '/etc/d.json'],
    ['--iptables --bip=10.1.1.1/24', 'bip', '10.1.1.1/24'],
    ['--label=bip=no --firewall-backend iptables', 'firewall-backend', 'iptables'],
    ['--bip=10.1.1.1/24 --bip=10.2.2.1/24', 'bip', '10.2.2.1/24'],
    ['-H unix:///x -p /run/d.pid', 'pidfile', '/run/d.pid'],
  ];
  for (const [line, name, value] of spellings) t.is(flagsOf(line.split(' ')).get(name), value, line);
  t.is(flagsOf(['--label', '--bip=10.1.1.1/24']).get('bip'), undefined, 'the value of another flag');
  t.is(flagsOf(['-H', 'fd://', '--', '--bip=10.1.1.1/24']).get('bip'), undefined);
});

test('the reason of a failed start is found in dockerd’s output', (t) => {
  const log = [
    'time="2026-11-21T00:01:12.3Z" level=info msg="failed to look busy"',
    'time="2026-11-21T00:01:12.4Z" level=warning msg="error that is none"',
    'failed to start daemon: Error initializing network controller: invalid CIDR address: 10.76.6.1',
    '',
  ].join('\n');
  t.is(reasonIn(log), 'failed to start daemon: Error initializing network controller: invalid CIDR address: 10.76.6.1');
  t.is(reasonIn('time="x" level=fatal msg="can\'t \\"open\\" it" module=x'), 'can\'t "open" it');
  t.is(reasonIn('Starting\nsomething failed here\nbye'), 'something failed here');
  t.is(reasonIn('only this'), 'only this');
  t.is(reasonIn('time="x" level=info msg=y\n'), undefined);
  t.is(reasonIn('failed to start daemon: a\tb\u001b[31m'), 'failed to start daemon: a b [31m');
});

test('engines are recognised by their answers', (t) => {
  t.like(versionFrom({ Version: '20.10.24+dfsg1' }), { major: 20, isDocker: true });
  t.like(versionFrom({ Version: '4.3.1', Components: [{ Name: 'Podman Engine' }] }), { isDocker: false });
  t.throws(() => versionFrom({ version: 'x' }));
  t.deepEqual(infoFrom({ LiveRestoreEnabled: true, FirewallBackend: { Driver: 'nftables' } }), {
    liveRestore: true,
    firewallBackend: 'nftables',
    rootless: false,
    addressPools: [],
  });
  t.true(infoFrom({ SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }).rootless);
  const [found] = networksFrom([
    {
      Id: '0c5e6b7d8f90a1b2',
      Name: 'shop',
      Driver: 'bridge',
      Labels: null,
      Options: {},
      IPAM: { Config: [{ Subnet: '10.5.0.7/24', Gateway: '10.5.0.1/24' }, { Subnet: 'fd00::/64' }] },
    },
  ]);
  t.like(found, {
    bridgeName: 'br-0c5e6b7d8f90',
    subnets: [{ prefix: prefix('10.5.0.0/24'), gateway: parseIpv4('10.5.0.1') }],
  });
  t.is(networksFrom([{ Id: 'x', Name: 'host', Driver: 'host', IPAM: { Config: null } }])[0]?.bridgeName, undefined);
  for (const [state, running] of [
    ['running', true],
    ['paused', true],
    ['restarting', true],
    ['exited', false],
  ] as const) {
    t.like(containersFrom([{ Id: 'c', Names: ['/web'], State: state }])[0], { name: 'web', running });
  }
  const inspected = {
    Id: 'abcdef012345',
    NetworkSettings: { Networks: { xnet: { Aliases: ['abcdef012345', 'web'] } } },
  };
  t.deepEqual(attachmentFrom(inspected, 'xnet').aliases, ['web']);
  t.deepEqual(endpointsFrom({ Name: 'blue', Containers: { abc: { Name: 'web' }, 'ep-1f2e': { Name: 'gone' } } }), [
    { containerId: 'abc', name: 'web' },
    { containerId: 'ep-1f2e', name: 'gone' },
  ]);
  t.is(eventFrom('{"Type":"image","Action":"pull"}'), undefined);
  t.deepEqual(eventFrom('{"Type":"network","Action":"create","Actor":{"ID":"n"}}'), {
    kind: 'network',
    action: 'create',
    id: 'n',
  });
});

test('N21 an unusable Docker is reported with a remedy', async (t) => {
  const version = { version: '29.1.0', major: 29, isDocker: true };
  const info = { liveRestore: false, firewallBackend: 'iptables', rootless: false, addressPools: [] };
  t.is(unsupportedEngine(version, info), undefined);
  t.is(unsupportedEngine(version, { ...info, firewallBackend: 'iptables+firewalld' }), undefined);
  t.is(unsupportedEngine(version, { ...info, firewallBackend: 'nftables' }), undefined);
  t.like(unsupportedEngine(version, { ...info, rootless: true }), { reason: 'Rootless' });
  t.like(unsupportedEngine({ ...version, isDocker: false }, info), { reason: 'NotDocker' });
  const failed = (code: string) =>
    new XnetError(code === 'EACCES' ? 'PermissionDenied' : 'Unavailable', 'x', {
      cause: Object.assign(new Error(code), { code }),
    });
  const reason = async (code: string, installed: boolean) =>
    (await unreachableEngine(failed(code), '/run/docker.sock', async () => installed)).reason;
  t.is(await reason('ENOENT', false), 'NotInstalled');
  t.is(await reason('ENOENT', true), 'NotRunning');
  t.is(await reason('ECONNREFUSED', true), 'NotRunning');
  t.is(await reason('EACCES', true), 'NoPermission');
  t.is(await reason('ECONNRESET', true), 'NotAnswering');
});

test('the command line of a unit, and the same without --bip', (t) => {
  const unit =
    '[Unit]\nExecStart=/no\n[Service]\n# ExecStart=/old\nExecStart=/usr/sbin/dockerd -H fd:// \\\n  $DOCKER_OPTS\n';
  const path = '/lib/systemd/system/docker.service';
  const dropIn = {
    path: '/etc/systemd/system/docker.service.d/10.conf',
    text: '[Service]\nExecStart=\nExecStart=/x --bip=1\n',
  };
  t.deepEqual(execStartOf([{ path, text: unit }]), { path, command: '/usr/sbin/dockerd -H fd://    $DOCKER_OPTS' });
  t.deepEqual(execStartOf([{ path, text: unit }, dropIn]), { path: dropIn.path, command: '/x --bip=1' });
  t.is(
    execStartOf([
      { path, text: unit },
      { path, text: '[Service]\nExecStart=/more\n' },
    ]),
    undefined,
  );
  t.is(execStartOf([{ path, text: '[Service]\nType=notify\n' }]), undefined);
  for (const flag of ['--bip=10.9.9.1/24', '--bip 10.9.9.1/24', '--bip="10.9.9.1/24"', "--bip '10.9.9.1/24'"]) {
    t.is(withoutBip(`/d -H fd:// ${flag} --debug $X`), '/d -H fd:// --debug $X');
  }
  t.is(withoutBip('/d --bip6=fd00::1/64 $DOCKER_OPTS'), undefined);
  t.deepEqual(argvWithoutBip(['-H', 'fd://', '--bip', '1', '--bip=2', '--debug']), ['-H', 'fd://', '--debug']);
  const text = dropInText('/d -H fd://');
  t.deepEqual(
    execStartOf([
      { path, text: unit },
      { path, text },
    ]),
    { path, command: '/d -H fd://' },
  );
});
