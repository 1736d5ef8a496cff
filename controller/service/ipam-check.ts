// The calls that check addresses and leases, and end what a check found.
import { createHash } from 'node:crypto';
import { formatIpv4, formatPrefix, prefixFromKey } from '../../proto/domain/address.js';
import { XnetError } from '../../proto/errors.js';
import type { CheckIpamResponse } from '../../proto/gen/xnet/v1/CheckIpamResponse.js';
import type { ReleaseFindingRequest__Output } from '../../proto/gen/xnet/v1/ReleaseFindingRequest.js';
import type { ReleaseFindingResponse } from '../../proto/gen/xnet/v1/ReleaseFindingResponse.js';
import { ipamFindings } from '../registry/ipam-findings.js';
import type { FleetTable } from '../table/fleet-table.js';
import { type ClusterState, mutationId, type Registries } from './admin-deps.js';

/** IpamCheckDeps are the dependencies of the calls. */
export type IpamCheckDeps = {
  readonly feed: Pick<ClusterState['feed'], 'view' | 'version' | 'fresh' | 'reached'>;
  readonly sessions: Pick<ClusterState['sessions'], 'statusOf' | 'fanout'>;
  readonly pools: Registries['pools'];
  readonly controllerId: string;
};

/** tableHash returns the SHA-256 of a route table and its pools, hexadecimal: equal for equal tables. */
export function tableHash({ entries, pools }: Pick<FleetTable, 'entries' | 'pools'>): string {
  const hash = createHash('sha256');
  for (const pool of pools) hash.update(`${formatPrefix(pool)} ${pool.subnetLength}\n`);
  for (const [id, entry] of [...entries].sort(([a], [b]) => a - b)) {
    const { nextHop, nodeName } = entry.kind === 'route' ? entry.route : { nextHop: undefined, nodeName: '' };
    const via = nextHop === undefined ? 'unresolved' : `${formatIpv4(nextHop)} ${nodeName}`;
    hash.update(`${formatPrefix(prefixFromKey(id))} ${via}\n`);
  }
  return hash.digest('hex');
}

/** checkIpam verifies the records of the store, and compares them with what nodes report. */
export async function checkIpam({ feed, sessions, controllerId }: IpamCheckDeps): Promise<CheckIpamResponse> {
  const view = await feed.fresh();
  const findings = ipamFindings(
    view,
    (nodeId) => sessions.statusOf(nodeId) ?? view.statuses.get(nodeId)?.record,
    Date.now(),
  );
  // The comparison of controllers has to find a view that lags behind.
  await feed.reached(view.revision, 2_000).catch(() => undefined);
  const { clusterId, epoch } = feed.version;
  const { table } = sessions.fanout;
  return {
    controller: controllerId,
    clusterId,
    epoch,
    revision: view.revision,
    tableRevision: table.changedAt,
    tableHash: tableHash(table),
    findings: [...findings],
  };
}

/** releaseFinding ends the record of a finding. */
export async function releaseFinding(
  { feed, pools }: IpamCheckDeps,
  request: ReleaseFindingRequest__Output,
): Promise<ReleaseFindingResponse> {
  const { clusterId, epoch } = feed.version;
  if (request.clusterId !== clusterId || request.epoch !== epoch) {
    throw new XnetError(
      'FailedPrecondition',
      'the report is of another cluster, or of before a restored store was accepted',
      {
        hint: 'check again: xctl ipam check --report FILE',
      },
    );
  }
  const { reason, key, modRevision } = request;
  const done = await pools.releaseFinding(mutationId(request), { reason, key, modRevision });
  return { change: done.message };
}
