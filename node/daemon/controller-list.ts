// Where the daemon reaches its controllers.
// Invariant: addresses that the controllers announce replace the configured ones only where no operator named any, and
// never by an empty list.
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import { endpointsOf } from '../identity/membership.js';

/** ControllerListOptions are the sources of controller addresses. */
export type ControllerListOptions = {
  /** From --controller, or from the identity. */
  readonly configured: readonly Endpoint[];
  /** Announced by the controllers: "192.168.83.2:7400"; undefined: only the configured addresses are used. */
  readonly announced: { readonly controllers: readonly string[] } | undefined;
};

/** ControllerList is the list of controllers at any moment. */
export class ControllerList {
  readonly #options: ControllerListOptions;

  constructor(options: ControllerListOptions) {
    this.#options = options;
  }

  /** endpoints are the controllers to connect to now. */
  get endpoints(): readonly Endpoint[] {
    const { configured, announced } = this.#options;
    const endpoints = endpointsOf(announced?.controllers ?? []);
    return endpoints.length > 0 ? endpoints : configured;
  }
}
