// Calls the standard health service (grpc.health.v1) of an xnet server.
import * as grpc from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { messageOf } from '../errors.js';
import { callUnary, makeClient } from './channel.js';
import type { Endpoint } from './endpoint.js';
import type { Credentials } from './tls.js';

type Check = (
  request: { readonly service: string },
  callback: grpc.requestCallback<{ readonly status: string }>,
) => grpc.ClientUnaryCall;

const Health = grpc.makeGenericClientConstructor(service, 'grpc.health.v1.Health');

/** HealthProbe probes one server over one persistent connection. Close it. */
export class HealthProbe {
  readonly #client: grpc.Client;

  constructor(endpoint: Endpoint, credentials?: Credentials) {
    this.#client = makeClient(Health, endpoint, credentials);
  }

  /** ask returns undefined if the server answered, whatever its health; otherwise why there is no answer. */
  async ask(timeoutMs: number): Promise<string | undefined> {
    try {
      const check: Check = Reflect.get(this.#client, 'check');
      await callUnary(check.bind(this.#client), { service: '' }, { timeoutMs });
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** close ends the connection. */
  close(): void {
    this.#client.close();
  }
}
