// The dependencies of the effect of LAN mode.
// Invariant: types only.
import type { Logger } from '../../proto/process/log.js';
import type { Steps } from '../../proto/process/steps.js';
import type { Finding } from '../reconcile/effect.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { Detour } from './detour.js';
import type { LanPlace } from './journal.js';
import type { LanKernel } from './lan-kernel.js';
import type { PortFacts } from './obstacles.js';
import type { LanLink } from './snapshot.js';
import type { LanWitness } from './witness.js';

/** LanOptions are the dependencies of the effect. */
export type LanOptions = {
  readonly kernel: LanKernel;
  /** Folder of the journal: "/var/lib/xnet". */
  readonly stateFolder: string;
  /** Returns the witnesses besides the gateways of the interface: controllers. */
  readonly witnesses: () => readonly LanWitness[];
  /** Returns why the bridge must stay, asked before a proven move is undone; absent, or undefined: nothing needs it. */
  readonly whyKept?: (bridge: string) => Promise<Finding | undefined>;
  /** Waits until the firewall admits peers by this bridge as well. */
  readonly untilAdmitted?: (bridge: string, signal: AbortSignal) => Promise<void>;
  /** Follows the move in the journal. */
  readonly place?: LiveValue<LanPlace | undefined>;
  /** How long the witnesses have to answer after a move, in milliseconds. */
  readonly waitMs: number;
  /** Id of the present boot. */
  readonly boot: string;
  readonly factsOf: (port: LanLink, bridge: string) => Promise<PortFacts>;
  /** Gives the bridge the kernel's settings of its port (net.ipv4.conf). */
  readonly copySettings: (port: LanLink, bridge: LanLink) => void;
  /** See loosen in host-files.ts. */
  readonly loosen: (bridge: LanLink) => void;
  readonly detour: Detour;
  readonly steps?: Steps;
  readonly log?: Logger;
};
