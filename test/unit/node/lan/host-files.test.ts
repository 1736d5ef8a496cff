// Which program manages an interface, by the files that it keeps.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { portFactsIn } from '../../../../node/lan/host-files.js';
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

async function managedBy(content: Readonly<Record<string, string>>): Promise<string | undefined> {
  const root = mkdtempSync(join(tmpdir(), 'xnet-files-'));
  try {
    for (const [path, text] of Object.entries(content)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return (await portFactsIn(root, () => Promise.reject(new Error('not installed')))(lanLink(), 'xnet-lan')).managedBy;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('the program that manages an interface, and would take away what moves, is told by its files', async (t) => {
  for (const [program, content] of Object.entries(files)) t.is(await managedBy(content), program);
  for (const content of others) t.is(await managedBy(content), undefined);
});
