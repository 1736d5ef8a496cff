// Checks whether the network still works after the interface has moved: every witness that answered before has to answer
// again. A controller's answer to a new call shows that packets pass in both directions beyond the link, and that the
// controllers can still reach the host. The gateway is asked by ARP, which no firewall drops. On a host that runs the only
// controller, the gateway is the only useful witness.
import { formatIpv4, type Ipv4 } from '../../proto/domain/address.js';
import { pause } from '../../proto/process/backoff.js';
import type { LanKernel } from './lan-kernel.js';
import {
  gatewayOfRoute,
  interfaceOfNeighbour,
  ipv4OfNeighbour,
  isDefaultRoute,
  neighbourStates,
  stateOfNeighbour,
} from './objects.js';
import { confirmNeighbour } from './requests.js';
import type { LanLink, LanSnapshot } from './snapshot.js';
import { heldBy } from './transfer.js';

/** LanWitness is a controller or gateway that answers while the network works. */
export type LanWitness = {
  /** "a controller", "the gateway 192.168.83.254" */
  readonly name: string;
  /** ask reports whether it answers, by this interface; it gives up when `signal` aborts. */
  ask(by: LanLink, signal: AbortSignal): Promise<boolean>;
};

const askEveryMs = 100;
const onceMs = 3_000;

/** gatewayWitnesses are the gateways of the default routes by an interface. */
export function gatewayWitnesses(kernel: LanKernel, snapshot: LanSnapshot, link: LanLink): readonly LanWitness[] {
  const gateways = heldBy(snapshot, link)
    .routes.filter(isDefaultRoute)
    .flatMap((route) => gatewayOfRoute(route) ?? []);
  return [...new Set(gateways)].map((gateway) => ({
    name: `the gateway ${formatIpv4(gateway)}`,
    ask: (by, signal) => askGateway(kernel, gateway, by, signal),
  }));
}

async function askGateway(kernel: LanKernel, gateway: Ipv4, by: LanLink, signal: AbortSignal): Promise<boolean> {
  const find = async () =>
    (await kernel.neighbours()).find(
      (each) => ipv4OfNeighbour(each) === gateway && interfaceOfNeighbour(each) === by.ifindex,
    );
  const known = await find();
  // A neighbour that an operator declared is never asked.
  if (known !== undefined && stateOfNeighbour(known) === neighbourStates.permanent) return true;
  kernel.change([confirmNeighbour(gateway, by, known)]);
  while (!signal.aborted) {
    const now = await find();
    if (now !== undefined && stateOfNeighbour(now) === neighbourStates.reachable) return true;
    await pause(askEveryMs, signal);
  }
  return false;
}

/** answeringNow returns the names of the witnesses that answer within a few seconds. */
export async function answeringNow(
  witnesses: readonly LanWitness[],
  by: LanLink,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(onceMs)]);
  const answers = await Promise.all(witnesses.map((witness) => asked(witness, by, limit)));
  return witnesses.filter((_, index) => answers[index]).map(({ name }) => name);
}

/**
 * silentAfter asks witnesses until all have answered once, and returns the names of those that did not answer in time.
 */
export async function silentAfter(
  witnesses: readonly LanWitness[],
  by: LanLink,
  waitMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  const answers = await Promise.all(
    witnesses.map(async (witness) => {
      while (!limit.aborted) {
        if (await asked(witness, by, AbortSignal.any([limit, AbortSignal.timeout(onceMs)]))) return true;
        await pause(askEveryMs, limit);
      }
      return false;
    }),
  );
  return witnesses.filter((_, index) => !answers[index]).map(({ name }) => name);
}

function asked(witness: LanWitness, by: LanLink, signal: AbortSignal): Promise<boolean> {
  const over = new Promise<boolean>((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  return Promise.race([witness.ask(by, signal).catch(() => false), over]);
}
