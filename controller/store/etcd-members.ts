// The members of one etcd: chooses the member for each call and tracks the health of all. A heartbeat asks every member
// whether it answers and has a leader.
// Invariant: a call that may have had an effect is never repeated. Calls stay with one member as long as it is healthy.
// Reads, and calls that certainly had no effect, move on to the next member.
import { XnetError } from '../../proto/errors.js';
import { Alarm, pause } from '../../proto/process/backoff.js';
import { clientOf, type EtcdClient, type EtcdOptions } from './etcd-client.js';
import { abandoned, briefly, type CallKind, type Failure, failureOf } from './etcd-errors.js';

/** Member is one member of an etcd, as this process sees it. */
export type Member = {
  readonly endpoint: string;
  readonly client: EtcdClient;
  /** Why calls avoid this member; undefined: they do not. */
  problem: string | undefined;
  /** "memberID:10276657743932975437 alarm:NOSPACE" */
  alarms: readonly string[];
  leader: string;
  /** Time of its last answered heartbeat, on the monotonic clock. */
  answeredAt: number;
  /** Consecutive heartbeats that were not answered in time. */
  late: number;
  readonly calls: Set<CallUnderWay>;
  /** Triggers the next heartbeat at once. */
  readonly due: Alarm;
};

type CallUnderWay = { readonly kind: CallKind; readonly since: number; readonly abandon: (reason: string) => void };

const beatEveryMs = 1_000;
const beatWhileDownMs = 250;
// How long a call that certainly had no effect waits for a healthy member: an election takes about 1 s.
const patienceMs = 1_500;
const beatTimeoutMs = 1_500;
// A proposal to a leader that is gone may be lost: etcd itself would report that only after 7 s.
const electionMs = 1_000;

// etcd3 closes a member's channels when any of its calls or streams breaks, and fails the calls that have not begun.
// Those were not sent, and the member is as healthy as before.
const channelClosed = /Channel closed before call started/;
const mostResets = 5;
const retryMs = 50;

/** Members are the members of one etcd. */
export class Members {
  readonly #members: readonly Member[];
  readonly #closed = new AbortController();
  #current: Member;

  constructor(options: EtcdOptions) {
    this.#members = [...new Set(options.endpoints)].map((endpoint) => ({
      endpoint,
      client: clientOf(options, endpoint),
      problem: undefined,
      alarms: [],
      leader: '',
      answeredAt: 0,
      late: 0,
      calls: new Set(),
      due: new Alarm(),
    }));
    const [first] = this.#members;
    if (first === undefined) throw new XnetError('InvalidArgument', 'no etcd endpoint is given');
    // A random start, so that controllers spread over the members.
    this.#current = this.#members[Math.floor(Math.random() * this.#members.length)] ?? first;
    for (const member of this.#members) void this.#beat(member);
  }

  /** current is the member that calls and streams use. */
  get current(): Member {
    return this.#current;
  }

  /**
   * problems returns the faults of members, one line each: "the etcd member at http://10.0.0.2:2379 has no leader: …".
   */
  get problems(): readonly string[] {
    const away = this.#members.flatMap(({ endpoint, problem }) =>
      problem === undefined
        ? []
        : [`the etcd member at ${endpoint} ${/^(has|does) /.test(problem) ? problem : `can't be reached: ${problem}`}`],
    );
    return [...away, ...this.alarms.map((alarm) => `etcd has raised an alarm: ${alarm}`)];
  }

  /** alarms returns the alarms of members: "memberID:10276657743932975437 alarm:NOSPACE". */
  get alarms(): readonly string[] {
    return [...new Set(this.#members.flatMap(({ alarms }) => alarms))];
  }

  /**
   * call makes a call, on another member if necessary.
   * @param what completes "etcd can't …"
   * @throws XnetError see failureOf
   */
  async call<T>(what: string, kind: CallKind, run: (client: EtcdClient) => Promise<T>): Promise<T> {
    const tried = new Set<Member>();
    const deadline = performance.now() + patienceMs;
    let last: XnetError | undefined;
    for (let attempt = 1; ; attempt++) {
      const member = this.#choose(tried);
      if (member === undefined) {
        if (performance.now() > deadline || this.#closed.signal.aborted) throw last ?? this.#allAway(what, kind);
        await pause(retryMs, this.#closed.signal);
        tried.clear();
        continue;
      }
      tried.add(member);
      try {
        return await this.#run(member, kind, run);
      } catch (thrown) {
        const failure = failureOf(thrown, what, kind);
        const { error, outcome } = failure;
        if (outcome === 'refused' || this.#closed.signal.aborted) throw error;
        if (attempt <= mostResets && outcome === 'not done' && channelClosed.test(error.message)) {
          tried.delete(member);
          continue;
        }
        this.suspect(member, briefly(failure));
        if (kind === 'write' && outcome !== 'not done') throw error;
        last = error;
      }
    }
  }

  /** suspect diverts calls from a member until it answers its next heartbeat. */
  suspect(member: Member, reason: string): void {
    // Without another member there is nowhere to divert to.
    if (this.#members.length === 1) return;
    member.problem ??= reason;
    if (member === this.#current) this.#moveOn();
    member.due.ring();
  }

  /** close ends the heartbeats and every connection. */
  close(): void {
    this.#closed.abort();
    for (const { client, due } of this.#members) {
      due.ring();
      client.close();
    }
  }

  #choose(tried: ReadonlySet<Member>): Member | undefined {
    if (this.#current.problem === undefined && !tried.has(this.#current)) return this.#current;
    return this.#members.find((member) => member.problem === undefined && !tried.has(member));
  }

  #allAway(what: string, kind: CallKind): XnetError {
    const reasons = this.#members.map(({ endpoint, problem }) => `${endpoint} ${problem ?? 'does not answer'}`);
    return new XnetError(kind === 'read' ? 'Unavailable' : 'NotWritable', `etcd can't ${what}: no member is healthy`, {
      problems: reasons,
      hint: 'start the members that are down: see OPERATIONS.md',
    });
  }

  #moveOn(): void {
    const next = this.#members.find(({ problem }) => problem === undefined);
    if (next !== undefined) this.#current = next;
  }

  async #run<T>(member: Member, kind: CallKind, run: (client: EtcdClient) => Promise<T>): Promise<T> {
    let call: CallUnderWay | undefined;
    const givenUp = new Promise<never>((_resolve, reject) => {
      call = {
        kind,
        since: performance.now(),
        abandon: (reason) => reject(abandoned(member.endpoint, reason)),
      };
      member.calls.add(call);
    });
    try {
      return await Promise.race([run(member.client), givenUp]);
    } finally {
      if (call !== undefined) member.calls.delete(call);
    }
  }

  async #beat(member: Member): Promise<void> {
    const stop = this.#closed.signal;
    while (!stop.aborted) {
      const began = performance.now();
      try {
        const { leader, errors } = await member.client.maintenance.status({ deadline: Date.now() + beatTimeoutMs });
        this.#answered(member, leader, errors ?? []);
      } catch (thrown) {
        if (stop.aborted) return;
        const failure = failureOf(thrown, 'answer', 'read');
        const { outcome } = failure;
        if (outcome === 'refused') this.#answered(member, member.leader, member.alarms);
        else if (!this.#mayBeWell(member, failure) && (outcome === 'not done' || this.#hasAnsweredSince(began))) {
          this.#silent(member, briefly(failure));
        }
      }
      await member.due.wait(member.problem === undefined ? beatEveryMs : beatWhileDownMs);
    }
  }

  // A broken stream fails the heartbeats of its channel too. With a single member, one late heartbeat indicates a busy
  // machine rather than a failed etcd, and callers may as well wait.
  #mayBeWell(member: Member, { error }: Failure): boolean {
    if (channelClosed.test(error.message)) return true;
    if (error.code !== 'DeadlineExceeded') return false;
    member.late += 1;
    return this.#members.length === 1 && member.late === 1;
  }

  // A busy machine delays the heartbeats of all members: then a single late one is no worse than the others.
  #hasAnsweredSince(began: number): boolean {
    return this.#members.some(({ answeredAt }) => answeredAt > began);
  }

  #answered(member: Member, leader: string, errors: readonly string[]): void {
    member.problem = undefined;
    member.late = 0;
    member.answeredAt = performance.now();
    member.alarms = errors.filter((error) => error.includes('alarm:')).map((error) => error.trim());
    if (this.#current.problem !== undefined) this.#moveOn();
    if (member.leader !== '' && member.leader !== leader) {
      const before = performance.now() - electionMs;
      for (const call of member.calls) if (call.since < before) call.abandon('etcd has another leader');
    }
    member.leader = leader;
  }

  // New calls go elsewhere at once; calls in flight are given up after the next missed heartbeat.
  #silent(member: Member, reason: string): void {
    const again = member.problem !== undefined;
    member.problem = reason;
    if (member === this.#current) this.#moveOn();
    if (again) for (const call of member.calls) call.abandon(reason);
  }
}
