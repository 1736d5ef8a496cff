// Explains the state of a node in one sentence, with the next command to type. Pure.
// Invariant: of a host's report, a command contains only the fixes of its conditions, which are shown everywhere; it
// never contains names of containers.
import { counted } from '../../proto/domain/text.js';
import { containersText } from './departure.js';
import { type NodeOutput, whyNotReady } from './node.js';
import { ageOf } from './time.js';

/** Explanation is the state of a node in one sentence. */
export type Explanation = {
  /** "web-1 is ready: all 49 routes are installed" */
  readonly text: string;
  /** The next command, "on its host: " before one that is not for here; null: there is nothing to do. */
  readonly fix: string | null;
};

/** ExplanationFacts are the inputs of an explanation besides the node. */
export type ExplanationFacts = {
  /** Its host has a certificate. */
  readonly hasJoined: boolean;
  readonly nowMs: number;
};

const onHost = (command: string) => `on its host: ${command}`;

// A host that is not connected.
function awayText(node: NodeOutput, { hasJoined, nowMs }: ExplanationFacts): Explanation | undefined {
  const { name, state, availability, drain, seenAt } = node;
  switch (state) {
    case 'revoked':
      return {
        text: `${name} is revoked: controllers refuse it, and its leases and the routes to it stay until it is removed`,
        fix: `xctl nodes remove ${name} --force`,
      };
    case 'pending':
      return hasJoined
        ? {
            text: `${name} is pending: its host has joined, but xnetd never connected`,
            fix: onHost('systemctl start xnetd'),
          }
        : { text: `${name} is pending: its host has not joined`, fix: `xctl tokens create --node ${name}` };
    case 'down': {
      const since = seenAt === null ? '' : ` for ${ageOf(seenAt, nowMs)}`;
      const away = `${name} is down: its host is disconnected${since}`;
      const again = onHost('systemctl status xnetd');
      if (availability === 'leaving') return { text: `${away} and has not finished leaving`, fix: again };
      if (availability === 'draining' && drain?.drainedAt == null) {
        return { text: `${away}, and the drain waits for it`, fix: again };
      }
      return { text: `${away}, and its leases and the routes to it stay`, fix: again };
    }
  }
  return undefined;
}

// Why a connected node is not ready; undefined: it is ready.
function amissText(node: NodeOutput, nowMs: number): { readonly why: string; readonly fix: string } | undefined {
  const { state, conditions, routes } = node;
  if (state === 'ready') return undefined;
  const failing = conditions.filter(({ ok }) => !ok);
  // Problems that need an operator precede those that pass by themselves.
  const first = failing.find(({ transient }) => !transient) ?? failing[0];
  if (first === undefined) {
    const fix = routes === null ? onHost('journalctl -u xnetd') : 'xctl routes check';
    return { why: whyNotReady(node, nowMs)[0]?.text ?? state, fix };
  }
  const { type, message, reason, fix, transient } = first;
  const others = failing.length === 1 ? '' : ` (and ${counted(failing.length - 1, 'other problem', 'other problems')})`;
  const why = `${type}: ${message === '' ? reason : message}${others}`;
  return { why, fix: fix ?? onHost(transient ? 'journalctl -fu xnetd' : 'xnetd status') };
}

// A node that is draining or leaving. Obstacles come first.
function departingText(node: NodeOutput, amiss: ReturnType<typeof amissText>): Explanation | undefined {
  const { name, availability, drain } = node;
  const blocked = amiss !== undefined && node.state === 'degraded' ? amiss : undefined;
  const remove = `xctl nodes remove ${name} --wait`;
  if (availability === 'leaving' || (availability === 'draining' && drain?.leave === true)) {
    const text = `${name} is leaving: its host undoes what xnet made and its peers withdraw the routes to it`;
    return blocked === undefined
      ? { text, fix: remove }
      : { text: `${name} is leaving, but is ${node.state}: ${blocked.why}`, fix: blocked.fix };
  }
  if (availability !== 'draining') return undefined;
  if (drain?.drainedAt == null) {
    // Repeating the command shows the progress, and changes nothing.
    const follow = drain?.remove === true ? remove : `xctl nodes drain ${name}`;
    return { text: `${name} is draining: ${containersText(node)}`, fix: follow };
  }
  const text = `${name} is drained: no container used its subnets`;
  if (blocked !== undefined) return { text: `${text}, but it is ${node.state}: ${blocked.why}`, fix: blocked.fix };
  if (drain.remove) return { text: `${text}, and its host is about to leave`, fix: remove };
  return { text: `${text}, and it gets no new ones until the drain ends`, fix: `xctl nodes drain ${name} --cancel` };
}

// Leases that are not what the host uses.
function leasesText({ name, leases }: NodeOutput): Explanation | undefined {
  const ending = leases.find(({ state }) => state === 'ending');
  const wanted = leases.find(({ state }) => state === 'wanted');
  if (wanted !== undefined && ending !== undefined && wanted.mode !== 'bridge') {
    const text = `${name} is ready on ${ending.subnet}, and moves to ${wanted.subnet} when a rollout permits it`;
    return { text, fix: 'xctl rollouts list' };
  }
  if (wanted !== undefined) {
    const text = `${name} is ready, but its host does not use ${wanted.subnet} yet`;
    return { text, fix: wanted.mode !== 'bridge' ? 'xctl rollouts list' : onHost('xnetd status') };
  }
  if (ending !== undefined) {
    const text = `${name} is ready, and its lease of ${ending.subnet} ends when its host has stopped using it`;
    return { text, fix: onHost('xnetd status') };
  }
  return undefined;
}

/** explanationOf explains the state of a node. */
export function explanationOf(node: NodeOutput, facts: ExplanationFacts): Explanation {
  const { name, state, availability, drain, routes, leases, subnet } = node;
  const away = awayText(node, facts);
  if (away !== undefined) return away;
  const amiss = amissText(node, facts.nowMs);
  const departing = departingText(node, amiss);
  if (departing !== undefined) return departing;
  const cordoned = availability === 'cordoned' ? ' and cordoned' : '';
  if (amiss !== undefined) return { text: `${name} is ${state}${cordoned}: ${amiss.why}`, fix: amiss.fix };
  if (leases.length === 0 && subnet === null) {
    return { text: `${name} has no lease`, fix: `xctl leases add ${name} --pool POOL` };
  }
  const moving = leasesText(node);
  if (moving !== undefined) return moving;
  if (availability === 'cordoned' && drain?.missedAt != null) {
    const text = `${name} is ready and cordoned since its drain missed the deadline: ${containersText(node)}`;
    return { text, fix: `xctl nodes drain ${name}` };
  }
  if (availability === 'cordoned') {
    const text = `${name} is ready and cordoned: no new containers should be placed on it`;
    return { text, fix: `xctl nodes uncordon ${name}` };
  }
  const all = routes?.desired ?? 0;
  const done =
    all === 0
      ? 'it has no peers to route to'
      : all === 1
        ? 'its one route is installed'
        : `all ${all} routes are installed`;
  return { text: `${name} is ready: ${done}`, fix: null };
}
