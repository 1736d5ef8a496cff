// Reads which other programs of the host manage its network or its packets: systemd-networkd, NetworkManager, firewalld,
// ufw, SELinux.
// Invariant: read-only, and only files and `systemctl is-active`: none of these programs has to be installed.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { XnetError } from '../../proto/errors.js';
import type { Exec } from '../../proto/process/exec.js';

/** ServicesSeen are their settings. */
export type ServicesSeen = {
  /** Names of units that run: "systemd-networkd"; undefined: systemd does not answer. */
  readonly active: ReadonlySet<string> | undefined;
  /** The settings of [Network] in networkd.conf and its drop-ins, as written: "ManageForeignRoutes" to "no". */
  readonly networkd: ReadonlyMap<string, string>;
  /** Texts of NetworkManager's configuration files, in the order in which it reads them. */
  readonly networkManager: readonly string[];
  /** Names of the interfaces on which NetworkManager has activated a connection of an operator's: "eth0". */
  readonly managed: readonly string[];
  /** Text of firewalld's zone "trusted"; empty if it is as shipped. */
  readonly trustedZone: string;
  readonly ufw: {
    readonly enabled: boolean;
    /** Whether it lets routed packets through that no rule names. */
    readonly routes: boolean;
    /** Text of user.rules. */
    readonly rules: string;
    /** Whether after.rules puts ufw's rules for routed packets into DOCKER-USER, as ufw-docker does. */
    readonly inDockerUser: boolean;
  };
  readonly selinuxEnforces: boolean;
};

const units = ['systemd-networkd', 'NetworkManager', 'firewalld'] as const;
// networkd.conf(5): the first wins, for the main file and for drop-ins of one name.
const systemdFolders = ['etc/systemd', 'run/systemd', 'usr/local/lib/systemd', 'usr/lib/systemd', 'lib/systemd'];

/**
 * readServices reads them.
 * @param root prefix of all paths: "/" on a host
 */
export async function readServices(root: string, exec: Exec, signal: AbortSignal): Promise<ServicesSeen> {
  const read = (path: string) => readFile(join(root, path), 'utf8').catch(() => '');
  const [ufwConf, ufwDefaults, afterRules, userRules] = await Promise.all(
    ['etc/ufw/ufw.conf', 'etc/default/ufw', 'etc/ufw/after.rules', 'etc/ufw/user.rules'].map(read),
  );
  return {
    active: await activeUnits(exec, signal),
    networkd: await networkdSettings(root),
    networkManager: await readNmConf(root),
    managed: await readManaged(root),
    trustedZone: await read('etc/firewalld/zones/trusted.xml'),
    ufw: {
      enabled: /^\s*ENABLED=["']?yes/im.test(ufwConf ?? ''),
      routes: /^\s*DEFAULT_FORWARD_POLICY=["']?ACCEPT/m.test(ufwDefaults ?? ''),
      rules: userRules ?? '',
      inDockerUser: /^\s*-A DOCKER-USER\b.*-j ufw-user-forward/m.test(afterRules ?? ''),
    },
    selinuxEnforces: (await read('sys/fs/selinux/enforce')).trim() === '1',
  };
}

async function activeUnits(exec: Exec, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  try {
    // Exit code 3 if one of them does not run.
    const { stdout } = await exec(['systemctl', 'is-active', ...units.map((unit) => `${unit}.service`)], { signal });
    const states = stdout.split('\n');
    return new Set(units.filter((_, index) => /^(active|activating|reloading|refreshing)$/.test(states[index] ?? '')));
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof XnetError && error.code === 'DeadlineExceeded') return undefined;
    // There is no systemctl.
    return new Set();
  }
}

async function listed(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.conf')).map((name) => join(folder, name));
}

async function networkdSettings(root: string): Promise<ReadonlyMap<string, string>> {
  const folders = systemdFolders.map((folder) => join(root, folder));
  let main = '';
  for (const folder of folders) main ||= await readFile(join(folder, 'networkd.conf'), 'utf8').catch(() => '');
  const byName = new Map<string, string>();
  for (const folder of folders) {
    for (const path of await listed(join(folder, 'networkd.conf.d'))) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (!byName.has(name)) byName.set(name, path);
    }
  }
  const settings = new Map<string, string>();
  const dropIns = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const texts = await Promise.all(dropIns.map((path) => readFile(path, 'utf8').catch(() => '')));
  for (const text of [main, ...texts]) readSection(text, 'Network', settings);
  return settings;
}

function readSection(text: string, wanted: string, settings: Map<string, string>): void {
  let section = '';
  for (const line of text.split('\n')) {
    const [, name] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    const [, key, value] = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === wanted && key !== undefined) settings.set(key, value ?? '');
  }
}

// NetworkManager.conf(5): /usr/lib, /run, the main file, /etc. A file of one folder replaces one of its name in those before.
async function readNmConf(root: string): Promise<readonly string[]> {
  const folders = ['usr/lib/NetworkManager', 'run/NetworkManager', 'etc/NetworkManager'];
  const [lib = [], run = [], etc = []] = await Promise.all(
    folders.map(async (folder) => (await listed(join(root, folder, 'conf.d'))).toSorted()),
  );
  const without = (paths: readonly string[], ...others: readonly string[]) =>
    paths.filter((path) => !others.some((other) => basename(other) === basename(path)));
  const main = join(root, 'etc/NetworkManager/NetworkManager.conf');
  const paths = [...without(lib, ...run, ...etc), ...without(run, ...etc), main, ...etc];
  return Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
}

// Those that NetworkManager only watches ("connected (externally)") have no connection there.
async function readManaged(root: string): Promise<readonly string[]> {
  const folder = join(root, 'sys/class/net');
  const managed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const ifindex = (await readFile(join(folder, name, 'ifindex'), 'utf8').catch(() => '')).trim();
    if (ifindex === '') continue;
    const state = await readFile(join(root, 'run/NetworkManager/devices', ifindex), 'utf8').catch(() => '');
    if (/^managed=true$/m.test(state) && /^connection-uuid=/m.test(state)) managed.push(name);
  }
  return managed.sort();
}
