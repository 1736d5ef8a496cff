// A cluster with two nodes, one of which has joined, and callers that try every call on it.
import type { ExecutionContext } from 'ava';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';
import { ControllerProcess } from './controller-process.js';
import { TestEtcd } from './etcd.js';
import { type Call, Caller, everyCall } from './every-call.js';
import type { Member } from './joining.js';

/** Cluster is a controller with its etcd, and a joined node that other callers try to impersonate. */
export type Cluster = { readonly etcd: TestEtcd; readonly controller: ControllerProcess; readonly victim: Member };

/** start starts the cluster, which ends with the test. */
export async function start(t: ExecutionContext): Promise<Cluster> {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const controller = await ControllerProcess.startWithAuthority(['--etcd-endpoints', etcd.endpoint]);
  t.teardown(() => controller.close());
  await controller.createPool();
  await controller.addNode('web-1', '192.168.83.1');
  await controller.addNode('web-2', '192.168.83.2');
  return { etcd, controller, victim: await controller.joinNode('web-2') };
}

/** callerOf makes a caller, which is closed with the test. */
export function callerOf(t: ExecutionContext, endpoint: Endpoint, credentials?: Credentials): Caller {
  const caller = new Caller(endpoint, credentials);
  t.teardown(() => caller.close());
  return caller;
}

/** requestOf returns a request for a call. If the call has a dry run, the request asks for it. */
export function requestOf({ fields }: Call): object {
  return fields.some(({ path }) => path === 'dryRun') ? { dryRun: true } : {};
}

/** reachable lists the calls that a caller is permitted to make. */
export async function reachable(caller: Caller): Promise<string[]> {
  const reached: string[] = [];
  for (const call of everyCall) {
    const { outcome } = await caller.attempt(call, requestOf(call));
    if (!['PermissionDenied', 'Unauthenticated', 'UNIMPLEMENTED'].includes(outcome)) reached.push(call.name);
  }
  return reached.sort();
}
