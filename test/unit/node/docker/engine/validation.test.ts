// Asking a dockerd about a configuration, without any dockerd.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { askDockerd } from '../../../../../node/docker/engine/validation.js';
import type { Exec } from '../../../../../proto/process/exec.js';

test('dockerd is asked with its own folder in PATH, where its docker-proxy may be', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-validation-'));
  const asked: (readonly string[])[] = [];
  const exec: Exec = async (argv) => {
    asked.push(argv);
    return { code: 0, stdout: '', stderr: '' };
  };
  const dockerd = { program: '/opt/docker/dockerd', argv: ['--debug'], major: 28 };
  try {
    t.is(await askDockerd(exec, dockerd, Buffer.from('{}'), folder), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const file = `--config-file=${join(folder, 'daemon.json.asked')}`;
  t.deepEqual(asked, [
    ['env', `PATH=${process.env['PATH']}:/opt/docker`, '/opt/docker/dockerd', '--debug', file, '--validate'],
  ]);
});
