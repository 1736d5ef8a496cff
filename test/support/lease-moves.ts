// A story of one host with a real dockerd: docker0 moves from lease to lease, while a bridge is added and removed.
import { existsSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { LabHost } from '../../deploy/lab/host.js';
import { formatBip } from '../../node/docker/engine/bip-value.js';
import type { Lease, Permit } from '../../proto/domain/network.js';
import {
  addressOn,
  bipLease,
  bridgeLease,
  containerAddress,
  dockerdPid,
  dockerWith,
  effectOn,
  networkNames,
  permitFor,
  reasonsOf,
  runIdle,
} from './docker-lab.js';

const never = new AbortController().signal;

/** leaseMoves tells the story on a host whose dockerd runs as it was installed. */
export async function leaseMoves(t: ExecutionContext, host: LabHost): Promise<void> {
  const toCome: string[] = [];
  const lookAtBips = async () => {
    toCome.push((await effect.bipsToCome()).map(formatBip).join(' '));
  };
  const reached = async (step: string) => (step === 'restarted' ? lookAtBips() : undefined);
  const effect = effectOn(host, { onRunning: 'restart' }, { reached });
  const reasons = async (leases: readonly Lease[], permit?: Permit) =>
    reasonsOf(await effect.converge(dockerWith(leases, permit), never));
  const [a, b] = [bipLease('10.76.3.0/24'), bipLease('10.80.3.0/24')];
  const ending = { ...a, state: 'ending' } as const;
  t.deepEqual(await reasons([a], permitFor('', a)), []);
  await runIdle(host, 'one', '--restart=always');
  const pid = await dockerdPid(host);
  // Without a permit the host has both leases and stays on the first; a bridge is added without a restart.
  const beside = bridgeLease('10.90.3.0/24', 'side0');
  for (const permit of [undefined, permitFor('', b), permitFor('r-1', { ...b, generation: 7 })]) {
    t.deepEqual(await reasons([ending, b, beside], permit), ['WaitingForRollout']);
  }
  t.deepEqual([await addressOn(host, 'docker0'), await addressOn(host, 'side0')], ['10.76.3.1/24', '10.90.3.1/24']);
  t.is(await dockerdPid(host), pid);
  await runIdle(host, 'two', '--network=side');
  // The host's own setting is the limit of what a rollout may do.
  t.deepEqual(reasonsOf(await effectOn(host).converge(dockerWith([ending, b, beside], permitFor('r-1', b)), never)), [
    'ContainersRunning',
  ]);
  t.is(await dockerdPid(host), pid);
  t.deepEqual(await reasons([ending, b, beside], permitFor('r-1', b)), []);
  t.deepEqual([await addressOn(host, 'docker0'), await addressOn(host, 'side0')], ['10.80.3.1/24', '10.90.3.1/24']);
  t.regex(await containerAddress(host, 'one', 'bridge'), /^10\.80\.3\./);
  // Until the change has ended, it may be rolled back: the former lease counts as used.
  await lookAtBips();
  t.deepEqual(toCome.splice(0), [
    '10.76.3.1/24 10.76.3.1/24',
    '10.80.3.1/24 10.80.3.1/24 10.76.3.1/24',
    '10.80.3.1/24',
  ]);
  t.regex(await containerAddress(host, 'two', 'side'), /^10\.90\.3\./);
  t.deepEqual(await reasons([b, beside]), [], 'what it has needs no permit');
  // The bridge's lease ends: the bridge stays as long as a container is attached, which is no fault.
  const sideEnds = { ...beside, state: 'ending' } as const;
  const { findings } = await effect.converge(dockerWith([b, sideEnds]), never);
  t.deepEqual(
    findings.map(({ reason, isNote, message }) => [reason, isNote, /: two$/.test(message)]),
    [['LeaseEnding', true, true]],
  );
  await host.docker('rm', '--force', 'two');
  t.deepEqual(await reasons([b, sideEnds]), []);
  t.deepEqual(await networkNames(host), ['bridge', 'host', 'none']);
  // Only a bridge remains: docker0 gets its former address back, with a permit that names no lease.
  const next = bridgeLease('10.91.3.0/24');
  const bEnds = { ...b, state: 'ending' } as const;
  t.deepEqual(await reasons([bEnds, next]), ['WaitingForRollout']);
  // A lease that changes its mode keeps its subnet, which docker0 has to release first.
  t.deepEqual(await reasons([bridgeLease('10.80.3.0/24')]), ['AddressNotLeased']);
  t.deepEqual(await reasons([bEnds, next], permitFor('r-2')), []);
  t.deepEqual([await addressOn(host, 'docker0'), await addressOn(host, 'xnet0')], ['172.17.0.1/16', '10.91.3.1/24']);
  t.false(existsSync(host.daemonJson));
  t.deepEqual(await effect.bipsToCome(), []);
  t.deepEqual((await effect.remove(never)).findings, []);
}
