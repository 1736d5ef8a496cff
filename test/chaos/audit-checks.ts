// Whether the audit logs of the controllers are whole, and have an entry of every committed mutation.
import { callUnary } from '../../proto/rpc/channel.js';
import type { StoredVersion } from '../support/etcd-history.js';
import { operationsIn } from './history-checks.js';
import type { Site } from './site.js';

const options = { timeoutMs: 60_000 };
const mostEntries = 100_000;

/** auditProblems reads the logs of both controllers and compares them with the history of the store. */
export async function auditProblems(site: Site, history: readonly StoredVersion[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const outcomes = new Map<string, Set<string>>();
  for (const { admin, name, wasKilled } of site.controllers) {
    const { ok, problems: broken } = await callUnary(admin.verifyAudit.bind(admin), {}, options);
    if (!ok) problems.push(...broken.map((problem) => `the audit log of ${name}: ${problem}`));
    const { entries } = await callUnary(admin.listAudit.bind(admin), { limit: mostEntries }, options);
    for (const { operationId, outcome, call } of entries) {
      outcomes.set(operationId, (outcomes.get(operationId) ?? new Set()).add(outcome));
      if (outcome === 'Begun' && !wasKilled) problems.push(`${name} was not killed, and its ${call} has no outcome`);
    }
  }
  for (const id of operationsIn(history).keys()) {
    const found = outcomes.get(id);
    if (found === undefined) problems.push(`the committed operation ${id} is in no audit log`);
    else if (!found.has('OK') && !found.has('Begun')) {
      problems.push(`the committed operation ${id} has the outcome ${[...found].join(', ')} in the audit logs`);
    }
  }
  return problems;
}
