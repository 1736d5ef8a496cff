// What `xnetd status` says of what it and the daemon have found.
import test from 'ava';
import type { HostStatus } from '../../../../node/commands/status.js';
import { problemsOf } from '../../../../node/commands/status-problems.js';
import { statusLines } from '../../../../node/commands/status-text.js';
import type { DaemonStatus } from '../../../../node/daemon/status-file.js';
import type { Finding } from '../../../../node/reconcile/effect.js';

const conflict = (subnet: string): Finding => ({
  type: 'Routes',
  transient: false,
  reason: 'ForeignRoute',
  message: `${subnet} is routed elsewhere`,
  fix: `ip route del ${subnet}`,
});
const condition = (type: string, message: string): DaemonStatus['conditions'][number] => ({
  type,
  ok: false,
  transient: false,
  reason: 'Wrong',
  message,
  sinceMs: 0,
});
const runs = { daemonRuns: true, leaving: false } as const;
const daemon = (...conditions: DaemonStatus['conditions']): DaemonStatus => ({ pid: 1, conditions });

test('each problem is shown once, whichever source found it', (t) => {
  const found = [conflict('10.76.1.0/24'), conflict('10.76.2.0/24')];
  const routes = condition('Routes', found.map(({ message }) => message).join('; '));
  const docker = condition('Docker', 'Docker is not running');
  const lacks = { text: 'Docker does not answer', fix: null };
  const texts = problemsOf({ ...runs, failed: [], found, daemon: daemon(routes, docker), lacks });
  t.deepEqual(texts, [
    { text: '10.76.1.0/24 is routed elsewhere', fix: 'ip route del 10.76.1.0/24' },
    { text: '10.76.2.0/24 is routed elsewhere', fix: 'ip route del 10.76.2.0/24' },
    { text: 'Docker is not running', fix: null },
  ]);
  const twice = problemsOf({ ...runs, failed: [], found: [...found, ...found], daemon: daemon(), lacks });
  t.deepEqual(
    twice.map(({ text }) => text),
    ['10.76.1.0/24 is routed elsewhere', '10.76.2.0/24 is routed elsewhere', 'Docker does not answer'],
  );
});

test('problems include the daemon’s own, a missing daemon and a pending leave, but no notes', (t) => {
  const only = problemsOf({
    ...runs,
    failed: [],
    found: [],
    daemon: daemon(condition('Certificate', '')),
    lacks: undefined,
  });
  t.deepEqual(only, [{ text: 'Wrong', fix: null }]);
  const none = problemsOf({
    daemonRuns: false,
    leaving: true,
    failed: [],
    found: [{ ...conflict('a'), isNote: true }],
    daemon: undefined,
    lacks: undefined,
  });
  t.deepEqual(none, [
    { text: 'xnetd does not run: routes and rules stay, but nothing repairs them', fix: 'systemctl start xnetd' },
    {
      text: 'this host is leaving: xnetd continues when Docker and a controller answer',
      fix: 'xnetd leave --force, which does not wait for Docker',
    },
  ]);
});

test('unobserved parts are not shown as off', (t) => {
  const left: HostStatus = {
    node: '-',
    assignment: undefined,
    identity: null,
    revision: undefined,
    daemonRuns: false,
    daemon: undefined,
    underlay: undefined,
    routes: { desired: 0, installed: 0, conflicting: 0, unreachable: 0, pending: 0 },
    firewall: undefined,
    docker: { version: '', running: false, subnetInForce: false, dualHomed: [], unrouted: [], outside: [] },
    problems: [],
  };
  const lines = statusLines(left, 0, (text) => text);
  t.true(lines.includes('Firewall:    nothing known'));
  t.true(lines.includes('Forwarding:  nothing known'));
});
