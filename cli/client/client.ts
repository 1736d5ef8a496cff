// Calls controllers. All are equal: a call moves on to the next controller when one does not answer.
// Invariant: a change is made at most once, however often its call is repeated: all attempts carry one operation id.
import type { ClientReadableStream } from '@grpc/grpc-js';
import { XnetError } from '../../proto/errors.js';
import { backoffMs, pause } from '../../proto/process/backoff.js';
import { callUnary, isConnecting, makeClient, readStream } from '../../proto/rpc/channel.js';
import { type OperatorClient, services } from '../../proto/rpc/definitions.js';
import { checkEndpoint, type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { formatDuration } from '../output/time.js';
import {
  type CallFailure,
  callFailureOf,
  isDryRun,
  isPassing,
  isRefusedByStore,
  madeInPart,
  mayHaveChanged,
  noController,
  refusal,
  safeError,
} from './unreachable.js';

/** Call selects a call of the operators' services: `(admin) => admin.listNodes.bind(admin)`. */
export type Call<Request, Response> = (admin: OperatorClient) => Parameters<typeof callUnary<Request, Response>>[0];

/** ClientOptions are the options of AdminClient. */
export type ClientOptions = {
  /** At least one. */
  readonly endpoints: readonly Endpoint[];
  /** The certificate and the trusted authorities; required for TCP ports, not for unix sockets. */
  readonly credentials: Credentials | undefined;
  /** Time limit of one call with all its attempts, in milliseconds. */
  readonly timeoutMs: number;
  /** Called once for each call that has to wait for a controller: "no controller answers, trying again for 15s". */
  readonly onWaiting: (text: string) => void;
};

const backoff = { firstMs: 50, longestMs: 1_000 };
// With several controllers, one that is slow to accept a connection, or to answer, is skipped.
const connectMs = 2_000;
const attemptMs = 5_000;

/** AdminClient calls controllers. */
export class AdminClient {
  readonly #options: ClientOptions;
  readonly #clients = new Map<Endpoint, OperatorClient>();
  /** Index of the endpoint to try first: the one that answered last. */
  #first = 0;
  #answered: Endpoint | undefined;
  #changing = false;
  #madeChange = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** answered returns the endpoint that answered last. */
  get answered(): Endpoint | undefined {
    return this.#answered;
  }

  /** changing reports whether a change with an unknown outcome is in flight. */
  get changing(): boolean {
    return this.#changing;
  }

  #inTurn(): readonly Endpoint[] {
    const { endpoints } = this.#options;
    return [...endpoints.slice(this.#first), ...endpoints.slice(0, this.#first)];
  }

  #clientOf(endpoint: Endpoint): OperatorClient {
    const existing = this.#clients.get(endpoint);
    if (existing !== undefined) return existing;
    const client = makeClient(services.operator, endpoint, this.#options.credentials);
    this.#clients.set(endpoint, client);
    return client;
  }

  #noteAnswer(endpoint: Endpoint): void {
    this.#answered = endpoint;
    this.#first = this.#options.endpoints.indexOf(endpoint);
  }

  async #attempt<Request, Response>(
    endpoint: Endpoint,
    call: Call<Request, Response>,
    request: Request,
    leftMs: number,
  ): Promise<Response> {
    const client = this.#clientOf(endpoint);
    const several = this.#options.endpoints.length > 1;
    const stop = new AbortController();
    const connecting = several ? setTimeout(() => isConnecting(client) && stop.abort(), connectMs) : undefined;
    try {
      const timeoutMs = several ? Math.min(leftMs, attemptMs) : leftMs;
      const response = await callUnary(call(client), request, { timeoutMs, signal: stop.signal });
      this.#noteAnswer(endpoint);
      return response;
    } catch (error) {
      if (stop.signal.aborted) throw new XnetError('Unavailable', `no connection within ${formatDuration(connectMs)}`);
      throw error;
    } finally {
      clearTimeout(connecting);
    }
  }

  // Tries each controller once. Throws a controller's refusal; returns the failures if none answered. `before`: those of
  // earlier attempts at a change.
  async #round<Request, Response>(
    call: Call<Request, Response>,
    request: Request,
    deadline: number,
    before?: readonly CallFailure[],
  ): Promise<{ readonly response: Response } | { readonly failures: readonly CallFailure[] }> {
    const failures: CallFailure[] = [];
    for (const endpoint of this.#inTurn()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) break;
      try {
        return { response: await this.#attempt(endpoint, call, request, leftMs) };
      } catch (error) {
        const failure = callFailureOf(endpoint, error);
        if (!isPassing(failure)) throw refusal(failure, before === undefined ? [] : [...before, ...failures]);
        failures.push(failure);
      }
    }
    return { failures };
  }

  /**
   * read makes a call that changes nothing: each controller is tried once.
   * @throws XnetError Unavailable when none answers, and the errors of the controller that answers
   */
  async read<Request, Response>(call: Call<Request, Response>, request: NoInfer<Request>): Promise<Response> {
    const { timeoutMs } = this.#options;
    const result = await this.#round(call, request, performance.now() + timeoutMs);
    if ('response' in result) return result.response;
    throw noController(result.failures, { timeoutMs, changing: false });
  }

  /**
   * readAt is read at one controller: "192.168.83.2:7400".
   * @throws XnetError FailedPrecondition without a certificate, and the errors of the controller
   */
  async readAt<Request, Response>(
    endpoint: string,
    call: Call<Request, Response>,
    request: NoInfer<Request>,
  ): Promise<Response> {
    const checked = checkEndpoint(endpoint);
    if ('problem' in checked) throw new XnetError('Corrupt', `the controller named another one: ${checked.problem}`);
    const known = [...this.#clients.keys()].find((each) => formatEndpoint(each) === endpoint) ?? checked.value;
    try {
      return await callUnary(call(this.#clientOf(known)), request, { timeoutMs: this.#options.timeoutMs });
    } catch (error) {
      throw safeError(callFailureOf(known, error).error);
    }
  }

  /**
   * readEach makes a call that changes nothing on every controller, one after the other.
   * @throws XnetError when a controller refuses the caller
   */
  async readEach<Request, Response>(
    call: Call<Request, Response>,
    request: NoInfer<Request>,
  ): Promise<
    readonly (({ readonly response: Response } | { readonly error: XnetError }) & { readonly endpoint: Endpoint })[]
  > {
    const answers = [];
    for (const endpoint of this.#options.endpoints) {
      try {
        const response = await this.#attempt(endpoint, call, request, this.#options.timeoutMs);
        answers.push({ endpoint, response });
      } catch (error) {
        const failure = callFailureOf(endpoint, error);
        if (!isPassing(failure)) throw safeError(failure.error);
        answers.push({ endpoint, error: safeError(failure.error) });
      }
    }
    return answers;
  }

  /**
   * change makes a changing call, repeated until one controller returns an outcome or the time is over.
   * @throws XnetError Unavailable when none did; DeadlineExceeded when one may have made the change, and none can tell;
   * NotWritable when nothing was written by the command; and the errors of the controller that answers
   */
  async change<Request, Response>(call: Call<Request, Response>, request: NoInfer<Request>): Promise<Response> {
    const changing = !isDryRun(request);
    this.#changing = changing;
    try {
      // A request may bring its own: see `operationId` of its .proto.
      const response = await this.#repeated(call, { operationId: crypto.randomUUID(), ...request }, { changing });
      this.#madeChange ||= changing;
      return response;
    } catch (error) {
      throw this.#madeChange ? madeInPart(error) : error;
    } finally {
      this.#changing = false;
    }
  }

  /**
   * readFirst reads what a change is about to be based on: like a change, it waits for a controller.
   * @throws XnetError as change does
   */
  readFirst<Request, Response>(call: Call<Request, Response>, request: NoInfer<Request>): Promise<Response> {
    return this.#repeated(call, request, { changing: false });
  }

  async #repeated<Request, Response>(
    call: Call<Request, Response>,
    request: Request,
    { changing }: { readonly changing: boolean },
  ): Promise<Response> {
    const { timeoutMs } = this.#options;
    const deadline = performance.now() + timeoutMs;
    const failures: CallFailure[] = [];
    for (let attempt = 1; ; attempt++) {
      const result = await this.#round(call, request, deadline, changing ? failures : undefined);
      if ('response' in result) return result.response;
      const { failures: latest } = result;
      if (latest.length > 0 && latest.every(({ untrusted }) => untrusted)) {
        throw noController(latest, { timeoutMs, changing: false });
      }
      if (latest.length > 0) {
        // A later refusal does not settle an earlier attempt whose outcome is unknown.
        const sent = failures.find(mayHaveChanged) ?? failures.find((failure) => failure.sent);
        failures.splice(0, failures.length, ...(sent === undefined ? [] : [sent]), ...latest);
      }
      const pauseMs = backoffMs(attempt, backoff, Math.random());
      // A retry does not help before an operator repairs the store: the controllers waited for an election before they
      // refused. But an open outcome is found out, and a command that is made in part completed, once the store answers.
      const isOpen = changing && (this.#madeChange || failures.some(mayHaveChanged));
      const isRefused = latest.length > 0 && latest.every(isRefusedByStore) && !isOpen;
      if (isRefused || performance.now() + pauseMs >= deadline) {
        throw noController(failures, { timeoutMs, changing, repeated: true });
      }
      if (attempt === 3) this.#tellWaiting(latest, deadline - performance.now());
      await pause(pauseMs);
    }
  }

  #tellWaiting(failures: readonly CallFailure[], leftMs: number): void {
    const [first] = failures;
    if (first === undefined) return;
    const rest = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
    const seconds = formatDuration(Math.ceil(leftMs / 1000) * 1000);
    this.#options.onWaiting(`${formatEndpoint(first.endpoint)}: ${first.text}${rest}; trying again for ${seconds}`);
  }

  /**
   * follow reads a stream, and reopens it on another controller when it breaks. A break before the first message from
   * any controller ends it.
   * @param how.endsByItself the stream's end ends the iteration; otherwise it is reopened
   * @param how.changing opening it changes something
   * @throws XnetError as read and change do; not when `signal` ends it
   */
  async *follow<Response>(
    open: (admin: OperatorClient) => ClientReadableStream<Response>,
    { endsByItself, changing = false }: { readonly endsByItself: boolean; readonly changing?: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<Response, void, undefined> {
    const { timeoutMs } = this.#options;
    let heard = false;
    let attempt = 0;
    let failures: CallFailure[] = [];
    while (!signal.aborted) {
      for (const endpoint of this.#inTurn()) {
        try {
          for await (const message of readStream(open(this.#clientOf(endpoint)), signal)) {
            this.#noteAnswer(endpoint);
            heard = true;
            attempt = 0;
            failures = [];
            yield message;
          }
          if (signal.aborted || endsByItself) return;
          break;
        } catch (error) {
          const failure = callFailureOf(endpoint, error);
          if (!isPassing(failure)) throw refusal(failure, changing ? failures : []);
          failures.push(failure);
        }
      }
      if (!heard && failures.length > 0) throw noController(failures, { timeoutMs, changing, repeated: false });
      attempt += 1;
      if (attempt === 3) this.#options.onWaiting('connection to the controllers lost; reconnecting');
      await pause(backoffMs(attempt, backoff, Math.random()), signal);
    }
  }

  /** close ends all connections. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
