// Finds the end of a path that an operator names: a node, a container of a node, or an address. Pure.
import { formatIpv4, formatPrefix, gatewayOf, parseIpv4, prefixContains } from '../../proto/domain/address.js';
import { checkDockerName, quoted } from '../../proto/domain/input.js';
import { primaryLease } from '../../proto/domain/network.js';
import { XnetError } from '../../proto/errors.js';
import { staticRoutes } from '../registry/static-routes.js';
import { assignmentOf } from '../view/assignment.js';
import type { ReadonlyView } from '../view/view.js';
import { findNode } from './find-node.js';

/** FoundEnd is one end of a path. */
export type FoundEnd = {
  /** Name of the node, or of the host of a static route. */
  readonly node: string;
  /** Undefined for the host of a static route. */
  readonly nodeId: string | undefined;
  /** "192.168.83.11" */
  readonly nodeAddress: string;
  /** Name or id; empty: none was named. */
  readonly container: string;
  /** Empty with a container. Of a node: that of its bridge, in mode lan that of the host. */
  readonly address: string;
  /** The routed subnet that has the address; empty for a node address, in mode lan, and with a container. */
  readonly subnet: string;
};

/**
 * findPathEnd finds "web-1", "n-3f9a", "web-1/api", "10.76.3.7" or "192.168.83.11".
 * @throws XnetError NotFound, InvalidArgument
 */
export function findPathEnd(view: ReadonlyView, text: string): FoundEnd {
  const address = parseIpv4(text);
  if (address !== undefined) return ofAddress(view, text);
  const [name = '', container, ...more] = text.split('/');
  if (more.length > 0 || name === '' || container === '') throw notAnEnd(text);
  if (container !== undefined) {
    const checked = checkDockerName(container);
    if ('problem' in checked) {
      throw new XnetError('InvalidArgument', `${quoted(container)} is not the name or id of a container`);
    }
  }
  const nodeId = findNode(view, name);
  const assignment = assignmentOf(view, nodeId);
  if (assignment === undefined) {
    throw new XnetError('FailedPrecondition', `a record of node ${name} can't be read`, { hint: 'see: xctl status' });
  }
  const { subnet, mode } = primaryLease(assignment);
  const nodeAddress = formatIpv4(assignment.address);
  const own = { node: assignment.nodeName, nodeId, nodeAddress };
  if (container !== undefined) return { ...own, container, address: '', subnet: '' };
  // No bridge has the first address of a subnet in the LAN: it may be a container's.
  if (mode === 'lan') return { ...own, container: '', address: nodeAddress, subnet: '' };
  return { ...own, container: '', address: formatIpv4(gatewayOf(subnet)), subnet: formatPrefix(subnet) };
}

function ofAddress(view: ReadonlyView, text: string): FoundEnd {
  const address = parseIpv4(text);
  for (const held of address === undefined ? [] : staticRoutes(view)) {
    if (address === undefined) continue;
    const isHost = held.record.nextHop === address;
    if (!isHost && !prefixContains(held.subnet, address)) continue;
    return {
      node: held.record.name === '' ? formatIpv4(held.record.nextHop) : held.record.name,
      nodeId: undefined,
      nodeAddress: formatIpv4(held.record.nextHop),
      container: '',
      address: text,
      subnet: isHost ? '' : formatPrefix(held.subnet),
    };
  }
  const nodeId = ownerOf(view, text);
  const assignment = assignmentOf(view, nodeId);
  if (assignment === undefined || address === undefined) throw nobodys(text);
  const lease = assignment.leases.find(({ subnet, mode }) => mode !== 'lan' && prefixContains(subnet, address));
  return {
    node: assignment.nodeName,
    nodeId,
    nodeAddress: formatIpv4(assignment.address),
    container: '',
    address: text,
    subnet: lease === undefined ? '' : formatPrefix(lease.subnet),
  };
}

function ownerOf(view: ReadonlyView, text: string): string {
  try {
    return findNode(view, text);
  } catch (error) {
    if (error instanceof XnetError && error.code === 'NotFound') throw nobodys(text);
    throw error;
  }
}

function nobodys(address: string): XnetError {
  return new XnetError('NotFound', `no node has ${address}, and no lease or static route is to it`, {
    hint: 'xnet routes containers and hosts of the fleet only; see: xctl leases list',
  });
}

function notAnEnd(text: string): XnetError {
  return new XnetError('InvalidArgument', `${quoted(text)} is not an end of a path`, {
    hint: 'give a node (web-1), a container (web-1/api) or an address (10.76.3.7)',
  });
}
