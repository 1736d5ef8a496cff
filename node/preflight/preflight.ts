// Checks a host for everything that would go wrong with xnet on it, and reports all findings at once.
// Invariant: nothing is changed. A part that can't be checked is a finding and does not prevent the check of other
// parts.
import { type Prefix, prefixesEqual } from '../../proto/domain/address.js';
import { usualLanName } from '../../proto/domain/network.js';
import { messageOf } from '../../proto/errors.js';
import { makeLog } from '../../proto/process/log.js';
import { NeighbourTable } from '../host/neighbour-table.js';
import { kernelVersion } from '../kernel/release.js';
import { portFactsIn } from '../lan/host-files.js';
import { opensHostFinding, portObstacles } from '../lan/obstacles.js';
import { linkAt } from '../lan/snapshot.js';
import { type AddressesSeen, addressFindings } from './address-findings.js';
import { daemonJsonFindings, documentOf, jsonSetting } from './daemon-json-findings.js';
import { dockerFindings } from './docker-findings.js';
import { type DockerLooked, lookAtDocker } from './docker-look.js';
import { inOrder, type PreflightFinding, rated } from './finding.js';
import {
  firewallAfter,
  firewallFindings,
  nftablesFindings,
  programFindings,
  usesNftables,
} from './firewall-findings.js';
import { type NetworkSeen, networkFindings } from './network-findings.js';
import { lookAtNetwork, pingPeersOf } from './network-look.js';
import type { Place } from './place.js';
import type { PreflightRequest } from './request.js';
import { readServices } from './services.js';
import { servicesFindings } from './services-findings.js';
import { systemFindings } from './system-findings.js';
import { type ControllerSeen, lookAtControllers, lookAtState, type StateSeen } from './system-look.js';

/**
 * preflight checks everything, the parts that do not need each other side by side.
 * @param onPart is called with the parts that are checked, whenever another one begins or ends: "Docker"
 */
export async function preflight(
  place: Place,
  request: PreflightRequest,
  onPart: (parts: readonly string[]) => void,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  const failed: PreflightFinding[] = [];
  const present = new Set<string>();
  const part: Part = async (name, look) => {
    // What has been begun ends by itself, so that the place can be closed.
    if (signal.aborted) return undefined;
    present.add(name);
    onPart([...present]);
    try {
      return await look();
    } catch (error) {
      const message = `${name} could not be looked at: ${messageOf(error)}`;
      const fix = process.geteuid?.() === 0 ? 'correct that, and check again' : 'run xnetd preflight as root';
      failed.push({ severity: 'warns', reason: 'NotLookedAt', message, fix });
      return undefined;
    } finally {
      present.delete(name);
      onPart([...present]);
    }
  };
  place.mirror.setRanges(rangesIn(request));
  const look: Look = { place, request, part, signal };
  const name = request.controllers.length === 0 ? 'the machine' : 'the machine and the controllers';
  const [ofHost, services, machine] = await Promise.all([
    hostFindings(look),
    part('other programs', () => readServices(place.root, place.exec, signal)),
    part(name, () =>
      Promise.all([lookAtState(place.settings.stateDir), lookAtControllers(request.controllers, signal)]),
    ),
  ]);
  signal.throwIfAborted();
  const filtersWithNftables = ofHost.docker !== undefined && usesNftables(ofHost.docker);
  const ofServices = services === undefined ? [] : servicesFindings(services, request, filtersWithNftables);
  return inOrder([...ofHost.findings, ...ofServices, ...machineFindings(place, machine), ...failed]);
}

type Part = <T>(name: string, look: () => Promise<T>) => Promise<T | undefined>;
type Look = {
  readonly place: Place;
  readonly request: PreflightRequest;
  readonly part: Part;
  readonly signal: AbortSignal;
};
type Seen = { readonly docker: DockerLooked | undefined; readonly network: NetworkSeen | undefined };

// Docker first, then the network: the other parts depend on what they are.
async function hostFindings(
  look: Look,
): Promise<Pick<Seen, 'docker'> & { readonly findings: readonly PreflightFinding[] }> {
  const { place, request, part, signal } = look;
  const docker = await part('Docker', () => lookAtDocker(place.docker, signal));
  const ofDocker = docker === undefined ? [] : await dockerFindings(docker, request);
  const network = await part('the network', () => lookAtNetwork(place, request, docker));
  const seen: Seen = { docker, network };
  const all = await Promise.all([
    peerFindings(look, network),
    lanFindings(look, seen),
    part('the addresses', async () => [
      ...addressFindings(addressesSeen(place, docker), request),
      ...(await neighbourFindings(place, request)),
    ]),
    part('the firewall', () => firewallPart(look, seen)),
  ]);
  return { docker, findings: [...ofDocker, ...all.flatMap((findings) => findings ?? [])] };
}

// With what the peers answer.
async function peerFindings(
  { place, request, part, signal }: Look,
  network: NetworkSeen | undefined,
): Promise<readonly PreflightFinding[]> {
  if (network === undefined) return [];
  const pinged = await part('the peers', () => pingPeersOf(place, request, network, signal));
  return networkFindings({ ...network, pinged: pinged ?? [] });
}

async function lanFindings(
  { place, request, part }: Look,
  { network }: Seen,
): Promise<readonly PreflightFinding[] | undefined> {
  const bridge = lanBridgeIn(request);
  if (bridge === undefined) return [];
  return part('the interface for mode lan', async () => {
    const snapshot = await place.readLan();
    const port = linkAt(snapshot, network?.underlay.underlay?.ifindex ?? 0);
    if (port === undefined) return [];
    const facts = await portFactsIn(place.root, place.exec)(port, bridge);
    if (port.name === bridge) {
      // An operator's bridge, or one that the interface has been moved to: nothing is left to prevent.
      return facts.opensHost === true ? [rated('warns', opensHostFinding(bridge, facts))] : [];
    }
    const obstacles = portObstacles(snapshot, port, { bridge, facts });
    return obstacles.map((finding) => rated(finding.isNote === true ? 'warns' : 'stops', finding));
  });
}

async function firewallPart(
  { place, request, signal }: Look,
  { docker, network }: Seen,
): Promise<readonly PreflightFinding[]> {
  const { engine } = docker ?? {};
  const isDockerMissing = engine !== undefined && 'reason' in engine && engine.reason === 'NotInstalled';
  const ofPrograms = await programFindings(place, isDockerMissing);
  const ofBackend = docker === undefined ? [] : nftablesFindings(docker, request, place.settings.mark);
  const underlay = network?.underlay.underlay?.ifname;
  if (request.quick || underlay === undefined) return [...ofPrograms, ...ofBackend];
  const desired = firewallAfter(request, { underlay, mark: place.settings.mark });
  const ofRules = await firewallFindings(place, desired, signal);
  const others = ofRules.filter(({ reason }) => !ofBackend.some((other) => other.reason === reason));
  return [...ofPrograms, ...ofBackend, ...others];
}

// After the network has been looked at: only then is it known whether the kernel has next-hop objects.
function machineFindings(
  { mirror, now }: Place,
  seen: readonly [StateSeen, readonly ControllerSeen[]] | undefined,
): readonly PreflightFinding[] {
  if (seen === undefined) return [];
  const [state, controllers] = seen;
  const hasNextHops = mirror.nextHops !== undefined;
  return systemFindings({ state, kernel: kernelVersion(), hasNextHops, controllers, nowMs: now() });
}

/**
 * leaseClashes is the part of preflight that compares the leases and pools with Docker's configuration and the addresses of
 * the host.
 */
export async function leaseClashes(
  place: Place,
  request: PreflightRequest,
  signal: AbortSignal,
): Promise<readonly PreflightFinding[]> {
  place.mirror.setRanges(rangesIn(request));
  const docker = await lookAtDocker(place.docker, signal);
  const seen = addressesSeen(place, docker);
  // A host that was added with --adopt: docker0 stays as it is.
  const isKept = seen.networks.some(
    ({ isDefault, subnets }) =>
      !isDefault && subnets.some(({ prefix }) => request.leases.some(({ subnet }) => prefixesEqual(subnet, prefix))),
  );
  if (isKept) return [];
  return inOrder([...(await daemonJsonFindings(docker, request)), ...addressFindings(seen, request)]);
}

function lanBridgeIn({ leases, mode }: PreflightRequest): string | undefined {
  const lease = leases.find((each) => each.mode === 'lan');
  return lease?.bridge ?? (mode === 'lan' ? usualLanName : undefined);
}

function rangesIn({ pools, leases }: PreflightRequest): readonly Prefix[] {
  return [...pools, ...leases.map(({ subnet }) => subnet)];
}

function addressesSeen({ mirror, settings }: Place, docker: DockerLooked | undefined): AddressesSeen {
  const { engine } = docker ?? {};
  return {
    networks: engine === undefined || 'reason' in engine ? [] : engine.networks,
    interfaces: docker?.interfaces ?? [],
    routes: [...mirror.routes.all()],
    names: mirror,
    protocol: settings.routeProtocol,
    isDocker0InUse: docker === undefined || isDocker0InUse(docker),
    defaultPools:
      docker && (docker.flags.get('default-address-pool') ?? jsonSetting(documentOf(docker), 'default-address-pools')),
    path: docker?.path ?? '/etc/docker/daemon.json',
  };
}

// Of a Docker that does not answer, containers may run all the same.
function isDocker0InUse({ engine }: DockerLooked): boolean {
  if ('reason' in engine) return engine.reason !== 'NotInstalled';
  const ids = new Set(engine.networks.filter(({ isDefault }) => isDefault).map(({ id }) => id));
  return engine.containers.some(({ running, networks }) => running && networks.some(({ id }) => ids.has(id)));
}

async function neighbourFindings({ proc }: Place, { fleet }: PreflightRequest): Promise<readonly PreflightFinding[]> {
  const table = new NeighbourTable({ tune: false, log: makeLog('xnetd', 'error'), proc });
  const { findings } = await table.converge(fleet);
  return findings.map((finding) => rated('warns', finding));
}
