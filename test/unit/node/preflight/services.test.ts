// What the files of other programs say: NetworkManager's configuration, ufw's rules, firewalld's zone; and a systemd that does
// not answer.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { PreflightFinding } from '../../../../node/preflight/finding.js';
import { type PreflightGiven, requestFrom } from '../../../../node/preflight/request.js';
import { readServices } from '../../../../node/preflight/services.js';
import { servicesFindings } from '../../../../node/preflight/services-findings.js';
import { XnetError } from '../../../../proto/errors.js';
import type { Exec } from '../../../../proto/process/exec.js';
import { prefix } from '../../../support/pools.js';

const running: Exec = async (argv) => ({
  code: 0,
  stdout: argv
    .slice(2)
    .map(() => 'active\n')
    .join(''),
  stderr: '',
});

async function found(
  files: Readonly<Record<string, string>>,
  given: Partial<PreflightGiven> = {},
  exec = running,
  usesNftables = false,
): Promise<readonly PreflightFinding[]> {
  const root = mkdtempSync(join(tmpdir(), 'xnet-services-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const seen = await readServices(root, exec, new AbortController().signal);
    const look = { subnet: prefix('10.76.3.0/24'), pool: [prefix('10.76.0.0/16')] };
    return servicesFindings(
      seen,
      requestFrom({ mode: 'bip', controllers: [], ...look, ...given }, undefined),
      usesNftables,
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

const nm = 'etc/NetworkManager/conf.d';

test("NetworkManager's configuration is read as it reads it", async (t) => {
  const takes = async (files: Readonly<Record<string, string>>, given: Partial<PreflightGiven> = {}) =>
    (await found(files, given)).some(({ reason }) => reason === 'NetworkManagerTakesBridges');
  const keyfile = (...lines: readonly string[]) =>
    takes({ [`${nm}/10.conf`]: `[keyfile]\n${lines.map((line) => `unmanaged-devices${line}\n`).join('')}` });
  for (const line of [
    ...['=interface-name:docker0', '=interface-name:docker*', '=interface-name:=docker0', '=interface-name:~docker?'],
    ...[
      '=*',
      '=*,except:interface-name:eth0',
      '=type:bridge',
      '=driver:bridge;driver:veth',
      '+= type:bridge , mac:00:11',
    ],
    ...['=except:interface-name:eth0', '=docker0'],
  ]) {
    t.false(await keyfile(line), line);
  }
  for (const line of [
    ...['=*,except:type:bridge', '=interface-name:docker*;except:interface-name:docker0', '=interface-name:=docker*'],
    ...[
      '=mac:00:11:22:33:44:55',
      '=type:wifi',
      '=none',
      '=',
      '=except:interface-name:docker0',
      '=interface-name:docker',
    ],
  ]) {
    t.true(await keyfile(line), line);
  }
  t.true(await keyfile('=*', '=type:wifi'), 'the last one counts');
  t.true(await keyfile(' +=*'), 'no list');
  t.false(await keyfile('=type:bridge', '+=type:wifi'));
  t.true(await keyfile('=type:bridge;type:wifi', '-=type:bridge'));

  // Ubuntu's way to have all interfaces managed is an empty file in /etc.
  const shipped = 'NetworkManager/conf.d/10-globally-managed-devices.conf';
  const none = '[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm,except:type:cdma\n';
  t.false(await takes({ [`usr/lib/${shipped}`]: none }));
  t.true(await takes({ [`usr/lib/${shipped}`]: none, [`etc/${shipped}`]: '' }));
  t.true(await takes({ [`usr/lib/${shipped}`]: none, [`run/${shipped}`]: '' }));
  t.true(await takes({ [`usr/lib/${shipped}`]: none, [`${nm}/05-a.conf`]: '[keyfile]\nunmanaged-devices=none\n' }));
  t.false(
    await takes({
      'etc/NetworkManager/NetworkManager.conf': none,
      [`usr/lib/${shipped}`]: '[keyfile]\nunmanaged-devices=\n',
    }),
  );
  t.true(await takes({ [`${nm}/10.conf`]: '[main]\nunmanaged-devices=*\n' }), 'another section');
  const device = (...lines: readonly string[]) =>
    takes({ [`${nm}/10.conf`]: `[device-docker]\n${lines.join('\n')}\n` });
  t.false(await device('match-device=interface-name:docker0', 'managed=0'));
  t.true(await device('match-device=interface-name:wlan0', 'managed=0'));
  const whole = '[device-docker]\nmatch-device=interface-name:wlan0\n';
  t.true(await takes({ [`${nm}/10.conf`]: whole, [`${nm}/20.conf`]: '[device-docker]\nmanaged=0\n' }), 'one section');

  // The bridge of the lease is one that containers need, too.
  const docker0 = { [`${nm}/10.conf`]: '[keyfile]\nunmanaged-devices=interface-name:docker0\n' };
  t.false(await takes(docker0));
  t.true(await takes(docker0, { mode: 'bridge' }));
});

test('of the rules of ufw for peers, the first counts', async (t) => {
  const reasons = async (...rules: readonly string[]) => {
    const files = {
      'etc/ufw/ufw.conf': 'ENABLED=yes\n',
      'etc/ufw/after.rules': '*filter\n-A DOCKER-USER -j ufw-user-forward\nCOMMIT\n',
      'etc/ufw/user.rules': rules.map((rule) => `-A ufw-user-forward ${rule}\n`).join(''),
    };
    return (await found(files)).filter(({ reason }) => reason.startsWith('Ufw')).map(({ reason }) => reason);
  };
  const allow = '-d 10.76.0.0/16 -s 10.76.0.0/16 -j ACCEPT';
  const deny = '-d 10.0.0.0/8 -j DROP';
  t.deepEqual(await reasons(allow, deny), ['UfwActive']);
  t.deepEqual(await reasons(deny, allow), ['UfwDrops']);
  t.deepEqual(await reasons('-p tcp --dport 22 -j DROP', '-i wlan0 -j DROP', '-s 10.77.0.0/16 -j REJECT', allow), [
    'UfwActive',
  ]);
  t.deepEqual(await reasons(`-i eth0 -o docker0 -p tcp ${allow}`), ['UfwActive'], 'TCP alone');
  t.deepEqual(await reasons(`-p tcp --dport 80 ${allow}`), ['UfwDrops']);
});

test('ufw that lets routed packets through drops nothing beside tables of nftables', async (t) => {
  const told = async (policy: string) => {
    const files = { 'etc/ufw/ufw.conf': 'ENABLED=yes\n', 'etc/default/ufw': `DEFAULT_FORWARD_POLICY="${policy}"\n` };
    return (await found(files, {}, running, true)).filter(({ reason }) => reason.startsWith('Ufw'));
  };
  t.like(await told('ACCEPT'), [
    { reason: 'UfwActive', message: 'ufw is active; it accepts routed packets by default' },
  ]);
  t.like(await told('DROP'), [{ reason: 'UfwDrops' }]);
});

test('a zone of firewalld that trusts more than the pool trusts the pool', async (t) => {
  const drops = async (source: string) =>
    (await found({ 'etc/firewalld/zones/trusted.xml': `<zone><source address=${source}/></zone>` })).some(
      ({ reason }) => reason === 'FirewalldDrops',
    );
  t.false(await drops('"10.76.0.0/16"'));
  t.false(await drops("'10.0.0.0/8'"));
  t.true(await drops('"10.76.3.0/24"'));
  t.true(await drops('"110.76.0.0/16"'));
});

test('a systemd that does not answer is reported, and so is what the files say', async (t) => {
  const files = { 'etc/ufw/ufw.conf': 'ENABLED=yes\n' };
  const reasons = async (exec: Exec) => (await found(files, {}, exec)).map(({ reason }) => reason);
  const hanging: Exec = () => Promise.reject(new XnetError('DeadlineExceeded', 'systemctl does not answer'));
  t.deepEqual(await reasons(hanging), ['NotLookedAt', 'UfwActive']);
  const missing: Exec = () => Promise.reject(new XnetError('FailedPrecondition', "can't run systemctl"));
  t.deepEqual(await reasons(missing), ['UfwActive']);
  const reloading: Exec = async () => ({ code: 0, stdout: 'inactive\nreloading\ninactive\n', stderr: '' });
  t.deepEqual(await reasons(reloading), ['NetworkManagerTakesBridges', 'UfwActive']);
});
