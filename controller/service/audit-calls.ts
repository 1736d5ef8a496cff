// The calls about the audit log of this controller. Each controller has its own.
import type { ListAuditRequest__Output } from '../../proto/gen/xnet/v1/ListAuditRequest.js';
import type { ListAuditResponse } from '../../proto/gen/xnet/v1/ListAuditResponse.js';
import type { VerifyAuditResponse } from '../../proto/gen/xnet/v1/VerifyAuditResponse.js';
import type { AuditLog } from '../audit/audit-log.js';

const defaultLimit = 1_000;
// About 1 KiB each; a response may have 64 MiB.
const longestLimit = 10_000;

/** AuditCalls are the calls about the audit log. */
export class AuditCalls {
  readonly #entries: AuditLog;

  constructor(entries: AuditLog) {
    this.#entries = entries;
  }

  async list({ sinceMs, subject, actor, call, limit }: ListAuditRequest__Output): Promise<ListAuditResponse> {
    const most = Math.min(longestLimit, limit === 0 ? defaultLimit : limit);
    return { entries: [...(await this.#entries.list({ sinceMs, subject, actor, call, limit: most }))] };
  }

  async verify(): Promise<VerifyAuditResponse> {
    const { ok, entries, firstSequence, head, problems } = await this.#entries.verify();
    return {
      ok,
      entries,
      firstSequence,
      lastSequence: head.sequence,
      lastHash: head.hash,
      problems: [...problems],
    };
  }
}
