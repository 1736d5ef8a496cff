// Decides what prevents an interface from becoming a port of a bridge, before anything is changed. Pure.
// Invariant: all obstacles are reported at once, each with its fix.
import type { Finding } from '../reconcile/effect.js';
import { closingFix, type FirewalldHas } from './firewalld.js';
import type { LanLink, LanSnapshot } from './snapshot.js';
import { heldBy } from './transfer.js';

/** PortFacts are the facts about an interface that are not in the kernel's routing. */
export type PortFacts = {
  readonly isWireless: boolean;
  /** The program that manages the interface and would configure it again: "NetworkManager". */
  readonly managedBy: string | undefined;
  /** A DHCP client that does no more than add the address to it at each renewal: "dhclient". */
  readonly dhcpClient?: string | undefined;
  /** Whether firewalld would let the LAN reach every port of the host by the bridge, see opensHost. */
  readonly opensHost?: boolean;
  readonly firewalldHas?: FirewalldHas;
  /** Whether wpa_supplicant authenticates it to the switch (802.1X). */
  readonly isAuthenticated?: boolean;
  /** Rules of a firewall that name it and not the bridge, see rulesNaming. */
  readonly rules: readonly string[];
};

/** PortReason is what prevents an interface from becoming a port of a bridge. */
export type PortReason =
  | 'LanDhcpClient'
  | 'LanInet6'
  | 'LanNoAddress'
  | 'LanNotEthernet'
  | 'LanOpensHost'
  | 'LanPortAuthenticated'
  | 'LanPortDown'
  | 'LanPortManaged'
  | 'LanPortShared'
  | 'LanPortTaken'
  | 'LanRuleNamesPort'
  | 'LanRulesNamePort'
  | 'LanWireless';

/** lanFinding makes a finding of LAN mode. */
export function lanFinding<Reason extends string>(
  reason: Reason,
  message: string,
  fix: string,
  kind: 'blocks' | 'passes' | 'note' = 'blocks',
): Finding<Reason> {
  return {
    type: 'Underlay',
    transient: kind === 'passes',
    reason,
    message,
    fix,
    ...(kind === 'note' ? { isNote: true } : {}),
  };
}

/** rolledBack is the finding about a move that was undone. */
export function rolledBack(message: string): Finding {
  return lanFinding('LanRolledBack', message, 'find out why, then try again: systemctl reload xnetd');
}

/**
 * nobodyAnswers is the finding about an interface by which neither a controller nor a gateway answers, so a move could
 * not be verified.
 */
export function nobodyAnswers({ name }: LanLink): Finding {
  const message = `neither a controller nor a gateway answers by ${name}: xnetd could not verify that the network works after a move`;
  return lanFinding('LanUnproven', message, 'make a controller reachable; see: xnetd status', 'passes');
}

/** opensHostFinding is the finding about a firewalld that would let the LAN reach every port of the host by a bridge. */
export function opensHostFinding(
  bridge: string,
  { firewalldHas = { zone: true, policy: false } }: Pick<PortFacts, 'firewalldHas'>,
): Finding<'LanOpensHost'> {
  const message = `firewalld runs, and Docker puts ${bridge} into its zone docker, which accepts everything: the LAN would reach all ports of this host`;
  const more = 'with --add-service for what else the LAN and containers may reach';
  return lanFinding('LanOpensHost', message, `${closingFix(firewalldHas)}; ${more}`);
}

const ethernet = 1;
// Interfaces of these kinds receive only packets for their own hardware address.
const unbridged = ['macvlan', 'macvtap', 'ipvlan', 'ipvtap'];

/** portObstacles lists what prevents `port` from becoming a port of `bridge`. */
export function portObstacles(
  snapshot: LanSnapshot,
  port: LanLink,
  { bridge, facts }: { readonly bridge: string; readonly facts: PortFacts },
): readonly Finding<PortReason>[] {
  const { name } = port;
  const found: Finding<PortReason>[] = [];
  const stop = (reason: PortReason, message: string, fix: string) => found.push(lanFinding(reason, message, fix));
  const other = `give this node another address (xctl nodes set), or another mode than lan`;
  if (facts.isWireless) {
    stop('LanWireless', `${name} is wireless: an access point drops packets of other hardware addresses`, other);
  } else if (port.hardware !== ethernet) {
    stop('LanNotEthernet', `${name} is not Ethernet, so it can't be the port of a bridge`, other);
  } else if (unbridged.includes(port.kind)) {
    stop('LanNotEthernet', `${name} is a ${port.kind}: packets of other hardware addresses don't arrive there`, other);
  }
  const master = snapshot.links.find(({ ifindex }) => ifindex === port.master);
  if (port.master !== 0) {
    const what =
      master === undefined ? 'another interface' : `${master.name}${master.kind === '' ? '' : ` (${master.kind})`}`;
    stop(
      'LanPortTaken',
      `${name} belongs to ${what} already`,
      `move the address to ${master?.name ?? 'it'}, or: ip link set ${name} nomaster`,
    );
  }
  for (const upper of snapshot.links.filter((each) => each.lower === port.ifindex && unbridged.includes(each.kind))) {
    stop(
      'LanPortShared',
      `${upper.name}, a ${upper.kind}, is on ${name}: the kernel allows either that or a bridge on an interface`,
      `${other}; or, if nothing needs ${upper.name}: ip link delete ${upper.name}`,
    );
  }
  if (!port.isUp) stop('LanPortDown', `${name} is down`, `ip link set ${name} up`);
  if (facts.managedBy !== undefined) {
    const message = `${facts.managedBy} manages ${name} and would undo the move of its addresses to ${bridge}`;
    const own = `make the bridge ${bridge} with ${facts.managedBy}, with ${name} as its port and the address of the host: xnet uses it as it is`;
    // It makes no bridges.
    const fixed = `give ${name} a fixed address, put "denyinterfaces ${name}" into /etc/dhcpcd.conf, restart dhcpcd and remove /var/lib/dhcpcd*/${name}.lease`;
    stop('LanPortManaged', message, facts.managedBy === 'dhcpcd' ? fixed : own);
  }
  if (facts.dhcpClient !== undefined) {
    const message = `${facts.dhcpClient} adds the address to ${name} at each renewal, and xnet moves it to ${bridge} each time`;
    const fix = `give ${name} a fixed address; or make the bridge ${bridge} yourself (bridge_ports ${name}), with ${facts.dhcpClient} on it: xnet uses it as it is`;
    found.push(lanFinding('LanDhcpClient', message, fix, 'note'));
  }
  if (facts.isAuthenticated === true && !facts.isWireless) {
    stop(
      'LanPortAuthenticated',
      `wpa_supplicant authenticates ${name} to its switch (802.1X), which then drops packets of other hardware addresses`,
      `let the port of the switch admit several hosts without 802.1X and stop wpa_supplicant; or ${other}`,
    );
  }
  if (facts.opensHost === true) found.push(opensHostFinding(bridge, facts));
  if (facts.rules.length > 0) {
    const list = facts.rules.slice(0, 3).join('; ');
    const more = facts.rules.length > 3 ? ` and ${facts.rules.length - 3} more` : '';
    const message = `firewall rules name ${name} and would not apply to ${bridge}: ${list}${more}`;
    stop('LanRulesNamePort', message, `add the same rules for ${bridge}; xnet then moves the interface`);
  }
  for (const { priority, incoming, outgoing } of snapshot.rules) {
    if (incoming !== name && outgoing !== name) continue;
    const word = incoming === name ? 'iif' : 'oif';
    // Without the first one, the host would lose its own way until the move is made, and after one that is undone.
    const isBoth = snapshot.rules.some(
      (rule) => rule.priority === priority && (word === 'iif' ? rule.incoming : rule.outgoing) === bridge,
    );
    if (isBoth) continue;
    const message = `the policy rule ${priority} names ${name} and would not apply to ${bridge}`;
    stop(
      'LanRuleNamesPort',
      message,
      `add the same rule for ${bridge}, beside this one: ip rule show; ip rule add priority ${priority} ${word} ${bridge} …`,
    );
  }
  for (const { ifindex, text } of snapshot.inet6) {
    if (ifindex !== port.ifindex) continue;
    stop(
      'LanInet6',
      `${name} has the IPv6 address ${text}, and LAN mode moves only IPv4`,
      `make the bridge ${bridge} yourself with all addresses of ${name}: xnet uses it as it is`,
    );
  }
  if (heldBy(snapshot, port).addresses.length === 0) {
    stop('LanNoAddress', `${name} has no IPv4 address`, `ip address add ADDRESS dev ${name}`);
  }
  return found;
}
