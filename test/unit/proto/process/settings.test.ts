// Settings that are hostile, and settings that would make a connection unsafe: there are none of the latter.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import fc from 'fast-check';
import { makeProgram as makeXctl } from '../../../../cli/program/program.js';
import { type ControllerSettings, makeControllerProgram as makeController } from '../../../../controller/settings.js';
import { decode } from '../../../../controller/store/record-codec.js';
import { readDocument } from '../../../../node/docker/engine/json-document.js';
import { addOptions, settingsSchema } from '../../../../node/settings/settings.js';
import { XnetError } from '../../../../proto/errors.js';
import { readSettingsFile } from '../../../../proto/process/settings.js';
import { makeClient } from '../../../../proto/rpc/channel.js';
import { services } from '../../../../proto/rpc/definitions.js';
import { startServer } from '../../../../proto/rpc/server.js';

function inFile(t: ExecutionContext, content: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'xnet-settings-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'settings.yaml');
  writeFileSync(path, content);
  return path;
}

async function controllerSettings(argv: readonly string[]): Promise<ControllerSettings> {
  let read: ControllerSettings | undefined;
  const program = makeController('0', async (settings) => {
    read = settings;
  });
  program.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync([...argv], { from: 'user' });
  if (read === undefined) throw new Error('not run');
  return read;
}

function flagsOf(command: Command): string[] {
  return [...command.options.map(({ long }) => long ?? ''), ...command.commands.flatMap(flagsOf)];
}

test('no setting disables TLS on a port or the check of a certificate', async (t) => {
  const programs = [makeXctl(), makeController('0', async () => undefined)];
  const { Command: Fresh } = await import('commander');
  const flags = [...programs.flatMap(flagsOf), ...flagsOf(addOptions(new Fresh('xnetd')))];
  t.true(flags.length > 30);
  const unsafe = /insecure|plain|no-?tls|tls|skip|verify-?(none|peer)|no-?verify|no-?auth|anonymous|trust-?all|http$/i;
  t.deepEqual(
    // xctl audit --verify is about the audit log.
    flags.filter((flag) => unsafe.test(flag)),
    [],
  );
  const words = ['insecure', 'plaintext', 'tls', 'no-tls', 'tls-verify', 'skip-verify', 'auth', 'min-version'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...words),
      fc.constantFrom('true', 'false', 'off', '0', 'none'),
      async (word, value) => {
        const file = inFile(t, `${word}: ${value}\n`);
        const problem = await t.throwsAsync(controllerSettings(['--config', file]));
        t.regex(problem?.message ?? '', /unknown setting/);
        await t.throwsAsync(controllerSettings([`--${word}`, value]), { code: 'commander.unknownOption' });
      },
    ),
    { numRuns: 40 },
  );
  // However endpoints are written, TCP ones are made with TLS alone, by servers and by clients.
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^(unix:\/[a-z]{1,9}|[a-z0-9.]{1,12}(:[0-9]{1,5})?)$/), async (text) => {
      let settings: ControllerSettings;
      try {
        settings = await controllerSettings(['--listen', text]);
      } catch (error) {
        t.true(error instanceof XnetError);
        return;
      }
      for (const endpoint of settings.listen.filter(({ kind }) => kind === 'tcp')) {
        await t.throwsAsync(startServer({ endpoints: [endpoint], bindings: [] }), { message: /TCP is for TLS/ });
        t.throws(() => makeClient(services.admin, endpoint), { message: /no certificate/ });
      }
    }),
    { numRuns: 60 },
  );
  await t.throwsAsync(controllerSettings(['--join-listen', 'unix:/run/x.sock']), { message: /HOST:PORT alone/ });
});

test('a settings file can neither inject prototypes nor exhaust memory', (t) => {
  for (const content of [
    '__proto__: {polluted: yes}\n',
    'constructor: {prototype: {polluted: yes}}\n',
    '"__proto__": {logLevel: debug}\n',
    'toString: x\n',
    'hasOwnProperty: x\n',
  ]) {
    const { values } = readSettingsFile(inFile(t, content), true);
    t.is(values.size, 1, 'it is a setting like any other that nobody knows');
    t.is(Reflect.get({}, 'polluted'), undefined);
  }
  // Ten lines that stand for 10^9 texts.
  const lines = ['a0: &a0 ["x","x","x","x","x","x","x","x","x","x"]'];
  for (let n = 1; n < 10; n++)
    lines.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(',')}]`,
    );
  const bomb = t.throws(() => readSettingsFile(inFile(t, `${lines.join('\n')}\n`), true), { instanceOf: XnetError });
  t.is(bomb?.code, 'InvalidArgument');
  const deep = `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`;
  t.throws(() => readSettingsFile(inFile(t, deep), true), { instanceOf: XnetError });
  for (const content of [
    '- a\n- b\n',
    'x',
    'a: 1\na: 2\n',
    '\u0000',
    '!!js/function "x"',
    'a: [',
    '%YAML 9.9\n---\n...',
  ]) {
    try {
      readSettingsFile(inFile(t, content), true);
    } catch (error) {
      t.true(error instanceof XnetError && error.code === 'InvalidArgument', `${content}: ${String(error)}`);
    }
  }
  t.true('node' in settingsSchema.entries);
});

test('records and Docker’s settings that name a prototype are read as they are', (t) => {
  const node = '{"name":"a","address":"192.168.83.1","labels":{"__proto__":"x"},"availability":"active","createdMs":1}';
  decode('node', node);
  decode('node', node.replace('{"__proto__":"x"}', '{"constructor":{"prototype":{"polluted":1}}}'));
  decode('token', '{"__proto__":{"usesLeft":9,"hash":"x"}}');
  t.true(
    'problem' in
      decode('token', '{"__proto__":{"hash":"x","uses":1,"usesLeft":9,"createdMs":1,"expiresMs":1,"createdBy":"x"}}'),
  );
  const document = readDocument(Buffer.from('{"__proto__": {"bip": "1.2.3.4/24"}, "bip": "10.0.0.1/24"}'));
  t.true('properties' in document && document.properties.length === 2);
  for (const name of ['polluted', 'bip', 'usesLeft', 'hash', 'x']) t.is(Reflect.get({}, name), undefined);
});
