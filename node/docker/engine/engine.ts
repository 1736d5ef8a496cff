// The Docker engine as the rest of xnetd sees it: few calls, our own types, errors classified by what to do about them.
// Invariant: no type of a client library appears here; engines from 20.10 to 29 look the same.
import type { Ipv4, Prefix } from '../../../proto/domain/address.js';
import type { AddressPool } from './bip-value.js';

/** EngineVersion identifies the engine that answers. */
export type EngineVersion = {
  /** "28.5.2+dfsg4" */
  readonly version: string;
  /** 28 of "28.5.2+dfsg4"; 0 if the version is not a number. */
  readonly major: number;
  /** False for Podman and others, which answer at docker.sock, too. */
  readonly isDocker: boolean;
};

/** EngineInfo holds the parts of `docker info` that decisions depend on. */
export type EngineInfo = {
  readonly liveRestore: boolean;
  /** "iptables", "iptables+firewalld", "nftables"; undefined before 28.0, which supports only iptables. */
  readonly firewallBackend: string | undefined;
  readonly rootless: boolean;
  /** Ranges that the subnets of new networks are taken from, if they are configured. */
  readonly addressPools: readonly AddressPool[];
};

/** EngineNetwork is one of Docker's networks. */
export type EngineNetwork = {
  readonly id: string;
  readonly name: string;
  /** "bridge" */
  readonly driver: string;
  readonly labels: ReadonlyMap<string, string>;
  /** IPv4 subnets and their gateways. */
  readonly subnets: readonly {
    readonly prefix: Prefix;
    readonly gateway: Ipv4 | undefined;
    /** The part that Docker hands out addresses from; absent: all of it. */
    readonly range?: Prefix;
  }[];
  /** Linux interface of a bridge network: "docker0", "br-0c5e…"; undefined for other drivers. */
  readonly bridgeName: string | undefined;
  /** The network that containers get by default, named "bridge". */
  readonly isDefault: boolean;
  /** Docker gives the bridge no address, and takes none from it (inhibit_ipv4). */
  readonly keepsAddresses: boolean;
  /** What leaves the network gets an address of the host. */
  readonly masquerades: boolean;
  /** Docker accepts what is forwarded to its containers on all ports, published or not (gateway mode nat-unprotected). */
  readonly isUnprotected: boolean;
  /** Addresses that Docker hands out to no container. */
  readonly excluded: readonly Ipv4[];
};

/** EngineContainer is a container, running or not. */
export type EngineContainer = {
  readonly id: string;
  /** "web" */
  readonly name: string;
  /** Running, paused or between two attempts to run. */
  readonly running: boolean;
  /** A task of a Swarm service: Swarm itself starts and replaces it. */
  readonly swarmTask: boolean;
  readonly networks: readonly {
    readonly name: string;
    /** Empty for a container that has never run. */
    readonly id: string;
    readonly address: Ipv4 | undefined;
    /** By a nic, which Docker does not know. */
    readonly isNic?: true;
  }[];
};

/** ContainerProcess identifies one run of a container. */
export type ContainerProcess = {
  /** Process id of its first process, as the host sees it. */
  readonly pid: number;
  readonly startedAt: string;
  /** "bridge", "host", "none", "container:0c5e…", or the name of its network. */
  readonly networkMode: string;
};

/** Attachment is how a container is attached to a network, as it was requested. */
export type Attachment = {
  readonly containerId: string;
  /** Names by which other containers resolve it: ["web"]. */
  readonly aliases: readonly string[];
  /** The requested address, `docker network connect --ip`. */
  readonly address: Ipv4 | undefined;
};

/** EngineEndpoint connects a container to a network. */
export type EngineEndpoint = {
  /** That of the container when it was attached. */
  readonly name: string;
  /** Id of the container; another text if Docker knows of none. */
  readonly containerId: string;
};

/** NetworkToCreate is a bridge network with one subnet. */
export type NetworkToCreate = {
  readonly name: string;
  readonly subnet: Prefix;
  readonly gateway: Ipv4;
  /** The part that Docker hands out addresses from; undefined: all of it. */
  readonly range: Prefix | undefined;
  /** At most 15 characters: "xnet0". */
  readonly bridgeName: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A bridge that is not Docker's, beside which the network is to exist: no address of it changes, nothing is masqueraded. */
  readonly beside?: {
    /** Addresses that Docker must hand out to no container. */
    readonly excluded: readonly Ipv4[];
    /** See EngineNetwork; engines before 28 know only false. */
    readonly isUnprotected: boolean;
  };
};

/**
 * EngineEvent is a reason to observe again. `connected` comes first and after every reconnection, because events in
 * between are lost; `disconnected` comes after each connection.
 */
export type EngineEvent =
  | { readonly kind: 'connected' | 'disconnected' }
  | { readonly kind: 'container' | 'network' | 'daemon'; readonly action: string; readonly id: string };

/**
 * Engine is the Docker engine behind one socket. Every call throws XnetError: Unavailable if nothing answers (the errno
 * is the cause's code), PermissionDenied, and where stated NotFound, AlreadyExists or FailedPrecondition.
 */
export interface Engine {
  version(signal?: AbortSignal): Promise<EngineVersion>;
  info(signal?: AbortSignal): Promise<EngineInfo>;
  networks(signal?: AbortSignal): Promise<readonly EngineNetwork[]>;
  /** containers lists all containers, including stopped ones. */
  containers(signal?: AbortSignal): Promise<readonly EngineContainer[]>;
  /**
   * createNetwork returns the id of the new network.
   * @throws XnetError AlreadyExists (name taken), FailedPrecondition (overlap, bridge name taken)
   */
  createNetwork(network: NetworkToCreate, signal?: AbortSignal): Promise<string>;
  /**
   * removeNetwork removes a network; it succeeds if the network is already gone.
   * @throws XnetError FailedPrecondition while running containers are attached
   */
  removeNetwork(id: string, signal?: AbortSignal): Promise<void>;
  /** endpoints lists the endpoints of a network; none if it is gone. Docker lists none of stopped containers. */
  endpoints(networkId: string, signal?: AbortSignal): Promise<readonly EngineEndpoint[]>;
  /**
   * attachment returns how a container is attached to a network, to attach it again later.
   * @throws XnetError NotFound
   */
  attachment(networkName: string, containerId: string, signal?: AbortSignal): Promise<Attachment>;
  /**
   * connect attaches a container; it succeeds if it is already attached.
   * @throws XnetError NotFound (container or network)
   */
  connect(networkId: string, attachment: Attachment, signal?: AbortSignal): Promise<void>;
  /**
   * disconnect detaches a container, by force if it is stopped; it succeeds if it is not attached or gone. With the name of
   * an endpoint whose container is gone, it clears that endpoint.
   */
  disconnect(networkId: string, containerId: string, signal?: AbortSignal): Promise<void>;
  /** stopContainer returns once the container has stopped; it succeeds if it is already stopped or gone. */
  stopContainer(id: string, signal?: AbortSignal): Promise<void>;
  /**
   * startContainer starts a container; it succeeds if it already runs.
   * @throws XnetError NotFound
   */
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  /** process returns the process of a running container; undefined if it does not run, or is gone. */
  process(containerId: string, signal?: AbortSignal): Promise<ContainerProcess | undefined>;
  /** events yields events until `signal` aborts; it reconnects by itself, with growing pauses. */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}

/** EngineReason is why xnet can't work with an engine, or not yet. */
export type EngineReason =
  | 'DockerFailed'
  | 'NoPermission'
  | 'NotAnswering'
  | 'NotDocker'
  | 'NotInstalled'
  | 'NotRunning'
  | 'Rootless';

/** EngineSeen is the observed state of an engine that answers and that xnet supports. */
export type EngineSeen = {
  readonly version: EngineVersion;
  readonly info: EngineInfo;
  readonly networks: readonly EngineNetwork[];
  readonly containers: readonly EngineContainer[];
};
