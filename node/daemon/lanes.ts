// Builds the daemon's lanes, each from one effect and its desired state.
// Invariant: a lane acts only on state from a controller, present or cached; without it, it changes nothing. Until one
// has confirmed the cache, the kernel takes precedence where it differs. On a host that is fenced, routes and firewall
// are withdrawn, and Docker is left as it is.
import type { Lease } from '../../proto/domain/network.js';
import type { Logger } from '../../proto/process/log.js';
import { bridgeState, downFindings } from '../docker/engine/own-bridge.js';
import { type DesiredFirewall, desiredFirewall, peerInterfaces } from '../firewall/desired.js';
import { peerChange } from '../firewall/peer-change.js';
import type { Host } from '../host/host.js';
import type { Effect, Finding, Outcome } from '../reconcile/effect.js';
import { Lane } from '../reconcile/lane.js';
import { type LiveValue, Subscribers } from '../reconcile/live-value.js';
import { type DesiredRoutes, desiredRoutes, noRoutes } from '../routes/desired.js';
import { gatewaysInOrder, ownSubnetOf, ownSubnets } from '../table/own-subnets.js';
import type { Underlay, UnderlaySettings } from '../underlay/choose.js';
import { readUnderlay } from '../underlay/underlay.js';
import { desiredLan } from './desired-lan.js';
import type { Known, KnownReader } from './known.js';
import { LanAdmission } from './lan-admission.js';
import { makeLanLane, type Reach } from './lan-lane.js';
import { type Standing, secondHost } from './standing.js';

/** LaneSettings are the settings of what the lanes do. */
export type LaneSettings = {
  readonly underlay: UnderlaySettings;
  /** Packet mark of the firewall. */
  readonly mark: number;
};

/** Watchdog ends a daemon that gives no sign of life. */
export type Watchdog = {
  /** onBeat is called after each turn of the routes lane, even if there was nothing to do. */
  onBeat(): void;
  /** The daemon is ended after this time without a beat, in milliseconds; undefined: never. */
  readonly watchdogMs: number | undefined;
};

/** LanesOptions are the dependencies of the lanes. */
export type LanesOptions = {
  readonly host: Host;
  readonly known: KnownReader;
  /** Set by the routes lane, read by the firewall lane. */
  readonly underlay: LiveValue<Underlay | undefined>;
  readonly settings: LaneSettings;
  /** Whether Docker may be changed on this host. */
  readonly standing: LiveValue<Standing>;
  readonly reach: Reach;
  readonly watchdog: Watchdog;
  readonly log: Logger;
};

/** LaneName names a lane. */
export type LaneName = 'routes' | 'firewall' | 'docker' | 'nics' | 'lan';

/** Lanes are the daemon's lanes. */
export type Lanes = {
  readonly routes: Lane<Known>;
  readonly firewall: Lane<Known>;
  readonly docker: Lane<Known>;
  readonly nics: Lane<Known>;
  readonly lan: Lane<Known>;
  /** retryLan repeats a move of the interface that was undone. */
  readonly retryLan: () => void;
  /** Notified after each turn: its lane, its outcome, and what was known when it began. */
  readonly turns: Subscribers<[lane: LaneName, outcome: Outcome, known: Known]>;
};

const routesResyncMs = 10_000;
const otherResyncMs = 30_000;
// At boot Docker waits for the first beat: at most this long for the interface to be in place.
const longestPlacingMs = 10_000;

function routesEffect({ host, settings, underlay: chosen }: LanesOptions): Effect<Known> {
  let before: DesiredRoutes | undefined;
  const desired = ({ table, assignment, isConfirmed }: Known, underlay: Underlay | undefined) => {
    const { routes, unresolved, pools } = table ?? { routes: noRoutes.peers, ...noRoutes };
    const [own, gateways] = [ownSubnets(assignment), gatewaysInOrder(assignment)];
    before = desiredRoutes({ routes, unresolved, pools, own, gateways, underlay, isConfirmed }, before);
    return before;
  };
  let last: Underlay | undefined;
  return {
    name: 'routes',
    converge: async (known, signal) => {
      if (known.fenced !== undefined) return host.routes.converge(noRoutes, signal);
      const assigned = known.assignment?.address;
      const choice = await readUnderlay(host.mirror, {
        settings: settings.underlay,
        assigned,
        last,
        pools: known.table?.pools ?? [],
      });
      last = choice.underlay ?? last;
      chosen.set(choice.underlay);
      const outcome = await host.routes.converge(desired(known, choice.underlay), signal);
      const neighbours = await host.neighbours.converge(known.table?.routes.size ?? 0);
      return {
        ...outcome,
        findings: [...choice.findings, ...outcome.findings, ...neighbours.findings],
        changes: outcome.changes + neighbours.changes,
      };
    },
  };
}

function firewallEffect({ host, settings, underlay }: LanesOptions, admission: LanAdmission): Effect<Known> {
  // Most turns are for changes by others: what is desired is then the same object.
  let before: { readonly known: Known; readonly names: string; readonly desired: DesiredFirewall } | undefined;
  const interfaces = ({ assignment }: Known) => {
    const ifname = underlay.current?.ifname;
    if (ifname === undefined) return undefined;
    const besides = admission.besides(assignment, ifname);
    return { ifname, besides, names: [ifname, ...besides].join(' ') };
  };
  const desired = (known: Known) => {
    const by = interfaces(known);
    if (known.assignment === undefined || known.table === undefined || by === undefined) return undefined;
    const { assignment, table, isConfirmed } = known;
    const last = before?.names === by.names ? before : undefined;
    if (
      last?.known.assignment === assignment &&
      last.known.table?.routes === table.routes &&
      last.known.table.pools === table.pools &&
      last.known.isConfirmed === isConfirmed
    ) {
      return last.desired;
    }
    const routes = table.routes.values();
    const made = desiredFirewall({
      assignment,
      routes,
      pools: table.pools,
      underlay: by.ifname,
      besides: by.besides,
      mark: settings.mark,
      isConfirmed,
    });
    before = { known, names: by.names, desired: made };
    return made;
  };
  // The state that the last turn applied, and its findings about the path.
  let settled: { readonly known: Known; readonly names: string; readonly path: readonly Finding[] } | undefined;
  return {
    name: 'firewall',
    converge: async (known, signal) => {
      settled = undefined;
      if (known.fenced !== undefined) return host.firewall.remove(signal);
      const wanted = desired(known);
      if (wanted === undefined) return { findings: [], changes: 0 };
      await host.engineFacts.read(signal);
      const outcome = await host.firewall.converge(wanted, signal);
      admission.admitted(peerInterfaces(wanted));
      const path = await host.lookAtPath(wanted);
      settled = { known, names: [wanted.underlay, ...(wanted.besides ?? [])].join(' '), path };
      return { ...outcome, findings: [...outcome.findings, ...path] };
    },
    advance: (known) => {
      const [was, is] = [settled?.known.table, known.table];
      if (settled === undefined || was === undefined || is === undefined || known.fenced !== undefined)
        return undefined;
      const { assignment, isConfirmed } = settled.known;
      const isSame = known.assignment === assignment && known.isConfirmed === isConfirmed && is.pools === was.pools;
      if (!isSame || interfaces(known)?.names !== settled.names) return undefined;
      const outcome = host.firewall.changePeers(peerChange(was.routes, is.routes, ownSubnets(assignment)));
      if (outcome === undefined) return undefined;
      settled = { ...settled, known };
      before = undefined;
      return { ...outcome, findings: [...outcome.findings, ...settled.path] };
    },
  };
}

// A controller that can be reached answers sooner after the start.
const longestUnknownMs = 5_000;

function dockerEffect({ host, standing }: LanesOptions): Effect<Known> {
  const nothing: Outcome = { findings: [], changes: 0 };
  const knownByMs = performance.now() + longestUnknownMs;
  const isSecond = (signal: AbortSignal) => secondHost(standing, knownByMs - performance.now(), signal);
  return {
    name: 'docker',
    converge: async ({ assignment, fenced }, signal) => {
      // A change that was under way is ended either way: Docker may be down in the middle of it.
      if (fenced !== undefined) return host.docker.resume(signal);
      if (assignment === undefined) return nothing;
      const outcome = await host.docker.converge({ ...assignment, secondHost: isSecond }, signal);
      return { ...outcome, findings: [...outcome.findings, ...downFindings(host.mirror, ownSubnets(assignment))] };
    },
  };
}

function nicsEffect({ host }: LanesOptions): Effect<Known> {
  return {
    name: 'nics',
    converge: async ({ assignment, table, fenced }, signal) => {
      const { nics } = assignment ?? {};
      // docker0 may have moved away from an ending lease: its addresses are unreachable, and a container on it would
      // keep the lease from ending.
      const isPlaced = (lease: Lease) => bridgeState(host.mirror, ownSubnetOf(lease)) === 'whole';
      const leases = (assignment?.leases ?? []).filter((lease) => lease.state !== 'ending' || isPlaced(lease));
      const unplaced = leases.filter((lease) => !isPlaced(lease));
      // A fenced host keeps the nics of its containers, as it keeps Docker.
      const wanted = fenced === undefined ? nics?.nics : undefined;
      return host.nics.converge({ nics: wanted, leases, unplaced, pools: table?.pools ?? [] }, signal);
    },
  };
}

/** makeLanes makes the lanes. */
export function makeLanes(options: LanesOptions): Lanes {
  const { known, underlay, watchdog, log } = options;
  const turns: Lanes['turns'] = new Subscribers();
  const admission = new LanAdmission();
  const startedMs = performance.now();
  let [isRouted, hasTurned] = [false, false];
  const isPlaced = () =>
    hasTurned || desiredLan(known.current.assignment) === undefined || performance.now() - startedMs > longestPlacingMs;
  const whenTabled = () => {
    const now = known.current;
    const isTold = now.assignment !== undefined && now.table !== undefined;
    return isTold || now.fenced !== undefined ? now : undefined;
  };
  const firewall: Lane<Known> = new Lane({
    effect: firewallEffect(options, admission),
    type: 'Firewall',
    desired: () => (underlay.current === undefined && known.current.fenced === undefined ? undefined : whenTabled()),
    resyncMs: otherResyncMs,
    log,
    onTurn: (outcome, now) => turns.notify('firewall', outcome, now),
  });
  underlay.subscribe((now, before) => {
    if (now?.ifname !== before?.ifname) firewall.trigger();
  });
  admission.place.subscribe(() => firewall.trigger());
  const routes: Lane<Known> = new Lane({
    effect: routesEffect(options),
    type: 'Routes',
    desired: whenTabled,
    // The routes lane feeds the watchdog: two turns before it runs out.
    resyncMs: Math.min(routesResyncMs, (watchdog.watchdogMs ?? Number.POSITIVE_INFINITY) / 3),
    log,
    onTurn: (outcome, now) => turns.notify('routes', outcome, now),
    onBeat: () => {
      isRouted = true;
      if (isPlaced()) watchdog.onBeat();
    },
  });
  const docker: Lane<Known> = new Lane({
    effect: dockerEffect(options),
    type: 'Docker',
    desired: () => (known.current.assignment === undefined ? undefined : known.current),
    resyncMs: otherResyncMs,
    log,
    onTurn: (outcome, now) => {
      turns.notify('docker', outcome, now);
      // The bridge is removed once Docker's network no longer uses it.
      if (outcome.changes > 0) lan.lane.trigger();
    },
  });
  const nics: Lane<Known> = new Lane({
    effect: nicsEffect(options),
    type: 'Nics',
    desired: () => (known.current.assignment?.nics === undefined ? undefined : known.current),
    resyncMs: otherResyncMs,
    log,
    onTurn: (outcome, now) => turns.notify('nics', outcome, now),
  });
  const lan = makeLanLane({
    host: options.host,
    known,
    reach: options.reach,
    admission,
    log,
    onTurn: (outcome, now) => {
      turns.notify('lan', outcome, now);
      if (outcome.changes > 0) docker.trigger();
    },
    onBeat: () => {
      const isFirst = !hasTurned;
      hasTurned = true;
      if (isFirst && isRouted) watchdog.onBeat();
    },
  });
  return { routes, firewall, docker, nics, lan: lan.lane, retryLan: () => lan.effect.retry(), turns };
}
