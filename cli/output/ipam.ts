// Findings of `xctl ipam check` in JSON and as tables, and the report of them. Pure.
// Invariant: fields of the output types are only ever added.
import * as v from 'valibot';
import { escaped } from '../../proto/domain/text.js';
import type { CheckIpamResponse__Output } from '../../proto/gen/xnet/v1/CheckIpamResponse.js';
import type { Kind } from './columns.js';

const finding = v.object({
  reason: v.string(),
  subject: v.string(),
  message: v.string(),
  fix: v.string(),
  key: v.string(),
  modRevision: v.number(),
});

const controller = v.object({
  endpoint: v.string(),
  id: v.string(),
  revision: v.number(),
  tableRevision: v.number(),
  tableHash: v.string(),
});

/** reportSchema is the schema of a report. */
export const reportSchema = v.object({
  madeAt: v.string(),
  clusterId: v.string(),
  epoch: v.number(),
  revision: v.number(),
  controllers: v.array(controller),
  findings: v.array(finding),
});

/** IpamReport is the outcome of a check. */
export type IpamReport = v.InferOutput<typeof reportSchema>;

/** FindingOutput is one finding. */
export type FindingOutput = IpamReport['findings'][number];

/** CheckedController is the answer of one controller; absent: it did not answer. */
export type CheckedController = {
  readonly endpoint: string;
  readonly answer?: CheckIpamResponse__Output;
  readonly problem?: string;
};

/** agree reports whether all controllers that answered have the same table. */
export function agree(checked: readonly CheckedController[]): boolean {
  const tables = checked.flatMap(({ answer }) =>
    answer === undefined ? [] : [`${answer.tableRevision} ${answer.tableHash}`],
  );
  return new Set(tables).size <= 1;
}

function ofControllers(checked: readonly CheckedController[]): readonly FindingOutput[] {
  const found: FindingOutput[] = [];
  const add = (reason: string, subject: string, message: string, fix: string) =>
    found.push({ reason, subject, message, fix, key: '', modRevision: 0 });
  const [first, ...others] = checked.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  for (const { endpoint, problem } of checked) {
    if (problem !== undefined) add('ControllerSilent', `controller/${endpoint}`, problem, 'start it; see: xctl status');
  }
  for (const other of others) {
    if (first === undefined) break;
    const subject = `controller/${other.controller}`;
    const fix = `restart it: systemctl restart xnet-controller; see its log`;
    if (other.clusterId !== first.clusterId || other.epoch !== first.epoch) {
      add('ControllerOfAnotherStore', subject, `it uses another store than ${first.controller}`, 'see: xctl status');
    } else if (other.tableRevision !== first.tableRevision) {
      const message = `its route table is of revision ${other.tableRevision}, that of ${first.controller} is of ${first.tableRevision}`;
      add('ControllerBehind', subject, message, fix);
    } else if (other.tableHash !== first.tableHash) {
      const message = `its route table of revision ${other.tableRevision} is not that of ${first.controller}`;
      add('TablesDiffer', subject, message, fix);
    }
  }
  return found;
}

/** ipamReportOf returns the report of a check: the findings of the newest answer, and those about the controllers. */
export function ipamReportOf(checked: readonly CheckedController[], nowMs: number): IpamReport {
  const answers = checked.flatMap(({ endpoint, answer }) => (answer === undefined ? [] : [{ endpoint, ...answer }]));
  const [newest] = [...answers].sort((a, b) => b.revision - a.revision);
  return {
    madeAt: new Date(nowMs).toISOString(),
    clusterId: newest?.clusterId ?? '',
    epoch: newest?.epoch ?? 0,
    revision: newest?.revision ?? 0,
    controllers: answers.map(({ endpoint, controller: id, revision, tableRevision, tableHash }) => ({
      endpoint,
      id,
      revision,
      tableRevision,
      tableHash,
    })),
    findings: [...ofControllers(checked), ...(newest?.findings ?? [])],
  };
}

/** findingKind describes how findings are printed. */
export const findingKind: Kind<FindingOutput> = {
  plural: 'findings',
  nameOf: ({ subject }) => subject,
  columns: [
    { header: 'REASON', cell: ({ reason }, { colors }) => ({ text: escaped(reason), paint: colors.bad }) },
    { header: 'SUBJECT', cell: ({ subject }) => escaped(subject) },
    { header: 'MESSAGE', cell: ({ message }) => escaped(message) },
    { header: 'FIX', cell: ({ fix }) => escaped(fix) },
  ],
};
