// Finds foreign rules that drop packets which the kernel bridges between the LAN and containers on it: with
// net.bridge.bridge-nf-call-iptables, these packets traverse the rules for forwarded ones.
// Invariant: a rule is reported only if it certainly drops all of them. Docker's own rules accept them, and count as present,
// because Docker adds them with its network.
import { formatPrefix, ipv4FromNumber } from '../../proto/domain/address.js';
import type { Finding } from '../reconcile/effect.js';
import type { DesiredFirewall, LanSubnet } from './desired.js';
import { isDockerTable } from './docker-nftables.js';
import { Addresses, type Flow } from './flow.js';
import { type Backend, chainOf, hasChain, type Tables, userChain } from './iptables-save.js';
import { dropInTables, filterTablesOf } from './iptables-verdict.js';
import { dropInTable, type NftTable } from './nft-verdict.js';
import type { ObservedFirewall } from './plan.js';
import type { ProcFiles } from './proc.js';

/** BridgedSeen holds the rules that may drop bridged packets. */
export type BridgedSeen = {
  readonly backends: ReadonlyMap<Backend, Tables>;
  /** nftables tables that belong neither to xnet nor to iptables nor to Docker. */
  readonly others: readonly NftTable[];
};

const everywhere = new Addresses([{ network: ipv4FromNumber(0), length: 0 }]);

/** bridgedFindings is bridgedDrops for a host, where bridged packets pass the rules for forwarded ones. */
export async function bridgedFindings(
  proc: Pick<ProcFiles, 'read'>,
  desired: Pick<DesiredFirewall, 'lans'>,
  { backends, others = [] }: Pick<ObservedFirewall, 'backends' | 'others'>,
): Promise<readonly Finding<'LanPacketsDropped'>[]> {
  const isFiltered = (await proc.read('sys/net/bridge/bridge-nf-call-iptables')) === '1';
  if (desired.lans === undefined || !isFiltered) return [];
  return bridgedDrops(desired, { backends, others: others.filter((table) => !isDockerTable(table)) });
}

/** bridgedDrops lists what drops the packets of containers on the LAN: one finding for each backend or table. Pure. */
export function bridgedDrops(
  { lans = [] }: Pick<DesiredFirewall, 'lans'>,
  seen: BridgedSeen,
): readonly Finding<'LanPacketsDropped'>[] {
  return lans.flatMap((lan) => {
    const flows = flowsOfLan(lan);
    const found: Finding<'LanPacketsDropped'>[] = [];
    // Without Docker's chain, the position of Docker's rules is not known.
    for (const [backend, tables] of seen.backends) {
      if (![...seen.backends.values()].some((each) => hasChain(each, userChain))) continue;
      const filter = filterTablesOf(withDockersAccept(tables, lan));
      const [drop] = flows.flatMap((flow) => dropInTables(filter, flow) ?? []);
      if (drop === undefined) continue;
      const { table, base, chain, rule } = drop;
      const where = `iptables-${backend}'s ${table} chain ${chain}`;
      const program = `iptables-${backend}${table === 'filter' ? '' : ` -t ${table}`}`;
      const fixes = acceptedAt(base, lan).map((match) => {
        const options = match.map(([option, value]) => `${option} ${value}`);
        return `${program} -I ${chain} ${options.join(' ')} -j ACCEPT`;
      });
      found.push(dropped(lan, where, rule, fixes.join(' && ')));
    }
    for (const table of seen.others) {
      const [drop] = flows.flatMap((flow) => dropInTable(table, flow) ?? []);
      if (drop === undefined) continue;
      const name = `${table.family} ${table.table} ${drop.chain}`;
      const fixes = acceptedAt(table.hooks.get(drop.base) ?? 'forward', lan).map((match) => {
        const words = match.map(([option, value]) => wordsOfNft[option](value));
        return `nft insert rule ${name} ${words.join(' ')} accept`;
      });
      const fix = isOfFirewalld(table) ? zoneFix(lan.bridge) : fixes.join(' && ');
      found.push(dropped(lan, `nftables' chain ${name}`, drop.rule, fix));
    }
    return found;
  });
}

type Match = readonly (readonly [keyof typeof wordsOfNft, string])[];

const wordsOfNft = {
  '-i': (name: string) => `iifname "${name}"`,
  '-o': (name: string) => `oifname "${name}"`,
  '-s': (range: string) => `ip saddr ${range}`,
  '-d': (range: string) => `ip daddr ${range}`,
} as const;

// What is bridged, as rules of a hook can match it. Before routing, a packet has no outgoing interface yet, and what is for the
// host itself passes there too, so that the addresses of containers have to tell.
function acceptedAt(hook: string, { subnet, bridge }: LanSubnet): readonly Match[] {
  const range = formatPrefix(subnet);
  if (!/^(pre|post)routing$/i.test(hook)) {
    return [
      [
        ['-i', bridge],
        ['-o', bridge],
      ],
    ];
  }
  const by = [/^pre/i.test(hook) ? '-i' : '-o', bridge] as const;
  return [
    [by, ['-s', range]],
    [by, ['-d', range]],
  ];
}

// Docker keeps the bridge in this zone, and starts no container of the network while it is bound to another one.
function zoneFix(bridge: string): string {
  return `firewall-cmd --permanent --zone=docker --change-interface=${bridge} && firewall-cmd --reload`;
}

/** isOfFirewalld reports whether a table is firewalld's. Docker gives the bridge a zone that accepts, with its network. */
export function isOfFirewalld({ table }: Pick<NftTable, 'table'>): boolean {
  return table === 'firewalld';
}

function flowsOfLan({ subnet, bridge }: LanSubnet): readonly Flow[] {
  const [ours, by] = [new Addresses([subnet]), { from: bridge, to: bridge, mark: undefined }];
  return [
    { name: 'from the LAN to containers', source: everywhere, destination: ours, ...by },
    { name: 'from containers to the LAN', source: ours, destination: everywhere, ...by },
  ];
}

// As if Docker's rules for the bridge followed the operator's.
function withDockersAccept(tables: Tables, { bridge }: LanSubnet): Tables {
  const filter = tables.get('filter');
  if (filter === undefined || !filter.has(userChain)) return tables;
  const user = chainOf(tables, 'filter', userChain);
  // A chain that ends with RETURN, as engines before 28 make it.
  const rules = user.rules.filter((rule, at) => at < user.rules.length - 1 || rule !== '-j RETURN');
  const chain = { ...user, rules: [...rules, `-i ${bridge} -o ${bridge} -j ACCEPT`] };
  return new Map([...tables, ['filter', new Map([...filter, [userChain, chain]])]]);
}

function dropped(
  { subnet, bridge }: LanSubnet,
  where: string,
  rule: string | undefined,
  fix: string,
): Finding<'LanPacketsDropped'> {
  const what = rule === undefined ? `the policy of ${where}` : `a rule of ${where} (${rule})`;
  const lines = `${what} drops what ${bridge} bridges between the LAN and containers in ${formatPrefix(subnet)}`;
  return {
    type: 'Firewall',
    transient: false,
    reason: 'LanPacketsDropped',
    message: `${lines} (net.bridge.bridge-nf-call-iptables is 1)`,
    fix,
  };
}
