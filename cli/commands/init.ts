// `xctl init`: makes the authority of a cluster, its first pools, and a certificate for the first admin, saved as a
// context. Invariant: run again after it was cut short at any point, it makes what is missing and nothing twice.
import { checkName, checkPrefix, Problems } from '../../proto/domain/input.js';
import { escaped, quoted } from '../../proto/domain/text.js';
import { throwIfAny, XnetError } from '../../proto/errors.js';
import { digestOf } from '../../proto/pki/chain.js';
import { formatIdentity } from '../../proto/pki/identity.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { Context } from '../context.js';
import { ContextFolder } from '../contexts/folder.js';
import type { SavedContext } from '../contexts/saved.js';
import { authorityFromWire } from '../output/certificate.js';
import { contextOutput } from '../output/context.js';
import { type PoolOutput, poolFromWire } from '../output/pool.js';
import { leftText } from '../output/token.js';
import { requirePart, verdict } from './answers.js';
import { getCertificate } from './issue.js';
import { poolText } from './pools.js';

/** InitOptions are those of `init`. */
export type InitOptions = {
  /** Ranges, each with its name before it or without: ["default", "10.76.0.0/16"]. */
  readonly pool: readonly string[];
  /** Name of the first admin. */
  readonly name?: string;
  readonly dryRun: boolean;
};

/** FirstPool is a pool to create. */
export type FirstPool = { readonly name: string; readonly cidr: string };

/**
 * poolsFrom reads the words of --pool: a range, or a name and its range; the first range without a name is "default".
 * @throws XnetError InvalidArgument with every problem
 */
export function poolsFrom(words: readonly string[]): readonly FirstPool[] {
  const problems = new Problems();
  const pools: FirstPool[] = [];
  let name: string | undefined;
  for (const word of words) {
    if (!word.includes('/')) {
      if (name !== undefined) problems.add(`--pool: ${quoted(name)} has no range: --pool ${name} 10.76.0.0/16`);
      name = problems.take('--pool', checkName(word));
      continue;
    }
    problems.take('--pool', checkPrefix(word));
    pools.push({ name: name ?? 'default', cidr: word });
    name = undefined;
  }
  if (name !== undefined) problems.add(`--pool: ${quoted(name)} has no range: --pool ${name} 10.76.0.0/16`);
  const twice = pools.find((pool, index) => pools.findIndex((other) => other.name === pool.name) !== index);
  if (twice !== undefined) problems.add(`--pool: there are two ranges for pool ${twice.name}`);
  throwIfAny(problems.list, 'the pools are not right');
  return pools;
}

/** adminName is the name of the first admin where none is given: whoever called sudo, or "admin". */
export function adminName(env: NodeJS.ProcessEnv): string {
  const user = env['SUDO_USER'];
  return user !== undefined && user !== 'root' && 'value' in checkName(user) ? user : 'admin';
}

// An existing context stays as it is, if it can be used; otherwise it is made anew for the same admin.
function usable(existing: SavedContext | undefined, authority: readonly string[], nowMs: number): boolean {
  if (existing === undefined || existing.certificate.notAfterMs <= nowMs) return false;
  const trusted = new Set(authority.map(digestOf));
  return existing.credentials.authority.some((pem) => trusted.has(digestOf(pem)));
}

function requireSame(contextName: string, existing: SavedContext, clusterId: string, admin: string | undefined): void {
  const { identity } = existing;
  if (identity.clusterId !== clusterId) {
    throw new XnetError('AlreadyExists', `context ${contextName} is of another cluster: ${identity.clusterId}`, {
      hint: 'give this one another name: --context NAME',
    });
  }
  if (admin === undefined || (identity.role === 'admin' && identity.id === admin)) return;
  throw new XnetError('AlreadyExists', `context ${contextName} is ${formatIdentity(identity)}, not admin/${admin}`, {
    hint: 'give this one another name: --context NAME',
  });
}

type CreatedPool = { readonly pool: PoolOutput; readonly unchanged: boolean };

async function createPools(context: Context, pools: readonly FirstPool[], dryRun: boolean): Promise<CreatedPool[]> {
  const { client, output } = context;
  const created: CreatedPool[] = [];
  for (const pool of pools) {
    const response = await client.change((admin) => admin.createPool.bind(admin), { ...pool, dryRun });
    if (dryRun) for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
    created.push({ pool: poolFromWire(requirePart(response.pool)), unchanged: response.unchanged });
  }
  return created;
}

/** initCluster makes what a new cluster needs before hosts can join. */
export async function initCluster(context: Context, options: InitOptions): Promise<void> {
  const { client, output, settings } = context;
  const { name, dryRun } = options;
  const wanted = poolsFrom(options.pool);
  if (settings.controllers.some(({ kind }) => kind !== 'unix')) {
    throw new XnetError('InvalidArgument', 'a cluster is made over the unix socket of a controller alone', {
      hint: 'run it as root on the machine of a controller: xctl init, or xctl init --controller unix:/PATH',
    });
  }
  const folder = new ContextFolder(settings.contextFolder);
  const contextName = settings.contextNamed ?? 'default';
  const existing = await folder.find(contextName);
  const { clusterId } = await client.read((admin) => admin.getStatus.bind(admin), {});
  if (existing !== undefined && clusterId !== '') requireSame(contextName, existing, clusterId, name);
  // What can't be made is found before anything is.
  const planned = await createPools(context, wanted, true);
  const made = await client.change((admin) => admin.init.bind(admin), { dryRun });
  if (dryRun) {
    return output.show({
      value: { unchanged: made.unchanged, authority: null, pools: planned, context: null, dryRun },
      name: clusterId,
      text: () => [
        `${verdict({ unchanged: made.unchanged, dryRun }, 'made', 'make')} the authority of cluster ${escaped(clusterId)}`,
        ...planned.map(({ pool, unchanged }) => poolText(pool, verdict({ unchanged, dryRun }, 'created', 'create'))),
      ],
    });
  }
  const authority = authorityFromWire(requirePart(made.authority));
  const pools = await createPools(context, wanted, false);
  const kept = usable(existing, authority.certificates, Date.now());
  const id = name ?? existing?.identity.id ?? adminName(process.env);
  const saved =
    kept && existing !== undefined
      ? existing
      : (await getCertificate(context, { role: 'admin', id, ttlSeconds: 0 })).saved;
  if (!kept) await folder.write(contextName, saved);
  const current = (await folder.current()) ?? contextName;
  if (current === contextName) await folder.use(contextName);
  const shown = contextOutput(
    { name: contextName, current: current === contextName, file: folder.fileOf(contextName) },
    saved,
  );
  await output.show({
    value: {
      ...{ unchanged: made.unchanged, authority, clusterKeyFile: made.clusterKeyFile, pools },
      ...{ context: { ...shown, unchanged: kept }, dryRun },
    },
    name: authority.clusterId,
    text: ({ nowMs, colors }) => [
      `${verdict({ unchanged: made.unchanged, dryRun }, 'made', 'make')} the authority of cluster ` +
        `${colors.strong(escaped(authority.clusterId))}, which expires ${leftText(authority.expiresAt, nowMs)}`,
      ...pools.map(({ pool, unchanged }) => poolText(pool, verdict({ unchanged, dryRun }, 'created', 'create'))),
      `${verdict({ unchanged: kept, dryRun }, 'saved', 'save')} context ${contextName}: ` +
        `${escaped(formatIdentity(saved.identity))} at ${saved.controllers.map(formatEndpoint).join(', ')}; ` +
        `its certificate expires ${leftText(shown.expiresAt, nowMs)}`,
      ...(current === contextName ? [] : [`the current one is ${current}: xctl context use ${contextName}`]),
      '',
      'To be kept, where nobody else can read it:',
      `  ${escaped(made.clusterKeyFile)}`,
      "      opens the authority's key: back it up, and copy it to every other controller on the same etcd",
      `  ${escaped(shown.file)}`,
      `      the key of ${escaped(formatIdentity(saved.identity))}; renewed by: xctl certs renew`,
      `Digest of the authority, which join tokens carry: ${authority.digest}`,
      '',
      ...(pools.length === 0 ? ['Next: xctl pools create default 10.76.0.0/16, and then:'] : ['Next:']),
      '  xctl nodes add web-1 --address 192.168.83.11',
    ],
  });
}
