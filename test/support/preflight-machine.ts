// Findings of preflight about the machine: its disk, clock, kernel and programs, with what triggers and clears each.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { NeighbourTable } from '../../node/host/neighbour-table.js';
import type { RouteKernel } from '../../node/kernel/route-kernel.js';
import { makeLog } from '../../proto/process/log.js';
import { commandIn, says } from './preflight-fix.js';
import type { PreflightHost, PreflightLook } from './preflight-host.js';
import type { PreflightFixture } from './preflight-lan.js';
import { prefix } from './route-fixtures.js';

const nothing = () => undefined;
const dayMs = 86_400_000;

const stateDir = (path: string) => (host: PreflightHost) => ({ stateDir: join(host.root, path) });
const controllers = (host: PreflightHost): PreflightLook => ({ controllers: [host.controller.endpoint] });
const filled = 'filled/large';

// `df` names the file system; what fills it is removed there.
function makeRoom(host: PreflightHost, fix: string): void {
  says(fix, 'make room on its file system');
  const shown = host.sh(`${commandIn(fix, 'df -h')}; ${commandIn(fix, 'df -i')}`);
  const [, mountPoint = ''] = /(\S+)$/m.exec(shown.split('\n')[1] ?? '') ?? [];
  rmSync(join(mountPoint, 'large'), { recursive: true });
}

// A kernel before 5.3.
const old = (opened: RouteKernel): RouteKernel => ({
  routes: (filter) => opened.routes(filter),
  routesNow: () => opened.routesNow(),
  nextHops: () => Promise.resolve(undefined),
  links: () => opened.links(),
  addresses: () => opened.addresses(),
  fingerprint: () => opened.fingerprint(),
  apply: (changes, signal) => opened.apply(changes, signal),
  drain: (visit) => opened.drain(visit),
  onReadable: (listener) => opened.onReadable(listener),
  close: () => opened.close(),
});

// Only the initial network namespace has the limits, and they are the machine's own.
function limits(host: PreflightHost): void {
  host.write('neigh/default/gc_thresh2', '512\n');
  host.write('neigh/default/gc_thresh3', '1024\n');
  host.instead.set('/proc/sys/net/ipv4/neigh', 'neigh');
}

function failing(program: string): PreflightFixture['trigger'] {
  return (host) => {
    host.write('failing', '#!/bin/sh\necho "not permitted" >&2\nexit 1\n', 0o755);
    host.instead.set(host.sh(`readlink -f $(command -v ${program})`).trim(), 'failing');
  };
}

const firewall = {
  underlay: { interfaceName: 'eth0' },
  subnet: prefix('10.76.3.0/24'),
  pool: [prefix('10.76.0.0/16')],
  quick: false,
} as const;
const asItWas = (host: PreflightHost) => host.instead.clear();
// An operator who has run the command corrects the program.
const correct = (command: string) => (host: PreflightHost, fix: string) => {
  says(fix, command);
  asItWas(host);
};

/** machineFixtures are these findings. */
export const machineFixtures: readonly PreflightFixture[] = [
  {
    ...{ reason: 'StateUnwritable', severity: 'stops', look: stateDir('disk/xnet') },
    trigger: (host) => host.mount('disk', 'size=2m,ro'),
    clear: (host, fix) => {
      says(fix, `make ${host.root}/disk/xnet writable for root`);
      host.sh(`mount -o remount,rw ${host.root}/disk`);
    },
  },
  {
    ...{ reason: 'StateUnwritable', severity: 'stops', look: stateDir('file/xnet') },
    trigger: (host) => host.write('file', ''),
    clear: (_, fix) => says(fix, 'or choose another with --state-dir'),
    afterwards: (_, host) => stateDir('other/xnet')(host),
  },
  {
    ...{ reason: 'StateFull', severity: 'warns', look: stateDir('filled') },
    trigger: (host) => {
      host.mount('filled', 'size=2m');
      host.write(filled, 'x'.repeat(1_500_000));
    },
    clear: makeRoom,
  },
  {
    ...{ reason: 'StateFull', severity: 'warns', look: stateDir('inodes') },
    trigger: (host) => {
      host.mount('inodes', 'size=2m,nr_inodes=24');
      for (let each = 0; each < 12; each += 1) host.write(`inodes/large/${each}`, '');
    },
    clear: makeRoom,
  },
  {
    reason: 'ControllerUnreachable',
    severity: 'warns',
    trigger: async ({ controller }) => {
      await controller.open(Date.now());
      await controller.close();
    },
    look: controllers,
    clear: async ({ controller }, fix) => {
      says(fix, `nc -vz 127.0.0.1 ${controller.endpoint.port}`);
      // "See whether it runs".
      await controller.open(Date.now());
    },
  },
  ...[-2, 2].map((days): PreflightFixture => {
    const clock = (host: PreflightHost): PreflightLook => ({ ...controllers(host), aheadMs: days * dayMs });
    return {
      ...{ reason: 'ClockWrong', severity: 'stops', look: clock },
      trigger: ({ controller }) => controller.open(Date.now()),
      // The clock of this machine stays as it is: what the command does is told to preflight.
      clear: (_, fix) => commandIn(fix, 'timedatectl set-ntp true'),
      afterwards: (_, host) => ({ ...controllers(host), aheadMs: 0 }),
    };
  }),
  {
    ...{ reason: 'ClockWrong', severity: 'stops', look: controllers },
    trigger: ({ controller }) => controller.open(Date.now() + 2 * dayMs),
    // With its clock put right, a controller issues another certificate.
    clear: async ({ controller }, fix) => {
      says(fix, 'if this clock is right, look at that of the controller');
      await controller.open(Date.now());
    },
  },
  {
    ...{ reason: 'NoNextHops', severity: 'info', look: { kernel: { kernelAs: old } } },
    trigger: nothing,
    clear: (_, fix) => says(fix, 'Linux 5.3 or later has them'),
    // That of this machine is.
    afterwards: {},
  },
  {
    ...{ reason: 'NeighbourTableSmall', severity: 'warns', look: { nodes: 3_000 } },
    trigger: limits,
    clear: (host, fix) => host.sh(commandIn(fix, 'sysctl -w')),
  },
  {
    ...{ reason: 'NeighbourTableSmall', severity: 'warns', look: { nodes: 3_000 } },
    trigger: limits,
    clear: async (host, fix) => {
      says(fix, 'or let xnetd do it (--tune-kernel)');
      await new NeighbourTable({ tune: true, log: makeLog('xnetd', 'error'), proc: host.proc }).converge(2_999);
    },
    undo: asItWas,
  },
  {
    reason: 'NotLookedAt',
    severity: 'warns',
    trigger: (host) => {
      host.hasSystemd = false;
    },
    clear: (host, fix) => {
      says(fix, 'systemctl is-system-running');
      host.hasSystemd = true;
    },
  },
  {
    ...{ reason: 'NftFailed', severity: 'warns', look: firewall },
    trigger: failing('nft'),
    clear: correct('nft list ruleset'),
  },
  {
    ...{ reason: 'IptablesFailed', severity: 'warns', look: firewall },
    trigger: failing('iptables-nft-save'),
    clear: correct('iptables -S'),
  },
  {
    reason: 'UnusableInterfaceName',
    severity: 'stops',
    trigger: (host) => host.sh(`ip link set eth0 down; ip link set eth0 name 'eth*'; ip link set 'eth*' up`),
    look: { ...firewall, underlay: { interfaceName: 'eth*' } },
    clear: (host, fix) => {
      says(fix, 'rename the interface with 1 to 15 of letters, digits, "_", "." and "-"');
      host.sh(`ip link set 'eth*' down; ip link set 'eth*' name lan0; ip link set lan0 up`);
    },
    afterwards: { ...firewall, underlay: { interfaceName: 'lan0' } },
  },
];
