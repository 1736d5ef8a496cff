// Observes every call of a controller and records each that changes something or was refused.
// Invariant: a change is announced by an entry on the disk before it is made, and settled by another entry before the
// caller gets the answer, even if the caller has disconnected. While entries can't be written, no change is made: a
// full disk blocks mutations, but neither reads nor routing.
import { quoted } from '../../proto/domain/input.js';
import { type ErrorCode, XnetError } from '../../proto/errors.js';
import { withoutSecrets } from '../../proto/pki/token.js';
import type { Logger } from '../../proto/process/log.js';
import type { CallObserver, CallResult, ObservedCall } from '../../proto/rpc/observe.js';
import { formatPeer } from '../../proto/rpc/peer.js';
import type { Appended, AuditLog } from './audit-log.js';
import { type AuditFacts, begun } from './chain.js';
import type { RecordChanges } from './records.js';
import { Refusals } from './refusals.js';

/** Settlement is the outcome of a change. */
export type Settlement = {
  readonly outcome: 'OK' | ErrorCode;
  readonly subject: string;
  readonly message: string;
  /** The changed records; absent: none. */
  readonly changes?: RecordChanges;
};

/** Recording is the record of one change, from its announcement to its outcome. */
export interface Recording {
  /**
   * begin announces the change, once. It resolves when the entry is on the disk.
   * @throws XnetError Unavailable when it can't be written: then the change must not be made
   */
  begin(planned: { readonly subject: string; readonly message: string }): Promise<void>;
  /**
   * settle records the outcome of an announced change, once. It resolves when the entry is on the disk, or can't be
   * written.
   */
  settle(settlement: Settlement): Promise<void>;
}

/** Asked identifies the caller of a change. */
export type Asked = {
  /** The request of the call, the same object that its service got; absent: no call requested the change. */
  readonly request?: object;
};

/** Recorder records changes, each beginning before it is made. */
export interface Recorder {
  /** record returns the record of a change. Nothing is written yet. */
  record(change: Asked & { readonly call: string; readonly operationId: string }): Recording;
}

/** AuditOptions are the dependencies of an audit. */
export type AuditOptions = {
  readonly entries: AuditLog;
  /** "ctl-1-3f2a" */
  readonly controllerId: string;
  readonly now: () => number;
  readonly log: Logger;
};

// Calls that change nothing. An unknown call is assumed to change something.
const reading = /^(Get|List|Watch|Verify|Report)/;
// Request fields that are never recorded.
const secret = /token|secret|password|key|csr|signing/i;
const longestRecord = 8_192;
const longestText = 1_024;

/** Audit is the observer that writes the audit log. */
export class Audit implements CallObserver, Recorder {
  readonly #options: AuditOptions;
  /** The calls under way, by their requests. */
  readonly #calls = new WeakMap<object, ObservedCall>();
  /** Calls whose changes have their own entries. */
  readonly #recorded = new WeakSet<ObservedCall>();
  readonly #refusals = new Refusals();

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  record({ call: name, operationId, request }: Parameters<Recorder['record']>[0]): Recording {
    const call = request === undefined ? undefined : this.#calls.get(request);
    const isAsked = call !== undefined && !reading.test(call.name);
    const facts = call === undefined ? this.#ofOurOwn(name, operationId) : this.#factsOf(call);
    // A change that a call causes in passing is named after the change, such as the restoration of a node that watches.
    const about = isAsked ? facts : { ...facts, call: name };
    let announced: Promise<Appended | undefined> | undefined;
    let settled = false;
    const settle = async ({ outcome, subject, message, changes }: Settlement): Promise<void> => {
      if (announced === undefined || settled) return;
      settled = true;
      const settles = (await announced)?.sequence;
      await this.#append({
        ...about,
        timeMs: this.#options.now(),
        subject: cut(subject),
        outcome,
        message: cut(message),
        ...(changes === undefined ? {} : { before: bounded(changes.before), after: bounded(changes.after) }),
        ...(settles === undefined ? {} : { settles }),
      });
    };
    return {
      settle,
      begin: async ({ subject, message }) => {
        if (announced !== undefined) return;
        const refusal = await this.#refusal();
        if (refusal !== undefined) throw refusal;
        if (isAsked) this.#recorded.add(call);
        announced = this.#append({ ...about, subject: cut(subject), outcome: begun, message: cut(message) });
        if ((await announced)?.written === true) return;
        const error = this.#unwritten();
        await settle({ outcome: error.code, subject, message: `not done: ${error.message}` });
        throw error;
      },
    };
  }

  readonly before: CallObserver['before'] = ({ name }) => {
    if (reading.test(name) || this.#options.entries.problem === undefined) return undefined;
    return this.#refusal();
  };

  async #refusal(): Promise<XnetError | undefined> {
    const { entries } = this.#options;
    if (entries.problem === undefined) return undefined;
    await entries.settle();
    return entries.problem === undefined ? undefined : this.#unwritten();
  }

  #unwritten(): XnetError {
    const { problem = 'too many entries wait to be written' } = this.#options.entries;
    return new XnetError('NotWritable', `refusing changes because the audit log can't be written: ${problem}`, {
      hint: 'make room on the disk of this controller, or use another controller',
    });
  }

  readonly around: CallObserver['around'] = (call, run) => {
    const { request } = call;
    if (typeof request === 'object' && request !== null) this.#calls.set(request, call);
    run();
  };

  // A recorded change has its own entries by now, whether or not the caller still waits.
  readonly ended: CallObserver['ended'] = (call, ending) => {
    if (this.#recorded.has(call)) return undefined;
    const isRefusal = ending.outcome === 'PermissionDenied' || ending.outcome === 'Unauthenticated';
    if (!isRefusal && reading.test(call.name)) return undefined;
    if (ending.outcome === 'OK' && isDryRun(call.request)) return undefined;
    const untold = ending.outcome === 'OK' ? 0 : this.#refusals.take(call.peer, this.#options.now());
    if (untold === undefined) return undefined;
    return this.#end(call, ending, untold);
  };

  async #end(call: ObservedCall, { outcome, message }: CallResult, untold: number): Promise<void> {
    const missing = untold === 0 ? '' : `${untold} refused calls before this one were not logged; `;
    await this.#append({ ...this.#factsOf(call), outcome, message: cut(`${missing}${message}`) });
  }

  async #append(facts: AuditFacts): Promise<Appended | undefined> {
    const { actor, call, subject, operationId, outcome } = facts;
    // Returns the head at this entry: others may have been appended by the time it is written.
    const appended = await this.#options.entries.append(facts);
    // The journal is a second copy that an attacker who edits the files would have to change as well.
    const { sequence, hash } = appended ?? {};
    this.#options.log.info({ actor, call, subject, operationId, outcome, sequence, hash }, 'audit');
    return appended;
  }

  #factsOf({ peer, request, name }: ObservedCall): AuditFacts {
    return {
      timeMs: this.#options.now(),
      actor: cut(formatPeer(peer)),
      serial: peer.kind === 'certificate' ? peer.serial : '',
      source: peer.kind === 'local' ? '' : peer.address,
      call: name,
      operationId: cut(textOf(request, 'operationId')),
      subject: cut(subjectOf(request)),
      request: bounded(request),
      before: '',
      after: '',
      outcome: '',
      message: '',
      controller: this.#options.controllerId,
    };
  }

  // The facts of a change that no call requested.
  #ofOurOwn(call: string, operationId: string): AuditFacts {
    const { now, controllerId: controller } = this.#options;
    return {
      timeMs: now(),
      actor: `controller/${controller}`,
      serial: '',
      source: '',
      call,
      operationId,
      subject: '',
      request: '',
      before: '',
      after: '',
      outcome: '',
      message: '',
      controller,
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

// The object that a request names, for a call that was refused before it was resolved.
function subjectOf(request: unknown): string {
  const fields = ['name', 'node', 'nodeName', 'nodeId', 'pool', 'cidr', 'subnet', 'id', 'serial'];
  return fields.map((field) => textOf(request, field)).find((text) => text !== '') ?? '';
}

function cut(whole: string): string {
  const text = withoutSecrets(whole);
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

// Returns a copy without bytes, and without the content of fields that may be secret.
function shown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value)) return '…';
  if (Array.isArray(value)) return value.map(shown);
  // Without a prototype: any name is that of a field.
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [field, each] of Object.entries(value)) {
    if (!secret.test(field)) copy[field] = shown(each);
    else if (each !== '' && each !== undefined) copy[field] = '…';
  }
  return copy;
}

function bounded(value: unknown): string {
  const text = JSON.stringify(shown(value));
  if (text === undefined) return '';
  return shortened(withoutSecrets(text));
}

function shortened(text: string): string {
  if (text.length <= longestRecord) return text;
  return JSON.stringify({ cut: quoted(text.slice(0, longestText)), characters: text.length });
}
