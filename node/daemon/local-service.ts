// The service for commands on the same host, over the daemon's unix socket.
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { LocalLeaveProgress } from '../../proto/gen/xnet/v1/LocalLeaveProgress.js';
import type { LocalLeaveRequest__Output } from '../../proto/gen/xnet/v1/LocalLeaveRequest.js';
import { services } from '../../proto/rpc/definitions.js';
import { type ServiceBinding, serverStream } from '../../proto/rpc/server.js';

/** Leave takes the host out of the fleet and reports each step. It returns whether a lease was known, and so has ended. */
export type Leave = (
  options: { readonly force: boolean; readonly localOnly: boolean },
  onStep: (step: string) => void,
) => Promise<boolean>;

/** localService binds the daemon's local calls. */
export function localService(leave: Leave): ServiceBinding {
  return {
    definition: services.local.service,
    implementation: {
      Leave: serverStream<LocalLeaveRequest__Output, LocalLeaveProgress>(
        async (request, call: ServerWritableStream<LocalLeaveRequest__Output, LocalLeaveProgress>) => {
          const isLeaseKnown = await leave(request, (step) => call.write({ step, done: false }));
          call.write({ step: '', done: true, leaseUnknown: !isLeaseKnown });
        },
      ),
    },
  };
}
