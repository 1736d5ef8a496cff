// Foreign rules that drop what is bridged between the LAN and containers on it.
import test from 'ava';
import { bridgedDrops, bridgedFindings } from '../../../../node/firewall/bridged.js';
import { type Backend, parseSave } from '../../../../node/firewall/iptables-save.js';
import { parseNftTable } from '../../../../node/firewall/nft-verdict.js';
import { prefix } from '../../../support/firewall-values.js';

const lans = [{ subnet: prefix('192.168.61.64/27'), bridge: 'xnet-lan' }];
const docker = [':DOCKER-USER - [0:0]', ':DOCKER-FORWARD - [0:0]'];
const jumps = ['-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-FORWARD'];
const icc = '-A DOCKER-FORWARD -i xnet-lan -o xnet-lan -j ACCEPT';
const filter = (...lines: readonly string[]) => parseSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`);
const told = (...lines: readonly string[]) =>
  bridgedDrops({ lans }, { backends: new Map([['nft', filter(...lines)]]), others: [] }).map(
    ({ message, fix }) => `${message}: ${fix}`,
  );

test('a foreign rule that drops what the LAN and its containers send each other is named, with a command', (t) => {
  t.deepEqual(told(':FORWARD DROP [0:0]', ...docker, ...jumps, icc), []);
  t.deepEqual(told(':FORWARD DROP [0:0]', ...docker, ...jumps), [], 'Docker adds its rules with the network');
  const [first = '', ...more] = told(':FORWARD DROP [0:0]', ...docker, '-A FORWARD -i xnet+ -j REJECT', ...jumps, icc);
  t.deepEqual(more, []);
  t.regex(first, /^a rule of iptables-nft's filter chain FORWARD \(-i xnet\+ -j REJECT\) drops what xnet-lan bridges/);
  t.regex(first, /: iptables-nft -I FORWARD -i xnet-lan -o xnet-lan -j ACCEPT$/);
  t.deepEqual(told(':FORWARD DROP [0:0]', ...docker, ...jumps, '-A FORWARD -j REJECT'), [], 'it comes too late');
  const user = [':FORWARD DROP [0:0]', ...docker, ...jumps, '-A DOCKER-USER -d 192.168.61.0/24 -j DROP'];
  t.is(told(...user, '-A DOCKER-USER -j RETURN', icc).length, 1);
  t.deepEqual(told(':FORWARD DROP [0:0]', ...docker, '-A FORWARD -p tcp -j DROP', ...jumps, icc), [], 'some pass');
  t.deepEqual(told(':FORWARD DROP [0:0]'), [], 'without Docker, nothing can be told');
});

test('tables of nftables and a second backend are asked as well, if bridged packets pass them', async (t) => {
  const base = { family: 'inet', table: 'closed', name: 'forward' };
  const chain = { ...base, handle: 1, type: 'filter', hook: 'forward', prio: 0, policy: 'drop' };
  const others = [parseNftTable(JSON.stringify({ nftables: [{ chain }] }), base, [base.name])];
  const backends = new Map<Backend, ReturnType<typeof filter>>([
    ['nft', filter(':FORWARD DROP [0:0]', ...docker, ...jumps, icc)],
    ['legacy', filter(':FORWARD DROP [0:0]')],
  ]);
  const on = { read: () => Promise.resolve('1') };
  const found = await bridgedFindings(on, { lans }, { backends, others });
  t.deepEqual(
    found.map(({ fix }) => fix),
    [
      'iptables-legacy -I FORWARD -i xnet-lan -o xnet-lan -j ACCEPT',
      'nft insert rule inet closed forward iifname "xnet-lan" oifname "xnet-lan" accept',
    ],
  );
  const early = { ...base, name: 'pre' };
  const before = parseNftTable(
    JSON.stringify({ nftables: [{ chain: { ...chain, ...early, hook: 'prerouting' } }] }),
    early,
    [early.name],
  );
  const raw = `*raw\n:PREROUTING DROP [0:0]\nCOMMIT\n*filter\n${[':FORWARD DROP [0:0]', ...docker, ...jumps].join('\n')}\nCOMMIT\n`;
  const sooner = { backends: new Map([['nft', parseSave(raw)] as const]), others: [before] };
  t.deepEqual(
    bridgedDrops({ lans }, sooner).map(({ fix }) => fix),
    [
      'iptables-nft -t raw -I PREROUTING -i xnet-lan -s 192.168.61.64/27 -j ACCEPT && ' +
        'iptables-nft -t raw -I PREROUTING -i xnet-lan -d 192.168.61.64/27 -j ACCEPT',
      'nft insert rule inet closed pre iifname "xnet-lan" ip saddr 192.168.61.64/27 accept && ' +
        'nft insert rule inet closed pre iifname "xnet-lan" ip daddr 192.168.61.64/27 accept',
    ],
    'no outgoing interface is known there',
  );
  // Docker puts the bridge into a zone that accepts; bound to another one, it needs that.
  const zone = { family: 'inet', table: 'firewalld', name: 'filter_FORWARD' };
  const inZone = parseNftTable(JSON.stringify({ nftables: [{ chain: { ...chain, ...zone } }] }), zone, [zone.name]);
  t.deepEqual(
    (await bridgedFindings(on, { lans }, { backends: new Map(), others: [inZone] })).map(({ fix }) => fix),
    ['firewall-cmd --permanent --zone=docker --change-interface=xnet-lan && firewall-cmd --reload'],
  );
  for (const value of ['0', undefined]) {
    const off = { read: () => Promise.resolve(value) };
    t.deepEqual(await bridgedFindings(off, { lans }, { backends, others: [] }), []);
  }
  t.deepEqual(await bridgedFindings(on, {}, { backends, others: [] }), []);
});
