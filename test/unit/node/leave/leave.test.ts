// The marker of a leave that did not end, as the next command finds it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { memberToLeave } from '../../../../node/commands/leave.js';
import { isLeaving, leaveBegun } from '../../../../node/leave/leave.js';
import type { NodeSettings } from '../../../../node/settings/settings.js';
import { XnetError } from '../../../../proto/errors.js';

test('a damaged leave marker does not block a leave by hand, and its options are not used', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'xnet-leaving-'));
  const marker = join(stateDir, 'leaving');
  try {
    t.false(await isLeaving(stateDir));
    t.is(await leaveBegun(stateDir), undefined);
    // As a file system leaves it after a power cut; of another version; as it is.
    for (const damaged of ['', '{"force":true', '{"force":true}']) {
      writeFileSync(marker, damaged);
      await t.throwsAsync(leaveBegun(stateDir), { code: 'Corrupt', message: /leaving, the marker .* is damaged/ });
      t.true(await isLeaving(stateDir));
      const member = await memberToLeave({ stateDir } as NodeSettings, false, undefined);
      t.deepEqual(member, { node: '', controllers: [] });
    }
    writeFileSync(marker, '{"force":true,"localOnly":false}\n');
    t.deepEqual(await leaveBegun(stateDir), { force: true, localOnly: false });
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

test('a host that lost its identity but knows its lease learns how to leave', async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'xnet-leaving-'));
  try {
    const error = await t.throwsAsync(memberToLeave({ stateDir } as NodeSettings, false, 'web-1'), {
      instanceOf: XnetError,
      code: 'FailedPrecondition',
      message: /node web-1, but its identity is lost/,
    });
    t.regex(error?.hint ?? '', /xnetd leave --local\n.*xctl nodes remove web-1/);
    t.deepEqual(await memberToLeave({ stateDir } as NodeSettings, true, 'web-1'), { node: 'web-1', controllers: [] });
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});
