// Which node this host is and whose, put together from its settings and its identity. Pure.
import { throwIfAny, XnetError } from '../../proto/errors.js';
import { checkEndpoint, type Endpoint } from '../../proto/rpc/endpoint.js';
import type { NodeSettings } from '../settings.js';
import { type NodeIdentity, notJoined } from './identity.js';

/** Membership is which node this is, and whose. */
export type Membership = {
  readonly node: string;
  readonly controllers: readonly Endpoint[];
  /** Absent where every controller is a unix socket. */
  readonly identity?: NodeIdentity;
};

/** needsIdentity says whether a host would have to join before it can talk to its controllers. */
export function needsIdentity(
  { controller = [] }: Pick<NodeSettings, 'controller'>,
  identity: NodeIdentity | undefined,
): boolean {
  return identity === undefined && (controller.length === 0 || controller.some(({ kind }) => kind === 'tcp'));
}

/** endpointsOf are the addresses of controllers that are addresses. */
export function endpointsOf(controllers: readonly string[]): readonly Endpoint[] {
  return controllers.flatMap((text) => {
    const checked = checkEndpoint(text);
    return 'value' in checked ? [checked.value] : [];
  });
}

const mostControllers = 16;

/**
 * withControllers are the addresses of controllers that are known when some are told of: those first, and then those that
 * were known before, since one that is away may come back. A host alone with addresses of the past would never find those
 * that have come since.
 */
export function withControllers(before: readonly string[], received: readonly string[]): readonly string[] {
  const right = received.filter((text) => endpointsOf([text]).some(({ kind }) => kind === 'tcp'));
  if (right.every((text) => before.includes(text))) return before;
  return [...new Set([...right, ...before])].slice(0, mostControllers);
}

/**
 * requireMember is what a command needs that talks to controllers.
 * @throws XnetError FailedPrecondition when the host has not joined; InvalidArgument with all that is wrong
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
  throwIfAny(problems, 'the settings are not complete');
  return { node: identity?.nodeName ?? node ?? '', controllers, ...(identity === undefined ? {} : { identity }) };
}

/**
 * requireSameNode makes sure that an identity is still that of the node that the daemon runs as.
 * @throws XnetError FailedPrecondition
 */
export function requireSameNode(before: NodeIdentity, after: NodeIdentity): void {
  if (before.clusterId === after.clusterId && before.nodeName === after.nodeName) return;
  throw new XnetError('FailedPrecondition', `this host has joined as another node, ${after.nodeName}, meanwhile`, {
    hint: 'restart the daemon: systemctl restart xnetd',
  });
}
