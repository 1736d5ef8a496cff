// What our subnets send to a pool is accepted before Docker's chains only where these accept it without doing anything else.
import test from 'ava';
import fc from 'fast-check';
import { chainsBehind } from '../../../../node/firewall/iptables-accept.js';
import { planRules } from '../../../../node/firewall/iptables-rules.js';
import { isOurRule, parseSave, type Tables, wordsOf } from '../../../../node/firewall/iptables-save.js';
import { parseIpv4, prefixContains } from '../../../../proto/domain/address.js';
import { dockerRules } from '../../../support/docker-rules.js';
import { outward, prefix, small } from '../../../support/firewall-values.js';

const options = { abandoned: false, mayMove: true };
const desired = { ...small, pools: [prefix('10.76.0.0/16')] };

/** sent returns our rules for what is sent to pools, as planned for DOCKER-USER. */
const sent = (tables: Tables, wanted = desired) =>
  planRules(wanted, tables, 'rules', options)
    .text.split('\n')
    .flatMap((line) => / (-s .* -o .*)$/.exec(line)?.[1] ?? []);

type Packet = { source: string; destination: string; from: string; to: string; state: string; mark: string };

const within = (address: string, range: string) => {
  const parsed = parseIpv4(address);
  return parsed !== undefined && prefixContains(prefix(range.includes('/') ? range : `${range}/32`), parsed);
};

// meets does what the kernel does with the conditions that the rules below have.
function meets(packet: Packet, rule: string): { readonly met: boolean; readonly target: string } {
  const words = wordsOf(rule);
  let [met, target] = [true, ''];
  for (let at = 0; at < words.length; at += 1) {
    const negated = words[at] === '!';
    if (negated) at += 1;
    const [option = '', value = ''] = words.slice(at, at + 2);
    at += 1;
    const is: Record<string, () => boolean> = {
      '-s': () => within(packet.source, value),
      '-d': () => within(packet.destination, value),
      '-i': () => (value.endsWith('+') ? packet.from.startsWith(value.slice(0, -1)) : packet.from === value),
      '-o': () => packet.to === value,
      '--ctstate': () => value.split(',').includes(packet.state),
      '--mark': () => value === packet.mark,
    };
    if (option === '-j') target = value;
    else if (option !== '-m' && option !== '--comment') met &&= (is[option]?.() ?? false) !== negated;
  }
  return { met, target };
}

/** journey returns what happens to a packet in FORWARD: the rules that note it, and its end. */
function journey(tables: Tables, packet: Packet): string {
  const noted: string[] = [];
  const walk = (name: string): string | undefined => {
    const chain = tables.get('filter')?.get(name);
    for (const rule of chain?.rules ?? []) {
      const { met, target } = meets(packet, rule);
      if (!met) continue;
      if (target === 'ACCEPT' || target === 'DROP') return target;
      if (target === 'RETURN') return undefined;
      if (target === '' || target === 'LOG') noted.push(rule);
      else {
        const end = walk(target);
        if (end !== undefined) return end;
      }
    }
    return undefined;
  };
  return [...noted, walk('FORWARD') ?? 'policy'].join('; ');
}

const packets: readonly Packet[] = ['10.76.1.2', '10.76.1.9', '192.168.83.7'].flatMap((source) =>
  ['10.76.2.2', '10.76.1.9', '10.99.0.1'].flatMap((destination) =>
    ['docker0', 'br-other'].flatMap((from) =>
      ['eth0.100', 'docker0', 'br-other'].flatMap((to) =>
        ['NEW', 'ESTABLISHED', 'INVALID'].flatMap((state) =>
          ['0', '7'].map((mark) => ({ source, destination, from, to, state, mark })),
        ),
      ),
    ),
  ),
);

const condition = fc.constantFrom(
  ...['', '', '-i docker0', '! -i docker0', '-i dock+', '-i br-other', '-o eth0.100', '! -o docker0', '-o docker0'],
  ...['-s 10.76.1.0/24', '! -s 10.76.1.0/24', '-s 10.76.1.9/32', '-d 10.76.0.0/16', '! -d 10.76.1.0/24'],
  ...['-d 10.76.2.2/32', '-d 10.99.0.1/32', '-m conntrack --ctstate RELATED,ESTABLISHED'],
  ...['-m conntrack --ctstate INVALID', '-m mark --mark 7', '-m comment --comment "of -j DROP"'],
);

const ruleTo = (...targets: readonly string[]) =>
  fc
    .tuple(condition, condition, fc.constantFrom(...targets))
    .map(([one, other, target]) =>
      [one, ...(one === other ? [] : [other]), ...(target === '' ? [] : [`-j ${target}`])].filter(Boolean).join(' '),
    )
    // No option comes twice in a rule.
    .filter((rule) => !['-i ', '-o ', '-s ', '-d ', '--ctstate '].some((option) => rule.split(option).length > 2));

const chain = (...targets: readonly string[]) =>
  fc.array(ruleTo(...targets), { maxLength: 4 }).map((rules) => ({ policy: undefined, rules }));

const anyTables: fc.Arbitrary<Tables> = fc
  .tuple(
    chain('ACCEPT', 'DROP', 'LOG', 'DOCKER-FORWARD', 'mine', ''),
    chain('ACCEPT', 'DROP', 'RETURN', 'mine'),
    chain('ACCEPT', 'DROP', 'RETURN'),
  )
  .map(([forward, docker, mine]) => {
    const rules = ['-j DOCKER-USER', ...forward.rules, '-j DOCKER-FORWARD', '-i docker0 -j ACCEPT'];
    const none: readonly string[] = [];
    const filter = Object.entries({
      FORWARD: rules,
      'DOCKER-USER': none,
      'DOCKER-FORWARD': docker.rules,
      mine: mine.rules,
    });
    return new Map([['filter', new Map(filter.map(([name, its]) => [name, { policy: undefined, rules: its }]))]]);
  });

test('no packet comes to another end, and nothing on its way is left out, in any chains', (t) => {
  const seen = { early: 0, late: 0 };
  fc.assert(
    fc.property(anyTables, (tables) => {
      const rules = sent(tables);
      seen[rules.length > 0 ? 'early' : 'late'] += 1;
      if (rules.length === 0) return;
      const user = { policy: undefined, rules };
      const after = new Map([['filter', new Map([...(tables.get('filter') ?? []), ['DOCKER-USER', user] as const])]]);
      const changed = packets.filter((packet) => journey(after, packet) !== journey(tables, packet));
      if (changed.length > 0) throw new Error(JSON.stringify([changed[0], rules]));
    }),
    { numRuns: 300 },
  );
  t.true(seen.early > 10 && seen.late > 10, JSON.stringify(seen));
});

test('by the rules of each engine', (t) => {
  for (const engine of ['20.10', '28'] as const) {
    const text = dockerRules(engine);
    const other = text.replaceAll('docker0', 'br-other');
    t.deepEqual(sent(parseSave(text)), [outward], engine);
    t.deepEqual(sent(parseSave(other)), [], 'no rules for our bridge');
    const before = (chainName: string, rule: string) =>
      sent(parseSave(text.replace(new RegExp(`^-A ${chainName} `, 'm'), `-A ${chainName} ${rule}\n$&`)));
    const isolation = 'DOCKER-ISOLATION-STAGE-1';
    t.deepEqual(before(isolation, '! -d 10.76.1.0/24 -i docker0 -j DROP'), [], 'docker0 is internal');
    t.deepEqual(before(isolation, '! -d 172.20.0.0/16 -i br-in -j DROP'), [outward], 'another network is internal');
    t.deepEqual(before('DOCKER-ISOLATION-STAGE-2', '-o eth0.100 -j DROP'), [], 'the underlay is a bridge of Docker');
    t.deepEqual(before(isolation, '-i docker0 -o docker0 -j DROP'), [outward], 'icc is off');
    t.deepEqual(before(isolation, '-p tcp -m tcp --dport 80 -j ACCEPT'), [outward], 'as Swarm accepts');
    t.deepEqual(before(isolation, '-m socket -j ACCEPT'), [outward]);
    t.deepEqual(before(isolation, '-m socket -j DROP'), [], 'a match without options');
    t.deepEqual(before(isolation, '-s 10.76.1.7/32 -d 10.76.2.0/24 -j DROP'), [], 'a rule of the operator');
    t.deepEqual(before(isolation, '-s 10.76.1.7/32 -j LOG'), []);
    t.deepEqual(before(isolation, '-m comment --comment "-i eth9 is closed" -j DROP'), [], 'a comment like an option');
    t.deepEqual(before(isolation, '-g DOCKER-USER'), []);
    t.deepEqual(sent(parseSave(text.replace('-A FORWARD -j DOCKER-USER\n', ''))), [], 'DOCKER-USER is not reached');
  }
});

test('nothing is accepted early where a foreign rule that comes later would not be seen within a second', (t) => {
  const tables = parseSave(dockerRules('28'));
  t.true(planRules(desired, tables, 'rules', options).text.includes(outward));
  const { text } = planRules(desired, tables, 'rules', { ...options, isWatched: false });
  t.false(text.includes('-s 10.76.1.0/24 '), text);
  // The operator fills the chain later: no turn is triggered by that.
  const jump = '-A FORWARD -j DOCKER-USER\n';
  const empty = dockerRules('28').replace(':DOCKER ', ':mine - [0:0]\n$&').replace(jump, `${jump}-A FORWARD -j mine\n`);
  t.deepEqual(sent(parseSave(empty)), []);
});

test('nothing is accepted early while DOCKER-USER is reached in two ways', (t) => {
  const text = dockerRules('28');
  const jump = '-A FORWARD -j DOCKER-USER\n';
  // In one of them, the rule of the operator comes after DOCKER-USER.
  const between = `-A FORWARD -o eth0.100 -j DOCKER-USER\n-A FORWARD -s 10.76.1.7/32 -j DROP\n${jump}`;
  t.deepEqual(sent(parseSave(text.replace(jump, between))), []);
  // In the other one, our own rules would be what accepts.
  const ours = `-A DOCKER-USER ${outward}\n`;
  const alone = text.replace('-A DOCKER-FORWARD -i docker0 -j ACCEPT\n', ours).replace(jump, jump + jump);
  const { text: change } = planRules(desired, parseSave(alone), 'rules', options);
  t.true(change.includes(`-D DOCKER-USER ${outward}`), change);
  t.false(change.includes(`DOCKER-USER 1 ${outward}`) || change.includes(`-A DOCKER-USER ${outward}`), change);
});

test('a change of any chain that decides what is accepted early is followed, except of those that containers change', (t) => {
  const isolation = ['DOCKER-ISOLATION-STAGE-1', 'DOCKER-ISOLATION-STAGE-2'];
  t.deepEqual([...chainsBehind(parseSave(dockerRules('20.10')))], isolation);
  const text = dockerRules('28')
    .replace(':DOCKER-USER - ', ':mine - [0:0]\n$&')
    .replace('-A FORWARD -j DOCKER-FORWARD', '-A FORWARD -s 10.76.1.7/32 -g mine\n$&');
  const docker28 = ['DOCKER-FORWARD', 'DOCKER-CT', isolation[0], 'DOCKER-BRIDGE', isolation[1]];
  t.deepEqual([...chainsBehind(parseSave(text))].sort(), ['mine', ...docker28].sort());
});

test('no rule leads from one own subnet to another, and of a block docker0 alone is accepted early', (t) => {
  const own = [
    { subnet: prefix('10.76.1.0/24'), bridge: 'docker0' },
    { subnet: prefix('10.76.7.0/24'), bridge: 'br-other' },
  ];
  const both = dockerRules('28').replace(
    '-A DOCKER-FORWARD -i docker0 -j ACCEPT\n',
    '$&-A DOCKER-FORWARD -i br-other -j ACCEPT\n',
  );
  const rules = sent(parseSave(both), { ...desired, own });
  t.is(rules.length, 2);
  for (const rule of rules) t.true(isOurRule(rule) && rule.includes(' -o eth0.100 '), rule);
  const block = [{ subnet: prefix('10.86.0.0/20'), bridge: 'docker0', partLength: 24 }];
  t.deepEqual(sent(parseSave(both), { ...desired, own: block }), [outward.replace('10.76.1.0/24', '10.86.0.0/20')]);
});

test('in raw, what no rule of Docker concerns is accepted before all of them, on a host with one network', (t) => {
  const text = dockerRules('28');
  const early = (wanted = desired, rule = '') => {
    const line = rule === '' ? '' : `-A PREROUTING ${rule}\n`;
    const tables = parseSave(text.replace('-d 10.76.1.2/32 ! -i docker0 -j DROP\n', `$&${line}`));
    const raw = planRules(wanted, tables, 'rules', options).text.split('*filter')[0] ?? '';
    return raw.split('\n').flatMap((one) => / (-s .*)$/.exec(one)?.[1] ?? []);
  };
  const rule = outward.replace(' -o eth0.100', '');
  t.deepEqual(early(), [rule]);
  t.deepEqual(early(desired, '-d 10.76.1.3/32 ! -i docker0 -j DROP'), [rule], 'another container');
  t.deepEqual(early(desired, '-d 172.18.0.2/32 ! -i br-other -j DROP'), [rule], 'a network outside the pool');
  t.deepEqual(early(desired, '-d 10.76.7.2/32 ! -i br-other -j DROP'), [], 'a network in the pool');
  t.deepEqual(early(desired, '-s 10.76.1.9/32 -j DROP'), [], 'a rule of the operator');
  t.deepEqual(early(desired, '-p udp -j CT --notrack'), []);
  t.deepEqual(early({ ...desired, own: [...desired.own, { subnet: prefix('10.76.7.0/24'), bridge: 'br-other' }] }), []);
  t.deepEqual(early({ ...desired, own: [{ subnet: prefix('10.86.0.0/20'), bridge: 'docker0', partLength: 24 }] }), []);
  t.deepEqual(early({ ...desired, lans: [{ subnet: prefix('192.168.61.64/27'), bridge: 'xnet-lan' }] }), []);
});
