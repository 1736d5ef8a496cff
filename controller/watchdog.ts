// Feeds systemd's watchdog and status line. A beat requires that the server answers a call through its own listener, as
// a client would see it. An unreachable store does not stop the beats: nodes keep their streams, and a restart of the
// controller would not help.

import { pause } from '../proto/process/backoff.js';
import type { Logger } from '../proto/process/log.js';
import { aborted } from '../proto/process/parts.js';
import type { Endpoint } from '../proto/rpc/endpoint.js';
import { HealthProbe } from '../proto/rpc/health-probe.js';
import type { ServiceNotice } from './surroundings.js';
import type { ViewFeed } from './view/view-feed.js';

/** WatchdogDeps are the inputs of the watchdog. */
export type WatchdogDeps = {
  readonly systemd: ServiceNotice;
  readonly feed: ViewFeed;
  /** Returns how many nodes have their stream here. */
  readonly streams: () => number;
  /** Where the controller listens. */
  readonly endpoints: readonly Endpoint[];
  readonly log: Logger;
};

/** ControllerState is the input of a controller's status line. */
export type ControllerState = {
  /** Why it refuses to act; empty: it acts. */
  readonly refusal: string;
  /** Undefined: the store was not read yet. */
  readonly view:
    | { readonly revision: number; readonly nodes: number; readonly sessions: number; readonly streams: number }
    | undefined;
  /** Whether the watch of the store is connected. */
  readonly connected: boolean;
};

// Used where systemd expects no beats.
const defaultWatchdogMs = 30_000;

/** statusLine returns a controller's line in `systemctl status`: "3 nodes connected of 4, revision 812". Pure. */
export function statusLine({ refusal, view, connected }: ControllerState): string {
  if (refusal !== '') return `refuses to act: ${refusal}`;
  if (view === undefined) return 'waiting for the store';
  const { sessions, nodes, streams, revision } = view;
  const here = streams === sessions ? '' : ` (${streams} here)`;
  const away = connected ? '' : ', no connection to the store';
  return `${sessions} nodes connected of ${nodes}${here}, revision ${revision}${away}`;
}

function controllerState({ feed, streams }: WatchdogDeps): ControllerState {
  const { refusal, connected } = feed;
  if (!feed.ready) return { refusal, connected, view: undefined };
  const { revision, nodes, sessions } = feed.view;
  return {
    refusal,
    connected,
    view: { revision, nodes: nodes.size, sessions: sessions.size, streams: streams() },
  };
}

/** feedWatchdog feeds systemd until `signal` aborts. */
export async function feedWatchdog(deps: WatchdogDeps, signal: AbortSignal): Promise<void> {
  const { systemd, feed, endpoints, log } = deps;
  // A unix socket depends on no route and no port.
  const endpoint = endpoints.find(({ kind }) => kind === 'unix') ?? endpoints[0];
  if (!systemd.present || endpoint === undefined) return aborted(signal);
  const off = feed.onChange(() => systemd.status(statusLine(controllerState(deps))));
  const probe = new HealthProbe(endpoint);
  const everyMs = (systemd.watchdogMs ?? defaultWatchdogMs) / 3;
  try {
    while (!signal.aborted) {
      const problem = await probe.ask(everyMs);
      if (problem === undefined) systemd.beat();
      else if (!signal.aborted)
        log.warn({ reason: problem }, 'watchdog: the controller does not answer a call to itself');
      systemd.status(statusLine(controllerState(deps)));
      await pause(everyMs, signal);
    }
  } finally {
    off();
    probe.close();
  }
}
