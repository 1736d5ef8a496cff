// Whether each loss of the probe mesh is explained by a fault that allows it. Pure.
import { type FaultEntry, faultText } from './journal.js';
import { type Flow, type Loss, lossesOf } from './mesh.js';
import type { Fault } from './plan.js';

// The faults that may cost packets, and between whom: all pairs with that host. Every other fault, in the control plane
// or of a daemon, may cost none.
const costly: ReadonlySet<Fault['break']> = new Set(['routes deleted', 'tables deleted']);

// The longest time between a request and its answer on a busy machine.
const slackMs = 1_500;

/** lossProblems returns the losses that no fault explains. */
export function lossProblems(flows: readonly Flow[], faults: readonly FaultEntry[]): readonly string[] {
  return flows
    .flatMap((flow) => lossesOf(flow))
    .filter((loss) => !faults.some((entry) => explains(entry, loss)))
    .map(({ from, to, lost, beginMs, endMs }) => {
      const active = faults.filter((entry) => overlaps(entry, beginMs, endMs)).map(({ fault }) => faultText(fault));
      const while_ = active.length === 0 ? 'no fault' : active.join(', ');
      const at = new Date(beginMs).toISOString().slice(11, 23);
      return `${from} to ${to} lost ${lost} from ${at} on, in ${Math.round(endMs - beginMs)} ms, during: ${while_}`;
    });
}

function explains(entry: FaultEntry, { from, to, beginMs, endMs }: Loss): boolean {
  const { fault } = entry;
  if (!costly.has(fault.break) || !('host' in fault)) return false;
  return [from, to].includes(`h${fault.host}`) && overlaps(entry, beginMs, endMs);
}

function overlaps(entry: FaultEntry, beginMs: number, endMs: number): boolean {
  return entry.beginMs - slackMs <= endMs && (entry.endMs ?? Number.POSITIVE_INFINITY) + slackMs >= beginMs;
}
