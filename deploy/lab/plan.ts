// Plans the content of a lab before any of it is made: names, addresses, and the links of its LAN. Pure.
// Invariant: no two machines share an address, and no bridge has more ports than the kernel allows.
import {
  formatIpv4,
  formatPrefix,
  type Ipv4,
  ipv4FromNumber,
  lastAddress,
  type Prefix,
} from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import { namespacePrefix } from './namespace.js';

/**
 * MachineRole is the role of a machine of the lab: `host` runs Docker, `control` the controllers, `outside` is the LAN's
 * router and everything beyond it, `stranger` is a machine on the LAN that is not a node.
 */
export type MachineRole = 'host' | 'control' | 'outside' | 'stranger';

/** MachinePlan is one machine. */
export type MachinePlan = {
  /** "h1", "control", "outside", "stranger": also its hostname. */
  readonly name: string;
  readonly role: MachineRole;
  /** Address on the LAN: "192.168.83.11". */
  readonly address: string;
  /** MAC address of its eth0: "02:58:c0:a8:53:0b", derived from its address. */
  readonly mac: string;
  /** Name of its network namespace: "xnet-1f0c9a-h1". */
  readonly namespace: string;
};

/** LabPlan is a whole lab. */
export type LabPlan = {
  readonly id: string;
  readonly lan: Prefix;
  /** The namespace of the LAN's bridges: "xnet-1f0c9a-lan". */
  readonly lanNamespace: string;
  /** The LAN's router, default gateway of every machine: "192.168.83.254". */
  readonly router: string;
  /** Hosts first, in order. */
  readonly machines: readonly MachinePlan[];
};

/** defaultLan is the default LAN of a lab. */
export const defaultLan = '192.168.83.0/24';

/**
 * beyond is an address reachable only by the default route: it is of TEST-NET-3 (RFC 5737), which is never assigned.
 */
export const beyond = '203.0.113.1';

// BR_MAX_PORTS of net/bridge/br_private.h is 1024; port numbers start at 1.
const portsPerBridge = 1000;

// All namespaces of a kernel share one neighbour table (net.ipv4.neigh.default.gc_thresh3, 1024 by default), which N
// machines that all talk to each other fill with N² entries. Permanent entries do not count (net/core/neighbour.c), but have to be
// made in advance: in a very large lab, only those for the machines that all others talk to.
const neighboursByAsking = 24;
const allNeighboursFixed = 256;

// Hosts begin at .11 and strangers are at .66, as in every example of the documents.
const firstHost = 11;
const strangerAt = 66;
// Counted from the end: .254 and .250 of a /24.
const routerBeforeBroadcast = 1;
const controlBeforeBroadcast = 5;

/**
 * planLab plans a lab.
 * @param id six hex digits
 * @param lan the LAN, 192.168.83.0/24 or another from /8 to /24
 * @throws XnetError InvalidArgument if the LAN is too small for that many hosts
 */
export function planLab(id: string, lan: Prefix, hosts: number): LabPlan {
  if (lan.length < 8 || lan.length > 24) {
    throw new XnetError('InvalidArgument', `the LAN ${formatPrefix(lan)} has to be from /8 to /24`);
  }
  const broadcast = lastAddress(lan);
  const router = ipv4FromNumber(broadcast - routerBeforeBroadcast);
  const control = ipv4FromNumber(broadcast - controlBeforeBroadcast);
  const stranger = ipv4FromNumber(lan.network + strangerAt);
  // All addresses from the first host's to the last one before those of the control machine and the router.
  const room = control - (lan.network + firstHost) - 1;
  if (!Number.isInteger(hosts) || hosts < 0 || hosts > room) {
    throw new XnetError('InvalidArgument', `a lab on ${formatPrefix(lan)} has from 0 to ${room} hosts, not ${hosts}`, {
      hint: 'a larger lab needs a larger LAN, e.g. 192.168.80.0/20',
    });
  }
  const machine = (name: string, role: MachineRole, address: Ipv4): MachinePlan => ({
    name,
    role,
    address: formatIpv4(address),
    mac: macOf(address),
    namespace: `${namespacePrefix}${id}-${name}`,
  });
  const machines: MachinePlan[] = [];
  for (let index = 0; index < hosts; index++) {
    const straight = lan.network + firstHost + index;
    const address = ipv4FromNumber(straight < stranger ? straight : straight + 1);
    machines.push(machine(`h${index + 1}`, 'host', address));
  }
  machines.push(
    machine('control', 'control', control),
    machine('outside', 'outside', router),
    machine('stranger', 'stranger', stranger),
  );
  return { id, lan, lanNamespace: `${namespacePrefix}${id}-lan`, router: formatIpv4(router), machines };
}

// Locally administered (the 2), and recognisable in a packet capture.
function macOf(address: Ipv4): string {
  const octets = [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
  return ['02', '58', ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
}

/** namespacesOf returns the name of every network namespace of a lab. */
export function namespacesOf(plan: LabPlan): readonly string[] {
  return [plan.lanNamespace, ...plan.machines.map((machine) => machine.namespace)];
}

/**
 * lanLinks returns the LAN as lines for `ip -batch` in its namespace: one bridge with a port per machine, whose other end is
 * eth0 in the machine's namespace. If there are more machines than ports of a bridge, the bridges form a tree of two levels.
 */
export function lanLinks(plan: LabPlan): readonly string[] {
  const lines: string[] = ['link set lo up'];
  const leaves = Math.ceil(plan.machines.length / portsPerBridge);
  // The LAN's own ports and eth0 have no IPv6: neighbour discovery of N machines sends N² packets in one kernel.
  const bridge = (name: string) => {
    lines.push(`link add ${name} type bridge mcast_snooping 0`, `link set ${name} addrgenmode none up`);
  };
  bridge('lan0');
  if (leaves > 1) {
    for (let leaf = 1; leaf <= leaves; leaf++) {
      bridge(`lan${leaf}`);
      lines.push(
        `link add up${leaf} type veth peer name down${leaf}`,
        `link set up${leaf} master lan${leaf} addrgenmode none up`,
        `link set down${leaf} master lan0 addrgenmode none up`,
      );
    }
  }
  for (const [index, machine] of plan.machines.entries()) {
    const leaf = leaves > 1 ? 1 + Math.floor(index / portsPerBridge) : 0;
    lines.push(
      `link add ${machine.name} type veth peer name eth0 address ${machine.mac} netns ${machine.namespace}`,
      `link set ${machine.name} master lan${leaf} addrgenmode none up`,
    );
  }
  return lines;
}

/** machineLinks returns a machine's own part of the LAN as lines for `ip -batch` in its namespace. */
export function machineLinks(plan: LabPlan, machine: MachinePlan): readonly string[] {
  const lines = [
    'link set lo up',
    'link set eth0 addrgenmode none',
    `address add ${machine.address}/${plan.lan.length} broadcast + dev eth0`,
    'link set eth0 up',
  ];
  if (machine.role === 'outside') lines.push(`address add ${beyond}/32 dev lo`);
  else lines.push(`route add default via ${plan.router} dev eth0`);
  for (const peer of fixedNeighbours(plan, machine)) {
    lines.push(`neighbour add ${peer.address} lladdr ${peer.mac} nud permanent dev eth0`);
  }
  return lines;
}

function fixedNeighbours(plan: LabPlan, machine: MachinePlan): readonly MachinePlan[] {
  const { machines } = plan;
  if (machines.length <= neighboursByAsking) return [];
  const central = (one: MachinePlan) => one.role === 'control' || one.role === 'outside';
  const all = machines.length <= allNeighboursFixed || central(machine);
  return machines.filter((peer) => peer !== machine && (all || central(peer)));
}

/** hostsFile returns the content of /etc/hosts on every machine of a lab. */
export function hostsFile(plan: LabPlan): string {
  const lines = plan.machines.map((machine) => `${machine.address} ${machine.name}`);
  return `127.0.0.1 localhost\n${lines.join('\n')}\n`;
}
