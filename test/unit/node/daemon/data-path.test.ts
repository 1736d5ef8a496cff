// Whether a daemon probes its peers.
import test from 'ava';
import { DataPath } from '../../../../node/daemon/data-path.js';
import type { Known } from '../../../../node/daemon/known.js';
import { KernelMirror } from '../../../../node/kernel/mirror.js';
import { withSnapshot } from '../../../../node/table/node-table.js';
import { XnetError } from '../../../../proto/errors.js';
import { pool, snapshotOf } from '../../../support/admission-values.js';
import { silent } from '../../../support/controller.js';
import { MemoryRouteHost } from '../../../support/memory-route-host.js';
import { ip, peer, prefix, route, via } from '../../../support/route-fixtures.js';

const own = prefix('10.76.0.0/24');

test('no peer is probed and nothing is reported of it with an interval of 0; otherwise sockets are opened', async (t) => {
  const host = new MemoryRouteHost();
  const ifindex = host.addLink('eth0');
  host.addLink('docker0');
  host.addAddress('eth0', '192.168.83.11/24');
  host.addAddress('docker0', '10.76.0.1/24');
  const [refusal] = await host.kernel.apply([
    { op: 'addRoute', route: route('10.76.1.0/24', via('192.168.83.12', ifindex)) },
  ]);
  t.is(refusal, undefined);
  const mirror = new KernelMirror({ kernel: host.kernel, protocol: 88 });
  mirror.setRanges([prefix('10.76.0.0/16')]);
  await mirror.refresh();
  const lease = {
    ...{ pool: 'default', subnet: own, generation: 1, mode: 'bip' as const, state: 'wanted' as const },
    ...{ networkName: 'xnet', bridgeName: 'xnet0' },
  };
  const current: Known = {
    assignment: {
      ...{ nodeId: 'n-0123456789ab', nodeName: 'web-0', address: ip('192.168.83.11'), availability: 'active' },
      ...{ leases: [lease], permit: undefined, leave: false },
    },
    table: withSnapshot(undefined, snapshotOf([pool('10.76.0.0/16')], [peer(0), peer(1, '192.168.83.12')])),
    isConfirmed: true,
  };
  const opened = { off: 0, on: 0 };
  const stop = new AbortController();
  const pathOf = (intervalMs: number, onOpen: () => void) =>
    new DataPath({
      host: {
        mirror,
        openIcmp: () => {
          onOpen();
          throw new XnetError('PermissionDenied', 'no raw sockets here');
        },
      },
      known: { current },
      underlay: { current: { ifname: 'eth0', ifindex, address: ip('192.168.83.11') } },
      intervalMs,
      log: silent,
    });
  const off = pathOf(0, () => {
    opened.off += 1;
  });
  let told = 0;
  off.subscribe(() => {
    told += 1;
  });
  const ends = off.run(stop.signal);
  // The same host is probed with an interval, so nothing else keeps the other one from it.
  const second = new Promise<void>((resolve) => {
    const on = pathOf(1, () => {
      opened.on += 1;
      if (opened.on === 2) resolve();
    });
    void on.run(stop.signal);
  });
  await second;
  stop.abort();
  await ends;
  t.deepEqual(opened.off, 0);
  t.deepEqual([off.findings, off.silentPeers, told], [[], [], 0]);
});
