// What the effect of LAN mode needs of its host, of who runs it, and of a test.
// Invariant: types only.
import type { Logger } from '../../proto/process/log.js';
import type { Steps } from '../../proto/process/steps.js';
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
  /** What answers while the network works, besides the gateways of the interface. */
  readonly witnesses: () => readonly LanWitness[];
  /** Waits until the firewall admits peers by this bridge as well. */
  readonly untilAdmitted?: (bridge: string, signal: AbortSignal) => Promise<void>;
  /** Is set to the move that the journal has. */
  readonly place?: LiveValue<LanPlace | undefined>;
  /** How long they have to answer after a move, in milliseconds. */
  readonly waitMs: number;
  /** Id of the present boot. */
  readonly boot: string;
  readonly factsOf: (port: LanLink, bridge: string) => Promise<PortFacts>;
  /** Gives the bridge the kernel's settings of its port (net.ipv4.conf). */
  readonly copySettings: (port: LanLink, bridge: LanLink) => void;
  /** Has the bridge take packets while their routes lead by its port, until its settings are copied. */
  readonly loosen: (bridge: LanLink) => void;
  readonly detour: Detour;
  readonly steps?: Steps;
  readonly log?: Logger;
};
