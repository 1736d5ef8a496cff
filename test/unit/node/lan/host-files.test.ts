// Which program manages an interface, by the files that it keeps.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { portFactsIn } from '../../../../node/lan/host-files.js';
import type { PortFacts } from '../../../../node/lan/obstacles.js';
import type { Exec } from '../../../../proto/process/exec.js';
import { lanLink } from '../../../support/lan-values.js';

const files = {
  NetworkManager: { 'run/NetworkManager/devices/2': '[device]\nmanaged=true\n' },
  'systemd-networkd': { 'run/systemd/netif/links/2': 'ADMIN_STATE=configured\n' },
  dhcpcd: { 'run/dhcpcd/pid': '612\n', 'proc/612/comm': 'dhcpcd\n', 'var/lib/dhcpcd/eth0.lease': '' },
} as const;
const others = [
  { 'run/systemd/netif/links/2': 'ADMIN_STATE=unmanaged\n' },
  // It has ended; it has another interface.
  { 'run/dhcpcd/pid': '612\n', 'var/lib/dhcpcd/eth0.lease': '' },
  { 'run/dhcpcd/pid': '612\n', 'proc/612/comm': 'dhcpcd\n', 'var/lib/dhcpcd/eth1.lease': '' },
];

async function factsOf(
  content: Readonly<Record<string, string>>,
  ruleset?: string,
  lister = 'nft',
): Promise<PortFacts> {
  const root = mkdtempSync(join(tmpdir(), 'xnet-files-'));
  try {
    for (const [path, text] of Object.entries(content)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const exec: Exec = ([program]) => {
      if (program !== lister || ruleset === undefined) return Promise.reject(new Error('not installed'));
      return Promise.resolve({ code: 0, stdout: ruleset, stderr: '' });
    };
    return await portFactsIn(root, exec)(lanLink(), 'xnet-lan');
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('the program that manages an interface, and would undo a move, is known by its files', async (t) => {
  for (const [program, content] of Object.entries(files)) t.is((await factsOf(content)).managedBy, program);
  for (const content of others) t.is((await factsOf(content)).managedBy, undefined);
});

test('NetworkManager that is stopped manages nothing, unless it starts at boot', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'xnet-files-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'run/NetworkManager/devices'), { recursive: true });
  writeFileSync(join(root, 'run/NetworkManager/devices/2'), '[device]\nmanaged=true\n');
  const managedBy = async (active: string, enabled: string) => {
    const exec: Exec = async ([, verb]) => ({
      code: 0,
      stdout: `${verb === 'is-active' ? active : enabled}\n`,
      stderr: '',
    });
    return (await portFactsIn(root, exec)(lanLink(), 'xnet-lan')).managedBy;
  };
  for (const state of ['disabled', 'masked', 'not-found']) t.is(await managedBy('inactive', state), undefined, state);
  t.is(await managedBy('failed', 'disabled'), undefined);
  t.is(await managedBy('inactive', 'enabled'), 'NetworkManager');
  t.is(await managedBy('deactivating', 'disabled'), 'NetworkManager');
});

test('a DHCP client of an interface, and its authentication to a switch, are told by their files', async (t) => {
  const running = { 'proc/612/comm': 'dhclient\n' };
  for (const [path, client] of [
    ['run/dhclient.eth0.pid', 'dhclient'],
    ['run/dhclient-eth0.pid', 'dhclient'],
    ['run/udhcpc.eth0.pid', 'udhcpc'],
    ['run/dhclient.eth1.pid', undefined],
  ] as const) {
    t.is((await factsOf({ ...running, [path]: '612\n' })).dhcpClient, client, path);
    t.is((await factsOf({ [path]: '612\n' })).dhcpClient, undefined, 'it has ended');
  }
  t.true((await factsOf({ 'run/wpa_supplicant/eth0': '' })).isAuthenticated);
  t.false((await factsOf({ 'run/wpa_supplicant/wlan0': '' })).isAuthenticated);
});

// As firewalld 1.3 makes and writes them.
const firewalld = 'table inet firewalld {\n\tchain filter_INPUT {\n\t\tiifname "eth0" goto filter_IN_public\n\t}\n}\n';
const policy = (start: string, from = 'docker') =>
  `<?xml version="1.0" encoding="utf-8"?>\n<policy ${start}>\n  <service name="ssh"/>\n  <ingress-zone name="${from}"/>\n  <egress-zone name="HOST"/>\n</policy>\n`;

test('firewalld opens the host to what arrives by a bridge of Docker, unless a policy or the zone says otherwise', async (t) => {
  const opens = async (path: string, text: string, ruleset: string | undefined = firewalld) =>
    (await factsOf({ [`etc/firewalld/${path}`]: text }, ruleset)).opensHost;
  const own = 'policies/docker-host.xml';
  t.true(await opens('firewalld.conf', ''));
  t.false(await opens(own, policy('target="REJECT"')));
  t.false(await opens(own, policy('priority="-5" target="DROP"', 'ANY')));
  t.true(await opens(own, policy('target="CONTINUE"')));
  t.true(await opens(own, policy('priority="10" target="REJECT"')), 'the zone is asked first');
  t.true(await opens(own, policy('target="REJECT"', 'public')));
  t.true(await opens('zones/docker.xml', '<zone version="1.0" target="ACCEPT">\n  <forward/>\n</zone>\n'));
  t.false(await opens('zones/docker.xml', '<zone>\n  <service name="ssh"/>\n</zone>\n'));
  t.deepEqual((await factsOf({})).firewalldHas, { zone: false, policy: false });
  const begun = await factsOf({ 'etc/firewalld/policies/docker-host.xml': '<policy target="CONTINUE"/>\n' });
  t.deepEqual(begun.firewalldHas, { zone: false, policy: true });
  for (const folder of ['etc', 'usr/lib']) {
    t.true((await factsOf({ [`${folder}/firewalld/zones/docker.xml`]: '<zone/>\n' })).firewalldHas?.zone);
  }
  t.false(await opens('firewalld.conf', '', 'table inet other {\n}\n'), 'it does not run');
  t.deepEqual((await factsOf({}, firewalld)).rules, [], 'its zones follow the bridge');
});

// What firewalld 1.3.3 makes with FirewallBackend=iptables, shortened.
const legacyFirewalld = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:FORWARD_ZONES - [0:0]
:INPUT_ZONES - [0:0]
:INPUT_direct - [0:0]
-A INPUT -j INPUT_direct
-A INPUT -j INPUT_ZONES
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j FORWARD_ZONES
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A FORWARD_POLICIES_pre -i eth0 -o docker0 -j FWD_p2
-A FORWARD_ZONES -i docker0 -g FWD_docker
-A FORWARD_ZONES -i eth0 -g FWD_public
-A FWD_public_allow -o eth0 -j ACCEPT
-A INPUT_ZONES -i eth0 -g IN_public
COMMIT
*nat
-A POSTROUTING_ZONES -o eth0 -g POST_public
-A PREROUTING_POLICIES_pre -i eth0 -o docker0 -j PRE_p2
COMMIT
`;
// As firewall-cmd writes it.
const written = `<?xml version="1.0" encoding="utf-8"?>
<policy target="REJECT">
  <service name="ssh"/>
  <protocol value="icmp"/>
  <ingress-zone name="docker"/>
  <egress-zone name="HOST"/>
</policy>
`;

test('firewalld with iptables: it opens the host as well, and its rules follow the zone of the bridge', async (t) => {
  const facts = (files: Readonly<Record<string, string>>, more = '') =>
    factsOf(files, `${legacyFirewalld}${more}`, 'iptables-nft-save');
  const { opensHost, rules } = await facts({});
  t.true(opensHost);
  t.deepEqual(rules, []);
  t.false((await facts({ 'etc/firewalld/policies/docker-host.xml': written })).opensHost);
  const own = '-A INPUT_direct -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT';
  t.deepEqual((await facts({}, `*filter\n${own}\nCOMMIT\n`)).rules, [own], "the operator's");
  const chain = '-A IN_web -i eth0 -j DROP';
  t.deepEqual((await factsOf({}, chain, 'iptables-nft-save')).rules, [chain], 'without firewalld');
});
