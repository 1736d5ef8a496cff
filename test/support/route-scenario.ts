// Scenarios of the routes effect on a host, and the checks that all of them share.
import type { ExecutionContext } from 'ava';
import { KernelMirror } from '../../node/kernel/mirror.js';
import { type Hop, type NextHop, type RouteKernel, routeTypes } from '../../node/kernel/route-kernel.js';
import type { Outcome } from '../../node/reconcile/effect.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { Routes, type RoutesOptions } from '../../node/routes/routes.js';
import { formatIpv4, formatPrefix, prefixKey } from '../../proto/domain/address.js';
import type { RouteHost } from './route-host.js';

/** OnHost is the environment of a scenario. */
export type OnHost = {
  readonly host: RouteHost;
  /** Interface index of the underlay, whose address is 192.168.83.1/24. */
  readonly eth0: number;
  readonly mirror: KernelMirror;
  /** effect returns a routes effect on the host's kernel. */
  readonly effect: (options?: Partial<RoutesOptions>) => Routes;
};

/** Scenario is one scenario. */
export type Scenario = { readonly title: string; readonly run: (t: ExecutionContext, on: OnHost) => Promise<void> };

/** signal is never aborted. */
export const { signal } = new AbortController();

/** runScenario runs a scenario on a host, and closes the host. */
export async function runScenario(t: ExecutionContext, host: RouteHost, scenario: Scenario): Promise<void> {
  try {
    const eth0 = host.addLink('eth0');
    host.addAddress('eth0', '192.168.83.1/24');
    const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
    const effect = (options: Partial<RoutesOptions> = {}) => new Routes({ kernel: host.kernel, mirror, ...options });
    await scenario.run(t, { host, eth0, mirror, effect });
  } finally {
    await host.close();
  }
}

function text({ gateway, ifindex }: Hop): string {
  return `${typeof gateway === 'number' ? formatIpv4(gateway) : gateway} on ${ifindex}`;
}

/** installed lists all routes of a protocol, as "10.76.1.0/24 by 192.168.83.11 on 2 from 10.76.0.1". */
export async function installed(kernel: RouteKernel, protocol = 88): Promise<readonly string[]> {
  const nextHops = new Map((await kernel.nextHops())?.map((each): [number, NextHop] => [each.id, each]));
  const routes = await kernel.routes((each) => each.protocol === protocol);
  return [...routes]
    .sort((a, b) => prefixKey(a.destination) - prefixKey(b.destination))
    .map((each) => {
      const hop = each.nextHopId === 0 ? each.hops[0] : nextHops.get(each.nextHopId)?.hop;
      const object = each.nextHopId === 0 ? '' : ' by object';
      const way = hop === undefined ? '' : ` by ${text(hop)}${object}`;
      const from = each.preferredSource === undefined ? '' : ` from ${formatIpv4(each.preferredSource)}`;
      const type = each.type === routeTypes.unreachable ? 'unreachable ' : '';
      return `${type}${formatPrefix(each.destination)}${way}${from}`;
    });
}

/** guard is the guard route of the pool, as installed lists it. */
export const guard = 'unreachable 10.76.0.0/16';

/** reasons returns the reasons of a turn's findings. */
export function reasons({ findings }: Outcome): readonly string[] {
  return findings.map(({ reason }) => reason);
}

/** settle converges, and checks that neither a second turn nor one after a dump changes anything. */
export async function settle(
  t: ExecutionContext,
  on: OnHost,
  effect: Routes,
  desired: DesiredRoutes,
): Promise<Outcome> {
  const outcome = await effect.converge(desired, signal);
  const again = await effect.converge(desired, signal);
  t.is(again.changes, 0, 'a second turn changes nothing');
  t.deepEqual(again.findings, outcome.findings);
  on.mirror.invalidate();
  t.is((await effect.converge(desired, signal)).changes, 0, 'nor does one after a dump');
  return outcome;
}
