// The plan of a run: operations and faults with their times. It is plain JSON: written when a run fails, and replayed.
// Invariant: everything random is in the plan. A run takes no decisions of its own.
import * as v from 'valibot';

const seconds = v.pipe(v.number(), v.minValue(0));
const host = v.pipe(v.number(), v.integer(), v.minValue(1));
const controller = v.picklist([1, 2]);
const member = v.picklist([1, 2, 3]);

const operation = v.variant('do', [
  /** Added as a node by `controller`, joined with a token, its daemon started. */
  v.object({ do: v.literal('join'), host, controller }),
  /** `xnetd leave`. */
  v.object({ do: v.literal('leave'), host }),
  /** Its daemon is killed and the node removed by force; afterwards the host cleans up alone. */
  v.object({ do: v.literal('remove'), host, controller }),
  /** The host gets another address beside its own, the node is told, and the former address goes. */
  v.object({ do: v.literal('move'), host, controller }),
  /** The host gets a second lease, of another pool, and a container in it. It ends when the host leaves. */
  v.object({ do: v.literal('lease'), host, controller }),
  v.object({ do: v.literal('cordon'), host, controller }),
  v.object({ do: v.literal('uncordon'), host, controller }),
  v.object({ do: v.literal('label'), host, controller }),
  /** The daemon is killed and started again at once. */
  v.object({ do: v.literal('restart'), host }),
]);

const fault = v.variant('break', [
  v.object({ break: v.literal('member killed'), member }),
  v.object({ break: v.literal('member stopped'), member }),
  /** No packet between this member and the others. */
  v.object({ break: v.literal('member cut'), member }),
  /** Two members are killed: the store can't be written. */
  v.object({ break: v.literal('majority lost'), member }),
  v.object({ break: v.literal('controller killed'), controller }),
  v.object({ break: v.literal('controller stopped'), controller }),
  v.object({ break: v.literal('controllers lost') }),
  /** The file system of its state is full. */
  v.object({ break: v.literal('disk full'), controller }),
  v.object({ break: v.literal('compaction') }),
  /** No packet between a host and the controllers. */
  v.object({ break: v.literal('host cut'), host }),
  v.object({ break: v.literal('daemon killed'), host }),
  v.object({ break: v.literal('daemon stopped'), host }),
  /** Another program deletes every next hop of xnet, and the routes with them. */
  v.object({ break: v.literal('routes deleted'), host }),
  v.object({ break: v.literal('tables deleted'), host }),
  /** Another program adds and deletes routes of its own. */
  v.object({ break: v.literal('route churn'), host }),
]);

const step = v.variant('kind', [
  v.object({ kind: v.literal('operation'), at: seconds, operation }),
  v.object({ kind: v.literal('fault'), at: seconds, until: seconds, fault }),
]);

const plan = v.object({
  version: v.literal(1),
  seed: v.number(),
  /** Number of hosts: h1, h2, … */
  hosts: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(12)),
  /** All steps are within this time. */
  seconds,
  /** By time. */
  steps: v.array(step),
});

/** Operation is a change that an operator requests. */
export type Operation = v.InferOutput<typeof operation>;
/** Fault is something that breaks, and is mended at the end of its step. */
export type Fault = v.InferOutput<typeof fault>;
/** PlannedFault is a fault from `at` until `until`, in seconds from the beginning. */
export type PlannedFault = { kind: 'fault'; at: number; until: number; fault: Fault };
/** Step is one step of a plan; times are in seconds from the beginning. */
export type Step = v.InferOutput<typeof step>;
/** Plan is a whole plan. */
export type Plan = v.InferOutput<typeof plan>;

/** parsePlan reads a plan from JSON. It throws for anything else. */
export function parsePlan(text: string): Plan {
  return v.parse(plan, JSON.parse(text));
}

/** stepText names a step for people: "12.4 s member killed 2 until 19.0 s". */
export function stepText(step: Step): string {
  const { kind, ...named } = step.kind === 'operation' ? { kind: '', ...step.operation } : { kind: '', ...step.fault };
  const words = Object.entries(named).map(([key, value]) => (typeof value === 'number' ? `${key} ${value}` : value));
  const until = step.kind === 'fault' ? ` until ${step.until.toFixed(1)} s` : '';
  return `${kind}${step.at.toFixed(1)} s ${words.join(' ')}${until}`;
}
