// Backup files: a sealed file opens with its content, and nothing else does, whatever was changed.
import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { checkRecords } from '../../../../cli/backup/check.js';
import { type BackupContent, type BackupHead, readBackup, sealedFile } from '../../../../cli/backup/sealed-file.js';

// As cheap as scrypt goes: what it costs to guess is not under test.
const cost = { N: 2, r: 1, p: 1 };
const passphrase = 'correct horse battery';

const head: BackupHead = {
  ...{ id: 'b-1', cluster: 'c-1', epoch: 1, revision: 12, store: 'e-1', made: '2026-11-22T02:00:00.000Z' },
  ...{ controller: 'c1 (0.1.0)', clusterKey: 'k-1', hasClusterKey: true, problems: [] },
};

async function* each(contents: readonly BackupContent[]) {
  yield* contents;
}

async function sealed(contents: readonly BackupContent[], secret = passphrase): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of sealedFile(head, each(contents), secret, cost)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function ended(parts: readonly BackupContent['records'][], clusterKey = 'a2V5'): readonly BackupContent[] {
  const records = parts.reduce((sum, part) => sum + part.length, 0);
  return [...parts.map((part) => ({ records: part })), { records: [], end: { records, clusterKey } }];
}

const record = fc.record({ key: fc.string(), value: fc.string({ unit: 'grapheme' }) });

// Whoever changes a file can correct its checksum as well.
function resummed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, -72);
  return Buffer.concat([body, Buffer.from(`sha256 ${createHash('sha256').update(body).digest('hex')}\n`)]);
}

async function content(bytes: Buffer, secret = passphrase) {
  return readBackup(bytes, 'f').open(secret);
}

test('a sealed file opens with its content', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(record, { maxLength: 5 }), { maxLength: 5 }), async (parts) => {
      const bytes = await sealed(ended(parts));
      t.deepEqual(await content(bytes), [...ended(parts)]);
      t.deepEqual(readBackup(bytes, 'f').head, head);
      t.regex(bytes.toString('utf8'), /^xnet backup 1\n\{\n {2}"id": "b-1",\n/);
    }),
    { numRuns: 30 },
  );
});

test('whatever byte is changed, the file is refused, also if its checksum was corrected', async (t) => {
  const bytes = await sealed(ended([[{ key: 'nodes/n-1', value: '{"name":"web-1"}' }], [{ key: 'a', value: 'b' }]]));
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    await t.throwsAsync(() => content(changed), undefined, `byte ${at}`);
    if (at < bytes.length - 72) await t.throwsAsync(() => content(resummed(changed)), undefined, `byte ${at}`);
  }
});

test('a part that is cut off, repeated or moved is detected', async (t) => {
  const text = (await sealed(ended([[{ key: 'a', value: '1' }], [{ key: 'b', value: '2' }]]))).toString('latin1');
  const lines = text.split('\n');
  const first = lines.indexOf('}') + 1;
  const line = (index: number) => lines[first + index] ?? '';
  for (const parts of [
    [line(0), line(1)],
    [line(1), line(0), line(2)],
    [line(0), line(0), line(1), line(2)],
    [line(0), line(2)],
    [line(2)],
    [],
  ]) {
    const other = [...lines.slice(0, first), ...parts, ...lines.slice(first + 3)].join('\n');
    await t.throwsAsync(async () => content(resummed(Buffer.from(other, 'latin1'))), undefined, parts.join());
  }
  for (let length = 0; length < text.length; length++) {
    t.throws(() => readBackup(Buffer.from(text.slice(0, length), 'latin1'), 'f'), undefined, `${length} bytes`);
  }
});

test('another passphrase, another kind of file and a newer format are distinguished from damage', async (t) => {
  const bytes = await sealed(ended([]));
  await t.throwsAsync(content(bytes, 'another passphrase'), { message: 'the passphrase does not open f' });
  t.deepEqual(await content(await sealed(ended([]), 'na\u0308chste Stra\u00dfe'), 'n\u00e4chste Stra\u00dfe'), [
    ...ended([]),
  ]);
  t.throws(() => readBackup(Buffer.from('{}'), 'f'), { message: 'f is no backup of xnet' });
  const newer = resummed(Buffer.from(bytes.toString('latin1').replace('backup 1', 'backup 2'), 'latin1'));
  t.throws(() => readBackup(newer, 'f'), { message: 'f has format 2, this xctl reads format 1' });
  t.throws(() => readBackup(bytes.subarray(0, -1), 'f'), { message: /damaged: its end is missing/ });
});

test('records that contradict each other are named, all at once', (t) => {
  const lease = (node: string) => JSON.stringify({ state: 'leased', node, generation: 1, sinceMs: 0 });
  const owner = JSON.stringify({ node: 'n-1' });
  const whole = [
    { key: 'cluster', value: '{}' },
    { key: 'pools/default', value: '{"cidr":"10.76.0.0/16","subnetLength":24}' },
    { key: 'nodes/n-1', value: '{"name":"web-1","address":"192.168.83.1"}' },
    { key: 'names/web-1', value: owner },
    { key: 'addresses/192.168.83.1', value: owner },
    { key: 'subnets/default/10.76.0.0-24', value: lease('n-1') },
  ];
  t.like(checkRecords(whole), { records: 6, pools: 1, nodes: 1, leases: 1, problems: [] });
  const { problems } = checkRecords([
    ...whole.filter(({ key }) => !key.startsWith('names/')),
    { key: 'pools/edge', value: '{"cidr":"10.76.128.0/17","subnetLength":24}' },
    { key: 'subnets/edge/10.76.0.0-25', value: lease('n-2') },
    { key: 'tokens/t', value: 'no JSON' },
    { key: 'cluster', value: '{}' },
  ]);
  t.deepEqual([...problems].sort(), [
    'cluster occurs twice',
    'nodes/n-1: the name web-1 belongs to no node',
    'pools default and edge overlap',
    'subnets/default/10.76.0.0-24 and subnets/edge/10.76.0.0-25 overlap',
    'subnets/edge/10.76.0.0-25: 10.76.0.0/25 is no subnet of pool edge (10.76.128.0/17)',
    'subnets/edge/10.76.0.0-25: there is no node n-2',
    'tokens/t: not JSON',
  ]);
});
