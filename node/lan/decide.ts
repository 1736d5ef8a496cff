// Decides the next step of moving the host's address to a bridge with its interface as a port, or of moving it back.
// Pure.
// Invariant: the step follows from the state of the kernel; the journal adds only what the kernel does not know.
import { formatIpv4, type Ipv4, prefixContains, prefixOf } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import type { LanJournal, Moved } from './journal.js';
import { interfaceOfAddress, ipv4OfAddress, isDefaultRoute } from './objects.js';
import { lanFinding, type PortFacts, portObstacles } from './obstacles.js';
import type { LanRequest } from './requests.js';
import { deleteNamed, setMaster, setMtu } from './requests.js';
import { type LanLink, type LanSnapshot, linkAt, linkNamed, portsOf } from './snapshot.js';
import { addingHeld, type Holding, heldBy, isEmpty } from './transfer.js';

/** DesiredLan is the bridge that is to have the host's address. */
export type DesiredLan = {
  /** "xnet-lan" */
  readonly bridgeName: string;
  /** The node's address. */
  readonly address: Ipv4;
};

/** LanSeen is the input of a decision. */
export type LanSeen = {
  readonly snapshot: LanSnapshot;
  readonly journal: LanJournal;
  /** Id of the present boot. */
  readonly boot: string;
  /** Undefined: not looked at. */
  readonly factsOf: (port: LanLink) => PortFacts | undefined;
};

/** LanStep is the next step. */
export type LanStep =
  /** As desired. `bridge`: one that has the address. `ours`: xnet made it. */
  | {
      readonly do: 'nothing';
      readonly bridge?: LanLink;
      readonly ours?: boolean;
      readonly findings: readonly Finding[];
    }
  | { readonly do: 'move'; readonly port: LanLink; readonly bridge: LanLink | undefined }
  | { readonly do: 'verify'; readonly port: LanLink; readonly bridge: LanLink }
  /** In place, with these repairs. `sweep`: addresses and routes on the port move to the bridge. */
  | {
      readonly do: 'repair';
      readonly port: LanLink;
      readonly bridge: LanLink;
      readonly sweep: boolean;
      readonly requests: readonly LanRequest[];
    }
  | { readonly do: 'return'; readonly port: LanLink; readonly bridge: LanLink }
  /** The bridge is gone, with the addresses and routes on it. */
  | { readonly do: 'restore'; readonly port: LanLink; readonly moved: Moved }
  /** Nothing is left of a move. */
  | { readonly do: 'forget' };

/** bridgeAlias marks bridges that xnet made, in `ip link show`. */
export const bridgeAlias = 'xnet: LAN mode';

/** pairNames are two connected interfaces, the first a port of the bridge, while its own port joins or leaves it. */
export const pairNames = ['xnetlan-up0', 'xnetlan-up1'] as const;

function stay(...findings: readonly Finding[]): LanStep {
  return { do: 'nothing', findings };
}

/** decideLan decides the next step; `desired` undefined: everything is to be as it was. */
export function decideLan(desired: DesiredLan | undefined, seen: LanSeen): LanStep {
  const { snapshot, journal } = seen;
  const { moved } = journal;
  if (desired === undefined) return moved === undefined ? stay() : decideReturn(moved, seen);
  // The lease names another bridge now.
  if (moved !== undefined && moved.bridge !== desired.bridgeName) return decideReturn(moved, seen);
  const bridge = linkNamed(snapshot, desired.bridgeName);
  const holders = linksWith(snapshot, desired.address);
  const isHolder = (link: LanLink | undefined) => link !== undefined && holders.includes(link);
  if (bridge === undefined) {
    const port = moved && portOf(moved, snapshot);
    // It was deleted, with the addresses and routes on it.
    const isFree = port?.master === 0 && holders.length === 0;
    if (isFree && moved !== undefined && moved.boot === seen.boot) {
      return { do: 'restore', port, moved };
    }
    return decideMove(desired, holders[0], undefined, seen);
  }
  if (bridge.kind !== 'bridge') {
    const message = `${bridge.name} is not a bridge, and the lease needs a bridge of that name`;
    return stay(
      lanFinding(
        'LanBridgeName',
        message,
        `ip link delete ${bridge.name}, or use a pool with another bridge: xctl pools create --bridge-name`,
      ),
    );
  }
  const isOurs = isOurBridge(bridge, seen);
  if (!isOurs && isHolder(bridge)) return { do: 'nothing', bridge, ours: false, findings: [] };
  if (!isOurs) {
    const message = `xnet did not make the bridge ${bridge.name}, which does not have the node's address ${formatIpv4(desired.address)}`;
    return stay(
      lanFinding(
        'LanBridgeTaken',
        message,
        `put the address and its interface on ${bridge.name}, or: ip link delete ${bridge.name}`,
      ),
    );
  }
  const port = moved === undefined ? soleNic(snapshot, bridge) : portOf(moved, snapshot);
  const elsewhere = holders.find((link) => link !== bridge);
  if (port?.master !== bridge.ifindex && elsewhere !== undefined) return decideMove(desired, elsewhere, bridge, seen);
  if (port === undefined) {
    const message = `${moved?.port ?? 'the interface'}, the port of ${bridge.name}, is gone: the host has no link to its network`;
    return stay(lanFinding('LanPortGone', message, `put it back, or: ip link set INTERFACE master ${bridge.name}`));
  }
  return decideInPlace(desired, { port, bridge, isHolder: isHolder(bridge) }, seen);
}

/** linksWith lists the interfaces that have an address. */
export function linksWith(snapshot: LanSnapshot, address: Ipv4): readonly LanLink[] {
  return snapshot.addresses
    .filter((each) => ipv4OfAddress(each) === address)
    .flatMap((each) => linkAt(snapshot, interfaceOfAddress(each)) ?? []);
}

// xnet's bridge has our mark before it gets the host's addresses. Without the mark, an operator recreated the bridge
// under our name.
function isOurBridge(bridge: LanLink, { snapshot, journal: { moved }, boot }: LanSeen): boolean {
  if (bridge.alias.startsWith(bridgeAlias)) return true;
  if (moved === undefined) return false;
  const isRecorded = moved.boot === boot && moved.bridgeIndex === bridge.ifindex;
  return isRecorded || heldBy(snapshot, bridge).addresses.length === 0;
}

// A renamed interface keeps its hardware address.
function portOf({ port, mac }: Moved, { links }: LanSnapshot): LanLink | undefined {
  return links.find(({ name }) => name === port) ?? links.find((link) => link.mac === mac && link.kind !== 'bridge');
}

// The journal is lost: the port is the one whose hardware address the bridge has.
function soleNic(snapshot: LanSnapshot, bridge: LanLink): LanLink | undefined {
  return portsOf(snapshot, bridge).find(({ mac }) => mac === bridge.mac);
}

/**
 * foundMove reconstructs a move from the bridge when the journal is lost; undefined: there is no such bridge with a
 * port.
 */
export function foundMove(snapshot: LanSnapshot, boot: string): Moved | undefined {
  const bridge = snapshot.links.find(({ kind, alias }) => kind === 'bridge' && alias.startsWith(bridgeAlias));
  const port = bridge && soleNic(snapshot, bridge);
  if (bridge === undefined || port === undefined) return undefined;
  const names = { bridge: bridge.name, bridgeIndex: bridge.ifindex, port: port.name, mac: port.mac };
  return { ...names, phase: 'in place', proven: true, witnesses: [], boot, held: heldBy(snapshot, bridge) };
}

function decideMove(
  desired: DesiredLan,
  port: LanLink | undefined,
  bridge: LanLink | undefined,
  { snapshot, factsOf }: LanSeen,
): LanStep {
  if (port === undefined) {
    const address = formatIpv4(desired.address);
    return stay(
      lanFinding(
        'LanNoAddress',
        `no interface has the node's address ${address}`,
        `ip address add ${address}/LENGTH dev INTERFACE`,
        'passes',
      ),
    );
  }
  if (port.kind === 'bridge') {
    const message = `the node's address is on the bridge ${port.name}, but the lease names the bridge ${desired.bridgeName}`;
    return stay(
      lanFinding(
        'LanOnOtherBridge',
        message,
        `use a pool that names this bridge: xctl pools create NAME CIDR --mode lan --bridge-name ${port.name}`,
      ),
    );
  }
  const facts = factsOf(port);
  if (facts === undefined) return stay();
  const found = portObstacles(snapshot, port, { bridge: desired.bridgeName, facts });
  return found.some(({ isNote }) => isNote !== true) ? stay(...found) : { do: 'move', port, bridge };
}

type Place = { readonly port: LanLink; readonly bridge: LanLink; readonly isHolder: boolean };

function decideInPlace(desired: DesiredLan, place: Place, { snapshot, journal }: LanSeen): LanStep {
  const { port, bridge, isHolder } = place;
  const { moved } = journal;
  if (port.master !== bridge.ifindex && port.master !== 0) {
    return stay(takenOut(port, bridge, snapshot));
  }
  const requests: LanRequest[] = [];
  if (port.master === 0) requests.push(setMaster(port, bridge));
  if (port.mtu !== bridge.mtu) requests.push(setMtu(bridge, port.mtu));
  if (linkNamed(snapshot, pairNames[0]) !== undefined) requests.push(deleteNamed(pairNames[0]));
  if (moved !== undefined) requests.push(...lostRequests(desired, { ...place, held: moved.held, moved }, snapshot));
  const sweep = !isEmpty(snapshot, port);
  if (requests.length > 0 || sweep) return { do: 'repair', port, bridge, sweep, requests };
  if (!isHolder) {
    const address = formatIpv4(desired.address);
    return stay(
      lanFinding(
        'LanNoAddress',
        `${bridge.name} does not have the node's address ${address}`,
        `xctl nodes set NAME --address, or: ip address add ${address}/LENGTH dev ${bridge.name}`,
        'passes',
      ),
    );
  }
  if (moved === undefined || !moved.proven || moved.phase !== 'in place') return { do: 'verify', port, bridge };
  return { do: 'nothing', bridge, ours: true, findings: [] };
}

function takenOut(port: LanLink, bridge: LanLink, snapshot: LanSnapshot): Finding {
  const taken = linkAt(snapshot, port.master)?.name ?? 'another interface';
  const message = `${port.name} was taken out of ${bridge.name} and belongs to ${taken}`;
  const fix = `ip link set ${port.name} master ${bridge.name}; or, if it is to stay and ${bridge.name} has no address: ip link delete ${bridge.name}`;
  return lanFinding('LanPortTaken', message, fix);
}

// The node's address and the default route, if another program removed them and did not replace them.
function lostRequests(
  { address }: DesiredLan,
  { bridge, isHolder, held, moved }: Place & { readonly held: Holding; readonly moved: Moved },
  snapshot: LanSnapshot,
): readonly LanRequest[] {
  const from = { ifindex: moved.bridgeIndex, name: moved.bridge };
  const now = heldBy(snapshot, bridge);
  const ours = held.addresses.find((each) => ipv4OfAddress(each) === address);
  if (!isHolder && ours !== undefined) {
    const network = prefixOf(address, ours.header[1] ?? 32);
    const isReplaced = now.addresses.some((each) => prefixContains(network, ipv4OfAddress(each) ?? address));
    // An interface that loses its last address loses its routes too.
    if (!isReplaced) return addingHeld(held, from, bridge);
  }
  if (snapshot.routes.some(isDefaultRoute)) return [];
  return addingHeld({ addresses: [], routes: held.routes.filter(isDefaultRoute), neighbours: [] }, from, bridge);
}

function decideReturn(moved: Moved, seen: LanSeen): LanStep {
  const { snapshot, boot } = seen;
  const bridge = linkNamed(snapshot, moved.bridge);
  const port = portOf(moved, snapshot);
  if (bridge === undefined) {
    const isLost = moved.boot === boot && port?.master === 0 && isEmpty(snapshot, port);
    return isLost ? { do: 'restore', port, moved } : { do: 'forget' };
  }
  if (!isOurBridge(bridge, seen)) return { do: 'forget' };
  if (port === undefined) {
    const message = `${moved.port}, the port of ${bridge.name}, is gone, so its addresses can't move back to it`;
    return stay(
      lanFinding(
        'LanPortGone',
        message,
        `put it back, or move the addresses of ${bridge.name} and: ip link delete ${bridge.name}`,
      ),
    );
  }
  if (port.master !== 0 && port.master !== bridge.ifindex) return stay(takenOut(port, bridge, snapshot));
  const names = new Set<string>(pairNames);
  const others = portsOf(snapshot, bridge).filter((each) => each.ifindex !== port.ifindex && !names.has(each.name));
  if (others.length === 0) return { do: 'return', port, bridge };
  const list = others.slice(0, 8).map(({ name }) => name);
  const message = `${bridge.name} has other ports besides ${port.name}: ${list.join(', ')}`;
  return stay(
    lanFinding(
      'LanBridgeInUse',
      message,
      `stop or detach the containers on it, or: ip link set ${list[0]} nomaster`,
      'passes',
    ),
  );
}
