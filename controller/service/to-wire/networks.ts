// Converts named networks to messages, with what each node has of them. Pure.
import { formatPrefix } from '../../../proto/domain/address.js';
import type { MemberState__Output } from '../../../proto/gen/xnet/v1/MemberState.js';
import type { Network } from '../../../proto/gen/xnet/v1/Network.js';
import type { NetworkMember } from '../../../proto/gen/xnet/v1/NetworkMember.js';
import { endProblem } from '../../network/member-leases.js';
import { foreignNetworkOn, isSelected, leaseIn, memberIds, memberRefusal } from '../../network/members.js';
import type { NetworkUser } from '../../network/removal.js';
import { type Room, roomIfKnown } from '../../network/room.js';
import type { NetworkRecord } from '../../store/records.js';
import { useOf } from '../../view/leases.js';
import type { ReadonlyView } from '../../view/view.js';
import type { Live } from './live.js';

/** NamedNetwork is a named network, present or planned. */
export type NamedNetwork = { readonly name: string; readonly record: NetworkRecord };

type Facts = { readonly live: Pick<Live, 'statusOf' | 'isConnected'>; readonly nowMs: number };

function statusOf(view: ReadonlyView, nodeId: string, { live }: Pick<Facts, 'live'>) {
  return live.statusOf(nodeId) ?? view.statuses.get(nodeId)?.record;
}

/** networkUsers returns the nodes with containers attached to a network. */
export function networkUsers(view: ReadonlyView, name: string, live: Facts['live']): readonly NetworkUser[] {
  return memberIds(view, name, undefined).flatMap((id) => {
    const lease = leaseIn(view, name, id);
    const use = lease && useOf(statusOf(view, id, { live })?.leases ?? [], lease);
    const node = view.nodes.get(id)?.record.name ?? id;
    return use?.inUse === true ? [{ node, containers: use.attached ?? [] }] : [];
  });
}

/** wireMembers returns what each node has of a network, or would have. */
export function wireMembers(view: ReadonlyView, network: NamedNetwork, facts: Facts): NetworkMember[] {
  const { name, record } = network;
  const room = roomIfKnown(view, record.pool, facts.nowMs);
  return memberIds(view, name, record.removing === undefined ? record : undefined).map((id) =>
    memberOf(view, network, { id, room, ...facts }),
  );
}

function memberOf(
  view: ReadonlyView,
  { name, record }: NamedNetwork,
  { id, room, live, nowMs }: { readonly id: string; readonly room: Room | undefined } & Facts,
): NetworkMember {
  const node = view.nodes.get(id)?.record;
  const status = statusOf(view, id, { live });
  const lease = leaseIn(view, name, id);
  const use = lease && useOf(status?.leases ?? [], lease);
  const refusal = lease === undefined ? memberRefusal(view, name, record, id) : undefined;
  const isFull = node !== undefined && room?.free === 0 && !room.hasOwn(node);
  const isToGo = record.removing !== undefined || (node !== undefined && !isSelected(record, id, node));
  const problem =
    lease?.record.endingMs === undefined ? endProblem({ view, network: name, nodeId: id, nowMs }) : undefined;
  const state = ((): MemberState__Output => {
    if (lease === undefined) return refusal !== undefined || isFull ? 'MEMBER_STATE_REFUSED' : 'MEMBER_STATE_PENDING';
    if (isToGo || lease.record.endingMs !== undefined) return 'MEMBER_STATE_ENDING';
    return use?.inForce === true ? 'MEMBER_STATE_IN_FORCE' : 'MEMBER_STATE_WANTED';
  })();
  const docker = status?.conditions.find(({ type, ok }) => type === 'Docker' && !ok);
  const [message, fix] = ((): readonly [string, string] => {
    if (refusal !== undefined) return [refusal.message, refusal.fix];
    if (problem !== undefined) return [problem.message, problem.hint ?? ''];
    if (state === 'MEMBER_STATE_REFUSED') {
      return [`pool ${record.pool} has no free subnet`, `xctl pools resize ${record.pool} --cidr CIDR`];
    }
    if (state === 'MEMBER_STATE_WANTED' && docker !== undefined) return [docker.message, docker.fix ?? ''];
    if (state === 'MEMBER_STATE_PENDING' && foreignNetworkOn(view, name, id)) {
      return [`its host has a Docker network ${name} that xnet did not make`, `docker network rm ${name}, on the host`];
    }
    const isStuck = state === 'MEMBER_STATE_ENDING' && !view.sessions.has(id) && !live.isConnected(id);
    const subnet = lease === undefined ? '' : formatPrefix(lease.subnet);
    return isStuck
      ? ['its host is not connected', `if it is gone for good: xctl leases end ${node?.name ?? id} ${subnet} --force`]
      : ['', ''];
  })();
  return {
    nodeName: node?.name ?? id,
    nodeId: id,
    state,
    subnet: lease === undefined ? '' : formatPrefix(lease.subnet),
    message,
    fix,
    containers: [...(use?.attached ?? [])],
    inUse: use?.inUse === true,
    connected: view.sessions.has(id) || live.isConnected(id),
  };
}

/** wireFromNetwork returns the message of a network. @param members of wireMembers */
export function wireFromNetwork(
  view: ReadonlyView,
  { name, record }: NamedNetwork,
  members: readonly NetworkMember[],
): Network {
  const names = (ids: readonly string[]) => ids.map((id) => view.nodes.get(id)?.record.name ?? id).sort();
  const count = (state: MemberState__Output) => members.filter((member) => member.state === state).length;
  return {
    name,
    pool: record.pool,
    bridgeName: record.bridgeName,
    selector: { all: record.all, labels: { ...record.labels }, nodes: names(record.nodes) },
    except: names(record.except.filter((id) => view.nodes.get(id) !== undefined)),
    createdMs: record.createdMs,
    removingMs: record.removing?.sinceMs ?? 0,
    disconnect: record.removing?.disconnect ?? false,
    members: members.length,
    inForce: count('MEMBER_STATE_IN_FORCE'),
    refused: count('MEMBER_STATE_REFUSED'),
    ending: count('MEMBER_STATE_ENDING'),
    inUse: members.filter(({ inUse }) => inUse).length,
  };
}
