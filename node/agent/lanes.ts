// The daemon's three lanes, each made of one effect and what it is to make so.
// Invariant: a lane acts only on what a controller has said, now or before; knowing nothing, it touches nothing.
import { gatewayOf } from '../../proto/domain/address.js';
import type { Assignment } from '../../proto/domain/network.js';
import type { Logger } from '../../proto/process/log.js';
import { bridgeNameOf, type OwnBridge } from '../docker/own-bridge.js';
import type { DesiredDocker } from '../docker/settings.js';
import { desiredFirewall } from '../firewall/desired.js';
import type { Host } from '../host/host.js';
import type { Effect, Outcome } from '../reconcile/effect.js';
import { Lane } from '../reconcile/lane.js';
import { type DesiredRoutes, desiredRoutes, noRoutes } from '../routes/desired.js';
import type { NodeTable } from '../table/node-table.js';
import type { Underlay, UnderlaySettings } from '../underlay/choose.js';
import { readUnderlay } from '../underlay/underlay.js';

/** Known is what the controllers have said. */
export type Known = { readonly assignment: Assignment | undefined; readonly table: NodeTable | undefined };

/** LanesOptions are what lanes are made of. */
export type LanesOptions = {
  readonly host: Host;
  readonly known: () => Known;
  readonly underlay: UnderlaySettings;
  /** Packet mark of the firewall. */
  readonly mark: number;
  readonly log: Logger;
  /** Called after each turn with what it came to, and what was known when it began. */
  readonly onTurn: (lane: LaneName, outcome: Outcome, known: Known) => void;
  /** Called after each turn of the routes' lane, also when it had nothing to do. */
  readonly onBeat: () => void;
  /** Without a beat for so long the daemon is ended, in milliseconds; undefined: it never is. */
  readonly watchdogMs: number | undefined;
};

/** LaneName names a lane. */
export type LaneName = 'routes' | 'firewall' | 'docker';

/** Lanes are the daemon's lanes. */
export type Lanes = {
  readonly routes: Lane<Known>;
  readonly firewall: Lane<Known>;
  readonly docker: Lane<Known>;
  /** underlay is the one that was chosen last. */
  underlay(): Underlay | undefined;
};

const routesResyncMs = 10_000;
const otherResyncMs = 30_000;

/** desiredDocker is what Docker is to be for an assignment. */
export function desiredDocker(assignment: Assignment): DesiredDocker {
  const { nodeId, subnet, mode, networkName, bridgeName } = assignment;
  const common = { nodeId, subnet, gateway: gatewayOf(subnet) };
  return mode === 'bip' ? { mode, ...common } : { mode, ...common, networkName, bridgeName };
}

/** ownBridge is the bridge that this node's subnet is to stand on; undefined before the first assignment. */
export function ownBridge({ assignment }: Known): OwnBridge | undefined {
  if (assignment === undefined) return undefined;
  return { name: bridgeNameOf(assignment), gateway: gatewayOf(assignment.subnet) };
}

function routesEffect(options: LanesOptions, chosen: (underlay: Underlay | undefined) => void): Effect<Known> {
  const { host, underlay: settings } = options;
  let before: DesiredRoutes | undefined;
  const desired = ({ table, assignment }: Known, underlay: Underlay | undefined) => {
    const { routes, unresolved, pools } = table ?? { routes: noRoutes.peers, ...noRoutes };
    const bridge = ownBridge({ assignment, table })?.name;
    before = desiredRoutes({ routes, unresolved, pools, own: assignment?.subnet, bridge, underlay }, before);
    return before;
  };
  let last: Underlay | undefined;
  return {
    name: 'routes',
    converge: async (known, signal) => {
      const assigned = known.assignment?.address;
      const choice = await readUnderlay(host.mirror, { settings, assigned, last, pools: known.table?.pools ?? [] });
      last = choice.underlay ?? last;
      chosen(choice.underlay);
      const outcome = await host.routes.converge(desired(known, choice.underlay), signal);
      const neighbours = await host.neighbours.converge(known.table?.routes.size ?? 0);
      return {
        ...outcome,
        findings: [...choice.findings, ...outcome.findings, ...neighbours.findings],
        changes: outcome.changes + neighbours.changes,
      };
    },
    remove: (signal) => host.routes.remove(signal),
  };
}

function firewallEffect(options: LanesOptions, underlay: () => Underlay | undefined): Effect<Known> {
  const { host, mark } = options;
  const desired = (known: Known) => {
    const ifname = underlay()?.ifname;
    if (known.assignment === undefined || known.table === undefined || ifname === undefined) return undefined;
    const { assignment, table } = known;
    return desiredFirewall({ assignment, routes: table.routes.values(), pools: table.pools, underlay: ifname, mark });
  };
  return {
    name: 'firewall',
    converge: async (known, signal) => {
      const wanted = desired(known);
      if (wanted === undefined) return { findings: [], changes: 0 };
      await host.engineFacts.read(signal);
      const outcome = await host.firewall.converge(wanted, signal);
      return { ...outcome, findings: [...outcome.findings, ...(await host.lookAtPath(wanted))] };
    },
    remove: (signal) => host.firewall.remove(signal),
  };
}

function dockerEffect({ host }: LanesOptions): Effect<Known> {
  const nothing: Outcome = { findings: [], changes: 0 };
  return {
    name: 'docker',
    converge: async ({ assignment }, signal) =>
      assignment === undefined ? nothing : host.docker.converge(desiredDocker(assignment), signal),
    remove: (signal) => host.docker.remove(signal),
  };
}

/** makeLanes makes the lanes. */
export function makeLanes(options: LanesOptions): Lanes {
  const { known, log, onTurn, onBeat } = options;
  let underlay: Underlay | undefined;
  const whenTabled = () => {
    const now = known();
    return now.assignment === undefined || now.table === undefined ? undefined : now;
  };
  const firewall: Lane<Known> = new Lane({
    effect: firewallEffect(options, () => underlay),
    type: 'Firewall',
    desired: () => (underlay === undefined ? undefined : whenTabled()),
    resyncMs: otherResyncMs,
    log,
    onTurn: (outcome, now) => onTurn('firewall', outcome, now),
  });
  const routes: Lane<Known> = new Lane({
    effect: routesEffect(options, (chosen) => {
      const moved = chosen?.ifname !== underlay?.ifname;
      underlay = chosen;
      if (moved) firewall.trigger();
    }),
    type: 'Routes',
    desired: whenTabled,
    // The routes' lane feeds the watchdog: two turns before it runs out.
    resyncMs: Math.min(routesResyncMs, (options.watchdogMs ?? Number.POSITIVE_INFINITY) / 3),
    log,
    onTurn: (outcome, now) => onTurn('routes', outcome, now),
    onBeat,
  });
  const docker: Lane<Known> = new Lane({
    effect: dockerEffect(options),
    type: 'Docker',
    desired: () => (known().assignment === undefined ? undefined : known()),
    resyncMs: otherResyncMs,
    log,
    onTurn: (outcome, now) => onTurn('docker', outcome, now),
  });
  return { routes, firewall, docker, underlay: () => underlay };
}
