// Everything of a host that the daemon observes and changes, opened and closed together.
// Invariant: opening changes nothing.
import type { Ipv4 } from '../../proto/domain/address.js';
import { exec } from '../../proto/process/exec.js';
import type { Logger } from '../../proto/process/log.js';
import { whyKept } from '../docker/bip/over-bridge.js';
import { type DockerEffect, makeDockerEffect } from '../docker/effect.js';
import { interfacesOf } from '../docker/engine/interfaces.js';
import type { DockerSettings } from '../docker/engine/settings.js';
import type { DesiredFirewall } from '../firewall/desired.js';
import { Firewall } from '../firewall/firewall.js';
import { procFiles } from '../firewall/proc.js';
import { HostMonitor } from '../kernel/host-monitor.js';
import { type Icmp, openIcmp } from '../kernel/icmp.js';
import { openLinuxRouteKernel } from '../kernel/linux-route-kernel.js';
import { LinuxLookup } from '../kernel/lookup.js';
import { KernelMirror } from '../kernel/mirror.js';
import { NftablesGeneration } from '../kernel/nftables-generation.js';
import { NftablesSets } from '../kernel/nftables-sets.js';
import { NftablesWatch } from '../kernel/nftables-watch.js';
import { Poller } from '../kernel/poller.js';
import { makeDetour } from '../lan/detour.js';
import { copySettings, loosen, portFactsIn } from '../lan/host-files.js';
import { lanMoveOf, readLanJournal } from '../lan/journal.js';
import { LanEffect } from '../lan/lan.js';
import { LanKernel } from '../lan/lan-kernel.js';
import type { LanOptions } from '../lan/options.js';
import { Nics } from '../nics/nics.js';
import { PathLook } from '../path/path.js';
import type { Finding } from '../reconcile/effect.js';
import { Routes } from '../routes/routes.js';
import { EngineFactsReader } from './engine-facts.js';
import { NeighbourTable } from './neighbour-table.js';

/** HostSettings are the operator's settings of how the host is changed. */
export type HostSettings = {
  readonly routeProtocol: number;
  readonly nextHops: 'auto' | 'never';
  readonly tuneKernel: boolean;
  /** See RoutesOptions. */
  readonly takeOver: boolean;
  readonly docker: DockerSettings;
  /** How long controllers and gateway have to answer after the interface was moved, in milliseconds. */
  readonly lanWaitMs: number;
  /** Differs after each boot. */
  readonly boot: string;
};

/** LanCaller holds the options of the effect of LAN mode that its caller supplies. */
export type LanCaller = Pick<LanOptions, 'witnesses' | 'untilAdmitted' | 'place'>;

/** Host is one Docker host. */
export type Host = {
  readonly mirror: KernelMirror;
  readonly monitor: HostMonitor;
  readonly routes: Routes;
  readonly firewall: Firewall;
  readonly docker: DockerEffect;
  readonly engineFacts: EngineFactsReader;
  readonly nics: Nics;
  /** openLan makes the effect of LAN mode. */
  openLan(options: LanCaller): LanEffect;
  readonly lookup: LinuxLookup;
  /**
   * openIcmp opens a socket for echo requests from `source`; undefined: from the address of the outgoing interface. See
   * openIcmp of node/kernel.
   * @throws SyscallError EPERM without CAP_NET_RAW, EADDRNOTAVAIL
   */
  openIcmp(source: Ipv4 | undefined, namespace?: string, identifier?: number): Icmp;
  readonly neighbours: NeighbourTable;
  /** lookAtPath reports what keeps packets of peers off the routes, by a state of the mirror that is at most 10 s old. */
  lookAtPath(desired: DesiredFirewall): Promise<readonly Finding[]>;
  close(): Promise<void>;
};

/**
 * openHost opens the host that the process runs on.
 * @throws XnetError FailedPrecondition without CAP_NET_ADMIN
 */
export function openHost(settings: HostSettings, log: Logger): Host {
  const poller = new Poller();
  const kernel = openLinuxRouteKernel({ poller });
  const nftables = new NftablesWatch(poller);
  const generation = new NftablesGeneration();
  const sets = new NftablesSets(generation);
  const lookup = new LinuxLookup();
  const lanKernel = new LanKernel();
  const protocol = settings.routeProtocol;
  const mirror = new KernelMirror({ kernel, protocol });
  const path = new PathLook({ lookup, mirror, proc: procFiles });
  const monitor = new HostMonitor(mirror, nftables);
  const docker = makeDockerEffect({
    settings: settings.docker,
    interfaces: () => interfacesOf(mirror),
    nics: () => nics.attached(),
    // While the journal can't be read, no move counts as verified; the lane of LAN mode reports it.
    lanMove: () => readLanJournal(settings.docker.stateFolder).then(lanMoveOf, () => 'unverified'),
    log,
  });
  const nics: Nics = new Nics({ engine: docker.engine, log });
  const engineFacts = new EngineFactsReader(docker.engine, settings.docker);
  return {
    mirror,
    monitor,
    docker,
    engineFacts,
    nics,
    openLan: (caller) =>
      new LanEffect({
        ...caller,
        kernel: lanKernel,
        stateFolder: settings.docker.stateFolder,
        waitMs: settings.lanWaitMs,
        boot: settings.boot,
        whyKept: async (bridge) => {
          const found = await whyKept(settings.docker, bridge);
          return found && { ...found, type: 'Underlay' };
        },
        factsOf: portFactsIn('/', exec),
        copySettings,
        loosen,
        detour: makeDetour(exec, log),
        log,
      }),
    lookup,
    neighbours: new NeighbourTable({ tune: settings.tuneKernel, log }),
    lookAtPath: (desired) => path.look(desired),
    routes: new Routes({ kernel, mirror, protocol, nextHops: settings.nextHops, takeOver: settings.takeOver }),
    firewall: new Firewall({
      engine: () => engineFacts.facts,
      generation: () => generation.current(),
      touchedSince: (from, to) => nftables.touchedSince(from, to),
      changeSets: (table, at, changes) => sets.change(table, at, changes),
    }),
    openIcmp: (source, namespace, identifier) => openIcmp(poller, source, namespace, identifier),
    close: async () => {
      monitor.close();
      nftables.close();
      generation.close();
      sets.close();
      lookup.close();
      lanKernel.close();
      kernel.close();
      await poller.close();
    },
  };
}
