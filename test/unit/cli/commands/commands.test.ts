// Commands of xctl: their help, labels, completion, and why no controller answers.
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { Command } from 'commander';
import fc from 'fast-check';
import { callFailureOf, isPassing, noController } from '../../../../cli/client/unreachable.js';
import { labelChange, labelsFrom } from '../../../../cli/commands/labels.js';
import { requireAdopting } from '../../../../cli/commands/node-adopt.js';
import { wantedAt } from '../../../../cli/completion/candidates.js';
import { completionScripts } from '../../../../cli/completion/scripts.js';
import { forBash, splitLine } from '../../../../cli/completion/words.js';
import { makeProgram } from '../../../../cli/program/program.js';
import { exitCodeOf, unreadStoreMessage, XnetError } from '../../../../proto/errors.js';
import { errorFromStatus, statusFromError } from '../../../../proto/rpc/status.js';

// The error as a client has it of a controller that answered with it.
function answered(error: XnetError): XnetError {
  const { code, details, metadata } = statusFromError(error);
  return errorFromStatus(Object.assign(new Error(details ?? ''), { code, details, metadata }));
}

test('an unreachable cluster is explained per address, with a remedy', (t) => {
  const unix = { kind: 'unix', path: '/run/x.sock' } as const;
  const tcp = { kind: 'tcp', host: '192.168.83.2', port: 7400 } as const;
  const refused = (text: string) =>
    new XnetError('Unavailable', `No connection established. Last error: Error: connect ${text}. Resolution note: `);
  const cases: readonly (readonly [XnetError, string, boolean, boolean])[] = [
    [refused('ECONNREFUSED 192.168.83.2:7400'), 'connection refused', true, false],
    [refused('ENOENT /run/x.sock'), 'no such socket', true, false],
    [refused('EACCES /run/x.sock'), 'permission denied', true, false],
    [new XnetError('Unavailable', 'Name resolution failed for target dns:x:7400'), 'no such host', true, false],
    [new XnetError('Unavailable', 'read ECONNRESET'), 'connection reset', true, true],
    [new XnetError('DeadlineExceeded', 'Deadline exceeded after 5.0s,LB pick: 0.1s'), 'timed out', true, false],
    [
      new XnetError('DeadlineExceeded', 'Deadline exceeded after 5.0s,remote_addr=1.2.3.4:7400'),
      'timed out',
      true,
      true,
    ],
    // The controller's own.
    [new XnetError('DeadlineExceeded', 'Deadline exceeded'), 'timed out', true, true],
    [
      new XnetError('Internal', 'Received HTTP status code 404'),
      'this is not an xnet controller of this version',
      true,
      true,
    ],
    [new XnetError('NotFound', 'there is no node "x"'), 'there is no node "x"', false, true],
  ];
  for (const [error, text, passing, sent] of cases) {
    const failure = callFailureOf(tcp, error);
    t.deepEqual([failure.text, isPassing(failure), failure.sent], [text, passing, sent], error.message);
  }
  const one = noController([callFailureOf(unix, refused('EACCES /run/x.sock'))], { timeoutMs: 1_000, changing: false });
  t.is(one.message, 'no controller answers: unix:/run/x.sock: permission denied');
  t.is(one.hint, 'unix:/run/x.sock is for root and the group xnet: use sudo, or a context (xctl contexts --help)');
  t.is(exitCodeOf(one.code), 6);
  const cut = callFailureOf(tcp, new XnetError('Unavailable', 'read ECONNRESET'));
  const two = noController([cut, callFailureOf(unix, refused('ENOENT'))], { timeoutMs: 15_000, changing: true });
  t.is(two.message, 'no controller answers within 15s');
  t.deepEqual(two.problems, ['192.168.83.2:7400: connection reset', 'unix:/run/x.sock: no such socket']);
  t.regex(two.hint ?? '', /the outcome is unknown/);

  // What the store refuses was not written, unless an earlier attempt of the same call may have written it.
  const answer = (error: XnetError) => callFailureOf(tcp, answered(error));
  const late = answer(new XnetError('DeadlineExceeded', 'etcd did not answer in time (read a record)'));
  const closed = answer(new XnetError('NotWritable', 'nothing can be written', { hint: 'see xctl status' }));
  const refusing = answer(new XnetError('Unavailable', 'the controller refuses to act: it was restored'));
  t.true(late.sent && late.answered && closed.answered);
  const told = { timeoutMs: 15_000, changing: true };
  for (const refusal of [closed, refusing]) {
    for (const unsure of [late, cut]) {
      const open = noController([unsure, callFailureOf(tcp, refused('ECONNREFUSED')), refusal], told);
      t.is(exitCodeOf(open.code), 7);
      t.regex(open.hint ?? '', /^the outcome is unknown: rerun the command/);
      for (const { text } of [unsure, refusal]) t.true(open.problems.includes(`192.168.83.2:7400: ${text}`));
      t.is(open.problems.includes('see xctl status'), refusal === closed);
    }
  }
  for (const unsent of [callFailureOf(tcp, refused('ECONNREFUSED')), callFailureOf(unix, refused('ENOENT')), closed]) {
    const certain = noController([unsent, closed], told);
    t.deepEqual([exitCodeOf(certain.code), certain.hint], [13, 'see xctl status']);
  }
  const starting = answer(new XnetError('Unavailable', unreadStoreMessage));
  t.is(noController([starting, closed], told).code, 'NotWritable', 'it has sent nothing');
  t.is(noController([starting], told).hint, undefined);
  const read = noController([late, closed], { ...told, changing: false, repeated: true });
  t.deepEqual([read.code, read.hint], ['NotWritable', 'see xctl status'], 'a call that changes nothing has no outcome');
  const away = answer(new XnetError('Unavailable', 'etcd can’t write', { hint: 'start etcd' }));
  t.is(noController([away], told).hint, 'start etcd');
  const hinted = noController([late, away], told);
  t.deepEqual([hinted.code, hinted.problems], ['Unavailable', ['start etcd']]);
  t.regex(hinted.hint ?? '', /the outcome is unknown/);
});

test('a token of a controller that does not know --adopt is not handed out', (t) => {
  const made = (nodeName: string) => ({
    token: 'secret',
    caDigest: '',
    controllers: [],
    record: {
      ...{ id: 'abc123', nodeName, pool: '', source: '', uses: 1, usesLeft: 1 },
      ...{ createdMs: 0, expiresMs: 0, createdBy: '' },
    },
  });
  t.is(requireAdopting(made('db-1'), 'db-1').token, 'secret');
  const error = t.throws(() => requireAdopting(made(''), 'db-1'), { instanceOf: XnetError, message: /for any host/ });
  t.regex(error?.hint ?? '', /xctl tokens revoke abc123/);
});

test('labels have the form key=value, and every other one is reported', (t) => {
  t.deepEqual(labelsFrom(['zone=eu-1', 'empty=', 'a=b=c', 'zone=eu-2']), { zone: 'eu-2', empty: '', a: 'b=c' });
  const error = t.throws(() => labelsFrom(['a', '=b', 'c=d']), { instanceOf: XnetError });
  t.is(error?.problems.length, 2);
});

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

test('a label that is both set and removed is refused', (t) => {
  t.deepEqual(labelChange(['zone=eu-1'], ['rack']), { setLabels: { zone: 'eu-1' }, removeLabels: ['rack'] });
  t.throws(() => labelChange(['zone=eu-1', 'rack=r1'], ['rack']), {
    code: 'InvalidArgument',
    message: /label "rack" is both set and removed/,
  });
});

test('the help of xctl names every exit code of the table in README, in the same words', (t) => {
  let help = '';
  makeProgram()
    .configureOutput({
      writeOut: (text) => {
        help += text;
      },
    })
    .outputHelp();
  const readme = readFileSync(new URL('../../../../../README.md', import.meta.url), 'utf8');
  const [, table = ''] = /## Exit codes\n([\s\S]*?)\n## /.exec(readme) ?? [];
  const rows = [...table.matchAll(/(\d+) +\| ([^|,]*[^|, ])/g)].filter(
    ([, , meaning]) => meaning?.startsWith('`') === false,
  );
  t.true(rows.length >= 11);
  for (const [, code, meaning] of rows) t.true(help.includes(`${code} ${meaning}`), `${code} ${meaning}`);
});

test('every command has a description and examples, and every change has --dry-run', (t) => {
  const program = makeProgram();
  const leaves = everyCommand(program).filter(({ commands }) => commands.length === 0);
  const changes =
    /^(init|create|remove|reserve|unreserve|add|set|cordon|uncordon|release|issue|revoke|rotate|resize|end|rename|drain|replace|restore|adopt|move|apply|pause|resume|cancel|undo|approve|include|exclude)$/;
  t.true(leaves.length >= 20);
  for (const command of leaves) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    t.regex(help, /\nExamples:\n {2}(xctl|source) /, command.name());
    t.regex(help, /\nGlobal options: xctl options\n$/, command.name());
    t.false(help.includes('--no-color'), 'they stand there, not in each help');
    t.not(command.description(), '', command.name());
    for (const thing of [...command.options, ...command.registeredArguments])
      t.not(thing.description, '', command.name());
    t.is(
      command.options.some(({ long }) => long === '--dry-run'),
      changes.test(command.name()) && command.parent?.name() !== 'contexts',
      command.name(),
    );
  }
  const nouns = program.commands.filter(
    (command) => command.commands.length > 0 && !['ca', 'backup', 'ipam'].includes(command.name()),
  );
  for (const noun of nouns) t.is(`${noun.alias()}s`, noun.name());
  for (const list of leaves.filter((command) => command.name() === 'list')) {
    t.is(list.alias(), 'ls');
    // Nobody but their owner changes contexts.
    t.true(list.options.some(({ long }) => long === '--watch') || list.parent?.name() === 'contexts');
    for (const flag of ['--sort-by', '--no-headers'])
      t.true(
        list.options.some(({ long }) => long === flag),
        flag,
      );
  }
});

test('completion offers what fits at the cursor', (t) => {
  const program = makeProgram();
  const at = (line: string) => {
    const { before, current } = splitLine(line);
    const { candidates, source, prefix } = wantedAt(program, { before: before.slice(1), current });
    return [candidates.map(({ value }) => value).join(' '), source, prefix];
  };
  t.deepEqual(at('xctl '), [
    'init contexts pools controllers nodes apply diff export rollouts leases networks ipam nics routes ping trace check events status tokens certs ca audit backup completion options help',
    undefined,
    '',
  ]);
  t.deepEqual(at('xctl po'), ['pools', undefined, '']);
  t.deepEqual(at('xctl node un'), ['uncordon', undefined, '']);
  t.deepEqual(at('xctl -o json nodes li'), ['list', undefined, '']);
  t.deepEqual(at('xctl nodes list -o y'), ['yaml', undefined, '']);
  t.deepEqual(at('xctl nodes list --output=j'), ['--output=json --output=jsonl', undefined, '--output=']);
  t.deepEqual(at('xctl nodes list --state de'), ['degraded', undefined, '']);
  t.deepEqual(at('xctl nodes show '), ['', 'nodes', '']);
  t.deepEqual(at('xctl nodes show web-1 '), ['', 'nodes', ''], 'several names');
  t.deepEqual(at('xctl pools reserve default 10.0.0.0/24 '), ['', undefined, '']);
  t.deepEqual(at('xctl contexts import a'), ['', 'files', '']);
  t.deepEqual(at('xctl nodes add web-1 --token-out '), ['', 'files', '']);
  t.deepEqual(at('xctl nodes list -l zone=a,ti'), ['', 'labels', 'zone=a,']);
  t.deepEqual(at('xctl nodes list --selector=zone=a,ti'), ['', 'labels', '--selector=zone=a,']);
  t.deepEqual(at('xctl nodes set web-1 --remove-label '), ['', 'label-keys', '']);
  t.deepEqual(at('xctl nodes rm --force w'), ['', 'nodes', '']);
  t.deepEqual(at('xctl nodes add web-1 --pool '), ['', 'pools', '']);
  t.deepEqual(at('xctl nodes add web-1 --pool=d'), ['', 'pools', '--pool=']);
  t.deepEqual(at('xctl nodes add web-1 --subnet '), ['', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --wait r'), ['routed ready', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --wait --dr'), ['--dry-run', undefined, '']);
  t.deepEqual(at('xctl pools reserve d'), ['', 'pools', '']);
  t.deepEqual(at('xctl leases release '), ['', 'quarantined', '']);
  t.deepEqual(at('xctl leases end web-1 '), ['', 'leased', '']);
  t.deepEqual(at('xctl rollouts undo '), ['', 'rollouts', '']);
  t.deepEqual(at('xctl backup verify x --passphrase-file '), ['', 'files', '']);
  t.deepEqual(at('xctl ipam release --from-report '), ['', 'files', '']);
  t.deepEqual(at('xctl events --node w'), ['', 'nodes', '']);
  t.deepEqual(at('xctl completion '), ['bash zsh fish', undefined, '']);
  t.deepEqual(at('xctl nodes add web-1 --label a=b --lab'), ['--label', undefined, '']);
  t.deepEqual(at('xctl nodes set web-1 --address 1.2.3.4 --addr'), ['', undefined, '']);
  t.deepEqual(at('xctl --controller unix:/x nodes l'), ['list', undefined, '']);
  t.deepEqual(at('xctl nothing like this '), [
    'init contexts pools controllers nodes apply diff export rollouts leases networks ipam nics routes ping trace check events status tokens certs ca audit backup completion options help',
    undefined,
    '',
  ]);
  const { controller } = wantedAt(program, splitLine('--controller unix:/run/x.sock nodes show '));
  t.is(controller, 'unix:/run/x.sock');
});

test('completion splits a line as a shell does, and gives bash the text to replace', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z0-9./:=-]{1,8}$/)),
      fc.stringMatching(/^[a-z]{0,5}$/),
      (words, last) => {
        t.deepEqual(splitLine([...words, last].join('  ')), { before: words, current: last });
      },
    ),
  );
  t.deepEqual(splitLine(`a 'b c' "d \\" e" f\\ g ''`), { before: ['a', 'b c', 'd " e', 'f g'], current: '' });
  t.deepEqual(splitLine(`a 'open qu`), { before: ['a'], current: 'open qu' });
  t.is(forBash('--mode=bip', '--mode=b'), 'bip');
  t.is(forBash('unix:/run', 'unix:/r'), '/run');
  t.is(forBash('web-1', 'we'), 'web-1');
  for (const script of Object.values(completionScripts)) t.regex(script, /xctl __complete/);
});
