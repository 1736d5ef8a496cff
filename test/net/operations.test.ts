// Plays OPERATIONS.md: each failure of an etcd with three members and of controllers, then each command of the page
// with its output.
// Invariant: a test fails if a section or a block of the page is not played, or if a line of output differs. Machines
// of the lab have no systemd: the test does the work of `systemctl` and `timedatectl`.
import { copyFileSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { ExecResult } from '../../proto/process/exec.js';
import { EtcdSite, etcdMembers } from '../support/etcd-site.js';
import { isRoot } from '../support/linux-route-host.js';
import { inThisRun, type Known, matches, type PageCommand, readOperations } from '../support/operations-page.js';

const sections = readOperations();

const titles = [
  'One etcd member of three is gone',
  'Two members of three are gone',
  'An etcd member is partitioned from the others',
  'etcd is out of space (NOSPACE)',
  'The store was restored from a backup',
  'Backups with xctl, and another etcd',
  'Hosts have seen a higher epoch',
  'Hosts keep routes that were withdrawn',
  'A controller is two hours ahead',
  'A controller is gone',
] as const;

// What only looks, and may be looked at again until it is so.
const looks =
  /^(xctl .*status$|xctl backup adopt$|xctl routes held$|xnetd status |etcdctl endpoint status$|etcdctl member list$)/;

type Instead = (machine: string, command: string) => Promise<void>;

/** Page plays blocks of a section in their order. */
class Page {
  readonly #t: ExecutionContext;
  readonly #site: EtcdSite;
  readonly #known: Known = new Map();
  readonly #left: (readonly PageCommand[])[];

  constructor(t: ExecutionContext, site: EtcdSite, title: (typeof titles)[number]) {
    this.#t = t;
    this.#site = site;
    const section = sections.find((each) => each.title === title);
    if (section === undefined) throw new Error(`OPERATIONS.md has no section: ${title}`);
    this.#left = [...section.blocks];
  }

  /** blocks are those that were not played yet. */
  get blocks(): readonly (readonly PageCommand[])[] {
    return this.#left;
  }

  /** play plays the next block; `instead` does the work of systemctl and timedatectl. */
  async play(instead?: Instead): Promise<void> {
    const block = this.#left.shift();
    if (block === undefined) throw new Error('the section has no other block');
    for (const step of block) {
      if (/^(systemctl|timedatectl) /.test(step.command)) await instead?.(step.machine, step.command);
      else await this.#run(step);
    }
  }

  async #run({ machine, command, shown, exit }: PageCommand): Promise<void> {
    const line = inThisRun(command, this.#known);
    const asShown = ({ code, stdout }: ExecResult) => code === exit && matches(shown, stdout, this.#known);
    if (looks.test(command)) return this.#site.until(machine, line, asShown);
    const ran = await this.#site.sh(machine, line);
    const said = `${ran.stdout}[exit ${ran.code}]`;
    this.#t.true(asShown(ran), `OPERATIONS.md: ${line}\n${shown.join('\n')}\n[exit ${exit}]\nbut it printed:\n${said}`);
  }
}

const allIsWell = (site: EtcdSite) => site.until('', 'xctl status', ({ stdout }) => stdout.includes('all is well'));

async function siteOf(t: ExecutionContext, ...others: readonly string[]): Promise<EtcdSite> {
  const site = await EtcdSite.start();
  t.teardown(() => site.close());
  await site.startController('c1');
  for (const line of ['xctl init --pool 10.76.0.0/16', 'xctl nodes add h1 --address 192.168.83.21']) {
    const { code, stdout } = await site.sh('', line);
    t.is(code, 0, stdout);
  }
  for (const name of others) await site.startController(name);
  await allIsWell(site);
  return site;
}

const partition = `table inet cut {
  chain in { type filter hook input priority 0; tcp dport 2380 drop; tcp sport 2380 drop; }
  chain out { type filter hook output priority 0; tcp dport 2380 drop; tcp sport 2380 drop; }
}`;

// Two hours ahead while the file exists.
const ahead =
  "import { existsSync } from 'node:fs'; const now = Date.now; " +
  "Date.now = () => now() + (existsSync('/run/ahead') ? 7_200_000 : 0);";

async function startAhead(site: EtcdSite, name: string): Promise<void> {
  await site.sh('', 'touch /run/ahead');
  await site.startController(name, {
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(ahead)}` },
  });
}

if (isRoot('OPERATIONS.md')) {
  test('etcd members that are killed, hang, lose their disk or are partitioned', async (t) => {
    const site = await siteOf(t);
    const one = new Page(t, site, 'One etcd member of three is gone');
    await site.kill('etcd-2');
    await one.play();
    await site.startMember('etcd-2');
    await allIsWell(site);
    site.signal('etcd-2', 'SIGSTOP');
    await one.play();
    await one.play(async (machine) => site.signal(machine, 'SIGCONT'));
    await site.kill('etcd-2');
    site.loseDisk('etcd-2');
    await one.play((machine) => site.startMember(machine, 'existing'));

    t.deepEqual(one.blocks, []);
    const two = new Page(t, site, 'Two members of three are gone');
    for (const name of ['etcd-2', 'etcd-3']) await site.kill(name);
    await two.play();
    t.deepEqual(two.blocks, []);
    for (const name of ['etcd-2', 'etcd-3']) await site.startMember(name);
    await allIsWell(site);

    await site.machine('etcd-3').run(['nft', '-f', '-'], { input: partition });
    const partitioned = new Page(t, site, 'An etcd member is partitioned from the others');
    await partitioned.play();
    t.deepEqual(partitioned.blocks, []);
    await site.machine('etcd-3').run(['nft', 'delete', 'table', 'inet', 'cut']);
    await allIsWell(site);
  });

  test('a store that is full, and one that was restored', async (t) => {
    const site = await siteOf(t, 'c2');
    const restored = new Page(t, site, 'The store was restored from a backup');
    await restored.play();

    const full = new Page(t, site, 'etcd is out of space (NOSPACE)');
    const megabyte = 'x'.repeat(1_000_000);
    const put = `ETCDCTL_ENDPOINTS=${site.clientUrl('etcd-1')} etcdctl put /junk`;
    for (let said = 'OK'; !said.includes('database space exceeded'); ) {
      const { code, stdout } = await site.sh('', put, megabyte);
      said = stdout;
      if (code !== 0 && !/space exceeded|timed out|deadline exceeded/.test(said)) return t.fail(said);
    }
    await full.play();
    await full.play();
    t.deepEqual(full.blocks, []);

    // Copied as by an operator.
    for (const name of etcdMembers) copyFileSync(site.inHome('', 'backup.db'), site.inHome(name, 'backup.db'));
    const [restore = []] = restored.blocks;
    await restored.play((machine) => site.kill(machine));
    for (const name of ['etcd-2', 'etcd-3']) {
      const { address } = site.machine(name);
      for (const { machine, command } of restore.filter((step) => !step.command.startsWith('systemctl'))) {
        t.is(machine, 'etcd-1');
        const own = command
          .replace('--name etcd-1 ', `--name ${name} `)
          .replace(/(peer-urls) \S+/, `$1 http://${address}:2380`);
        const { code, stdout } = await site.sh(name, own);
        t.is(code, 0, stdout);
      }
    }
    for (const name of etcdMembers) await site.startMember(name);
    await restored.play();
    await site.kill('c1');
    await site.startController('c1', { env: { XNET_CONTROLLER_ACCEPT_STORE: 'true' } });
    await restored.play();
    t.deepEqual(restored.blocks, []);
  });

  test('a backup of a controller with an etcd of its own is restored into another etcd', async (t) => {
    const site = await EtcdSite.start();
    t.teardown(() => site.close());
    await site.startController('c1', { embedded: true });
    const added = 'xctl nodes add h1 --address 192.168.83.11 --token-out token';
    const pass = "(umask 077; echo 'correct horse battery' >backup.pass)";
    for (const line of ['xctl init --pool 10.76.0.0/16', added, pass]) {
      const { code, stdout } = await site.sh('', line);
      t.is(code, 0, stdout);
    }
    await site.startHost('etcd-1', readFileSync(site.inHome('', 'token'), 'utf8'));
    await site.until('', 'xctl nodes show h1 -o json', ({ stdout }) => stdout.includes('"installed"'));
    const page = new Page(t, site, 'Backups with xctl, and another etcd');
    await page.play();
    await page.play(async (_machine, command) => {
      if (command.includes(' stop ')) await site.kill('c1');
      else await startAhead(site, 'c1');
    });
    await page.play();
    t.deepEqual(page.blocks, []);

    // What is added from here on is in no backup.
    for (const index of [3, 4, 5, 6]) {
      const subnet = `10.76.${index}.0/24`;
      for (const line of [
        `xctl leases release ${subnet} --confirm ${subnet}`,
        `xctl nodes add h${index} --address 192.168.83.2${index} --subnet ${subnet}`,
      ]) {
        const { code, stdout } = await site.sh('', line);
        t.is(code, 0, stdout);
      }
    }
    await site.until('', 'xctl nodes show h1 -o json', ({ stdout }) => /"installed": 5\b/.test(stdout));
    const routes = await site.sh('h1', 'ip route show proto 88');
    await site.loseAll('c1');
    await site.startController('c1');
    const epoch = new Page(t, site, 'Hosts have seen a higher epoch');
    await epoch.play();
    const { stdout: said } = await site.sh('h1', 'xnetd status');
    const [, seen = ''] = /this host has seen revision \d+ \(epoch (\d+)\)/.exec(said) ?? [];
    t.true(Number(seen) > Date.now() + 3_600_000, said);
    t.deepEqual(await site.sh('h1', 'ip route show proto 88'), routes);
    await epoch.play(async () => {
      await site.kill('c1');
      await site.startController('c1', { env: { XNET_CONTROLLER_EPOCH_AFTER: seen } });
    });
    await epoch.play();
    t.deepEqual(epoch.blocks, []);
    t.deepEqual(await site.sh('h1', 'ip route show proto 88'), routes);

    const kept = new Page(t, site, 'Hosts keep routes that were withdrawn');
    await kept.play();
    t.deepEqual(await site.sh('h1', 'ip route show proto 88'), routes);
    await kept.play();
    t.deepEqual(kept.blocks, []);
    await site.until('h1', 'ip route show proto 88', ({ stdout }) => !stdout.includes(' via '));
  });

  test('C13 a controller whose clock is wrong, and one that is gone', async (t) => {
    const site = await siteOf(t);
    await startAhead(site, 'c2');
    const clock = new Page(t, site, 'A controller is two hours ahead');
    await clock.play();
    await clock.play(async () => void (await site.sh('', 'rm -f /run/ahead')));
    await site.kill('c2');
    const gone = new Page(t, site, 'A controller is gone');
    await gone.play();
    t.deepEqual([...clock.blocks, ...gone.blocks], []);
  });
}

test('every section of the page is played', (t) => {
  t.deepEqual(
    sections.map(({ title }) => title),
    ['', ...titles],
  );
});
