// The subnets of nodes in a table, which fits the terminal.
import test from 'ava';
import { nodeKind } from '../../../../cli/output/node.js';
import { Output } from '../../../../cli/output/output.js';
import type { Lease__Output } from '../../../../proto/gen/xnet/v1/Lease.js';
import { node, nowMs, plain } from '../../../support/cli-values.js';

test('the node list shows all subnets of each node, or where they do not fit the number of the others', async (t) => {
  const lease: Lease__Output = {
    pool: 'default',
    subnet: '10.76.3.0/24',
    gateway: '10.76.3.1',
    generation: 1,
    mode: 'MODE_BRIDGE',
    networkName: 'xnet',
    bridgeName: 'xnet0',
    state: 'LEASE_STATE_IN_FORCE',
    sinceMs: nowMs,
    networkLength: 0,
    dockerLength: 0,
    lan: null,
    network: '',
    detach: false,
  };
  const withLeases = (count: number) =>
    node({ leases: Array.from({ length: count }, (_, index) => ({ ...lease, subnet: `10.76.${index + 3}.0/24` })) });
  const printed = async (count: number, width?: number) => {
    const sink = { write: () => true };
    const options = {
      format: 'table' as const,
      colors: plain,
      quiet: false,
      data: sink,
      messages: sink,
      now: () => nowMs,
    };
    const output = new Output({ ...options, ...(width === undefined ? {} : { width }) });
    return (await output.listText(nodeKind, [withLeases(count), withLeases(1)])).split('\n');
  };
  t.deepEqual(await printed(2, 80), [
    'NAME   ADDRESS        SUBNET                      STATE  ROUTES  DOCKER  AGE',
    'web-1  192.168.83.11  10.76.3.0/24, 10.76.4.0/24  ready  49/49   ready   41d',
    'web-1  192.168.83.11  10.76.3.0/24                ready  49/49   ready   41d',
  ]);
  t.deepEqual(await printed(4, 80), [
    'NAME   SUBNET                                                  STATE  ROUTES',
    'web-1  10.76.3.0/24, 10.76.4.0/24, 10.76.5.0/24, 10.76.6.0/24  ready  49/49',
    'web-1  10.76.3.0/24                                            ready  49/49',
  ]);
  t.deepEqual(await printed(5, 80), [
    'NAME   ADDRESS        SUBNET           STATE  ROUTES  DOCKER  AGE',
    'web-1  192.168.83.11  10.76.3.0/24 +4  ready  49/49   ready   41d',
    'web-1  192.168.83.11  10.76.3.0/24     ready  49/49   ready   41d',
  ]);
  // Nothing is left out of what another program reads.
  t.true((await printed(12))[1]?.includes('10.76.13.0/24, 10.76.14.0/24'));
});
