// The lane of LAN mode: its desired state, and the witnesses that have to answer after the host's interface was moved.
// Invariant: a host without an assignment, and a fenced one, keep the interface as it is.
import type { Logger } from '../../proto/process/log.js';
import type { Host } from '../host/host.js';
import type { LanEffect } from '../lan/lan.js';
import type { LanWitness } from '../lan/witness.js';
import type { Outcome } from '../reconcile/effect.js';
import { Lane } from '../reconcile/lane.js';
import { type CallTarget, callStanding } from '../uplink/uplink.js';
import { desiredLan } from './desired-lan.js';
import type { Known, KnownReader } from './known.js';
import type { LanAdmission } from './lan-admission.js';

/** Reach is how the controllers are reached. */
export type Reach = {
  readonly endpoints: () => CallTarget['controllers'];
  readonly credentials: () => Promise<CallTarget['credentials']>;
};

/**
 * controllerWitness returns a witness that asks a controller by a new call. A controller on a unix socket is on this host, so
 * its answer shows nothing about the network: it is left out.
 */
export function controllerWitness(known: KnownReader, { endpoints, credentials }: Reach): readonly LanWitness[] {
  const controllers = endpoints().filter(({ kind }) => kind === 'tcp');
  const nodeId = known.current.assignment?.nodeId;
  if (controllers.length === 0 || nodeId === undefined) return [];
  const ask = async (signal: AbortSignal) => {
    await callStanding({ controllers, credentials: await credentials() }, nodeId, signal);
    return true;
  };
  return [{ name: 'a controller', ask: (_by, signal) => ask(signal) }];
}

const resyncMs = 30_000;

/** LanLaneOptions are the dependencies of the lane. */
export type LanLaneOptions = {
  readonly host: Pick<Host, 'openLan'>;
  readonly known: KnownReader;
  readonly reach: Reach;
  readonly admission: Pick<LanAdmission, 'place' | 'untilAdmitted'>;
  readonly log: Logger;
  readonly onTurn: (outcome: Outcome, known: Known) => void;
  readonly onBeat: () => void;
};

/** makeLanLane makes the lane, and the effect that an operator can have tried again. */
export function makeLanLane(options: LanLaneOptions): { readonly lane: Lane<Known>; readonly effect: LanEffect } {
  const { host, known, reach, admission, log, onTurn, onBeat } = options;
  const effect = host.openLan({
    witnesses: () => controllerWitness(known, reach),
    untilAdmitted: (bridge, signal) => admission.untilAdmitted(bridge, known.current.assignment, signal),
    place: admission.place,
  });
  const nothing: Outcome = { findings: [], changes: 0 };
  const lane: Lane<Known> = new Lane({
    effect: {
      name: effect.name,
      converge: async ({ assignment, fenced }, signal) =>
        fenced === undefined ? effect.converge(desiredLan(assignment), signal) : nothing,
    },
    type: 'Underlay',
    desired: () => (known.current.assignment === undefined ? undefined : known.current),
    resyncMs,
    log,
    onTurn,
    onBeat,
  });
  return { lane, effect };
}
