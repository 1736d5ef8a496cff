// Values that tests of the Docker effect share.
import type { BipSeen } from '../../node/docker/bip/plan.js';
import { type Bip, parseBip } from '../../node/docker/engine/bip-value.js';
import type { EngineContainer, EngineNetwork } from '../../node/docker/engine/engine.js';
import type { HostInterface } from '../../node/docker/engine/interfaces.js';
import { emptyJournal } from '../../node/docker/engine/journal.js';
import { dockerDefaults } from '../../node/docker/engine/settings.js';
import { gatewayOf, type Prefix, parsePrefix } from '../../proto/domain/address.js';

/** prefix parses a CIDR; throws TypeError. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** bip parses "10.76.3.1/24"; throws TypeError. */
export function bip(text: string): Bip {
  const parsed = parseBip(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

/** network returns a bridge network with one subnet. */
export function network(name: string, cidr: string, more: Partial<EngineNetwork> = {}): EngineNetwork {
  const subnets = [{ prefix: prefix(cidr), gateway: gatewayOf(prefix(cidr)) }];
  return {
    ...{
      id: `id-${name}`,
      name,
      driver: 'bridge',
      labels: new Map(),
      subnets,
      bridgeName: `br-${name}`,
      isDefault: false,
      keepsAddresses: false,
      masquerades: true,
      isUnprotected: false,
      excluded: [],
    },
    ...more,
  };
}

/** defaultNetwork returns the Docker network of docker0. */
export function defaultNetwork(cidr: string): EngineNetwork {
  return network('bridge', cidr, { bridgeName: 'docker0', isDefault: true });
}

/** bridge returns a host interface with these addresses. */
export function bridge(name: string, ...addresses: readonly string[]): HostInterface {
  return { name, addresses: addresses.map(bip) };
}

/** container returns a running container on these networks. */
export function container(name: string, ...networks: readonly string[]): EngineContainer {
  const attached = networks.map((of) => ({ name: of, id: `id-${of}`, address: undefined }));
  return { id: `id-${name}`, name, running: true, swarmTask: false, networks: attached };
}

/** labels mark a network of node-1. */
export const labels = new Map([['io.xnet.node', 'node-1']]);

/** untouchedHost is a host with Docker's own docker0, without a daemon.json, that no xnetd has changed. */
export const untouchedHost: BipSeen = {
  engine: {
    version: { version: '28.5.2', major: 28, isDocker: true },
    info: { liveRestore: false, firewallBackend: 'iptables', rootless: false, addressPools: [] },
    networks: [defaultNetwork('172.17.0.0/16')],
    containers: [],
  },
  interfaces: [bridge('docker0', '172.17.0.1/16'), bridge('eth0', '192.168.83.11/24')],
  flags: new Map(),
  path: '/etc/docker/daemon.json',
  file: undefined,
  journal: emptyJournal,
  onRunning: 'refuse',
  restarts: dockerDefaults.restarts,
  nowMs: Date.UTC(2026, 0, 1, 12),
  byHand: false,
  rollout: '',
};
