// Two controllers over one etcd, and xctl for them.
import type { ExecutionContext } from 'ava';
import { ControllerProcess } from './controller-process.js';
import { TestEtcd } from './etcd.js';
import { Xctl } from './xctl.js';

/** closing closes its argument when the test ends. */
export function closing<T extends { close(): unknown }>(t: ExecutionContext, opened: T): T {
  t.teardown(async () => {
    await opened.close();
  });
  return opened;
}

/** pair starts two controllers over one etcd. */
export async function pair(t: ExecutionContext) {
  const etcd = closing(t, await TestEtcd.start());
  const args = ['--etcd-endpoints', etcd.endpoint];
  const a = closing(t, await ControllerProcess.startWithAuthority(args));
  const b = closing(t, await ControllerProcess.startBeside(a, args));
  await a.until('both know each other', (status) => status.controllers.length === 2);
  const credentials = await a.credentialsFor('admin');
  const xctl = async (controllers: readonly string[]) =>
    closing(t, new Xctl({ controller: controllers.join(',') })).signIn(credentials, [tcp(a)]);
  return { etcd, a, b, xctl };
}

/** tcp returns the port of a controller in xctl's syntax. */
export const tcp = (controller: { readonly port: number }) => `127.0.0.1:${controller.port}`;
/** unix returns the socket of a controller in xctl's syntax. */
export const unix = (controller: { readonly socket: string }) => `unix:${controller.socket}`;
