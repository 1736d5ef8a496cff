// Scenarios on the real kernel: a host, its routes, and notifications of changes by others.
import test, { type ExecutionContext } from 'ava';
import { type KernelChange, KernelMirror } from '../../node/kernel/mirror.js';
import type { DesiredRoutes } from '../../node/routes/desired.js';
import { Routes } from '../../node/routes/routes.js';
import { isRoot, LinuxRouteHost } from './linux-route-host.js';

/** signal is never aborted. */
export const { signal } = new AbortController();
/** rooted reports whether the real kernel can be used. */
export const rooted = isRoot('routes on the real kernel');

/** On is the environment of a scenario. */
export type On = {
  readonly host: LinuxRouteHost;
  readonly eth0: number;
  readonly mirror: KernelMirror;
  readonly routes: Routes;
};

/** story declares a test on a host of its own. Tests run serially: each host occupies a thread of libuv's pool. */
export function story(title: string, body: (t: ExecutionContext, on: On) => Promise<void>): void {
  if (!rooted) return;
  test.serial(`${title}, on the kernel`, async (t) => {
    const host = new LinuxRouteHost();
    try {
      const eth0 = host.addLink('eth0');
      host.addAddress('eth0', '192.168.83.1/24');
      const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
      const routes = new Routes({ kernel: host.kernel, mirror });
      await body(t, { host, eth0, mirror, routes });
    } finally {
      await host.close();
    }
  });
}

/** told resolves when the mirror reports a foreign change of one of these kinds. */
export function told(mirror: KernelMirror, ...kinds: readonly KernelChange[]): Promise<void> {
  return new Promise((resolve) => {
    const end = mirror.onChange((changes) => {
      if (!kinds.some((kind) => changes.has(kind))) return;
      end();
      resolve();
    });
  });
}

/** healed converges after each event until the routes are as desired, as the daemon's loop does. */
export async function healed({ mirror, routes }: On, desired: DesiredRoutes): Promise<void> {
  for (;;) {
    const change = told(mirror, 'route', 'nextHop', 'link', 'address', 'lost');
    await routes.converge(desired, signal);
    if (routes.counts.installed === routes.counts.desired) return;
    await change;
  }
}
