// Whether the controllers take this host for its node. A copied host has the files of another one, its leases among
// them, and must not give Docker a subnet that the other host uses.
// Invariant: only a controller's statement keeps the host from changing Docker. Without any controller, it changes Docker
// after a short wait.
import { XnetError } from '../../proto/errors.js';
import type { Finding } from '../reconcile/effect.js';
import type { LiveValue } from '../reconcile/live-value.js';
import type { UplinkState } from '../uplink/uplink.js';

/** Standing is a controller's newest statement: none yet, the host is its node, or another host is, with the error. */
export type Standing = 'not known' | 'accepted' | XnetError;

/** standingAfter returns the standing after a change of the connection. A controller that does not answer states nothing. */
export function standingAfter(before: Standing, state: UplinkState): Standing {
  if (state.connected) return 'accepted';
  return state.error.code === 'AlreadyExists' ? state.error : before;
}

/**
 * secondHost says why Docker may get no subnet of the node on this host: another host is the node. Undefined: it may.
 * Until a controller has stated anything, it waits.
 * @param patienceMs the longest wait; none if it is not positive
 * @throws the reason of `signal` when it is aborted
 */
export async function secondHost(
  standing: LiveValue<Standing>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (standing.current === 'not known') await stated(standing, patienceMs, signal);
  // A change that is begun now would be completed after the next start, without this question.
  signal.throwIfAborted();
  const { current } = standing;
  if (!(current instanceof XnetError)) return undefined;
  const { message, hint } = current;
  const finding = { type: 'Docker', transient: false, reason: 'SecondHost' } as const;
  const text = `Docker keeps what it has, because controllers refuse this host: ${message}`;
  return { ...finding, message: text, ...(hint === undefined ? {} : { fix: hint }) };
}

function stated(standing: LiveValue<Standing>, patienceMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, patienceMs);
    const unsubscribe = standing.subscribe(end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
