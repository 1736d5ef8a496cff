// Each finding of preflight about a host's kernel and files: its cause, and its fix, which clears it.
import test, { type ExecutionContext } from 'ava';
import type { PreflightFinding } from '../../node/preflight/finding.js';
import { ipv4FromNumber, parseIpv4 } from '../../proto/domain/address.js';
import { answersWithContainer, engineAnswers } from '../support/engine-socket.js';
import { isRoot } from '../support/linux-route-host.js';
import { daemonJsonFixtures } from '../support/preflight-daemon-json.js';
import { engineFixtures } from '../support/preflight-docker.js';
import { says } from '../support/preflight-fix.js';
import { PreflightHost, type PreflightLook } from '../support/preflight-host.js';
import { lanFixtures, type PreflightFixture } from '../support/preflight-lan.js';
import { machineFixtures } from '../support/preflight-machine.js';
import { programFixtures } from '../support/preflight-programs.js';
import { prepareUnderlay, underlayFixtures } from '../support/preflight-underlay.js';
import { prefix } from '../support/route-fixtures.js';

const address = (text: string) => parseIpv4(text) ?? ipv4FromNumber(0);
const lease: PreflightLook = { subnet: prefix('10.76.3.0/24'), pool: [prefix('10.76.0.0/16')] };

const run = (host: PreflightHost, fix: string) => host.sh(fix);
// The part of a fix that is a command: "give all hosts one MTU; here: ip link …", "nft insert …, and the same in …".
const commandIn = (fix: string) => fix.replace(/^.*here: /, '').replace(/, and .*$/, '');
// The content for daemon.json in a fix: 'in /etc/docker/daemon.json: "mtu": 1400, and restart Docker'.
const intoDaemonJson = (host: PreflightHost, fix: string) => {
  const [, setting = ''] = /: (".*), and restart Docker$/.exec(fix) ?? [];
  host.write('etc/docker/daemon.json', `{${setting}}`);
};

const ofNetwork: readonly PreflightFixture[] = [
  {
    reason: 'ReversePathStrict',
    severity: 'warns',
    trigger: (host) => {
      host.host.addLink('eth1');
      host.host.addAddress('eth1', '192.168.90.1/24');
      host.sh('sysctl -qw net/ipv4/conf/all/rp_filter=1');
    },
    look: { underlay: { interfaceName: 'eth0' } },
    clear: run,
  },
  {
    reason: 'PeerSilent',
    severity: 'warns',
    look: { peer: [address('192.168.83.12'), address('192.168.83.13')], underlay: { interfaceName: 'eth0' } },
    trigger: () => undefined,
    clear: (host, fix) => {
      host.sh(fix.replace(/^.*: /, ''));
      host.peer.runSync(['ip', 'address', 'add', '192.168.83.13/24', 'dev', 'lan']);
    },
  },
  {
    reason: 'MtuDiffers',
    severity: 'warns',
    look: { peer: [address('192.168.83.12')], underlay: { interfaceName: 'eth0' } },
    trigger: (host) => host.peer.runSync(['ip', 'link', 'set', 'lan', 'mtu', '1400']),
    clear: (host, fix) => host.sh(commandIn(fix)),
  },
  {
    reason: 'MtuBelowDocker',
    severity: 'warns',
    look: { underlay: { interfaceName: 'eth0' } },
    trigger: (host) => host.sh('ip link set eth0 mtu 1400'),
    clear: intoDaemonJson,
  },
  {
    reason: 'PolicyRules',
    severity: 'info',
    trigger: (host) => host.sh('ip rule add pref 50 from 10.99.0.0/16 lookup 7'),
    // Whoever looks at them may find that one is not needed.
    clear: (host, fix) => {
      const [priority = ''] = /^\d+(?=:\s+from 10\.99)/m.exec(host.sh(fix.replace(/^.*: /, ''))) ?? [];
      host.sh(`ip rule del pref ${priority}`);
    },
  },
  {
    reason: 'ForwardingOff',
    severity: 'warns',
    look: { ...lease, quick: false, underlay: { interfaceName: 'eth0' } },
    trigger: (host) => host.sh('sysctl -qw net.ipv4.ip_forward=0'),
    clear: (host, fix) => {
      says(fix, 'systemctl start docker');
      // As dockerd does at its start.
      host.sh('sysctl -qw net.ipv4.ip_forward=1');
    },
  },
  {
    reason: 'ForwardingOff',
    severity: 'stops',
    look: { ...lease, quick: false, underlay: { interfaceName: 'eth0' } },
    trigger: async (host) => {
      // From 28 on, Docker drops what comes from outside itself.
      const Version = '26.1.5+dfsg1';
      await host.dockerAnswers(engineAnswers({ version: { Version, Components: [{ Name: 'Engine', Version }] } }));
      host.sh('sysctl -qw net.ipv4.ip_forward=0');
    },
    clear: (host, fix) => {
      for (const command of fix.split(', then ')) host.sh(command);
    },
    undo: async (host) => {
      host.sh('iptables -P FORWARD ACCEPT');
      await host.dockerIsGone();
    },
  },
  {
    reason: 'InterfaceForwardingOff',
    severity: 'stops',
    look: { ...lease, quick: false, underlay: { interfaceName: 'eth0' } },
    trigger: (host) => host.sh('sysctl -qw net/ipv4/conf/eth0/forwarding=0'),
    clear: run,
  },
  {
    reason: 'PacketsDropped',
    severity: 'stops',
    look: { ...lease, quick: false, underlay: { interfaceName: 'eth0' } },
    trigger: (host) =>
      host.sh("nft 'table inet guard { chain forward { type filter hook forward priority 0; policy drop; }; }'"),
    clear: (host, fix) => host.sh(commandIn(fix)),
  },
  {
    reason: 'ForeignTable',
    severity: 'stops',
    look: { ...lease, quick: false, underlay: { interfaceName: 'eth0' } },
    trigger: (host) => host.sh('nft add table ip xnet && nft add chain ip xnet somebody'),
    clear: (host, fix) => host.sh(fix.replace(/^.*delete it: /, '')),
  },
];

const ofAddresses: readonly PreflightFixture[] = [
  {
    reason: 'LeaseUnknown',
    severity: 'info',
    trigger: () => undefined,
    clear: () => undefined,
    afterwards: lease,
  },
  {
    reason: 'SubnetTaken',
    severity: 'stops',
    look: lease,
    trigger: (host) => host.sh('ip address add 10.76.3.200/28 dev lo'),
    clear: (host) => host.sh('ip address del 10.76.3.200/28 dev lo'),
  },
  {
    reason: 'PoolOverlapsHost',
    severity: 'warns',
    look: lease,
    trigger: (host) => host.sh('ip address add 10.76.8.1/22 dev lo'),
    clear: (host) => host.sh('ip address del 10.76.8.1/22 dev lo'),
  },
  {
    reason: 'OwnSubnetRouted',
    severity: 'stops',
    look: lease,
    trigger: (host) => host.sh('ip route add 10.76.3.128/25 via 192.168.83.12'),
    clear: run,
  },
  {
    reason: 'ForeignRoute',
    severity: 'warns',
    look: lease,
    trigger: (host) => host.sh('ip route add 10.76.9.0/24 via 192.168.83.12 proto static metric 5'),
    clear: run,
  },
  {
    reason: 'PoolOverlapsDocker0',
    severity: 'warns',
    look: { subnet: prefix('172.17.3.0/24'), pool: [prefix('172.17.0.0/16')] },
    trigger: (host) => host.sh('ip link add docker0 type bridge && ip address add 172.17.0.1/16 dev docker0'),
    clear: () => undefined,
    // "Or use another pool".
    afterwards: lease,
  },
  {
    reason: 'PoolOverlapsDocker0',
    severity: 'warns',
    look: { subnet: prefix('172.17.3.0/24'), pool: [prefix('172.17.0.0/16')] },
    trigger: (host) => host.dockerAnswers(answersWithContainer('running')),
    clear: async (host, fix) => {
      if (fix.startsWith('stop the containers on docker0')) await host.dockerAnswers(answersWithContainer('exited'));
    },
    undo: (host) => host.dockerIsGone(),
  },
  {
    reason: 'DefaultPoolsOverlap',
    severity: 'warns',
    look: { subnet: prefix('172.17.3.0/24'), pool: [prefix('172.17.0.0/16')] },
    trigger: (host) => host.remove('etc/docker/daemon.json'),
    clear: intoDaemonJson,
  },
];

function reasonsIn(findings: readonly PreflightFinding[]): readonly string[] {
  return findings.map(({ reason }) => reason);
}

async function clears(t: ExecutionContext, host: PreflightHost, fixture: PreflightFixture): Promise<void> {
  const { reason, severity, look = {}, trigger, clear, afterwards, undo } = fixture;
  await trigger(host);
  const lookAt = typeof look === 'function' ? look(host) : look;
  const found = (await host.look(lookAt)).filter((finding) => finding.reason === reason);
  t.is(found[0]?.severity, severity, reason);
  for (const { fix = '' } of found) await clear(host, fix);
  const then = typeof afterwards === 'function' ? afterwards(found[0]?.fix ?? '', host) : (afterwards ?? lookAt);
  t.false(reasonsIn(await host.look(then)).includes(reason), `${reason}: ${found[0]?.fix}`);
  await undo?.(host);
}

function each(
  title: string,
  fixtures: readonly PreflightFixture[],
  prepare: (host: PreflightHost) => void = () => undefined,
) {
  (isRoot(title) ? test.serial : test.serial.skip)(title, async (t) => {
    const host = new PreflightHost();
    try {
      prepare(host);
      for (const fixture of fixtures) await clears(t, host, fixture);
    } finally {
      await host.close();
    }
  });
}

each('the underlay of a host: each finding is triggered, and its fix clears it', underlayFixtures, prepareUnderlay);
each('the machine: each finding is triggered, and its fix clears it', machineFixtures);
each('the network of a host: each finding is triggered, and its fix clears it', ofNetwork);
each('the interface for mode lan: each finding is triggered, and its fix clears it', lanFixtures);
each('the addresses of a host: each finding is triggered, and its fix clears it', ofAddresses);
each('R3 the programs of a host: each finding is triggered, and its fix clears it', programFixtures);
each('an engine: each finding is triggered, and its fix clears it', engineFixtures);
each('daemon.json: each finding is triggered, and its fix clears it', daemonJsonFixtures);
