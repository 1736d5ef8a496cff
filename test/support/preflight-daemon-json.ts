// Findings of preflight about daemon.json, with what triggers each; the file is edited as the fix says, which clears it.
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import type { Cached } from '../../node/table/cache.js';
import { address, prefix } from './pools.js';
import { followed } from './preflight-docker.js';
import type { PreflightHost, PreflightLook } from './preflight-host.js';
import type { PreflightFixture } from './preflight-lan.js';

const pool = [prefix('10.76.0.0/16')];
const bip: PreflightLook = { subnet: prefix('10.76.3.0/24'), pool };
const block: PreflightLook = { subnet: prefix('10.76.48.0/20'), pool, mode: 'block' };

/** leaseWithRange is what a host knows of a lease of mode bip, half of which Docker is to hand out. */
export const leaseWithRange: Cached = {
  assignment: {
    nodeId: 'n-1',
    nodeName: 'web-1',
    address: address('192.168.83.11'),
    availability: 'active',
    leases: [
      {
        pool: 'default',
        subnet: prefix('10.76.3.0/24'),
        generation: 1,
        mode: 'bip',
        dockerLength: 25,
        networkName: '',
        bridgeName: '',
        state: 'wanted',
      },
    ],
    permit: undefined,
    leave: false,
  },
  table: undefined,
};

type Edit = readonly [says: RegExp, edit: (text: string, found: readonly string[]) => string];

const pair = (key: string) => `"${key}"\\s*:\\s*(?:"[^"]*"|\\[[^\\]]*\\]|\\w+)`;
const without = (text: string, key: string) => text.replace(new RegExp(`${pair(key)}\\s*,?`), '');

// What the fixes tell an operator to do in an editor.
const edits: readonly Edit[] = [
  [/^remove the key "([\w-]+)"(?:, or .*)?$/, (text, [, key = '']) => without(text, key)],
  [/^remove one "([\w-]+)"$/, (text, [, key = '']) => without(text, key)],
  [/^write it as "([\w-]+)"$/, (text, [, key = '']) => text.replace(new RegExp(`"${key}"`, 'i'), `"${key}"`)],
  [/^write the value of "([\w-]+)" in "…"$/, (text) => text.replace(/:\s*(\w+)/, ': "$1"')],
  [/^remove the comma$/, (text) => text.replace(/,\s*([}\]])/, '$1')],
  [/^remove the comment$/, (text) => text.replace(/\/\/.*\n/, '')],
  [/^nest at most (\d+) levels$/, (text, [, levels = '']) => text.replace(/\[+\]+/, nested(Number(levels) - 1))],
];

function nested(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

/** editedAs returns daemon.json edited as a fix says: 'in PATH: remove the key "bridge"'. */
export function editedAs(fix: string, text: string, path: string): string {
  const told = fix.startsWith(`in ${path}: `) ? fix.slice(`in ${path}: `.length) : '';
  const [first] = edits.flatMap(([says, edit]) => {
    const found = says.exec(told);
    return found === null ? [] : [edit(text, found)];
  });
  if (first === undefined) throw new Error(`the fix "${fix}" says nothing to do in ${path}`);
  return first;
}

const edited = (host: PreflightHost, fix: string) =>
  host.write('etc/docker/daemon.json', editedAs(fix, readFileSync(host.daemonJson, 'utf8'), host.daemonJson));

function refused(reason: string, text: string, look: PreflightLook): PreflightFixture {
  return {
    reason,
    severity: look.subnet === undefined && look.cached === undefined ? 'warns' : 'stops',
    look,
    trigger: (host) => host.write('etc/docker/daemon.json', text),
    clear: edited,
    undo: (host) => host.remove('etc/docker/daemon.json'),
  };
}

/** daemonJsonFixtures are these findings. Without a lease, what a lease would have to agree with is a warning. */
export const daemonJsonFixtures: readonly PreflightFixture[] = [
  {
    reason: 'DaemonJsonUnreadable',
    severity: 'stops',
    trigger: (host) => mkdirSync(host.daemonJson, { recursive: true }),
    clear: followed(/^make (\S+) a regular file that root can read$/, (host, [, path = '']) => {
      rmdirSync(path);
      host.write('etc/docker/daemon.json', '{}');
    }),
  },
  {
    reason: 'DaemonJsonUnreadable',
    severity: 'stops',
    trigger: (host) => host.write('etc/docker/daemon.json', `{"labels": ["${'x'.repeat(1024 * 1024)}"]}`),
    clear: followed(/^make (\S+) smaller$/, (host) => host.write('etc/docker/daemon.json', '{}')),
  },
  refused('DaemonJsonInvalid', '{"debug": true,}', bip),
  refused('DaemonJsonInvalid', '{ // ours\n"debug": true}', bip),
  refused('DaemonJsonInvalid', '{"BIP": "10.76.3.1/24"}', bip),
  { ...refused('DaemonJsonInvalid', '{"bridge": 1}', {}), severity: 'stops' },
  refused('DaemonJsonTooLarge', `{"labels": ${nested(1_000)}}`, bip),
  refused('DaemonJsonDuplicateKey', '{"debug": true, "mtu": 1400, "debug": false}', bip),
  refused('DaemonJsonBipByHand', '{"bip": "10.1.2.1/24", "debug": true}', bip),
  refused('DaemonJsonBipByHand', '{"bip": "10.1.2.1/24", "debug": true}', {}),
  refused(
    'DaemonJsonAddressPoolsByHand',
    '{"debug": true, "default-address-pools": [{"base": "10.9.0.0/16", "size": 24}]}',
    block,
  ),
  refused('DaemonJsonFixedCidrByHand', '{"fixed-cidr": "10.76.3.0/26"}', { pool, cached: leaseWithRange }),
  refused('DaemonJsonBridgeSet', '{"bridge": "br0"}', bip),
  refused('DaemonJsonBridgeSet', '{"bridge": "br0"}', {}),
  refused('DaemonJsonDoesNotFit', '{"fixed-cidr": "10.9.0.0/24"}', bip),
  refused('DaemonJsonDoesNotFit', '{"default-gateway": "10.9.0.1"}', bip),
  refused('DaemonJsonDoesNotFit', '{"default-gateway": "10.9.0.1"}', {}),
];
