// Power loss while a file is replaced: what is on the disk at each step is copied, and mounted as after a boot. The disk is
// a file, so a copy has what the file system wrote to it, and nothing of what was in memory alone.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readForReplace, replaceFile } from '../../node/docker/bip/compare-and-replace.js';
import { exec } from '../../proto/process/exec.js';
import { isRoot } from '../support/linux-route-host.js';

async function run(...argv: readonly [string, ...string[]]): Promise<void> {
  const { code, stderr } = await exec(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
}

type Disk = {
  readonly dir: string;
  /** The content of a file after a power failure at this moment; undefined if it does not exist. */
  afterPowerLoss(name: string): Promise<string | undefined>;
};

async function makeDisk(t: ExecutionContext): Promise<Disk> {
  const folder = mkdtempSync(join(tmpdir(), 'xnet-power-'));
  const [image, copy, dir, later] = ['image', 'copy', 'disk', 'later'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  writeFileSync(image, '');
  truncateSync(image, 8 * 1024 * 1024);
  await run('mkfs.ext4', '-q', image);
  for (const each of [dir, later]) mkdirSync(each);
  // The file system neither flushes before a rename nor commits on its own meanwhile: only explicit flushes are safe.
  await run('mount', '-o', 'loop,noauto_da_alloc,commit=300', image, dir);
  t.teardown(async () => {
    await exec(['umount', '--lazy', dir]);
    rmSync(folder, { recursive: true, force: true });
  });
  const afterPowerLoss = async (name: string) => {
    copyFileSync(image, copy);
    await run('mount', '-o', 'loop', copy, later);
    try {
      return readFileSync(join(later, name), 'utf8');
    } catch {
      return undefined;
    } finally {
      await run('umount', later);
    }
  };
  return { dir, afterPowerLoss };
}

const older = '{"mtu": 1400}\n';
const newer = `{"mtu": 1400, "labels": ["${'x'.repeat(8_192)}"]}\n`;

if (isRoot('power loss')) {
  test('N3 after power loss at any step a file is the old one or the new one, whole', async (t) => {
    const { dir, afterPowerLoss } = await makeDisk(t);
    const path = join(dir, 'daemon.json');
    for (const [before, bytes] of [
      [undefined, older],
      [older, newer],
      [newer, older],
    ] as const) {
      const steps: string[] = [];
      await replaceFile(await readForReplace(path, 1 << 20), Buffer.from(bytes), {
        mode: 0o644,
        reached: async (step) => {
          steps.push(step);
          const found = await afterPowerLoss('daemon.json');
          t.true([before, bytes].includes(found), `${step}: ${found?.slice(0, 20)}… of ${found?.length}`);
        },
      });
      t.deepEqual(steps, ['temporary-written', 'renamed']);
      t.is(await afterPowerLoss('daemon.json'), bytes, 'once it is done, it is on the disk');
    }
    // Data that is not flushed is lost on this disk.
    const temporary = join(dir, 'temporary');
    writeFileSync(temporary, newer);
    renameSync(temporary, path);
    t.is(readFileSync(path, 'utf8'), newer);
    t.not(await afterPowerLoss('daemon.json'), newer);
  });
}
