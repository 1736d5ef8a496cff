// Runs every example of every help text unchanged, on a machine with a controller.
// Invariant: the test fails if an example is only in a help text, or only in this test.
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import { makeProgram as makeXctl } from '../../cli/program/program.js';
import { makeControllerProgram as makeController } from '../../controller/settings.js';
import { type ExampleStep, exampleSteps } from '../support/example-steps.js';
import { Machine } from '../support/installed-machine.js';
import { isRoot } from '../support/linux-route-host.js';

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

// The lines of "Examples:" that are commands, without the text after two blanks.
function examplesOf(help: string): readonly string[] {
  const block = /\nExamples:\n((?: {2}.*\n?)+)/.exec(help)?.[1] ?? '';
  const lines = block.replaceAll(/\\\n +/g, '').split('\n');
  return lines
    .filter((line) => /^ {2}(sudo |source )?\S/.test(line) && !/^ {2}(EOF|XJT1)/.test(line))
    .map((line) => line.trim().split(/ {2,}/)[0] ?? '');
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

function examplesOfXctl(): ReadonlySet<string> {
  return new Set(everyCommand(makeXctl()).flatMap((command) => examplesOf(helpOf(command))));
}

// It needs a controller that is gone.
const removesController = 'xctl controllers remove controller-2-7ebf --confirm controller-2-7ebf';

test('every example of xctl’s help is run here, and no other', (t) => {
  const run = new Set(
    Object.values(exampleSteps)
      .flat()
      .filter((step) => step.prepares !== true)
      .map(({ line }) => line),
  );
  t.deepEqual([...run].sort(), [...examplesOfXctl()].sort());
});

if (!isRoot('examples of xctl')) test.skip('SKIP examples: needs root', () => undefined);
else {
  const machine = new Machine();
  test.after.always(() => machine.close());

  const isDone = async (t: ExecutionContext, line: string) => {
    const ran = await machine.start(line).ended;
    t.is(ran.code, 0, `${line}\n${ran.stdout}\n${ran.stderr}`);
    return ran.stdout;
  };

  const take = async (t: ExecutionContext, { line, code = 0, endless = false, instead, home }: ExampleStep) => {
    let actual = line;
    if (instead !== undefined) {
      const [text, command] = instead;
      const found = (await machine.start(command, home).ended).stdout.trim();
      t.not(found, '', command);
      actual = line.replaceAll(text, found);
    }
    const running = machine.start(actual, home);
    if (endless) {
      await running.until('something', ({ stdout, stderr }) => stdout + stderr !== '', 180_000);
      machine.interrupt(running);
    }
    const ran = await running.ended;
    if (!endless) t.is(ran.code, code, `${actual}\n${ran.stdout}\n${ran.stderr}`);
  };

  test.serial('the controller of the first example has the socket where xctl looks for it', async (t) => {
    const [first = ''] = examplesOf(helpOf(makeController('0', async () => undefined)));
    t.is(first, 'xnet-controller --listen 192.168.83.2:7400');
    const controller = machine.start(first);
    await controller.until('started', ({ stdout }) => stdout.includes('"msg":"started"'), 180_000);
    await isDone(t, 'until xctl pools list -q; do sleep 0.2; done');
  });

  for (const [what, some] of Object.entries(exampleSteps)) {
    test.serial(`the examples of xctl work: ${what}`, async (t) => {
      for (const step of some) await take(t, step);
    });
  }

  test.serial('the examples of xctl work: a controller that is gone', async (t) => {
    const etcd = 'unix:/var/lib/xnet-controller/etcd.run/client:0';
    const second = machine.start(
      `xnet-controller --name second --listen unix:/run/second.sock --data-dir /var/lib/second --etcd-endpoints ${etcd}`,
    );
    const found = "until (xctl status -o json || true) | grep -o 'second-[0-9a-f]*'; do sleep 0.2; done";
    const [id = ''] = (await isDone(t, found)).trim().split('\n').slice(-1);
    machine.kill(second);
    await second.ended;
    // Its record in the store lasts as long as its claim.
    await isDone(t, `until ${removesController.replaceAll('controller-2-7ebf', id)}; do sleep 0.5; done`);
  });

  test.serial('the examples of xnetd work', async (t) => {
    await isDone(t, 'xctl nodes add h1 --address 192.168.83.2 --token-out join-token');
    const [fromFile = '', fromInput = ''] = examplesOf(await isDone(t, 'xnetd join --help'));
    t.is(fromFile, 'xnetd join --controller 192.168.83.2 --token-file /root/join-token');
    await isDone(t, fromFile.replace('/root/', './'));
    t.is(fromInput, "xnetd join --controller 192.168.83.2,192.168.83.3 --token-file - <<'EOF'");
    await isDone(t, 'xctl tokens create --node h1 --token-out t2');
    await isDone(t, fromInput.replace(" <<'EOF'", ' <t2'));
    for (const line of examplesOf(await isDone(t, 'xnetd run --help'))) {
      const daemon = machine.start(line);
      await daemon.until('connected', ({ stdout }) => stdout.includes('"msg":"connected"'), 180_000);
      machine.interrupt(daemon);
      await daemon.ended;
    }
  });
}
