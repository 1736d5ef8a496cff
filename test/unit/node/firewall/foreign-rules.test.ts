// Rules of others that look as if they dropped everything, and rules that do: as iptables-save and nft 1.0.6 list them.
import test from 'ava';
import { dropFindings } from '../../../../node/firewall/drops.js';
import { parseSave } from '../../../../node/firewall/iptables-save.js';
import { filterTablesOf } from '../../../../node/firewall/iptables-verdict.js';
import { type NftTable, parseNftTable } from '../../../../node/firewall/nft-verdict.js';
import { small } from '../../../support/firewall-values.js';

const of = { family: 'inet', table: 't' };

function told(lines: readonly string[], others: readonly NftTable[] = []): readonly string[] {
  const tables = parseSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`);
  const backends = new Map([['nft', tables]] as const);
  const found = dropFindings({ desired: small, backends, others, filterOf: filterTablesOf });
  return found.map(({ message, fix }) => `${message}: ${fix}`);
}

const base = (name: string, hook: string, policy: string) => ({
  chain: { ...of, name, type: 'filter', hook, prio: 0, policy },
});
const rule = (chain: string, ...expr: readonly unknown[]) => ({ rule: { chain, handle: 7, expr } });

function toldOf(policy: string, ...entries: readonly unknown[]): readonly string[] {
  const nftables = [base('pre', 'prerouting', 'accept'), base('fwd', 'forward', policy), ...entries];
  return told([], [parseNftTable(JSON.stringify({ nftables }), of, ['pre', 'fwd'])]);
}

const match = (op: string, left: unknown, right: unknown) => ({ match: { op, left, right } });
const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });

test('a negated condition on a header that packets lack is not met', (t) => {
  const others = [
    [field('udp', 'dport'), 53],
    [field('udp', 'dport'), { set: [53, 123] }],
    [field('icmp', 'type'), 'echo-request'],
    [field('igmp', 'type'), 'membership-query'],
    [field('ip6', 'saddr'), { prefix: { addr: 'fe80::', len: 10 } }],
    [field('ip6', 'nexthdr'), 'tcp'],
  ] as const;
  for (const [left, right] of others) {
    t.deepEqual(toldOf('accept', rule('fwd', match('!=', left, right), { drop: null })), [], JSON.stringify(left));
  }
  const flags = { '&': [field('tcp', 'flags'), ['fin', 'syn']] };
  t.deepEqual(toldOf('accept', rule('fwd', match('!=', flags, 'syn'), { drop: null })), []);
  const isOther = match('!=', { meta: { key: 'l4proto' } }, 'tcp');
  t.deepEqual(toldOf('accept', rule('fwd', isOther, { drop: null })), []);
  t.regex(toldOf('drop', rule('fwd', isOther, { accept: null }))[0] ?? '', / drops all TCP connections /);
  const established = { ct: { key: 'state' } };
  t.regex(
    toldOf('accept', rule('fwd', match('!', established, 'established'), { drop: null }))[0] ?? '',
    /all packets/,
  );
  // Protocol 0, "hopopt", which nft writes as a number where /etc/protocols lacks it.
  t.deepEqual(toldOf('accept', rule('fwd', match('==', field('ip', 'protocol'), 0), { drop: null })), []);
});

test('an element for all other values decides on what no other element names', (t) => {
  const vmap = (key: unknown, ...set: readonly unknown[]) => rule('fwd', { vmap: { key, data: { set } } });
  const [accept, drop] = [{ accept: null }, { drop: null }];
  const l4proto = { meta: { key: 'l4proto' } };
  t.deepEqual(toldOf('drop', vmap(l4proto, ['udp', drop], ['*', accept])), []);
  t.deepEqual(toldOf('accept', vmap(l4proto, ['*', drop], ['tcp', accept])), []);
  t.regex(toldOf('accept', vmap(l4proto, ['icmp', accept], ['*', drop]))[0] ?? '', / drops all TCP connections /);
  t.is(toldOf('accept', vmap({ ct: { key: 'state' } }, ['established', accept], ['*', drop])).length, 1);
  t.deepEqual(toldOf('accept', vmap(field('udp', 'dport'), [53, accept], ['*', drop])), []);
  t.deepEqual(toldOf('accept', vmap(field('tcp', 'dport'), [80, accept], ['*', drop])), []);
  t.deepEqual(toldOf('accept', vmap({ meta: { key: 'skuid' } }, [0, accept], ['*', drop])), [], 'no user sends them');
});

test('the command for a table of nftables concerns the base chain by which packets come to the drop', (t) => {
  const inner = { chain: { ...of, name: 'web' } };
  const [found = ''] = toldOf('accept', inner, rule('fwd', { jump: { target: 'web' } }), rule('web', { drop: null }));
  t.regex(found, /chain inet t web .*: nft insert rule inet t fwd ip saddr/);
});

test('TCP connections begin with SYN, and the mark of a connection is not that of its packets', (t) => {
  const forward = (policy: string, ...rules: readonly string[]) =>
    told([`:FORWARD ${policy} [0:0]`, ...rules.map((each) => `-A FORWARD ${each}`)]);
  const syn = '--tcp-flags FIN,SYN,RST,ACK SYN';
  t.regex(forward('ACCEPT', `-p tcp -m tcp ${syn} -j DROP`)[0] ?? '', / drops all TCP connections /);
  t.deepEqual(forward('ACCEPT', `-p tcp -m tcp ! ${syn} -j DROP`), []);
  t.deepEqual(forward('ACCEPT', '-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP'), []);
  t.deepEqual(forward('ACCEPT', '-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP'), []);
  t.regex(forward('ACCEPT', '-p tcp -m tcp --tcp-flags ACK NONE -j DROP')[0] ?? '', / drops all TCP connections /);
  t.deepEqual(forward('DROP', '-m connmark --mark 0x1 -j ACCEPT'), []);
  t.deepEqual(forward('ACCEPT', '-m connmark ! --mark 0x1 -j DROP'), []);
});

test('a rule is deleted by words that a shell passes on', (t) => {
  const [found = ''] = told([
    ':FORWARD ACCEPT [0:0]',
    String.raw`-A FORWARD ! -s 10.99.0.0/16 -p tcp -m comment --comment "don\'t \"pass\" $1; x" -j DROP`,
  ]);
  t.true(
    found.endsWith(
      String.raw`: iptables-nft -D FORWARD ! -s 10.99.0.0/16 -p tcp -m comment --comment 'don'\''t "pass" $1; x' -j DROP`,
    ),
    found,
  );
});

test('the command for firewalld is named only if it helps', (t) => {
  const zones = (name: string, ...first: readonly string[]) => {
    const chains = [':FORWARD ACCEPT [0:0]', ':FORWARD_direct - [0:0]', `:${name} - [0:0]`];
    const last = ['-A FORWARD -j FORWARD_direct', `-A FORWARD -j ${name}`, '-A FORWARD -j REJECT'];
    return told([...chains, ...first, ...last])[0] ?? '';
  };
  for (const name of ['FORWARD_ZONES', 'FORWARD_IN_ZONES', 'FORWARD_dispatch']) {
    t.regex(zones(name), /: firewall-cmd --permanent --zone=trusted \S+ \S+ && firewall-cmd --reload$/);
    t.regex(zones(name, '-A FORWARD_direct -p tcp -j DROP'), /--reload$/, 'all other packets are rejected, too');
    t.regex(
      zones(name, '-A FORWARD_direct -j DROP'),
      /: iptables-nft -I FORWARD -s \S+ -d \S+ -j ACCEPT$/,
      "the operator's",
    );
    t.regex(zones(name, '-A FORWARD -i eth+ -j DROP'), /: iptables-nft -D FORWARD -i eth\+ -j DROP$/);
  }
});

test('no command deletes a rule by which other packets are dropped', (t) => {
  const shared = [':LOGDROP - [0:0]', '-A INPUT -j LOGDROP', '-A FORWARD -j LOGDROP', '-A LOGDROP -j DROP'];
  t.deepEqual(told([':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ...shared]), [
    "a rule of iptables-nft's filter chain LOGDROP (-j DROP) drops all packets from peers to containers and from containers " +
      'to peers: iptables-nft -I FORWARD -s 10.76.0.0/16,10.80.0.0/16 -d 10.76.0.0/16,10.80.0.0/16 -j ACCEPT',
  ]);
  const user = [':FORWARD ACCEPT [0:0]', ':DOCKER-USER - [0:0]', '-A FORWARD -j DOCKER-USER'];
  t.regex(told([...user, '-A DOCKER-USER -j DROP'])[0] ?? '', /: iptables-nft -D DOCKER-USER -j DROP$/);
});

test('where a rule keeps packets out of the table of connections, they may be in no state', (t) => {
  const forward = [':FORWARD DROP [0:0]', '-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT'];
  const raw = (rule: string) => ['COMMIT', '*raw', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING -s 10.76.0.0/16 ${rule}`];
  t.is(told(forward).length, 1);
  t.deepEqual(told([...forward, ...raw('-j CT --notrack')]), []);
  t.deepEqual(told([...forward, ...raw('-j NOTRACK')]), []);
  t.is(told([...forward, ...raw('-j CT --helper ftp')]).length, 1);
  const isNew = match('in', { ct: { key: 'state' } }, 'new');
  t.is(toldOf('accept', rule('fwd', isNew, { drop: null })).length, 1);
  t.deepEqual(toldOf('accept', rule('fwd', isNew, { drop: null }), rule('pre', { notrack: null })), []);
});
