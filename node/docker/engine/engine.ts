// The Docker engine as the rest of xnetd sees it: few calls, our own types, errors by what can be done about them.
// Invariant: nothing of a client library shows here; engines from 20.10 to 29 look the same.
import type { Ipv4, Prefix } from '../../../proto/domain/address.js';

/** EngineVersion tells which engine answers. */
export type EngineVersion = {
  /** "28.5.2+dfsg4" */
  readonly version: string;
  /** 28 of "28.5.2+dfsg4"; 0 where the version is no number. */
  readonly major: number;
  /** Podman and others answer at docker.sock, too. */
  readonly isDocker: boolean;
};

/** EngineInfo is what of `docker info` decides how we go about things. */
export type EngineInfo = {
  readonly liveRestore: boolean;
  /** "iptables", "iptables+firewalld", "nftables"; undefined before 28.0, which knows iptables alone. */
  readonly firewallBackend: string | undefined;
  readonly rootless: boolean;
};

/** EngineNetwork is one of Docker's networks. */
export type EngineNetwork = {
  readonly id: string;
  readonly name: string;
  /** "bridge" */
  readonly driver: string;
  readonly labels: ReadonlyMap<string, string>;
  /** IPv4 subnets and their gateways. */
  readonly subnets: readonly { readonly prefix: Prefix; readonly gateway: Ipv4 | undefined }[];
  /** Linux interface of a bridge network: "docker0", "br-0c5e…"; undefined for other drivers. */
  readonly bridgeName: string | undefined;
  /** The one that containers get unless told otherwise, named "bridge". */
  readonly isDefault: boolean;
};

/** EngineContainer is a container, running or not. */
export type EngineContainer = {
  readonly id: string;
  /** "web" */
  readonly name: string;
  /** Running, paused or between two attempts to run. */
  readonly running: boolean;
  /** Swarm starts and replaces the tasks of its services by itself. */
  readonly swarmTask: boolean;
  readonly networks: readonly {
    readonly name: string;
    /** Empty for a container that has never run. */
    readonly id: string;
    readonly address: Ipv4 | undefined;
  }[];
};

/** Attachment is what somebody asked for when a container was attached to a network. */
export type Attachment = {
  readonly containerId: string;
  /** Names that other containers find it by: ["web"]. */
  readonly aliases: readonly string[];
  /** An address that was asked for, `docker network connect --ip`. */
  readonly address: Ipv4 | undefined;
};

/** NetworkToCreate is a bridge network with one subnet. */
export type NetworkToCreate = {
  readonly name: string;
  readonly subnet: Prefix;
  readonly gateway: Ipv4;
  /** At most 15 characters: "xnet0". */
  readonly bridgeName: string;
  readonly labels: Readonly<Record<string, string>>;
};

/**
 * EngineEvent is a reason to look again: `connected` comes first and after every reconnection, as what happened in
 * between is not known; `disconnected` after each connection.
 */
export type EngineEvent =
  | { readonly kind: 'connected' | 'disconnected' }
  | { readonly kind: 'container' | 'network' | 'daemon'; readonly action: string; readonly id: string };

/**
 * Engine is the Docker engine of one socket. Every call throws XnetError: Unavailable when nothing answers, with the
 * errno as the cause's code, PermissionDenied, and where named below NotFound, AlreadyExists, FailedPrecondition.
 */
export interface Engine {
  version(signal?: AbortSignal): Promise<EngineVersion>;
  info(signal?: AbortSignal): Promise<EngineInfo>;
  networks(signal?: AbortSignal): Promise<readonly EngineNetwork[]>;
  /** containers are all containers, stopped ones included. */
  containers(signal?: AbortSignal): Promise<readonly EngineContainer[]>;
  /**
   * createNetwork returns the id of the new network.
   * @throws XnetError AlreadyExists (name taken), FailedPrecondition (overlap, bridge name taken)
   */
  createNetwork(network: NetworkToCreate, signal?: AbortSignal): Promise<string>;
  /**
   * removeNetwork removes a network; gone already is done.
   * @throws XnetError FailedPrecondition while running containers are attached
   */
  removeNetwork(id: string, signal?: AbortSignal): Promise<void>;
  /**
   * attachment tells how a container was attached to a network, so that it can be again.
   * @throws XnetError NotFound
   */
  attachment(networkName: string, containerId: string, signal?: AbortSignal): Promise<Attachment>;
  /**
   * connect attaches a container; attached already is done.
   * @throws XnetError NotFound (container or network)
   */
  connect(networkId: string, attachment: Attachment, signal?: AbortSignal): Promise<void>;
  /** disconnect detaches a container, by force where it is stopped; not attached, or gone, is done. */
  disconnect(networkId: string, containerId: string, signal?: AbortSignal): Promise<void>;
  /** stopContainer ends when the container has; stopped already, or gone, is done. */
  stopContainer(id: string, signal?: AbortSignal): Promise<void>;
  /**
   * startContainer starts a container; running already is done.
   * @throws XnetError NotFound
   */
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  /** events go on until `signal` aborts; it reconnects by itself, with growing pauses. */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}

/** EngineSeen is an engine that answers and that xnet can work with. */
export type EngineSeen = {
  readonly version: EngineVersion;
  readonly info: EngineInfo;
  readonly networks: readonly EngineNetwork[];
  readonly containers: readonly EngineContainer[];
};
