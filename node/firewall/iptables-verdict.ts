// What becomes of a flow in the tables of one backend of iptables. Pure.
import { allOf, type Flow, inState, type Match, marked, named, not, parseRange, within } from './flow.js';
import { optionsOf, type Tables } from './iptables-save.js';
import { type Drop, dropOf, type FilterChain, type Step, type Verdict } from './verdict.js';

/** TableDrop is what drops, in which table: "filter". */
export type TableDrop = Drop & { readonly table: string };

// Through which a packet comes that is forwarded (nat decides nothing of that kind).
const ways = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['mangle', 'FORWARD'],
  ['filter', 'FORWARD'],
  ['security', 'FORWARD'],
  ['mangle', 'POSTROUTING'],
] as const;

/** dropInTables is what drops all packets of a flow; undefined where some may come through. */
export function dropInTables(tables: Tables, flow: Flow): TableDrop | undefined {
  for (const [table, base] of ways) {
    const chains = tables.get(table);
    if (chains === undefined) continue;
    const filter = new Map<string, FilterChain>();
    for (const [name, { policy, rules }] of chains) {
      const steps = rules.flatMap((rule) => stepOf(rule, chains));
      filter.set(name, { policy: policy === undefined ? undefined : policy === 'DROP' ? 'drop' : 'accept', steps });
    }
    const drop = dropOf(filter, base, flow);
    if (drop !== undefined) return { ...drop, table };
  }
  return undefined;
}

function stepOf(rule: string, chains: ReadonlyMap<string, unknown>): readonly Step[] {
  const options = optionsOf(rule);
  const verdict = verdictOf(options, chains);
  if (verdict === undefined) return [];
  const conditions = options.filter((option) => !/^(-j|-g|--comment|--reject-with) /.test(option));
  return [{ match: (flow) => allOf(conditions.map((condition) => met(condition, flow))), verdict, text: rule }];
}

// Targets after which a packet goes on in the chain, of those that are common in these tables.
const passing = /^(LOG|NFLOG|ULOG|MARK|CONNMARK|CT|NOTRACK|TRACE|TCPMSS|TTL|DSCP|TOS|SET|TEE|CHECKSUM|CLASSIFY|AUDIT)$/;

function verdictOf(options: readonly string[], chains: ReadonlyMap<string, unknown>): Verdict | undefined {
  const [, verb, target = ''] = options.map((option) => /^-([jg]) (\S+)$/.exec(option)).find((found) => found) ?? [];
  if (verb === undefined || passing.test(target)) return undefined;
  if (target === 'ACCEPT') return { kind: 'accept' };
  if (target === 'DROP' || target === 'REJECT') return { kind: 'drop' };
  if (target === 'RETURN') return { kind: 'return' };
  if (!chains.has(target)) return { kind: 'unknown' };
  return { kind: verb === 'g' ? 'goto' : 'jump', chain: target };
}

function met(option: string, flow: Flow): Match {
  const isNegated = option.startsWith('! ');
  const [, name = '', value = ''] = /^(\S+) (.*)$/.exec(isNegated ? option.slice(2) : option) ?? [];
  const match = condition(name, value, flow);
  return isNegated ? not(match) : match;
}

function condition(name: string, value: string, flow: Flow): Match {
  switch (name) {
    case '-s':
    case '-d': {
      const range = parseRange(value);
      return range === undefined ? 'sometimes' : within(name === '-s' ? flow.source : flow.destination, [range]);
    }
    case '-i':
      return named(flow.from, value, '+');
    case '-o':
      return named(flow.to, value, '+');
    case '--ctstate':
    case '--state':
      return inState(value.split(','));
    case '--mark': {
      const [mark = '', mask = '0xffffffff'] = value.split('/');
      return marked(flow, Number(mark), Number(mask));
    }
    default:
      return 'sometimes';
  }
}
