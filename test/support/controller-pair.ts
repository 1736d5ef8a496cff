// Two controllers over one etcd, with the cluster's authority and a pool.
import type { ExecutionContext } from 'ava';
import { ControllerProcess } from './controller-process.js';
import { TestEtcd } from './etcd.js';

/** ControllerPair holds two controllers over one etcd. */
export type ControllerPair = {
  readonly etcd: TestEtcd;
  readonly a: ControllerProcess;
  readonly b: ControllerProcess;
};

/** startPair starts both, which end with the test. @param flags added to the flags of both controllers */
export async function startPair(t: ExecutionContext, flags: readonly string[] = []): Promise<ControllerPair> {
  const etcd = await TestEtcd.start();
  t.teardown(() => etcd.close());
  const args = ['--etcd-endpoints', etcd.endpoint, ...flags];
  const a = await ControllerProcess.startWithAuthority(args);
  t.teardown(() => a.close());
  const b = await ControllerProcess.startBeside(a, args);
  t.teardown(() => b.close());
  await a.createPool();
  return { etcd, a, b };
}
