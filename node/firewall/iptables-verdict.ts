// Computes the fate of a flow in the tables of one iptables backend. Pure.
import { allOf, type Flow, inState, type Match, marked, named, not, ofProtocol, parseRange } from './flow.js';
import { optionsOf, type Tables, userChain, wordsOf } from './iptables-save.js';
import { type Drop, dropOf, type FilterChain, type RuleVerdict, type Step } from './verdict.js';

/** TableDrop is a drop, the table that it is in, and the base chain by which packets come to it: "filter", "FORWARD". */
export type TableDrop = Drop & { readonly table: string; readonly base: string };

// The chains that a forwarded packet traverses (nat does not filter).
const ways = [
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['mangle', 'FORWARD'],
  ['filter', 'FORWARD'],
  ['security', 'FORWARD'],
  ['mangle', 'POSTROUTING'],
] as const;

/** isDockersChain reports whether Docker makes this chain and no other program adds rules to it. */
export function isDockersChain(name: string): boolean {
  return name === 'DOCKER' || (name.startsWith('DOCKER-') && name !== userChain);
}

// -d 10.76.1.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT: a port that a container publishes.
function isPublished(chain: string, rule: string): boolean {
  return chain === 'DOCKER' && optionsOf(rule).some((option) => /^-d [\d.]+\/32$/.test(option));
}

/** FilterTables holds parsed tables by name. */
export type FilterTables = ReadonlyMap<string, ReadonlyMap<string, FilterChain>>;

/** filterTablesOf parses the rules of a backend's tables. */
export function filterTablesOf(tables: Tables): FilterTables {
  const read = new Map<string, ReadonlyMap<string, FilterChain>>();
  for (const table of new Set(ways.map(([name]) => name))) {
    const chains = tables.get(table);
    if (chains === undefined) continue;
    const filter = new Map<string, FilterChain>();
    for (const [name, { policy, rules }] of chains) {
      const steps = rules.filter((rule) => !isPublished(name, rule)).flatMap((rule) => stepOf(rule, chains));
      filter.set(name, { policy: policy === undefined ? undefined : policy === 'DROP' ? 'drop' : 'accept', steps });
    }
    read.set(table, filter);
  }
  return read;
}

/** untracks reports whether a rule keeps packets out of the kernel's table of connections. */
export function untracks(tables: Tables): boolean {
  const rules = [...(tables.get('raw')?.values() ?? [])].flatMap((chain) => chain.rules);
  return rules.some((rule) => /-j (NOTRACK|CT .*--notrack)\b/.test(rule));
}

/**
 * dropInTables returns what drops all packets of a flow; undefined if some may pass. Rules for ports that Docker
 * publishes are ignored, because they accept only packets to these ports.
 */
export function dropInTables(tables: FilterTables, flow: Flow): TableDrop | undefined {
  for (const [table, base] of ways) {
    const chains = tables.get(table);
    const drop = chains === undefined ? undefined : dropOf(chains, base, flow);
    if (drop !== undefined) return { ...drop, table, base };
  }
  return undefined;
}

function stepOf(rule: string, chains: ReadonlyMap<string, unknown>): readonly Step[] {
  const options = optionsOf(rule);
  const verdict = verdictOf(options, chains);
  if (verdict === undefined) return [];
  // The marks of connections are matched by options of the same names.
  const hasOtherMarks = wordsOf(rule).includes('connmark');
  const conditions = options.flatMap((option) => {
    if (/^(-j|-g|--comment|--reject-with) /.test(option)) return [];
    return hasOtherMarks && /^(! )?--mark /.test(option) ? unknown : conditionOf(option);
  });
  return [{ match: (flow) => allOf(conditions.map((condition) => condition(flow))), verdict, text: rule }];
}

// The common targets after which a packet continues in the chain.
const passing = /^(LOG|NFLOG|ULOG|MARK|CONNMARK|CT|NOTRACK|TRACE|TCPMSS|TTL|DSCP|TOS|SET|TEE|CHECKSUM|CLASSIFY|AUDIT)$/;

function verdictOf(options: readonly string[], chains: ReadonlyMap<string, unknown>): RuleVerdict | undefined {
  const [, verb, target = ''] = options.map((option) => /^-([jg]) (\S+)$/.exec(option)).find((found) => found) ?? [];
  if (verb === undefined || passing.test(target)) return undefined;
  if (target === 'ACCEPT') return { kind: 'accept' };
  if (target === 'DROP' || target === 'REJECT') return { kind: 'drop' };
  if (target === 'RETURN') return { kind: 'return' };
  if (!chains.has(target)) return { kind: 'unknown' };
  return { kind: verb === 'g' ? 'goto' : 'jump', chain: target };
}

type Condition = (flow: Flow) => Match;

const unknown: Condition = () => 'sometimes';

/** conditionOf returns the condition of one option of a rule, as optionsOf has it: "! -i docker0". */
export function conditionOf(option: string): Condition {
  const isNegated = option.startsWith('! ');
  const [, name = '', value = ''] = /^(\S+) (.*)$/.exec(isNegated ? option.slice(2) : option) ?? [];
  const condition = plainCondition(name, value);
  return isNegated ? (flow) => not(condition(flow)) : condition;
}

function plainCondition(name: string, value: string): Condition {
  switch (name) {
    case '-s':
    case '-d': {
      const range = parseRange(value);
      if (range === undefined) return unknown;
      return (flow) => (name === '-s' ? flow.source : flow.destination).within(range);
    }
    case '-i':
      return (flow) => named(flow.from, value, '+');
    case '-o':
      return (flow) => named(flow.to, value, '+');
    case '-p':
      return (flow) => ofProtocol(flow, value);
    case '--tcp-flags':
      return (flow) => opensWith(flow, value);
    case '--ctstate':
    case '--state': {
      const states = value.split(',');
      return (flow) => inState(flow, states);
    }
    case '--mark': {
      const [mark = '', mask = '0xffffffff'] = value.split('/');
      return (flow) => marked(flow, Number(mark), Number(mask));
    }
    default:
      return unknown;
  }
}

// The first packet of a TCP connection has SYN set; ECE and CWR are also set if the hosts use ECN.
function opensWith({ protocol }: Flow, value: string): Match {
  const [mask = [], set = []] = value.split(' ').map((flags) => flags.split(','));
  if (protocol === undefined || mask.some((flag) => !/^(FIN|SYN|RST|PSH|ACK|URG)$/.test(flag))) return 'sometimes';
  return set.join() === (mask.includes('SYN') ? 'SYN' : 'NONE') ? 'always' : 'never';
}
