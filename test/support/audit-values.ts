// Values that tests of the audit log share.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { AuditLog, type AuditLogOptions, type AuditQuery } from '../../controller/audit/audit-log.js';
import type { AuditFacts } from '../../controller/audit/chain.js';
import type { ObservedCall } from '../../proto/rpc/observe.js';
import { silent } from './controller.js';
import { address } from './pools.js';

/** facts returns one audited call of admin/alice; `more` overrides fields. */
export const facts = (subject: string, more: Partial<AuditFacts> = {}): AuditFacts => ({
  timeMs: 1,
  actor: 'admin/alice',
  serial: '0a',
  source: '192.168.83.7',
  call: 'AddNode',
  operationId: 'op',
  subject,
  request: '{}',
  before: '',
  after: '',
  outcome: 'OK',
  message: '',
  controller: 'c-1',
  ...more,
});

/** all is a query that matches every entry. */
export const all: AuditQuery = { sinceMs: 0, subject: '', actor: '', call: '', limit: 100_000 };

/** folder returns the path of a new audit directory, removed with the test. */
export function folder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-audit-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'audit');
}

/** open opens the audit log in a directory. */
export const open = (dir: string, more: Partial<AuditLogOptions> = {}) => AuditLog.open({ dir, log: silent, ...more });

/** files lists the log files of a directory, ordered by name. */
export const files = (dir: string) =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(dir, name));

/** only returns the path of the first log file; "" if there is none. */
export const only = (dir: string) => files(dir)[0] ?? '';

/** newNode is a request to add the node web-1. */
export const newNode = { name: 'web-1', address: address('192.168.83.11'), labels: {} };

/** call is an observed call over the unix socket or from a stranger. */
export const call = (name: string, request: unknown, actor: 'local' | 'node' = 'local'): ObservedCall => ({
  name,
  request,
  peer: actor === 'local' ? { kind: 'local' } : { kind: 'stranger', address: '192.168.83.66' },
});
