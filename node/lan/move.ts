// Makes an interface a port of a bridge, moves the host's addresses and routes to the bridge, and undoes both.
// Invariant: until the last batch the host's network is unchanged, whatever is refused and wherever the daemon is
// killed; the batch itself is one system call.
import { pause } from '../../proto/process/backoff.js';
import type { Steps } from '../../proto/process/steps.js';
import type { Finding } from '../reconcile/effect.js';
import { bridgeAlias, pairNames } from './decide.js';
import type { Detour } from './detour.js';
import type { LanKernel, LanRefusal } from './lan-kernel.js';
import { lanFinding } from './obstacles.js';
import {
  addBridge,
  addPair,
  deleteLink,
  deleteNamed,
  type LanRequest,
  setAlias,
  setMac,
  setMaster,
  setMtu,
  setUp,
} from './requests.js';
import { type LanLink, linkAt, linkNamed } from './snapshot.js';
import { planTransfer } from './transfer.js';

/** MoveParts are the dependencies of a move. */
export type MoveParts = {
  readonly kernel: LanKernel;
  readonly copySettings: (port: LanLink, bridge: LanLink) => void;
  readonly loosen: (bridge: LanLink) => void;
  readonly detour: Detour;
  readonly steps: Steps;
};

/** Switched is the bridge, or the requests that the kernel refused: the interface is then unchanged. */
export type Switched = { readonly bridge: LanLink } | { readonly refused: readonly LanRefusal[] };

const runningWithinMs = 2_000;
const lookEveryMs = 10;

/** refusedFinding names what the kernel refused. */
export function refusedFinding(name: string, refused: readonly LanRefusal[]): Finding {
  const list = refused
    .slice(0, 3)
    .map(({ what, errno, text }) => `${what}: ${text === '' ? errno : `${text} (${errno})`}`);
  return lanFinding(
    'LanRefused',
    `the kernel refuses a change of ${name}: ${list.join('; ')}`,
    'journalctl -u xnetd',
    'passes',
  );
}

/** switchInterface moves an interface to a bridge. `present`: our bridge of that name, if it exists. */
export async function switchInterface(
  parts: MoveParts,
  port: LanLink,
  { present, name }: { readonly present: LanLink | undefined; readonly name: string },
): Promise<Switched> {
  const { kernel, copySettings, steps } = parts;
  const made = await readyBridge(kernel, port, { present, name });
  if ('refused' in made) return made;
  const { bridge } = made;
  copySettings(port, bridge);
  await steps.reached('bridge made');
  const plan = planTransfer(await kernel.read(), port, bridge);
  const refused = kernel.change(plan.adding);
  if (refused.length > 0) {
    kernel.change(undoing(present, bridge));
    return { refused };
  }
  await steps.reached('prepared');
  const failed = await ledAround(parts, port, bridge, [setMaster(port, bridge), ...plan.defaults, ...plan.switching]);
  kernel.change([deleteNamed(pairNames[0])]);
  copySettings(port, bridge);
  if (failed.length === 0) return made;
  const now = await kernel.read();
  // Addresses and routes that are left on the port move to the bridge in the next round.
  if (linkAt(now, port.ifindex)?.master === bridge.ifindex) return made;
  const back = planTransfer(now, bridge, port);
  kernel.change([...back.adding, ...back.defaults, ...back.switching, ...undoing(present, bridge)]);
  return { refused: failed };
}

// Makes the bridge. It is running before its port joins: the kernel sends packets by a bridge that had no carrier only
// some time after the bridge gets a port, and drops them until then.
async function readyBridge(
  kernel: LanKernel,
  port: LanLink,
  { present, name }: { readonly present: LanLink | undefined; readonly name: string },
): Promise<Switched> {
  const refused = present === undefined ? kernel.change([addBridge(name, port.mac)]) : [];
  const found = linkNamed({ links: await kernel.links() }, name);
  if (refused.length > 0 || found === undefined) return { refused };
  const set = kernel.change([
    setAlias(found, bridgeAlias),
    setMac(found, port.mac),
    setMtu(found, port.mtu),
    setUp(found),
  ]);
  if (set.length > 0) {
    kernel.change(undoing(present, found));
    return { refused: set };
  }
  for (const until = performance.now() + runningWithinMs; performance.now() < until; await pause(lookEveryMs)) {
    const links = await kernel.links();
    const bridge = linkNamed({ links }, name);
    if (bridge?.isRunning === true) return { bridge };
    // Not every kernel supports such pairs: without one, packets may be lost.
    if (kernel.change([addPair(...pairNames)]).length > 0) break;
    const ends = pairNames.flatMap((end) => linkNamed({ links }, end) ?? []);
    kernel.change(ends.flatMap((end) => [setUp(end), ...(end.name === pairNames[0] ? [setMaster(end, found)] : [])]));
  }
  return { bridge: found };
}

// Makes a batch of changes while what arrives by the interface goes to the bridge by another port.
async function ledAround(
  { kernel, loosen, detour }: Pick<MoveParts, 'kernel' | 'loosen' | 'detour'>,
  port: LanLink,
  bridge: LanLink,
  batch: readonly LanRequest[],
): Promise<readonly LanRefusal[]> {
  loosen(bridge);
  const isLed = await detour.begin(kernel, port, bridge);
  const refused = kernel.change(batch);
  if (isLed) await detour.end();
  return refused;
}

function undoing(present: LanLink | undefined, bridge: LanLink): readonly LanRequest[] {
  return [deleteNamed(pairNames[0]), ...(present === undefined ? [deleteLink(bridge)] : [])];
}

/** returnInterface moves all addresses and routes from the bridge back to an interface, and deletes the bridge. */
export async function returnInterface(
  parts: Pick<MoveParts, 'kernel' | 'steps' | 'loosen' | 'detour'>,
  port: LanLink,
  bridge: LanLink,
): Promise<readonly LanRefusal[]> {
  const { kernel, steps } = parts;
  const plan = planTransfer(await kernel.read(), bridge, port);
  const refused = kernel.change([...plan.adding, ...plan.defaults]);
  if (refused.length > 0) return refused;
  await steps.reached('return prepared');
  // The bridge keeps its addresses until it is deleted: the kernel filters what arrives by an interface without any.
  const failed = await ledAround(parts, port, bridge, [...plan.routing, setMaster(port, undefined)]);
  await steps.reached('taken out');
  return [...failed, ...kernel.change([deleteNamed(pairNames[0]), deleteLink(bridge)])];
}
