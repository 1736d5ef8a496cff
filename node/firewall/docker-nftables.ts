// Docker's nftables backend, from version 29 on: whether its table admits packets from peers, and the required settings
// if not. Pure.
// Invariant: nothing is ever added to Docker's table: Docker rewrites a chain whenever one of its own rules changes.
// Docker itself is configured to accept packets with xnet's mark, which our table sets before Docker's chains see a
// packet. The names are those of moby, daemon/libnetwork/drivers/bridge/internal/nftabler.
import { ipv4FromNumber } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import type { DesiredFirewall, LanSubnet } from './desired.js';
import { Addresses, flowsOf } from './flow.js';
import { mayDrop, type NftTable } from './nft-verdict.js';

/** dockerTable is the name of Docker's table, of family ip. */
export const dockerTable = 'docker-bridges';

/** isDockerTable reports whether a table is Docker's. */
export function isDockerTable({ family, table }: Pick<NftTable, 'family' | 'table'>): boolean {
  return family === 'ip' && table === dockerTable;
}

/** oldestNftables is the first version whose nftables backend is complete; 28 had a switch for moby's own tests. */
export const oldestNftables = 29;

type AcceptKey = 'allow-direct-routing' | 'bridge-accept-fwmark';

/** acceptKeys returns the keys of daemon.json that let packets of peers in: name and JSON value. */
export function acceptKeys(mark: number): readonly (readonly [AcceptKey, string])[] {
  const bit = `0x${mark.toString(16)}`;
  return [
    // Without it, packets from outside to the address of a container are dropped before any mark counts.
    ['allow-direct-routing', 'true'],
    ['bridge-accept-fwmark', `"${bit}/${bit}"`],
  ];
}

/** dropsPeers reports that Docker drops packets of peers until these keys are set. */
export function dropsPeers(keys: readonly (readonly [string, string])[]): Finding<'DockerDropsPeers'> {
  const text = keys.map(([name, value]) => `"${name}": ${value}`).join(' and ');
  return {
    type: 'Firewall',
    transient: false,
    reason: 'DockerDropsPeers',
    message: `Docker's nftables backend drops packets from peers to containers: it is not configured to admit them`,
    fix: `put ${text} into daemon.json and restart Docker`,
  };
}

// What other networks of the host send to the LAN, by the bridge of mode lan.
function dropsToLan(table: NftTable, { subnet, bridge }: LanSubnet): boolean {
  const [ours, everywhere] = [subnet, { network: ipv4FromNumber(0), length: 0 }].map((each) => new Addresses([each]));
  if (ours === undefined || everywhere === undefined) return false;
  const flow = { name: 'to the LAN', source: everywhere, from: undefined, to: bridge, mark: undefined };
  return (
    mayDrop(table, `filter-forward-in__${bridge}`, { ...flow, destination: everywhere }) ||
    mayDrop(table, 'raw-PREROUTING', { ...flow, destination: ours })
  );
}

function dropsLan({ bridge }: LanSubnet): Finding<'DockerDropsToLan'> {
  return {
    type: 'Firewall',
    transient: false,
    reason: 'DockerDropsToLan',
    message: `Docker's nftables backend drops what other networks of this host send to the LAN by ${bridge}: its network there is not unprotected`,
    fix: 'detach the containers from that network, so that xnetd makes it again (see xnetd status); or put "firewall-backend": "iptables" into daemon.json and restart Docker',
  };
}

/**
 * dockerNftablesFindings reports what Docker's table drops of the packets of peers, and to the LAN.
 * @param tables have it, if it exists
 * @param theirs see DropsInput
 */
export function dockerNftablesFindings(
  desired: DesiredFirewall,
  tables: readonly NftTable[],
  theirs?: Addresses,
): readonly Finding<'DockerDropsPeers' | 'DockerDropsToLan'>[] {
  const table = tables.find(isDockerTable);
  if (table === undefined) return [];
  const inward = flowsOf(desired, theirs).filter(({ from }) => from === desired.underlay);
  const dropsIn = {
    'allow-direct-routing': inward.some((flow) => mayDrop(table, 'raw-PREROUTING', flow)),
    'bridge-accept-fwmark': inward.some((flow) => mayDrop(table, `filter-forward-in__${flow.to}`, flow)),
  };
  const missing = acceptKeys(desired.mark).filter(([name]) => dropsIn[name]);
  const toLan = (desired.lans ?? []).filter((lan) => dropsToLan(table, lan)).map(dropsLan);
  return missing.length === 0 ? toLan : [dropsPeers(missing), ...toLan];
}
