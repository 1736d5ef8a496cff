// Validates the answers of a Docker engine and converts them to our own types.
// Invariant: an answer of the engine is used only after it passed its schema. Pure.
import * as v from 'valibot';
import { type Ipv4, type Prefix, parseIpv4, prefixOf } from '../../../proto/domain/address.js';
import type {
  Attachment,
  ContainerProcess,
  EngineContainer,
  EngineEndpoint,
  EngineEvent,
  EngineInfo,
  EngineNetwork,
  EngineVersion,
} from './engine.js';

const texts = v.nullish(v.record(v.string(), v.string()), {});

const versionAnswer = v.object({
  Version: v.string(),
  Components: v.nullish(v.array(v.object({ Name: v.string() })), []),
});

const infoAnswer = v.object({
  LiveRestoreEnabled: v.optional(v.boolean(), false),
  FirewallBackend: v.nullish(v.object({ Driver: v.string() })),
  SecurityOptions: v.nullish(v.array(v.string()), []),
  DefaultAddressPools: v.nullish(v.array(v.object({ Base: v.string(), Size: v.number() })), []),
});

const networksAnswer = v.array(
  v.object({
    Id: v.string(),
    Name: v.string(),
    Driver: v.string(),
    Labels: texts,
    Options: texts,
    IPAM: v.nullish(
      v.object({
        Config: v.nullish(
          v.array(
            v.object({
              Subnet: v.optional(v.string()),
              Gateway: v.optional(v.string()),
              IPRange: v.optional(v.string()),
              AuxiliaryAddresses: v.nullish(v.record(v.string(), v.string())),
            }),
          ),
          [],
        ),
      }),
    ),
  }),
);

const containersAnswer = v.array(
  v.object({
    Id: v.string(),
    Names: v.nullish(v.array(v.string()), []),
    State: v.string(),
    Labels: texts,
    NetworkSettings: v.nullish(
      v.object({
        Networks: v.nullish(v.record(v.string(), v.object({ NetworkID: v.string(), IPAddress: v.string() })), {}),
      }),
    ),
  }),
);

const containerAnswer = v.object({
  Id: v.string(),
  NetworkSettings: v.object({
    Networks: v.record(
      v.string(),
      v.object({
        Aliases: v.nullish(v.array(v.string())),
        IPAMConfig: v.nullish(v.object({ IPv4Address: v.optional(v.string()) })),
      }),
    ),
  }),
});

const processAnswer = v.object({
  State: v.object({ Running: v.boolean(), Pid: v.number(), StartedAt: v.string() }),
  HostConfig: v.object({ NetworkMode: v.string() }),
});

const endpointsAnswer = v.object({
  Containers: v.nullish(v.record(v.string(), v.object({ Name: v.optional(v.string(), '') })), {}),
});

const eventAnswer = v.object({
  Type: v.string(),
  Action: v.string(),
  Actor: v.optional(v.object({ ID: v.optional(v.string(), '') })),
});

/** versionFrom converts the answer of GET /version. */
export function versionFrom(answer: unknown): EngineVersion {
  const { Version: version, Components: components } = v.parse(versionAnswer, answer);
  const isDocker = !components.some(({ Name: name }) => /podman/i.test(name));
  return { version, major: Number(/^\d+/.exec(version)?.[0] ?? 0), isDocker };
}

/** infoFrom converts the answer of GET /info. */
export function infoFrom(answer: unknown): EngineInfo {
  const info = v.parse(infoAnswer, answer);
  return {
    liveRestore: info.LiveRestoreEnabled,
    firewallBackend: info.FirewallBackend?.Driver,
    rootless: info.SecurityOptions.some((option) => option.includes('name=rootless')),
    addressPools: info.DefaultAddressPools.flatMap(({ Base: text, Size: size }) => {
      const base = subnetFrom(text);
      return base === undefined ? [] : [{ base, size }];
    }),
  };
}

/** networksFrom converts the answer of GET /networks. */
export function networksFrom(answer: unknown): readonly EngineNetwork[] {
  return v.parse(networksAnswer, answer).map((network) => {
    const isDefault = network.Options['com.docker.network.bridge.default_bridge'] === 'true';
    // libnetwork names the bridge after the first 12 digits of the network's id by default.
    const bridgeName = network.Options['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`;
    return {
      id: network.Id,
      name: network.Name,
      driver: network.Driver,
      labels: new Map(Object.entries(network.Labels)),
      subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet: subnet, Gateway: gateway, IPRange: ipRange }) => {
        const prefix = subnetFrom(subnet ?? '');
        // xnet ignores IPv6 subnets.
        const range = subnetFrom(ipRange ?? '');
        const part = range === undefined ? {} : { range };
        return prefix === undefined ? [] : [{ prefix, gateway: addressFrom(gateway ?? ''), ...part }];
      }),
      bridgeName: network.Driver === 'bridge' ? bridgeName : undefined,
      isDefault,
      keepsAddresses: network.Options['com.docker.network.bridge.inhibit_ipv4'] === 'true',
      masquerades: network.Options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false',
      isUnprotected: network.Options['com.docker.network.bridge.gateway_mode_ipv4'] === 'nat-unprotected',
      excluded: (network.IPAM?.Config ?? []).flatMap(({ AuxiliaryAddresses: named }) =>
        Object.values(named ?? {}).flatMap((text) => parseIpv4(text) ?? []),
      ),
    };
  });
}

// Engines keep the host bits of a subnet that was given with some: "10.5.0.1/24".
function subnetFrom(text: string): Prefix | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? '');
  return address === undefined ? undefined : prefixOf(address, Math.min(32, Number(match?.[2])));
}

// Docker 20.10 writes a gateway that it chose itself with the subnet's length: "172.18.0.1/16".
function addressFrom(text: string): Ipv4 | undefined {
  return parseIpv4(text.replace(/\/\d+$/, ''));
}

/** containersFrom converts the answer of GET /containers/json. */
export function containersFrom(answer: unknown): readonly EngineContainer[] {
  return v.parse(containersAnswer, answer).map((container) => ({
    id: container.Id,
    name: container.Names[0]?.replace(/^\//, '') ?? container.Id.slice(0, 12),
    running: ['running', 'paused', 'restarting'].includes(container.State),
    swarmTask: container.Labels['com.docker.swarm.task.id'] !== undefined,
    networks: Object.entries(container.NetworkSettings?.Networks ?? {}).map(([name, network]) => ({
      name,
      id: network.NetworkID,
      address: parseIpv4(network.IPAddress),
    })),
  }));
}

/** attachmentFrom extracts how a container is attached to a network from the answer of GET /containers/ID/json. */
export function attachmentFrom(answer: unknown, networkName: string): Attachment {
  const { Id: containerId, NetworkSettings: settings } = v.parse(containerAnswer, answer);
  const network = settings.Networks[networkName];
  // Engines before 25 list the container's short id among its aliases.
  const aliases = (network?.Aliases ?? []).filter((alias) => !containerId.startsWith(alias));
  return { containerId, aliases, address: parseIpv4(network?.IPAMConfig?.IPv4Address ?? '') };
}

/** processFrom extracts the process of a container from the answer of GET /containers/ID/json; undefined if it does not run. */
export function processFrom(answer: unknown): ContainerProcess | undefined {
  const { State: state, HostConfig: config } = v.parse(processAnswer, answer);
  const { Running: running, Pid: pid, StartedAt: startedAt } = state;
  return running && pid > 0 ? { pid, startedAt, networkMode: config.NetworkMode } : undefined;
}

/** endpointsFrom extracts the endpoints from the answer of GET /networks/ID. One without a container has a key "ep-…". */
export function endpointsFrom(answer: unknown): readonly EngineEndpoint[] {
  const { Containers: containers } = v.parse(endpointsAnswer, answer);
  return Object.entries(containers).map(([containerId, { Name: name }]) => ({ containerId, name }));
}

/** eventFrom parses one line of GET /events; undefined for an event that needs no reaction. */
export function eventFrom(line: string): EngineEvent | undefined {
  if (line.trim() === '') return undefined;
  const { Type: kind, Action: action, Actor: actor } = v.parse(eventAnswer, JSON.parse(line));
  if (kind !== 'container' && kind !== 'network' && kind !== 'daemon') return undefined;
  return { kind, action, id: actor?.ID ?? '' };
}
