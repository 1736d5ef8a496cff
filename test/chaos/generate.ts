// Makes a plan from a seed. Pure.
// Invariant: at most `mostFaults` faults at once, at most one of them in the etcd, one in the controllers, and on each host
// one of its daemon, its links and its kernel; all end before the plan does. A majority of the etcd, or both controllers, are
// lost only by their own faults.
import type { Fault, Operation, Plan, PlannedFault, Step } from './plan.js';
import { Random } from './random.js';

/** mostFaults is the highest number of faults at once. */
export const mostFaults = 3;

// Times in seconds.
const firstJoinsTake = 12;
const quietAtEnd = 4;
const shortestFault = 3;
const longestFault = 15;
const betweenOperations = [2, 8] as const;
const betweenFaults = [1, 6] as const;

const controllers = [1, 2] as const;
const members = [1, 2, 3] as const;

/** scopeOf names what a fault breaks: of each scope, one fault is active at a time. */
export function scopeOf(fault: Fault): string {
  if ('host' in fault) {
    const isOfDaemon = fault.break === 'daemon killed' || fault.break === 'daemon stopped';
    const part = isOfDaemon ? 'daemon' : fault.break === 'host cut' ? 'links' : 'kernel';
    return `the ${part} of host ${fault.host}`;
  }
  if ('member' in fault || fault.break === 'compaction') return 'etcd';
  return 'controllers';
}

/** generatePlan returns the plan of a seed. */
export function generatePlan(seed: number, options: { readonly hosts: number; readonly seconds: number }): Plan {
  const random = new Random(seed);
  const { hosts, seconds } = options;
  const steps: Step[] = [...operationsOf(random, hosts, seconds), ...faultsOf(random, hosts, seconds)];
  steps.sort((a, b) => a.at - b.at);
  return { version: 1, seed, hosts, seconds, steps };
}

type HostState = { readonly host: number; isMember: boolean; isCordoned: boolean; hasSecond: boolean };

function operationsOf(random: Random, hosts: number, seconds: number): Step[] {
  const steps: Step[] = [];
  const states: HostState[] = [];
  for (let host = 1; host <= hosts; host++) {
    // The last one joins later, while there are faults.
    const isMember = host < hosts || hosts === 2;
    states.push({ host, isMember, isCordoned: false, hasSecond: false });
    if (!isMember) continue;
    steps.push(step(random.between(0, firstJoinsTake / 4), { do: 'join', host, controller: random.pick(controllers) }));
  }
  let at = firstJoinsTake;
  for (;;) {
    at += random.between(...betweenOperations);
    if (at > seconds - quietAtEnd) return steps;
    steps.push(step(at, nextOperation(random, random.pick(states), states)));
  }
}

function nextOperation(random: Random, state: HostState, states: readonly HostState[]): Operation {
  const { host } = state;
  const controller = random.pick(controllers);
  if (!state.isMember) {
    state.isMember = true;
    state.isCordoned = false;
    state.hasSecond = false;
    return { do: 'join', host, controller };
  }
  // At least two remain, so that there is a mesh.
  const mayGo = states.filter(({ isMember }) => isMember).length > 2;
  const usual = ['move', 'move', 'cordon', 'label', 'lease', 'lease', 'restart', 'restart'] as const;
  const what = random.pick(mayGo ? ([...usual, 'leave', 'leave', 'remove', 'move'] as const) : usual);
  switch (what) {
    case 'leave':
    case 'remove':
      state.isMember = false;
      return what === 'leave' ? { do: what, host } : { do: what, host, controller };
    case 'cordon':
      state.isCordoned = !state.isCordoned;
      return { do: state.isCordoned ? 'cordon' : 'uncordon', host, controller };
    case 'lease':
      // One more is enough.
      if (state.hasSecond) return { do: 'label', host, controller };
      state.hasSecond = true;
      return { do: what, host, controller };
    case 'restart':
      return { do: what, host };
    default:
      return { do: what, host, controller };
  }
}

function step(at: number, operation: Operation): Step {
  return { kind: 'operation', at: tenths(at), operation };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function faultsOf(random: Random, hosts: number, seconds: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  let at = firstJoinsTake;
  for (;;) {
    at = tenths(at + random.between(...betweenFaults));
    const until = tenths(at + random.between(shortestFault, longestFault));
    if (until > seconds - quietAtEnd) return faults;
    const fault = nextFault(random, hosts);
    const active = faults.filter((other) => other.until > at);
    if (active.length >= mostFaults || active.some((other) => scopeOf(other.fault) === scopeOf(fault))) continue;
    faults.push({ kind: 'fault', at, until, fault });
  }
}

function nextFault(random: Random, hosts: number): Fault {
  const host = 1 + Math.floor(random.next() * hosts);
  const controller = random.pick(controllers);
  const member = random.pick(members);
  const one: readonly Fault[] = [
    { break: 'member killed', member },
    { break: 'member stopped', member },
    { break: 'member cut', member },
    { break: 'majority lost', member },
    { break: 'compaction' },
    { break: 'controller killed', controller },
    { break: 'controller killed', controller },
    { break: 'controller stopped', controller },
    { break: 'controllers lost' },
    { break: 'disk full', controller },
    { break: 'host cut', host },
    { break: 'daemon killed', host },
    { break: 'daemon stopped', host },
    { break: 'routes deleted', host },
    { break: 'tables deleted', host },
    { break: 'route churn', host },
  ];
  return random.pick(one);
}
