// Determines which node of which controllers this host is, from its settings and its identity. Pure.
import { throwIfAny, XnetError } from '../../proto/errors.js';
import { checkEndpoint, type Endpoint } from '../../proto/rpc/endpoint.js';
import type { NodeSettings } from '../settings/settings.js';
import { type NodeIdentity, notJoined } from './identity.js';

/** Membership is which node this is, and whose. */
export type Membership = {
  readonly node: string;
  readonly controllers: readonly Endpoint[];
  /** Absent where every controller is a unix socket. */
  readonly identity?: NodeIdentity;
};

/** needsIdentity reports whether a host has to join before it can connect to its controllers. */
export function needsIdentity(
  { controller = [] }: Pick<NodeSettings, 'controller'>,
  identity: NodeIdentity | undefined,
): boolean {
  return identity === undefined && (controller.length === 0 || controller.some(({ kind }) => kind === 'tcp'));
}

/** endpointsOf parses addresses of controllers, and leaves invalid ones out. */
export function endpointsOf(controllers: readonly string[]): readonly Endpoint[] {
  return controllers.flatMap((text) => {
    const checked = checkEndpoint(text);
    return 'value' in checked ? [checked.value] : [];
  });
}

const mostControllers = 16;

/**
 * withControllers merges announced addresses of controllers with the known ones: the announced ones first, then the known
 * ones, as a controller that is away may come back. Without it a host with outdated addresses never finds new controllers.
 */
export function withControllers(before: readonly string[], received: readonly string[]): readonly string[] {
  const right = received.filter((text) => endpointsOf([text]).some(({ kind }) => kind === 'tcp'));
  if (right.every((text) => before.includes(text))) return before;
  return [...new Set([...right, ...before])].slice(0, mostControllers);
}

/**
 * requireMember returns the membership of this host.
 * @throws XnetError FailedPrecondition when the host has not joined; InvalidArgument with all problems
 */
export function requireMember(
  settings: Pick<NodeSettings, 'node' | 'controller'>,
  identity: NodeIdentity | undefined,
): Membership {
  const { node, controller } = settings;
  const controllers = controller ?? endpointsOf(identity?.controllers ?? []);
  if (needsIdentity(settings, identity)) throw notJoined();
  const problems: string[] = [];
  if (controllers.length === 0) {
    problems.push('--controller is missing: none of the controllers had an address that this host could reach');
  }
  if (identity === undefined && node === undefined) {
    problems.push('--node is missing: the name that was given to xctl nodes add');
  }
  if (identity !== undefined && node !== undefined && node !== identity.nodeName) {
    problems.push(`--node is ${node}, but this host has joined as ${identity.nodeName}: leave it out`);
  }
  throwIfAny(problems, 'incomplete settings');
  return { node: identity?.nodeName ?? node ?? '', controllers, ...(identity === undefined ? {} : { identity }) };
}

/**
 * requireSameNode checks that an identity still belongs to the node that the daemon runs as.
 * @throws XnetError FailedPrecondition
 */
export function requireSameNode(before: NodeIdentity, after: NodeIdentity): void {
  // A node that was removed and added again has another id; one that was renamed has another name.
  const isSame = before.nodeName === after.nodeName || before.nodeId === after.nodeId;
  if (before.clusterId === after.clusterId && isSame) return;
  throw new XnetError('FailedPrecondition', `this host has joined as another node, ${after.nodeName}, meanwhile`, {
    hint: 'restart the daemon: systemctl restart xnetd',
  });
}
