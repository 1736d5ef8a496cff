// `xctl ipam`: checks addresses and leases, and repairs what a check found.
// Invariant: a repair is made only of what is still as the report has it.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { counted, escaped } from '../../proto/domain/text.js';
import { exitCodes, messageOf, XnetError } from '../../proto/errors.js';
import { fileError, writeAtomically } from '../../proto/process/atomic-file.js';
import { pause } from '../../proto/process/backoff.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import {
  agree,
  type CheckedController,
  type FindingOutput,
  findingKind,
  type IpamReport,
  ipamReportOf,
  reportSchema,
} from '../output/ipam.js';

// Controllers that follow the same changes have the same table within milliseconds.
const attempts = 5;
const betweenMs = 500;

async function askAll({ client }: CommandContext): Promise<readonly CheckedController[]> {
  const answers = await client.readEach((ipam) => ipam.checkIpam.bind(ipam), {});
  return answers.map(({ endpoint, ...answer }) => ({
    endpoint: formatEndpoint(endpoint),
    ...('response' in answer ? { answer: answer.response } : { problem: messageOf(answer.error) }),
  }));
}

async function writeReport(path: string, report: IpamReport): Promise<void> {
  try {
    await writeAtomically(path, Buffer.from(`${JSON.stringify(report, null, 2)}\n`), { mode: 0o600 });
  } catch (error) {
    throw fileError(`can't write ${path}`, error);
  }
}

/** CheckOptions are the options of `ipam check`. */
export type CheckOptions = { readonly report?: string };

/** checkFleet lists all findings; exit code 8 if there are any. */
export async function checkFleet(context: CommandContext, { report: path }: CheckOptions): Promise<void> {
  const { output } = context;
  let checked = await askAll(context);
  for (let attempt = 1; attempt < attempts && !agree(checked); attempt++) {
    await pause(betweenMs);
    checked = await askAll(context);
  }
  const report = ipamReportOf(checked, Date.now());
  if (report.controllers.length === 0) {
    throw new XnetError('Unavailable', 'no controller answers', {
      problems: report.findings.map(({ subject, message }) => `${subject}: ${message}`),
    });
  }
  const { findings, controllers, revision } = report;
  if (path !== undefined) {
    await writeReport(path, report);
    output.message(`the report is in ${path}`);
  }
  const what = `${counted(controllers.length, 'controller', 'controllers')} at revision ${revision}`;
  if (output.forPeople && findings.length === 0) output.write(`nothing is wrong: checked ${what}`);
  else await output.list(findingKind, findings, { controllers, revision, madeAt: report.madeAt });
  if (findings.length > 0) process.exitCode = exitCodes.problemsFound;
}

async function readReport(path: string): Promise<IpamReport> {
  try {
    return v.parse(reportSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new XnetError('InvalidArgument', `${path} is not a report: ${messageOf(error)}`, {
      hint: 'make one with: xctl ipam check --report FILE',
      cause: error,
    });
  }
}

/** ReleaseReportOptions are the options of `ipam release`. */
export type ReleaseReportOptions = { readonly fromReport: string; readonly dryRun: boolean };

type Planned = { readonly finding: FindingOutput; readonly change?: string; readonly problem?: string };

async function attempt(
  context: CommandContext,
  report: IpamReport,
  finding: FindingOutput,
  dryRun: boolean,
): Promise<Planned> {
  const { reason, key, modRevision } = finding;
  const { clusterId, epoch } = report;
  const request = { clusterId, epoch, reason, key, modRevision, dryRun };
  try {
    const { change } = await context.client.change((ipam) => ipam.releaseFinding.bind(ipam), request);
    return { finding, change };
  } catch (error) {
    if (!(error instanceof XnetError) || !['FailedPrecondition', 'InvalidArgument', 'NotFound'].includes(error.code))
      throw error;
    return { finding, problem: error.message };
  }
}

/** releaseFromReport ends the orphaned records that a check found: it shows the plan, then carries it out. */
export async function releaseFromReport(
  context: CommandContext,
  { fromReport, dryRun }: ReleaseReportOptions,
): Promise<void> {
  const { output } = context;
  const report = await readReport(fromReport);
  const own = report.findings.filter(({ key }) => key !== '');
  for (const { subject, fix } of report.findings.filter(({ key }) => key === '')) {
    output.message(`${escaped(subject)}: not repaired here: ${escaped(fix)}`);
  }
  const plan: Planned[] = [];
  for (const finding of own) plan.push(await attempt(context, report, finding, true));
  const due = plan.filter(({ change }) => change !== undefined);
  for (const { finding, change, problem } of plan) {
    output.message(
      change === undefined
        ? `${escaped(finding.key)}: not released: ${escaped(problem ?? '')}`
        : `${escaped(finding.key)}: ${escaped(change)}`,
    );
  }
  const question = {
    what: `release ${counted(due.length, 'record', 'records')}`,
    name: 'yes',
    severe: false,
    given: undefined,
  };
  if (!dryRun && due.length > 0 && !(await confirmed(context, question))) return;
  const done: Planned[] = [];
  if (!dryRun) for (const { finding } of due) done.push(await attempt(context, report, finding, false));
  const released = done.filter(({ change }) => change !== undefined).map(({ finding }) => finding.key);
  for (const { finding, problem } of done) {
    if (problem !== undefined) output.message(`${escaped(finding.key)}: not released: ${escaped(problem)}`);
  }
  const left = own.length - (dryRun ? due.length : released.length);
  const text = dryRun
    ? `would release ${counted(due.length, 'record', 'records')}`
    : `released ${counted(released.length, 'record', 'records')}`;
  await output.show({
    value: { released, planned: due.map(({ finding }) => finding.key), left, dryRun },
    name: released.join('\n'),
    text: () => [left === 0 ? text : `${text}; ${left} left`],
  });
  if (left > 0) process.exitCode = exitCodes.conflict;
}
