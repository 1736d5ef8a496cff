// The parts of a view that a batch of changes affects. Listeners use it to decide whether to recompute.
import { parseKey } from '../store/keys.js';
import { decode } from '../store/record-codec.js';
import type { EventRecord } from '../store/records.js';
import type { Entry } from '../store/store.js';

/** ViewChanges names the parts of a view that one batch of changes affects. */
export type ViewChanges = {
  /** prefixKey of each subnet whose route may have changed. */
  readonly subnets: Set<number>;
  /** Ids of nodes with at least one changed record. */
  readonly nodes: Set<string>;
  /** Names of networks whose record changed. */
  readonly networks: Set<string>;
  pools: boolean;
  sessions: boolean;
  progress: boolean;
  readonly registrations: Set<string>;
  controllers: boolean;
  authority: boolean;
  /** Whether rollouts or their steps changed. */
  rollouts: boolean;
  /** Whether an adoption began or ended. */
  adoption: boolean;
  /** Whether withdrawals were approved. */
  approval: boolean;
  /** Whether certificates or revocations changed. */
  certificates: boolean;
  /** Whether revocations changed. */
  revocations: boolean;
  /** The recorded events. Empty for a listing. */
  readonly events: { readonly id: string; readonly record: EventRecord }[];
};

/** noViewChanges returns an empty ViewChanges. */
export function noViewChanges(): ViewChanges {
  return {
    subnets: new Set(),
    nodes: new Set(),
    networks: new Set(),
    pools: false,
    sessions: false,
    progress: false,
    registrations: new Set(),
    controllers: false,
    authority: false,
    rollouts: false,
    adoption: false,
    approval: false,
    certificates: false,
    revocations: false,
    events: [],
  };
}

/** noteEvent notes an entry of the store that is an event. */
export function noteEvent({ key: text, value }: Entry, changes: ViewChanges): void {
  const key = parseKey(text);
  if (key?.kind !== 'event') return;
  const decoded = decode('event', value);
  if ('record' in decoded) changes.events.push({ id: key.id, record: decoded.record });
}
