// Probes of hosts that a rollout changes: which dockerds are down, which steps the store had in flight, and which lost
// packets no step explains.
import { connect } from 'node:net';
import { isInFlight } from '../../controller/rollout/next.js';
import { parseKey } from '../../controller/store/keys.js';
import { decode } from '../../controller/store/record-codec.js';
import type { LabHost } from '../../deploy/lab/host.js';
import { pause } from '../../proto/process/backoff.js';
import { type Flow, lossesOf } from '../chaos/mesh.js';
import type { StoredVersion } from './etcd-history.js';

const pingIntervalMs = 200;

/** Downs is the most dockerds that were down at once, and the names of the hosts whose dockerd ever was. */
export type Downs = { readonly most: number; readonly hosts: ReadonlySet<string> };

/**
 * watchDockerds asks all dockerds at once, again and again, until `signal` aborts. Those that refuse the same question are
 * down at once, however late a busy machine asks the next one.
 */
export async function watchDockerds(hosts: readonly LabHost[], signal: AbortSignal): Promise<Downs> {
  const ever = new Set<string>();
  let most = 0;
  while (!signal.aborted) {
    const refused = await Promise.all(hosts.map(refuses));
    const down = hosts.filter((_, index) => refused[index]);
    for (const { name } of down) ever.add(name);
    most = Math.max(most, down.length);
    await pause(pingIntervalMs);
  }
  return { most, hosts: ever };
}

// Whether nobody listens. A dockerd that accepts and does not answer yet has started, or was stopped later.
function refuses({ dockerSocket }: LabHost): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(dockerSocket);
    const end = (isRefused: boolean) => {
      connection.destroy();
      resolve(isRefused);
    };
    connection.once('connect', () => end(false));
    connection.once('error', () => end(true));
  });
}

/** Window is the time in which a host may restart Docker: from its permit until it is healthy, milliseconds since 1970. */
export type Window = { readonly host: string; readonly beginMs: number; readonly endMs: number };

/** windowsIn returns the windows of all steps in a history, oldest first, and the most that were open at one revision. */
export function windowsIn(history: readonly StoredVersion[]): { readonly windows: Window[]; readonly most: number } {
  const open = new Map<string, number>();
  const windows: Window[] = [];
  let most = 0;
  for (const change of history.flatMap(({ changes }) => changes)) {
    if (change.kind !== 'put' || parseKey(change.entry.key)?.kind !== 'steps') continue;
    const decoded = decode('steps', change.entry.value);
    if ('problem' in decoded) throw new Error(`${change.entry.key}: ${decoded.problem}`);
    for (const step of decoded.record.steps) {
      const beginMs = open.get(step.nodeName);
      if (isInFlight(step)) open.set(step.nodeName, beginMs ?? step.sinceMs);
      else if (beginMs !== undefined) {
        open.delete(step.nodeName);
        windows.push({ host: step.nodeName, beginMs, endMs: step.sinceMs });
      }
    }
    most = Math.max(most, open.size);
  }
  return { windows, most };
}

// An answer may be read late when the machine is busy.
const slackMs = 4_000;

/** unexplainedLosses returns the losses that do not begin in a window of one of the two hosts: "h1 to h2 lost 3 at …". */
export function unexplainedLosses(flows: readonly Flow[], windows: readonly Window[]): readonly string[] {
  return flows
    .flatMap((flow) => lossesOf(flow))
    .filter(({ from, to, beginMs }) => {
      const explains = ({ host, ...window }: Window) =>
        [from, to].includes(host) && window.beginMs - slackMs <= beginMs && beginMs <= window.endMs + slackMs;
      return !windows.some(explains);
    })
    .map(({ from, to, lost, beginMs }) => `${from} to ${to} lost ${lost} at ${new Date(beginMs).toISOString()}`);
}

/** answeredIn returns the number of flows between other hosts that had answers in a window. */
export function answeredIn(flows: readonly Flow[], { host, beginMs, endMs }: Window): number {
  const others = flows.filter(({ from, to }) => from !== host && to !== host);
  return others.filter(({ answers: all }) => all.some(({ ms }) => ms >= beginMs && ms <= endMs)).length;
}
