// Opens the host that preflight looks at.
// Invariant: opening changes nothing; everything that is opened is closed together.
import type { Ipv4 } from '../../proto/domain/address.js';
import { type Exec, exec as execHere } from '../../proto/process/exec.js';
import { noSteps } from '../../proto/process/steps.js';
import { connectEngine } from '../docker/engine/dockerode.js';
import { interfacesOf } from '../docker/engine/interfaces.js';
import { systemdRestarter } from '../docker/engine/restarter.js';
import type { DockerHost, DockerSettings } from '../docker/engine/settings.js';
import { Firewall } from '../firewall/firewall.js';
import { type ProcFiles, procFiles } from '../firewall/proc.js';
import { EngineFactsReader } from '../host/engine-facts.js';
import { type Icmp, openIcmp } from '../kernel/icmp.js';
import { openLinuxRouteKernel } from '../kernel/linux-route-kernel.js';
import { LinuxLookup, type Lookup } from '../kernel/lookup.js';
import { KernelMirror } from '../kernel/mirror.js';
import { Poller } from '../kernel/poller.js';
import type { RouteKernel } from '../kernel/route-kernel.js';
import { LanKernel } from '../lan/lan-kernel.js';
import type { LanSnapshot } from '../lan/snapshot.js';
import { answering } from '../probe/arp.js';
import type { UnderlaySettings } from '../underlay/choose.js';
import { briefSystemctl } from './brief-systemctl.js';

/** PlaceSettings are the settings of the daemon that decide what preflight looks at. */
export type PlaceSettings = {
  readonly docker: DockerSettings;
  readonly underlay: UnderlaySettings;
  readonly stateDir: string;
  readonly routeProtocol: number;
  readonly mark: number;
};

/** PlaceOptions say where the host is; by default, here. */
export type PlaceOptions = {
  /** Network namespace: "/run/netns/h1". */
  readonly namespace?: string;
  /** Prefix of the paths of files: "/tmp/root". */
  readonly root?: string;
  readonly exec?: Exec;
  readonly proc?: ProcFiles;
  /** Milliseconds since 1970; Date.now by default. */
  readonly now?: () => number;
  /** Returns the kernel as this host has it; by default the one that was opened, which is closed in any case. */
  readonly kernelAs?: (opened: RouteKernel) => RouteKernel;
  /** The same of lookups. */
  readonly lookupAs?: (opened: Lookup) => Lookup;
};

/** Place is a host, opened for observation. */
export type Place = {
  readonly settings: PlaceSettings;
  readonly root: string;
  readonly exec: Exec;
  readonly proc: ProcFiles;
  readonly docker: DockerHost;
  readonly engineFacts: EngineFactsReader;
  readonly firewall: Firewall;
  readonly mirror: KernelMirror;
  readonly lookup: Lookup;
  /** now is the host's clock, in ms since 1970. */
  readonly now: () => number;
  /** readLan reads the part of the network that a move of an interface to a bridge concerns. */
  readonly readLan: () => Promise<LanSnapshot>;
  /** openIcmp is openIcmp of node/kernel in the host's namespace. */
  readonly openIcmp: (source: Ipv4) => Icmp;
  readonly close: () => Promise<void>;
};

/**
 * openPlace opens a host.
 * @throws XnetError FailedPrecondition without CAP_NET_ADMIN
 */
export function openPlace(settings: PlaceSettings, options: PlaceOptions = {}): Place {
  const { namespace, root = '/', proc = procFiles, now = Date.now } = options;
  const { kernelAs = (opened) => opened, lookupAs = (opened) => opened } = options;
  const exec = briefSystemctl(options.exec ?? execHere);
  const poller = new Poller();
  const kernel = openLinuxRouteKernel({ poller, namespace });
  const lookup = new LinuxLookup(namespace);
  const mirror = new KernelMirror({ kernel: kernelAs(kernel), protocol: settings.routeProtocol });
  const engine = connectEngine(settings.docker.socket);
  const engineFacts = new EngineFactsReader(engine, settings.docker);
  const docker: DockerHost = {
    settings: settings.docker,
    engine,
    restarter: systemdRestarter(exec, settings.docker.unit),
    exec,
    interfaces: () => interfacesOf(mirror),
    answering,
    nics: () => Promise.resolve([]),
    steps: noSteps,
    now,
    log: undefined,
  };
  return {
    settings,
    root,
    exec,
    proc,
    docker,
    engineFacts,
    firewall: new Firewall({ exec, proc, engine: () => engineFacts.facts }),
    mirror,
    lookup: lookupAs(lookup),
    now,
    readLan: async () => {
      const lan = new LanKernel(namespace);
      try {
        return await lan.read();
      } finally {
        lan.close();
      }
    },
    openIcmp: (source) => openIcmp(poller, source, namespace),
    close: async () => {
      lookup.close();
      kernel.close();
      await poller.close();
    },
  };
}
