// Mode bridge on real dockerds of every line: the network is made, kept, recreated and removed through the API, foreign
// networks are left alone, and Docker is never restarted for it.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import test from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { containerUses } from '../../node/daemon/lease-use.js';
import type { EngineEvent } from '../../node/docker/engine/engine.js';
import { VethKernel } from '../../node/kernel/veth-kernel.js';
import { Nics } from '../../node/nics/nics.js';
import { formatIpv4, formatPrefix } from '../../proto/domain/address.js';
import {
  addressOn,
  bipOf,
  bridgeLease,
  bridgeOf,
  containerAddress,
  dockerdPid,
  dockerWith,
  effectOn,
  isContainerRunning,
  networkNames,
  reasonsOf,
  runIdle,
  stateFolderOn,
  stopContainer,
  turnUntil,
} from '../support/docker-lab.js';
import { dockerLines } from '../support/docker-lines.js';
import { leaveEndpoint } from '../support/half-dead.js';
import { leaseMoves } from '../support/lease-moves.js';
import { address, prefix } from '../support/pools.js';

const { each, oldest } = await dockerLines(9);
const never = new AbortController().signal;
const lease = bridgeOf('10.76.3.0/24');
const restarting = { onRunning: 'restart' } as const;

async function inspect(host: LabHost, network: string): Promise<string> {
  const format = '{{.Driver}} {{json .IPAM.Config}} {{json .Options}} {{json .Labels}}';
  return (await host.docker('network', 'inspect', network, `--format=${format}`)).trim();
}

each(
  'made, found again, removed, also with an endpoint of a container that is gone; others are left alone',
  ['--live-restore'],
  async (t, host) => {
    await host.docker('network', 'create', '--subnet=10.99.0.0/24', '--label=io.example=1', 'shop');
    const names = await networkNames(host);
    const effect = effectOn(host);
    t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 1 });
    await leaveEndpoint(host, 'xnet', 'former');
    // dockerd shows more of a network after its own restart.
    const before = [names, await inspect(host, 'shop'), await inspect(host, 'bridge')];
    const pid = await dockerdPid(host);
    const made = await inspect(host, 'xnet');
    t.regex(made, /^bridge \[\{"Subnet":"10\.76\.3\.0\/24","Gateway":"10\.76\.3\.1"\}\]/);
    t.regex(made, /"com\.docker\.network\.bridge\.name":"xnet0"/);
    t.regex(made, /"io\.xnet\.node":"node-1"/);
    t.is(await addressOn(host, 'xnet0'), '10.76.3.1/24');
    t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 0 });
    t.deepEqual(
      (await effect.hostNetworks(lease.leases, never))
        .map(({ prefix, source }) => `${formatPrefix(prefix)} ${source}`)
        .sort(),
      ['10.99.0.0/24 docker network shop', '172.17.0.0/16 docker network bridge', '192.168.83.0/24 interface eth0'],
    );
    await runIdle(host, 'inside', '--network=xnet');
    t.regex(await containerAddress(host, 'inside'), /^10\.76\.3\./);
    t.deepEqual(await effect.dualHomed(lease.leases, never), []);
    await runIdle(host, 'both');
    await host.docker('network', 'connect', 'xnet', 'both');
    t.deepEqual(await effect.dualHomed(lease.leases, never), [{ container: 'both', networks: ['bridge', 'xnet'] }]);
    await stopContainer(host, 'both');
    const refused = await effect.remove(never);
    t.deepEqual(reasonsOf(refused), ['ContainersAttached']);
    t.regex(refused.findings[0]?.message ?? '', /both \(stopped\), inside|inside, both \(stopped\)/);
    t.true((await networkNames(host)).includes('xnet'));
    t.deepEqual((await effect.leave(true, [], never)).findings, []);
    t.is(await addressOn(host, 'xnet0'), '');
    t.deepEqual([await networkNames(host), await inspect(host, 'shop'), await inspect(host, 'bridge')], before);
    t.true(await isContainerRunning(host, 'inside'));
    t.deepEqual(await effect.remove(never), { findings: [], changes: 0 });
    t.is(await dockerdPid(host), pid);
    t.false(existsSync(host.daemonJson));
  },
);

each('N20 conflicting networks are reported and left alone', [], async (t, host) => {
  const effect = effectOn(host);
  const refused = async (reason: string, says: RegExp) => {
    const before = await networkNames(host);
    const { findings, changes } = await effect.converge(lease, never);
    t.is(changes, 0);
    t.is(findings[0]?.reason, reason);
    t.regex(`${findings[0]?.message}; fix: ${findings[0]?.fix}`, says);
    t.deepEqual(await networkNames(host), before);
  };
  await host.docker('network', 'create', '--subnet=10.99.0.0/24', 'xnet');
  await refused('NetworkNameTaken', /Docker network xnet that xnet did not make; fix: docker network rm xnet/);
  await host.docker('network', 'rm', 'xnet');
  await host.docker('network', 'create', '--subnet=10.76.0.0/20', 'shop');
  await refused('SubnetTaken', /10\.76\.3\.0\/24 overlaps 10\.76\.0\.0\/20 of the Docker network shop/);
  await host.docker('network', 'rm', 'shop');
  await host.docker('network', 'create', '--opt=com.docker.network.bridge.name=xnet0', 'shop');
  await refused('BridgeNameTaken', /Docker network shop/);
  await host.docker('network', 'rm', 'shop');
  await host.run(['ip', 'link', 'add', 'xnet0', 'type', 'bridge']);
  await host.run(['ip', 'address', 'add', '10.50.0.1/24', 'dev', 'xnet0']);
  await refused('BridgeNameTaken', /interface xnet0/);
  await host.run(['ip', 'link', 'delete', 'xnet0']);
  await host.run(['ip', 'link', 'add', 'vpn0', 'type', 'bridge']);
  await host.run(['ip', 'address', 'add', '10.76.3.200/25', 'dev', 'vpn0']);
  await refused('SubnetTaken', /interface vpn0/);
  await host.run(['ip', 'link', 'delete', 'vpn0']);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  // A race that only Docker sees.
  const other = bridgeOf('10.76.4.0/24');
  const racing = effectOn(
    host,
    {},
    {
      reached: async (step) => {
        if (step === 'removed') await host.docker('network', 'create', '--subnet=10.76.4.128/25', 'late');
      },
    },
  );
  const lost = await racing.converge(other, never);
  t.regex(lost.findings[0]?.message ?? '', /10\.76\.4\.128\/25 of the Docker network late/);
  await host.docker('network', 'rm', 'late');
  t.deepEqual((await effect.converge(other, never)).findings, []);
  t.is(await addressOn(host, 'xnet0'), '10.76.4.1/24');
});

each('another lease: the network is replaced if nothing is attached, or on request', [], async (t, host) => {
  t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
  const next = bridgeOf('10.76.7.0/24');
  t.deepEqual((await effectOn(host).converge(next, never)).findings, []);
  t.is(await addressOn(host, 'xnet0'), '10.76.7.1/24');
  await runIdle(host, 'one', '--network=xnet');
  await runIdle(host, 'two', '--network=xnet');
  await stopContainer(host, 'two');
  const refused = await effectOn(host).converge(lease, never);
  t.like(refused.findings[0], { reason: 'ContainersAttached', transient: false });
  t.like((await effectOn(host, { onRunning: 'wait' }).converge(lease, never)).findings[0], { transient: true });
  t.is(await addressOn(host, 'xnet0'), '10.76.7.1/24');
  t.deepEqual((await effectOn(host, restarting).converge(lease, never)).findings, []);
  t.regex(await containerAddress(host, 'one'), /^10\.76\.3\./);
  t.is((await host.docker('inspect', '--format={{.RestartCount}} {{.State.Running}}', 'one')).trim(), '0 true');
  await host.docker('start', 'two');
  t.regex(await containerAddress(host, 'two'), /^10\.76\.3\./);
  t.deepEqual(readdirSync(stateFolderOn(host)), []);
  // Another name: the former one goes.
  await host.docker('rm', '--force', 'one', 'two');
  const renamed = dockerWith([bridgeLease('10.76.3.0/24', 'fleet0')]);
  t.deepEqual((await effectOn(host).converge(renamed, never)).findings, []);
  t.deepEqual(await networkNames(host), ['bridge', 'fleet', 'host', 'none']);
  t.is(await addressOn(host, 'fleet0'), '10.76.3.1/24');
});

each("the bridge is deleted or flushed behind Docker's back", [], async (t, host) => {
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  await host.run(['ip', 'link', 'delete', 'xnet0']);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(await addressOn(host, 'xnet0'), '10.76.3.1/24');
  await runIdle(host, 'one', '--network=xnet', '--network-alias=web', '--ip=10.76.3.77');
  await host.run(['ip', 'address', 'flush', 'dev', 'xnet0']);
  t.deepEqual(await effect.converge(lease, never), { findings: [], changes: 1 });
  t.is(await addressOn(host, 'xnet0'), '10.76.3.1/24');
  t.true(await host.ping(await containerAddress(host, 'one')));
  await host.run(['ip', 'link', 'delete', 'xnet0']);
  t.deepEqual(reasonsOf(await effect.converge(lease, never)), ['BridgeGone']);
  t.deepEqual((await effectOn(host, restarting).converge(lease, never)).findings, []);
  t.is(await containerAddress(host, 'one'), '10.76.3.77');
  t.true(await host.ping('10.76.3.77'));
  await runIdle(host, 'two', '--network=xnet');
  t.is((await host.exec(['docker', 'exec', 'two', 'ping', '-c', '1', 'web'])).code, 0, 'found by its alias');
});

each("--ip gives an address outside of Docker's part, which a nic then can't have", [], async (t, host) => {
  const divided = { ...bridgeLease('10.76.3.0/24'), dockerLength: 25 };
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(dockerWith([divided]), never)).findings, []);
  t.regex(await inspect(host, 'xnet'), /"IPRange":"10\.76\.3\.0\/25"/);
  await runIdle(host, 'asked', '--network=xnet', '--ip=10.76.3.200');
  await runIdle(host, 'given', '--network=xnet');
  t.is(await containerAddress(host, 'asked'), '10.76.3.200');
  const given = await containerAddress(host, 'given');
  const [, last] = /^10\.76\.3\.(\d+)$/.exec(given) ?? [];
  t.true(Number(last) >= 2 && Number(last) <= 126, given);
  const uses = containerUses([divided], await effect.engine.containers(never));
  t.deepEqual(
    uses.map(({ name, askedAddress }) => `${name} ${askedAddress === undefined ? '-' : formatIpv4(askedAddress)}`),
    ['asked 10.76.3.200', 'given -'],
  );
  const nics = new Nics({ engine: effect.engine, kernel: new VethKernel(host.namespace.path) });
  const wanted = ['10.76.3.200', '10.76.3.201'].map((text, index) => {
    return { address: address(text), container: 'given', interfaceName: `nic${index}` };
  });
  const pools = [prefix('10.76.0.0/16')];
  const { findings, changes, what } = await nics.converge({ nics: wanted, leases: [divided], pools }, never);
  t.deepEqual([reasonsOf({ findings }), changes, what], [['AddressInUse'], 1, ['10.76.3.201 in container given']]);
  await host.docker('restart', '--time=0', 'asked');
  t.is(await containerAddress(host, 'asked'), '10.76.3.200');
  for (const at of ['10.76.3.200', given, '10.76.3.201']) t.true(await host.ping(at), at);
  t.deepEqual(await effect.converge(dockerWith([divided]), never), { findings: [], changes: 0 });
});

each('from one mode to the other and back', [], async (t, host) => {
  writeFileSync(host.daemonJson, '{"mtu": 1400}');
  const effect = effectOn(host);
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.deepEqual((await effect.converge(bipOf('10.76.3.0/24'), never)).findings, []);
  t.deepEqual(await networkNames(host), ['bridge', 'host', 'none']);
  t.is(await addressOn(host, 'docker0'), '10.76.3.1/24');
  await runIdle(host, 'one');
  t.deepEqual(reasonsOf(await effect.converge(lease, never)), ['ContainersRunning'], 'the former mode has to go first');
  t.deepEqual(await networkNames(host), ['bridge', 'host', 'none']);
  await host.docker('rm', '--force', 'one');
  t.deepEqual((await effect.converge(lease, never)).findings, []);
  t.is(await addressOn(host, 'docker0'), '172.17.0.1/16');
  t.is(await addressOn(host, 'xnet0'), '10.76.3.1/24');
});

// Differences between engines are in the tests above.
if (oldest !== undefined) {
  test(`leases side by side: docker0 moves with a permit, bridges come and go beside it (Docker ${oldest.line})`, (t) =>
    oldest.onHost([], (host) => leaseMoves(t, host)));
}

each('killed at any step of replacing a network, the next turn completes it', [], async (t, host) => {
  t.deepEqual((await effectOn(host).converge(lease, never)).findings, []);
  await runIdle(host, 'one', '--network=xnet');
  await runIdle(host, 'two', '--network=xnet');
  for (const [index, step] of ['journaled', 'disconnected', 'removed', 'created', 'connected'].entries()) {
    const desired = bridgeOf(`10.76.1${index}.0/24`);
    t.true(await turnUntil(host, step, { turn: 'converge', desired }, restarting), step);
    t.deepEqual((await effectOn(host, restarting).converge(desired, never)).findings, [], step);
    for (const name of ['one', 'two'])
      t.true((await containerAddress(host, name)).startsWith(`10.76.1${index}.`), step);
    t.is(await addressOn(host, 'xnet0'), `10.76.1${index}.1/24`, step);
    t.deepEqual(readdirSync(stateFolderOn(host)), [], step);
  }
  for (const step of ['disconnected', 'removed']) {
    t.true(await turnUntil(host, step, { turn: 'leave-force', desired: lease }), step);
    t.deepEqual((await effectOn(host).leave(true, [], never)).findings, [], step);
    t.deepEqual(await networkNames(host), ['bridge', 'host', 'none'], step);
    t.deepEqual((await effectOn(host).converge(lease, never)).findings, [], step);
  }
});

each('events come, and come again after a restart of Docker', [], async (t, host) => {
  const { engine } = effectOn(host);
  const stop = new AbortController();
  const seen: EngineEvent[] = [];
  let notify: () => void = () => undefined;
  const reading = (async () => {
    for await (const event of engine.events(stop.signal)) {
      seen.push(event);
      notify();
    }
  })();
  const until = async (matches: (event: EngineEvent) => boolean) => {
    while (!seen.some(matches)) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
    seen.length = 0;
  };
  await until(({ kind }) => kind === 'connected');
  await host.docker('network', 'create', 'shop');
  await until((event) => event.kind === 'network' && event.action === 'create');
  await runIdle(host, 'one');
  await until((event) => event.kind === 'container' && event.action === 'start');
  await host.docker('rm', '--force', 'one');
  await until((event) => event.kind === 'container' && event.action === 'die');
  await host.restartDockerd();
  await until(({ kind }) => kind === 'connected');
  await host.docker('network', 'rm', 'shop');
  await until((event) => event.kind === 'network' && event.action !== 'create');
  stop.abort();
  await reading;
  t.pass();
});
