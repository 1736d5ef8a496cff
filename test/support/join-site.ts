// A controller for the tests of xnetd join: its nodes, and the join tokens of these.
// Invariant: one controller per test file, which is closed after its tests.
import test from 'ava';
import { callUnary } from '../../proto/rpc/channel.js';
import { ControllerProcess } from './controller-process.js';
import { callOptions } from './joined-host.js';
import { tokenFor } from './joining.js';

/** JoinSite is the controller of a test file. */
export class JoinSite {
  #controller: ControllerProcess | undefined;
  #nextHost = 10;

  /** open starts a controller with a pool before the tests of a file, and closes it after them. */
  static open(): JoinSite {
    const site = new JoinSite();
    test.before(async () => {
      site.#controller = await ControllerProcess.startWithAuthority();
      await site.#controller.createPool();
    });
    test.after.always(async () => {
      await site.#controller?.close();
    });
    return site;
  }

  /** controller is the controller; it is there in tests, not before. */
  get controller(): ControllerProcess {
    if (this.#controller === undefined) throw new Error('the controller has not been started');
    return this.#controller;
  }

  /** joinAddress returns the address of the join port: "127.0.0.1:40123". */
  joinAddress = (): string => `127.0.0.1:${this.controller.joinPort}`;

  /** added adds a node, and returns a token for it. */
  added = async (name: string, by: ControllerProcess = this.controller): Promise<string> => {
    this.#nextHost += 1;
    await by.addNode(name, `192.168.83.${this.#nextHost}`);
    return tokenFor(by.admin, name);
  };

  /** usesLeft returns how many uses a token has left; undefined: the controller has no such token. */
  usesLeft = async (token: string, by: ControllerProcess = this.controller): Promise<number | undefined> => {
    const id = /-([0-9a-z]{6})\./.exec(token)?.[1];
    const { tokens } = await callUnary(by.admin.listTokens.bind(by.admin), {}, callOptions);
    return tokens.find((one) => one.id === id)?.usesLeft;
  };
}
