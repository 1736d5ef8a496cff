// How long nodes spread their reports, so that a change in a fleet of thousands does not cause thousands at once.
// Invariant: the busier the controller, the longer: reports never take the time that joins and changes need.
import { performance } from 'node:perf_hooks';

// A report costs a controller about 0.3 ms. In a quiet fleet, the reports about one change take a fifth of one core while they
// arrive.
const spreadMsPerNode = 1.5;
const nodesWithoutSpread = 32;
const longestSpreadMs = 5_000;
// While the controller is overloaded, reports arrive at a quarter of that rate: their cost grows with the load of the
// machine, and the next change makes them obsolete.
const whenBusy = 4;
const busyFrom = 0.5;
const busyAll = 0.9;

/**
 * spreadMsFor returns the time over which nodes spread their reports, in milliseconds.
 * @param nodes number of connected nodes
 * @param utilization the share of the time in which the controller is busy: 0 to 1
 */
export function spreadMsFor(nodes: number, utilization: number): number {
  const quietMs = Math.min(longestSpreadMs, Math.max(0, nodes - nodesWithoutSpread) * spreadMsPerNode);
  const busy = Math.min(1, Math.max(0, (utilization - busyFrom) / (busyAll - busyFrom)));
  return Math.round(quietMs * (1 + (whenBusy - 1) * busy));
}

// Long enough to tell a single change from a storm.
const windowMs = 1_000;

/** ReportPace measures how busy this process is. */
export class ReportPace {
  #began = performance.eventLoopUtilization();
  #at = performance.now();
  #utilization = 0;

  /** spreadMs returns spreadMsFor at present. */
  spreadMs(nodes: number): number {
    const now = performance.now();
    if (now - this.#at >= windowMs) {
      this.#utilization = performance.eventLoopUtilization(this.#began).utilization;
      this.#began = performance.eventLoopUtilization();
      this.#at = now;
    }
    return spreadMsFor(nodes, this.#utilization);
  }
}
