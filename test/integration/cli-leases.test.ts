// A node gets a second lease by xctl, uses it and loses it, as seen by its peers and its operator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatIpv4 } from '../../proto/domain/address.js';
import { features } from '../../proto/domain/feature.js';
import { ControllerProcess } from '../support/controller-process.js';
import { SimulatedNode } from '../support/simulated-node.js';
import { json, list, part, Xctl } from '../support/xctl.js';
import { saysOf, words } from '../support/xctl-socket.js';

const [first, second] = ['10.76.0.0/24', '10.84.0.0/24'];

// The fleet as it is, as a file, makes the same of an empty one; and what the file lacks goes, if it is pruned.
async function applyElsewhere(t: ExecutionContext, xctl: Xctl, folder: string): Promise<void> {
  const empty = await ControllerProcess.start();
  const there = new Xctl({ controller: `unix:${empty.socket}` });
  t.teardown(async () => {
    there.close();
    await empty.close();
  });
  const made = await xctl.run(...words('networks create blue --pool side --node web-1,web-2'));
  t.is(made.code, 0, made.stderr);
  t.is((await xctl.run(...words('networks exclude blue web-2'))).code, 0);
  const file = join(folder, 'whole.yaml');
  const { stdout: whole } = await xctl.run('export');
  writeFileSync(file, whole);
  t.is((await xctl.run('diff', '-f', file, '--prune')).stdout, 'no changes\n');
  const applied = await there.run('apply', '-f', file, '--yes');
  t.is(applied.code, 0, applied.stderr);
  t.regex(
    applied.stdout,
    /\+ node web-1: [^\n]* 10\.76\.0\.0\/24\n[\s\S]*\+ lease of 10\.85\.0\.0\/24[^\n]* network split\n/,
  );
  t.regex(
    applied.stdout,
    /\+ network blue: pool side, for web-1\n\+ nic 10\.85\.0\.128: lan0 of container db on web-1\n/,
  );
  t.is((await there.run('export')).stdout, whole);
  const without = whole.replace(/networks:\n[\s\S]*$/, '').replace(/ {4}leases:\n( {6}.*\n)+/, '');
  writeFileSync(
    file,
    `${without}networks:\n  - {name: red, node: web-1}\nnics:\n  - {node: web-1, container: db, address: 10.85.0.1}\n`,
  );
  t.is((await there.run('apply', '-f', file, '--yes')).code, 2, 'not a key');
  const twice = '  - {node: web-1, container: two}\n'.repeat(2);
  writeFileSync(file, `apiVersion: xnet/v1\nnics:\n${twice}`);
  t.is((await there.run('apply', '-f', file, '--yes')).code, 0);
  t.is((await there.run('diff', '-f', file)).stdout, 'no changes\n', 'two nics');
  writeFileSync(file, without);
  const pruned = await there.run('apply', '-f', file, '--prune', '--yes');
  t.is(pruned.code, 0, pruned.stderr);
  t.regex(pruned.stdout, /(- nic 10\.85\.0\.\d+: .*\n){3}- lease of 10\.85\.0\.0\/24 to web-1\n- network blue\n/);
  t.regex((await there.run('diff', '-f', file, '--prune')).stdout, /^no changes/);
  t.is((await xctl.run(...words('networks remove blue --yes'))).code, 0);
}

test('a second lease is routed at once and ends when its host has stopped using it', async (t) => {
  const controller = await ControllerProcess.startWithAuthority();
  const xctl = new Xctl({ controller: `unix:${controller.socket}` });
  const folder = mkdtempSync(join(tmpdir(), 'xnet-leases-'));
  t.teardown(async () => {
    rmSync(folder, { recursive: true });
    xctl.close();
    await controller.close();
  });
  const says = saysOf(t, xctl);
  const leasesOf = async (node: string) => {
    const shown = part(json(await xctl.run('nodes', 'show', node, '-o', 'json')), 'node');
    return list(shown, 'leases').map(({ subnet, state, mode }) => `${subnet} ${state} ${mode}`);
  };
  await controller.createPool();
  await says('pools create side 10.84.0.0/16 --mode bridge', /^created/);
  const [host, peer] = await Promise.all(
    [1, 2].map(async (index) => {
      const name = `web-${index}`;
      await controller.addNode(name, `192.168.83.${index}`, { subnet: `10.76.${index - 1}.0/24` });
      return new SimulatedNode(await controller.joined(name), name).watch();
    }),
  );
  if (host === undefined || peer === undefined) throw new Error('two nodes');
  await host.until('its lease', () => host.uses().length === 1);
  await host.report();
  // Nothing is done with the leases of a host whose daemon would not understand.
  await says('leases add web-1 --pool side', /xnetd on web-1 is too old: it supports only one lease/, 4);
  await host.report([], host.uses(first));
  t.deepEqual(await leasesOf('web-1'), [`${first} in force bip`]);
  await says(
    'leases add web-1 --pool default --subnet 10.76.9.0/24',
    /web-1 has 10\.76\.0\.0\/24 with mode bip[\s\S]*--replace 10\.76\.0\.0\/24/,
    4,
  );

  const added = json(await xctl.run('leases', 'add', 'web-1', '--pool', 'side', '-o', 'json'));
  t.like(part(added, 'lease'), { subnet: second, pool: 'side' });
  await peer.until('the route', () => peer.routes().includes(`${second} via 192.168.83.1`));
  await host.until('both leases', () => host.uses().length === 2);
  t.deepEqual(host.primary, host.assignment?.leases[0], 'an older daemon would keep what it has');
  t.deepEqual(await leasesOf('web-1'), [`${first} in force bip`, `${second} wanted bridge`]);
  await says('leases add web-1 --pool side', /^unchanged: 10\.84\.0\.0\/24 of pool side to web-1/);
  await says('nodes list', /web-1 +192\.168\.83\.1 +10\.76\.0\.0\/24, 10\.84\.0\.0\/24 /);
  await says(
    'nodes show web-1',
    /Lease: +10\.76\.0\.0\/24 of pool default, in force, bip[\s\S]*Lease: +10\.84\.0\.0\/24 of pool side, wanted/,
  );

  await host.report([], host.uses(first, second));
  await says('leases end web-1 10.84.0.0/24', /confirm|--yes/, 2);
  await says(
    'leases end web-1 10.84.0.0/24 --yes',
    /^ended the lease of 10\.84\.0\.0\/24 to web-1: .* when web-1 has stopped/,
  );
  await host.until('the end', () => host.assignment?.leases[1]?.state === 'ending');
  await says('leases list', /10\.84\.0\.0\/24 +side +leased,ending +web-1/);
  await says('leases end web-1 10.76.0.0/24 --yes', /is the last lease of web-1/, 4);
  await host.report([], host.uses(first, second));
  t.true(peer.routes().includes(`${second} via 192.168.83.1`), 'it is in use');
  const used = host.uses(first, second);
  await host.report([], host.uses(first));
  await peer.until('no route', () => !peer.routes().includes(`${second} via 192.168.83.1`));
  await host.until('one lease', () => host.uses().length === 1);
  await says('leases list', /10\.84\.0\.0\/24 +side +quarantined +web-1/);
  await host.report([], used);
  await says('status', /web-1 still uses 10\.84\.0\.0\/24, which is in quarantine until/, 8);
  const events = list(json(await xctl.run('events', '-o', 'json')), 'events').map(({ reason }) => reason);
  t.deepEqual(
    events.filter((reason) => String(reason).startsWith('Lease')),
    ['LeaseAdded', 'LeaseEnding', 'LeaseEnded'],
  );

  // The subnet of a hand-made host: a static route on all nodes, then replaced by the lease of the same host.
  await says('routes add 10.76.9.0/24 to 192.168.83.19', /Allowed choices are via|via/, 2);
  await says('routes add 10.76.9.0/25 via 192.168.83.300', /subnet|address/, 2);
  await says('routes add 10.76.9.0/24 via 192.168.83.19 --dry-run', /^would add the static route to 10\.76\.9\.0\/24/);
  const route = json(
    await xctl.run('routes', 'add', '10.76.9.0/24', 'via', '192.168.83.19', '--name', 'db-1', '-o', 'json'),
  );
  t.like(part(route, 'route'), { subnet: '10.76.9.0/24', nextHop: '192.168.83.19', name: 'db-1', pool: 'default' });
  const byHand = '10.76.9.0/24 via 192.168.83.19';
  await peer.until('the static route', () => peer.routes().includes(byHand));
  await says(`routes add ${byHand} --name db-1`, /^unchanged: the static route/);
  await says('routes list', /10\.76\.9\.0\/24 +192\.168\.83\.19 +db-1 +static/);
  await says('leases list', /10\.76\.9\.0\/24 +default +static +db-1/);
  await says('nodes add web-8 --address 192.168.83.8 --subnet 10.76.9.0/24', /has a static route to db-1/, 4);
  const before = peer.heard.length;
  await says('nodes add web-9 --address 192.168.83.19', /leased 10\.76\.9\.0\/24/);
  const leasedTo = () =>
    [...(peer.table?.routes.values() ?? [])].find(({ nextHop }) => formatIpv4(nextHop) === '192.168.83.19');
  await peer.until('the lease', () => leasedTo()?.nodeName === 'web-9');
  t.is(leasedTo()?.isStatic, undefined);
  const withdrawn = peer.heard.slice(before).flatMap((each) => (each.kind === 'delta' ? each.delta.removals : []));
  t.deepEqual(withdrawn, [], 'the route was there all the time');
  await says('routes remove 10.76.9.0/24 --yes', /there is no static route to 10\.76\.9\.0\/24/, 3);
  await says('routes add 10.76.8.0/24 via 192.168.83.18', /\(static\)$/m);
  // A pool of mode lan that is Docker's default network on its hosts.
  const lan = '--mode lan --lan 192.168.90.0/24 --subnet-length 27';
  await says(`pools create plain 192.168.90.0/25 ${lan} --default-network`, /gateway: /, 2);
  await says(`pools create plain 192.168.90.0/25 ${lan} --gateway 192.168.90.254 --default-network`, /^created/);
  await says('pools show plain', /LAN: +192\.168\.90\.0\/24[\s\S]*Network: +Docker's default on bridge xnet-lan/);
  const file = join(folder, 'fleet.yaml');
  const { stdout: exported } = await xctl.run('export');
  writeFileSync(file, exported);
  t.regex(exported, /defaultNetwork: true/);
  await says(`diff -f ${file} --prune`, /^no changes/);
  writeFileSync(file, exported.replace('nextHop: 192.168.83.18', 'nextHop: 192.168.83.17'));
  await says(
    `apply -f ${file} --yes`,
    /static route to 10\.76\.8\.0\/24: via 192\.168\.83\.18 \(static\) → via 192\.168\.83\.17 \(static\)/,
  );
  await peer.until('the other next hop', () => peer.routes().includes('10.76.8.0/24 via 192.168.83.17'));
  await says('routes remove 10.76.8.0/24 --yes', /^removed the static route[\s\S]*in quarantine until/);
  // A further interface of a container, in a pool with a docker length.
  const bridged = '--mode bridge --network-name split --bridge-name split0';
  await says(`pools create split 10.85.0.0/16 ${bridged} --docker-length 24`, /\/24 is not one of \/25 to \/29/, 2);
  await says(`pools create split 10.85.0.0/16 ${bridged} --docker-length 25`, /^created/);
  await says('pools show split', /Docker: +hands out the first \/25 of a subnet/);
  await says('leases add web-1 --pool split', /10\.85\.0\.0\/24/);
  await says('nics add web-1 db --pool default', /Docker hands out all addresses of 10\.76\.0\.0\/24 on web-1/, 4);
  await says('nics add web-1 d! --address 300 --name a/b', /container: [\s\S]*address: [\s\S]*name: /, 2);
  host.features = ['lan'];
  await host.report([], host.uses(first));
  await says('nics add web-1 db', /xnetd simulated on web-1 does not support nics[\s\S]*upgrade xnetd/, 4);
  await says('leases add web-1 --pool plain', /does not support Docker's default network in mode lan/, 4);
  await says('networks create red --pool side --node web-1', /web-1: xnetd .* does not support named networks/, 4);
  host.features = features;
  await host.report([], host.uses(first));
  await says('nics add web-1 db --dry-run', /^would add 10\.85\.0\.128 as nic0 of container db on web-1/);
  const nic = json(await xctl.run('nics', 'add', 'web-1', 'db', '--name', 'lan0', '-o', 'json'));
  t.like(part(nic, 'nic'), { address: '10.85.0.128', container: 'db', interface: 'lan0', reason: 'Pending' });
  await host.until('its nic', () => host.assignment?.nics?.nics.length === 1);
  await says('nics add web-1 db --name lan0', /^unchanged: 10\.85\.0\.128/);
  await says('nics list --node web-1', /10\.85\.0\.128 +web-1 +db +lan0 +Pending/);
  await applyElsewhere(t, xctl, folder);
  await says('nics remove 10.85.0.128', /confirm|--yes/, 2);
  await says('nics remove 10.85.0.128 --yes', /^removed 10\.85\.0\.128 as lan0 of container db on web-1/);
  await host.until('no nic', () => host.assignment?.nics?.nics.length === 0);
  await says('nics remove 10.85.0.128 --yes', /there is no nic with the address/, 3);
  await peer.until('no static route', () => !peer.routes().some((route) => route.startsWith('10.76.8.0/24 ')));
});
