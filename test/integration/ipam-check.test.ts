// xctl ipam check and release, with records that were written by hand.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ControllerProcess } from '../support/controller-process.js';
import { TestEtcd } from '../support/etcd.js';
import { putKey } from '../support/etcd-history.js';
import { Xctl } from '../support/xctl.js';

type Report = { readonly findings: readonly { readonly reason: string; readonly key: string }[] };

test('a check finds orphaned records, and a release ends those that have not changed since', async (t) => {
  const etcd = await TestEtcd.start();
  const controller = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  const second = await ControllerProcess.start(['--etcd-endpoints', etcd.endpoint]);
  const dir = mkdtempSync(join(tmpdir(), 'xnet-ipam-'));
  const xctl = new Xctl({ controller: `unix:${controller.socket},unix:${second.socket}` });
  t.teardown(async () => {
    xctl.close();
    await Promise.all([controller.close(), second.close()]);
    await etcd.close();
    rmSync(dir, { recursive: true });
  });
  const path = join(dir, 'findings.json');
  const report = () => JSON.parse(readFileSync(path, 'utf8')) as Report;
  const check = async (code: number) => {
    const ran = await xctl.run('ipam', 'check', '--report', path);
    t.is(ran.code, code, `${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  };
  await controller.createPool();
  for (const index of [1, 2]) await controller.addNode(`web-${index}`, `192.168.83.${index}`);
  t.regex(await check(0), /^nothing is wrong: checked 2 controllers at revision \d+\n$/);

  const ghost = JSON.stringify({ node: 'n-ghost' });
  const lease = JSON.stringify({ state: 'leased', node: 'n-ghost', generation: 1, sinceMs: 1 });
  putKey(etcd.endpoint, 'subnets/default/10.76.9.0-24', lease);
  putKey(etcd.endpoint, 'names/ghost', ghost);
  putKey(etcd.endpoint, 'addresses/192.168.83.200', ghost);
  putKey(etcd.endpoint, 'nodes/n-garbled', '{');
  const text = await check(8);
  for (const line of [
    /LeaseOfNobody +subnets\/default\/10.76.9.0-24 +its node n-ghost does not exist +xctl ipam check/,
    /NameOfNobody +names\/ghost/,
    /AddressOfNobody +addresses\/192.168.83.200/,
    /RecordUnreadable +nodes\/n-garbled/,
  ]) {
    t.regex(text, line);
  }
  t.deepEqual(
    report()
      .findings.map(({ key }) => key)
      .filter((key) => key !== '')
      .sort(),
    ['addresses/192.168.83.200', 'names/ghost', 'subnets/default/10.76.9.0-24'],
  );
  const planned = await xctl.run('ipam', 'release', '--from-report', path, '--dry-run');
  t.is(planned.code, 0, planned.stderr);
  t.regex(planned.stdout, /^would release 3 records\n$/);
  t.regex(planned.stderr, /nodes\/n-garbled: not repaired here: correct it with etcdctl/);
  t.is((await xctl.run('ipam', 'release', '--from-report', path)).code, 2, 'it asks first');

  // Somebody writes one of them again after the check.
  putKey(etcd.endpoint, 'names/ghost', ghost);
  const released = await xctl.run('ipam', 'release', '--from-report', path, '--yes');
  t.is(released.code, 4, released.stderr);
  t.regex(released.stdout, /^released 2 records; 1 left\n$/);
  t.regex(released.stderr, /names\/ghost: not released: names\/ghost is not as it was found: it changed since/);
  t.regex((await xctl.run('leases', 'list')).stdout, /10.76.9.0\/24 .*quarantined/);
  const again = await xctl.run('ipam', 'release', '--from-report', path, '--yes');
  t.is(again.code, 4);
  t.regex(again.stderr, /10.76.9.0-24 is not as it was found: nothing is wrong with it/);
  await check(8);
  t.deepEqual(
    report()
      .findings.map(({ reason }) => reason)
      .sort(),
    ['NameOfNobody', 'RecordUnreadable'],
  );
  t.is((await controller.nodes()).length, 2);

  const silent = await xctl.run('ipam', 'check', '--controller', `unix:${controller.socket},unix:${dir}/none.sock`);
  t.is(silent.code, 8);
  t.regex(silent.stdout, /ControllerSilent +controller\/unix:/);
  writeFileSync(path, '{}');
  t.is((await xctl.run('ipam', 'release', '--from-report', path, '--yes')).code, 2);
});
