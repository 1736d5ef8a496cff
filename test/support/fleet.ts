// Pools and nodes for tests of the fleet as a file, as `xctl` reads them from controllers.
import { nodeFromWire } from '../../cli/output/node.js';
import { poolFromWire } from '../../cli/output/pool.js';

/** poolOutput returns a pool of mode bip as `xctl` has it. */
export const poolOutput = (name: string, cidr: string, more: object = {}) =>
  poolFromWire({
    ...{ name, cidr, subnetLength: 24, mode: 'MODE_BIP', networkName: 'xnet', bridgeName: 'xnet0' },
    ...{
      quarantineSeconds: 3600,
      reclaimAfterSeconds: 0,
      followAddress: false,
      reservations: [],
      createdMs: 1,
      networkLength: 0,
      dockerLength: 0,
      lan: null,
      usage: null,
      ...more,
    },
  } as unknown as Parameters<typeof poolFromWire>[0]);

/** nodeOutput returns a node of pool a as `xctl` has it. */
export const nodeOutput = (name: string, address: string, more: object = {}) =>
  nodeFromWire({
    ...{
      id: `n-${name}`,
      name,
      address,
      labels: { zone: 'z1' },
      availability: 'AVAILABILITY_ACTIVE',
      mode: 'MODE_BIP',
    },
    ...{
      pool: 'a',
      subnet: '10.76.0.0/24',
      gateway: '10.76.0.1',
      generation: 1,
      createdMs: 1,
      state: 'NODE_STATE_READY',
    },
    ...{
      seenMs: 0,
      controller: '',
      routes: null,
      conditions: [],
      hostNetworks: [],
      leases: [],
      containers: [],
      drain: null,
    },
    ...{ daemonVersion: '', kernelVersion: '', dockerVersion: '', containerCount: 0, ...more },
  } as unknown as Parameters<typeof nodeFromWire>[0]);
