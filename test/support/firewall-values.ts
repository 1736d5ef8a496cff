// Values that tests of the firewall share.
import { type DesiredFirewall, defaultMark } from '../../node/firewall/desired.js';
import { type InstalledTable, parseTable } from '../../node/firewall/ruleset.js';
import type { Prefix } from '../../proto/domain/address.js';
import { checkPrefix } from '../../proto/domain/input.js';

/** prefix parses a CIDR; throws TypeError. */
export const prefix = (text: string): Prefix => {
  const checked = checkPrefix(text);
  if ('problem' in checked) throw new TypeError(checked.problem);
  return checked.value;
};

/** small is a desired firewall with three peers in two pools. */
export const small: DesiredFirewall = {
  own: [{ subnet: prefix('10.76.1.0/24'), bridge: 'docker0' }],
  underlay: 'eth0.100',
  peers: [prefix('10.76.2.0/24'), prefix('10.76.3.0/24'), prefix('10.80.4.64/26')],
  pools: [prefix('10.76.0.0/16'), prefix('10.80.0.0/16')],
  mark: defaultMark,
  isConfirmed: true,
};

/** several is `small` with a second subnet on docker0, as in a move, and a third on a bridge of its own. */
export const several: DesiredFirewall = {
  ...small,
  own: [
    ...small.own,
    { subnet: prefix('10.80.5.0/26'), bridge: 'xnet0' },
    { subnet: prefix('10.80.6.0/26'), bridge: 'docker0' },
  ],
};

// Returns nft 1.0.6's listing of the table that a script makes, derived from the script.
export function listing(script: string): Record<string, unknown>[] {
  const entries: Record<string, unknown>[] = [{ metainfo: { version: '1.0.6' } }, { table: { name: 'xnet' } }];
  let chain = '';
  let set: Record<string, unknown> = {};
  for (const line of script.split('\n').map((each) => each.trim())) {
    const [, setName] = /^set (\S+) /.exec(line) ?? [];
    const [, elements] = /^elements = \{ (.*) \}/.exec(line) ?? [];
    const [, name] = /^chain (\S+) /.exec(line) ?? [];
    const [, type, hook, prio] = /^type (\S+) hook (\S+) priority (-?\d+);/.exec(line) ?? [];
    const [, comment] = /comment "(.*)"$/.exec(line) ?? [];
    if (setName !== undefined) set = { name: setName, type: 'ipv4_addr' };
    if (elements !== undefined) entries.push({ set: { ...set, elem: elements.split(', ') } });
    if (name !== undefined) chain = name;
    if (type !== undefined) entries.push({ chain: { name: chain, type, hook, prio: Number(prio), policy: 'accept' } });
    if (comment !== undefined) entries.push({ rule: { chain, comment, expr: [] } });
  }
  return entries;
}

/** installed parses the entries of an nft listing. */
export function installed(entries: readonly unknown[]): InstalledTable {
  const table = parseTable(JSON.stringify({ nftables: entries }));
  if (table === undefined) throw new TypeError('not to be read');
  return table;
}

/** outward is our FORWARD rule for packets to peers, for `small`. */
export const outward = '-s 10.76.1.0/24 -d 10.76.0.0/16 -i docker0 -o eth0.100 -m comment --comment xnet -j ACCEPT';
