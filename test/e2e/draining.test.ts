// Hosts that are drained and that leave because an operator asked for it, in both modes, on a real Docker engine: nothing
// is undone while a container uses the subnet, afterwards nothing of xnet is left, and no other flow loses a packet.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tryEngine } from '../../deploy/lab/engines.js';
import { Fleet } from '../../deploy/lab/fleet.js';
import type { LabProcess } from '../../deploy/lab/lab-process.js';
import { programCommand } from '../../deploy/lab/programs.js';
import { inventory } from '../support/inventory.js';
import { PingFlow } from '../support/ping-flow.js';
import { until } from '../support/until.js';

const rooted = process.getuid?.() === 0;
const engine = rooted ? await tryEngine('28') : { line: '28' as const, why: 'it needs root' };
const title = 'P6 hosts are drained and asked to leave while containers run, in both modes';
const daemonJson = '{\n\t"labels" : ["rack=7"],\r\n   "max-concurrent-downloads":2 }  \n\n';

/** Operator runs xctl at the control machine, and follows what it prints. */
class Operator {
  readonly #fleet: Fleet;
  #commands = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  async start(...args: readonly string[]): Promise<LabProcess> {
    const { control } = this.#fleet.lab;
    this.#commands += 1;
    return control.spawn([...programCommand('xctl'), ...args], {
      logFile: join(control.logs, `xctl-${this.#commands}`),
    });
  }

  /** exits waits for the end of a command, and returns what it printed on both of its outputs. */
  async exits(t: ExecutionContext, command: LabProcess, code: number): Promise<string> {
    const ended = await command.exited;
    t.is(ended.code, code, command.output);
    return command.output;
  }

  async run(t: ExecutionContext, code: number, ...args: readonly string[]): Promise<string> {
    return this.exits(t, await this.start(...args), code);
  }
}

const says = (command: LabProcess, ...texts: readonly string[]) =>
  until(`xctl says: ${texts.join(', or: ')}`, async () => texts.some((text) => command.output.includes(text))).catch(
    (error: unknown) => {
      throw new Error(`it said: ${command.output}`, { cause: error });
    },
  );

if ('why' in engine) {
  console.log(`SKIP ${title}: ${engine.why}`);
  test.skip(title, () => undefined);
} else {
  test(title, async (t) => {
    const fleet = await Fleet.create({ hosts: 4, engine, mode: 'bip', pool: '10.76.0.0/16' });
    t.teardown(() => fleet.close());
    const { hosts } = fleet.lab;
    const [docked, bridged, from, to] = hosts;
    if (docked === undefined || bridged === undefined || from === undefined || to === undefined) return t.fail();
    for (const host of hosts) writeFileSync(host.daemonJson, daemonJson);
    await Promise.all([fleet.startDockerds(), fleet.startControllers()]);
    await fleet.createPool();
    const leaving = [docked, bridged];
    // Docker reports more about its networks after its first restart.
    await Promise.all(leaving.map((host) => host.restartDockerd()));
    const before = await Promise.all(leaving.map(inventory));
    const subnets = new Map<string, string>();
    for (const host of hosts) {
      const { token, subnet } = await fleet.addNode(host, '--mode', host === bridged ? 'bridge' : 'bip');
      subnets.set(host.name, subnet);
      await fleet.joinHost(host, token);
      await fleet.startDaemon(host);
    }
    await fleet.untilReady();
    const [source, target] = await Promise.all([from, to].map((host) => host.runContainer({ name: `c-${host.name}` })));
    if (source === undefined || target === undefined) return t.fail();
    const flow = await PingFlow.start(source, await target.address());
    t.teardown(() => flow.stop());
    await flow.seen(200);
    const web = await docked.runContainer({ name: 'web' });
    const db = await bridged.runContainer({ name: 'db', network: 'xnet' });

    const operator = new Operator(fleet);
    const both = [docked.name, bridged.name];
    const availability = (names: readonly string[], expected: string) =>
      fleet.until(`${names.join(', ')}: ${expected}`, (nodes) =>
        names.every((name) => nodes.find((node) => node.name === name)?.availability === `AVAILABILITY_${expected}`),
      );
    // A host that has not heard of its container yet would be drained at once.
    await fleet.until('the containers are known', (nodes) =>
      [web, db].every(({ host, name }) =>
        nodes.some((node) => node.name === host.name && node.containers.some((container) => container.name === name)),
      ),
    );
    // Ended by an operator: they are again what they were.
    const waiting = await operator.start('nodes', 'drain', ...both);
    await says(waiting, `${docked.name}: 1 container uses its subnets: web`);
    await availability(both, 'DRAINING');
    await operator.run(t, 0, 'nodes', 'drain', ...both, '--cancel');
    t.regex(await operator.exits(t, waiting, 4), /is not being drained any more: an operator changed that/);
    await availability(both, 'ACTIVE');
    // Not in time: it stays cordoned, and the containers are named.
    const late = await operator.run(t, 7, 'nodes', 'drain', bridged.name, '--deadline', '2s');
    t.regex(
      late,
      new RegExp(`${bridged.name} was not drained in time; it stays cordoned\n.*container db \\([0-9a-f]+\\)`),
    );
    await availability([bridged.name], 'CORDONED');
    // After the drain a container is started again: the host does not leave while it runs.
    const drained = await operator.start('nodes', 'drain', docked.name, '--deadline', '10m');
    await says(drained, 'uses its subnets: web; ');
    await web.remove();
    t.regex(await operator.exits(t, drained, 0), new RegExp(`drained ${docked.name}: no container uses its subnets`));
    const again = await docked.runContainer({ name: 'again' });
    const removing = await Promise.all(
      both.map((name) => operator.start('nodes', 'remove', name, '--wait', '--confirm', name)),
    );
    const [first, second] = removing;
    if (first === undefined || second === undefined) return t.fail();
    // The controller reports it, or the host if the controller does not know of the container yet.
    await says(first, 'uses its subnets: again', 'these containers run: again');
    await says(second, 'uses its subnets: db');
    t.true(fleet.daemons.get(docked.name)?.running);
    await Promise.all([again.remove(), db.remove()]);
    for (const [index, host] of leaving.entries()) {
      const subnet = subnets.get(host.name);
      const said = await operator.exits(t, removing[index] ?? first, 0);
      t.regex(said, new RegExp(`removed ${host.name}; ${subnet} is in quarantine for `));
      t.is((await fleet.daemons.get(host.name)?.exited)?.code, 11, host.name);
      t.is(await from.run(['ip', 'route', 'show', subnet ?? '']), '', 'the peers have withdrawn');
      t.deepEqual(await inventory(host), before[index], host.name);
    }
    const leases = await fleet.xctl('leases', 'list');
    for (const host of leaving) t.regex(leases, new RegExp(`${subnets.get(host.name)} .*quarantine`));
    await flow.seen(50);
    const { sent, received } = await flow.stop();
    t.is(received, sent, `${sent - received} of ${sent} packets lost`);
    t.true(sent > 1_000);
  });
}
