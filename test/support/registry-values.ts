// Registries over one store in memory, for tests of mutations.
import { fittingSubnetLength, type NewPool } from '../../controller/registry/pool-rules.js';
import { encode } from '../../controller/store/record-codec.js';
import { formatPrefix, ipv4FromNumber, prefixFromKey } from '../../proto/domain/address.js';
import type { HostNetwork } from '../../proto/domain/network.js';
import { Core } from './controller.js';
import { MemoryCluster, MemoryStore } from './memory-store.js';
import { address, prefix } from './pools.js';
import { patientMs } from './until.js';

/** once identifies a mutation without an operation id. */
export const once = { operationId: '', dryRun: false };

/** newPool is a request to create a pool in mode bip. */
export const newPool = (cidr: string, name = 'default', quarantineSeconds = 3600): NewPool => ({
  name,
  cidr: prefix(cidr),
  subnetLength: fittingSubnetLength(prefix(cidr)),
  mode: 'bip',
  networkName: 'xnet',
  bridgeName: 'xnet0',
  quarantineSeconds,
});

/** newNode is a request to add a node at 192.168.80.0 + host. */
export const newNode = (name: string, host: number) => ({
  name,
  address: ipv4FromNumber(address('192.168.80.0') + host),
  labels: {},
});

/** rig starts cores over one store in memory, with a pool. */
export async function rig(cores = 1, cidr = '10.76.0.0/16', now?: () => number) {
  const cluster = new MemoryCluster();
  const stores = Array.from({ length: cores }, () => new MemoryStore(cluster));
  const started = stores.map((store) => Core.start(store, now === undefined ? {} : { now }));
  await Promise.all(started.map((core) => core.ready()));
  const [first] = started;
  if (first === undefined) throw new Error('no core');
  await first.pools.create(once, newPool(cidr));
  for (const core of started) await core.feed.reached(cluster.revision, patientMs);
  const close = async () => {
    await Promise.all(started.map((core) => core.stop()));
  };
  return { cluster, stores, cores: started, core: first, close };
}

/** subnetOf returns the subnet leased to a node; "" if none. */
export function subnetOf(core: Core, nodeId: string): string {
  const id = core.feed.view.leasesOfNode.get(nodeId)?.[0];
  return id === undefined ? '' : formatPrefix(prefixFromKey(id));
}

/** reportNetworks stores a report of a node with these networks of its host. */
export async function reportNetworks(core: Core, nodeId: string, hostNetworks: readonly HostNetwork[]): Promise<void> {
  const routes = { desired: 0, installed: 0, conflicting: 0, unreachable: 0 };
  const versions = { daemonVersion: '', kernelVersion: '', dockerVersion: '' };
  const value = encode('status', {
    ...versions,
    routes,
    conditions: [],
    hostNetworks: [...hostNetworks],
    silentPeers: [],
    leases: [],
    containers: [],
    containerCount: 0,
    reportedMs: 1,
  });
  const operation = { kind: 'put', key: `status/${nodeId}`, value } as const;
  const { revision } = await core.context.store.commit({ guards: [], operations: [operation] });
  await core.feed.reached(revision, patientMs);
}
