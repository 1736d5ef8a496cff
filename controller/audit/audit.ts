// Sees every call of a controller and has an entry written for each that changes something, or that was not allowed.
// Invariant: who asked for a change gets the answer after its entry was written; and once an entry can't be written, no
// change is made until it can. A full disk so stops changes, and neither reading nor routing.
import { AsyncLocalStorage } from 'node:async_hooks';
import { quoted } from '../../proto/domain/input.js';
import { XnetError } from '../../proto/errors.js';
import { withoutSecrets } from '../../proto/pki/token.js';
import type { Logger } from '../../proto/process/log.js';
import type { CallObserver, Ending, ObservedCall } from '../../proto/rpc/observe.js';
import { formatPeer } from '../../proto/rpc/peer.js';
import type { AuditLog } from './audit-log.js';
import type { AuditFacts } from './chain.js';
import type { RecordChanges } from './records.js';

/** ChangeNote is what a mutation tells of what it did. */
export type ChangeNote = RecordChanges & { readonly subject: string; readonly message: string };

/** AuditOptions are what an audit is made of. */
export type AuditOptions = {
  readonly entries: AuditLog;
  /** "ctl-1-3f2a" */
  readonly controllerId: string;
  readonly now: () => number;
  readonly log: Logger;
};

// Calls that change nothing. A call that is not known to is taken to change something.
const reading = /^(Get|List|Watch|Verify|Report)/;
// A field of a request that nobody may read later.
const secret = /token|secret|password|key|csr|signing/i;
const longestRecord = 8_192;
const longestText = 1_024;
// Refused calls are cheap to make: beyond these, as many per second are written and the others counted.
const refusalBurst = 200;
const refusalsPerSecond = 2;

type Trail = { note: ChangeNote | undefined };

/** Audit is the observer that writes the audit log. */
export class Audit implements CallObserver {
  readonly #options: AuditOptions;
  readonly #trails = new AsyncLocalStorage<Trail>();
  readonly #open = new WeakMap<ObservedCall, Trail>();
  #allowance = refusalBurst;
  #allowanceAt = 0;
  #untold = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** note takes in what the call that runs at this moment has changed. */
  note(note: ChangeNote): void {
    const trail = this.#trails.getStore();
    if (trail !== undefined) trail.note = note;
  }

  readonly before: CallObserver['before'] = ({ name }) => {
    if (reading.test(name) || this.#options.entries.problem === undefined) return undefined;
    return this.#retry();
  };

  async #retry(): Promise<XnetError | undefined> {
    const { entries } = this.#options;
    await entries.settle();
    if (entries.problem === undefined) return undefined;
    return new XnetError(
      'Unavailable',
      `nothing is changed as long as the audit log can't be written: ${entries.problem}`,
      {
        hint: 'make room on the disk of this controller, or use another controller',
      },
    );
  }

  readonly around: CallObserver['around'] = (call, run) => {
    const trail: Trail = { note: undefined };
    this.#open.set(call, trail);
    this.#trails.run(trail, run);
  };

  readonly ended: CallObserver['ended'] = (call, ending) => {
    const isRefusal = ending.outcome === 'PermissionDenied' || ending.outcome === 'Unauthenticated';
    if (!isRefusal && reading.test(call.name)) return undefined;
    if (ending.outcome === 'OK' && isDryRun(call.request)) return undefined;
    if (ending.outcome !== 'OK' && !this.#mayTell()) {
      this.#untold += 1;
      return undefined;
    }
    return this.#write(call, ending);
  };

  async #write(call: ObservedCall, ending: Ending): Promise<void> {
    const facts = this.#factsOf(call, ending);
    const { actor, call: name, subject, operationId, outcome } = facts;
    // Its own: others may have come behind it by the time it is written.
    const head = await this.#options.entries.append(facts);
    // The journal is another place, which who changes files here has to change as well.
    this.#options.log.info({ actor, call: name, subject, operationId, outcome, ...head }, 'audit');
  }

  #mayTell(): boolean {
    const now = this.#options.now();
    this.#allowance = Math.min(
      refusalBurst,
      this.#allowance + (Math.max(0, now - this.#allowanceAt) / 1000) * refusalsPerSecond,
    );
    this.#allowanceAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  #factsOf(call: ObservedCall, { outcome, message }: Ending): AuditFacts {
    const { peer, request, name } = call;
    const note = this.#open.get(call)?.note;
    const untold = this.#untold === 0 ? '' : `${this.#untold} refused calls before this one are not told; `;
    this.#untold = 0;
    return {
      timeMs: this.#options.now(),
      actor: cut(formatPeer(peer)),
      serial: peer.kind === 'certificate' ? peer.serial : '',
      source: peer.kind === 'local' ? '' : peer.address,
      call: name,
      operationId: cut(textOf(request, 'operationId')),
      subject: cut(note?.subject ?? subjectOf(request)),
      request: bounded(request),
      before: note === undefined ? '' : bounded(note.before),
      after: note === undefined ? '' : bounded(note.after),
      outcome,
      message: cut(`${untold}${note?.message ?? message}`),
      controller: this.#options.controllerId,
    };
  }
}

function textOf(request: unknown, field: string): string {
  if (typeof request !== 'object' || request === null) return '';
  const value: unknown = Reflect.get(request, field);
  return typeof value === 'string' ? value : '';
}

function isDryRun(request: unknown): boolean {
  return typeof request === 'object' && request !== null && Reflect.get(request, 'dryRun') === true;
}

// What the request names, where the call was refused before anybody looked for it.
function subjectOf(request: unknown): string {
  const fields = ['name', 'node', 'nodeName', 'nodeId', 'pool', 'cidr', 'subnet', 'id', 'serial'];
  return fields.map((field) => textOf(request, field)).find((text) => text !== '') ?? '';
}

function cut(whole: string): string {
  const text = withoutSecrets(whole);
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

function bounded(value: unknown): string {
  const text = JSON.stringify(value, (field, each: unknown) => {
    if (field !== '' && secret.test(field)) return each === '' || each === undefined ? undefined : '…';
    return Buffer.isBuffer(each) ? '…' : each;
  });
  if (text === undefined) return '';
  return shortened(withoutSecrets(text));
}

function shortened(text: string): string {
  if (text.length <= longestRecord) return text;
  return JSON.stringify({ cut: quoted(text.slice(0, longestText)), characters: text.length });
}
