// The real ufw beside Docker's rules: what it drops is named, the command clears it, and it lasts when ufw loads its rules
// again.
import test from 'ava';
import type { PreflightFinding } from '../../node/preflight/finding.js';
import { requestFrom } from '../../node/preflight/request.js';
import { readServices } from '../../node/preflight/services.js';
import { servicesFindings } from '../../node/preflight/services-findings.js';
import { desired, netTest, onHost, type Scene, signal, works } from '../support/firewall-scene.js';
import { prefix } from '../support/pools.js';
import { obtainUfw, Ufw } from '../support/ufw.js';

// As ufw-docker has it in after.rules: other packets from private addresses are left to Docker, before xnet's rule.
const ufwDocker = `
*filter
:ufw-user-forward - [0:0]
:DOCKER-USER - [0:0]
-A DOCKER-USER -j ufw-user-forward
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -m conntrack --ctstate INVALID -j DROP
-A DOCKER-USER -s 10.0.0.0/8 -j RETURN
-A DOCKER-USER -s 172.16.0.0/12 -j RETURN
-A DOCKER-USER -s 192.168.0.0/16 -j RETURN
-A DOCKER-USER -d 10.0.0.0/8 -m conntrack --ctstate NEW -j DROP
-A DOCKER-USER -j RETURN
COMMIT
`;

async function preflightOf({ root }: Ufw, usesNftables = false): Promise<readonly PreflightFinding[]> {
  const given = {
    mode: 'bip',
    controllers: [],
    subnet: prefix('10.76.1.0/24'),
    pool: [prefix('10.76.0.0/16')],
  } as const;
  const noSystemctl = () => Promise.reject(new Error('not installed'));
  return servicesFindings(await readServices(root, noSystemctl, signal), requestFrom(given, undefined), usesNftables);
}

const reasonsOf = (findings: readonly { readonly reason: string }[]) => findings.map(({ reason }) => reason);

const unpacked = await obtainUfw();
if (typeof unpacked !== 'string') console.log(`SKIP ufw: ${unpacked.why}`);
const ufwTest = typeof unpacked === 'string' ? netTest : test.serial.skip;

async function withUfw({ on }: Scene, work: (ufw: Ufw) => Promise<void>): Promise<void> {
  if (typeof unpacked !== 'string') throw new Error(unpacked.why);
  const ufw = new Ufw(unpacked, on.host);
  try {
    await work(ufw);
  } finally {
    ufw.delete();
  }
}

for (const [engine, backend, harm] of [
  ['20.10', 'nft', /policy of iptables-nft's filter chain FORWARD drops all TCP connections from peers to containers$/],
  ['28', 'nft', /drops all packets from peers to containers$/],
] as const) {
  ufwTest(`beside ufw and ufw-docker, the command lets peers in and lasts: Docker ${engine}`, (t) =>
    onHost(engine, backend, (scene) =>
      withUfw(scene, async (ufw) => {
        const { on, firewall } = scene;
        await scene.converged(t);
        ufw.append('after.rules', ufwDocker);
        ufw.sh('ufw --force enable');
        await firewall.converge(desired(), signal);
        t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');
        const { findings } = await firewall.converge(desired(), signal);
        t.deepEqual(reasonsOf(findings), ['PacketsDropped']);
        t.regex(findings[0]?.message ?? '', harm);
        const warned = await preflightOf(ufw);
        t.deepEqual(reasonsOf(warned), ['UfwDrops']);
        t.is(findings[0]?.fix, warned[0]?.fix);

        ufw.sh(warned[0]?.fix ?? '');
        t.deepEqual(reasonsOf(await preflightOf(ufw)), ['UfwActive']);
        await works(t, scene, 'after the command');
        await scene.converged(t);
        ufw.sh('ufw reload');
        await works(t, scene, 'after a reload, before xnetd acts');
        await firewall.converge(desired(), signal);
        await scene.converged(t);
        await works(t, scene, 'after a reload');

        // It leaves what ufw-docker has in DOCKER-USER.
        ufw.sh('ufw disable');
        t.deepEqual(reasonsOf(await preflightOf(ufw)), []);
        const { findings: left } = await firewall.converge(desired(), signal);
        for (const { fix = '' } of left) on.host.runSync(['sh', '-c', fix]);
        await works(t, scene, 'while ufw is disabled');
      }),
    ),
  );
}

ufwTest('ufw whose rules are not behind those of Docker is reported, and the command lets peers in', (t) =>
  onHost('20.10', 'legacy', (scene) =>
    withUfw(scene, async (ufw) => {
      const { on, firewall } = scene;
      await scene.converged(t);
      t.deepEqual(reasonsOf(await preflightOf(ufw, true)), []);
      ufw.sh('ufw --force enable');
      const { findings } = await firewall.converge(desired(), signal);
      t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');
      t.deepEqual(reasonsOf(findings), ['PacketsDropped']);
      t.regex(
        findings[0]?.message ?? '',
        /drops all TCP connections from peers to containers and from containers to peers$/,
      );
      // Docker's nftables backend has its rules in other tables, too.
      const warned = await preflightOf(ufw, true);
      t.deepEqual(reasonsOf(warned), ['UfwDrops']);
      t.is(findings[0]?.fix, warned[0]?.fix);
      ufw.sh(findings[0]?.fix ?? '');
      t.deepEqual(reasonsOf(await preflightOf(ufw, true)), ['UfwActive']);
      await scene.converged(t);
      await works(t, scene, 'after the command');
      ufw.sh('ufw reload');
      await scene.converged(t);
      await works(t, scene, 'after a reload');
    }),
  ),
);

ufwTest('the command lets peers in whatever other rules ufw has for them', (t) =>
  onHost('28', 'nft', (scene) =>
    withUfw(scene, async (ufw) => {
      const { on, firewall } = scene;
      await scene.converged(t);
      ufw.append('after.rules', ufwDocker);
      ufw.sh('ufw --force enable; ufw route deny from any to 10.0.0.0/8');
      await firewall.converge(desired(), signal);
      t.is(await on.knock(on.peer, '10.76.1.2', 81), 'timeout');
      const [{ message = '', fix = '' } = {}] = (await firewall.converge(desired(), signal)).findings;
      t.regex(message, /chain ufw-user-forward \(-d 10\.0\.0\.0\/8 -j DROP\) drops all packets/);
      t.is((await preflightOf(ufw))[0]?.fix, fix);
      ufw.sh(fix);
      t.deepEqual(reasonsOf(await preflightOf(ufw)), ['UfwActive']);
      await scene.converged(t);
      await works(t, scene, 'after the command');
    }),
  ),
);

ufwTest('ufw behind the rules of Docker drops nothing of peers', (t) =>
  onHost('28', 'nft', (scene) =>
    withUfw(scene, async (ufw) => {
      await scene.converged(t);
      for (const line of ['ufw --force enable', 'ufw reload', 'ufw disable']) {
        ufw.sh(line);
        await works(t, scene, line);
        await scene.converged(t);
      }
    }),
  ),
);
