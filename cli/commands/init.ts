// `xctl init`: creates the authority of a cluster, its first pools, and a certificate for the first admin, saved as a
// context. Invariant: a repeated run after an interruption at any point creates what is missing and nothing twice.
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { digestOf } from '../../proto/pki/chain.js';
import { formatIdentity } from '../../proto/pki/identity.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { CommandContext } from '../client/context.js';
import { ContextFolder } from '../contexts/folder.js';
import { refreshedControllers, type SavedContext } from '../contexts/saved.js';
import { type AuthorityOutput, authorityFromWire } from '../output/certificate.js';
import type { TableLook } from '../output/columns.js';
import { type ContextOutput, contextOutput } from '../output/context.js';
import { type PoolOutput, poolFromWire } from '../output/pool.js';
import { leftText } from '../output/token.js';
import { requirePart, verdict } from './change-response.js';
import { adminName, type FirstPool, poolsFrom } from './first-pools.js';
import { addressesHere, getCertificate } from './issue.js';
import { poolText } from './pools.js';

/** InitOptions are the options of `init`. */
export type InitOptions = {
  /** Ranges, each optionally preceded by its name: ["default", "10.76.0.0/16"]. */
  readonly pool: readonly string[];
  /** Name of the first admin. */
  readonly name?: string;
  readonly dryRun: boolean;
};

// Refuses an existing context of another cluster or another admin.
function requireSame(contextName: string, existing: SavedContext, clusterId: string, admin: string | undefined): void {
  const { identity } = existing;
  const hint = 'give this one another name: --context NAME';
  if (identity.clusterId !== clusterId) {
    throw new XnetError('AlreadyExists', `context ${contextName} is of another cluster: ${identity.clusterId}`, {
      hint,
    });
  }
  if (identity.role === 'admin' && (admin === undefined || identity.id === admin)) return;
  const wanted = `admin/${admin ?? adminName(process.env)}`;
  throw new XnetError('AlreadyExists', `context ${contextName} is ${formatIdentity(identity)}, not ${wanted}`, {
    hint,
  });
}

type MadePool = { readonly pool: PoolOutput; readonly unchanged: boolean };

async function createPools(context: CommandContext, pools: readonly FirstPool[], dryRun: boolean): Promise<MadePool[]> {
  const { client, output } = context;
  const made: MadePool[] = [];
  for (const pool of pools) {
    const response = await client.change((admin) => admin.createPool.bind(admin), { ...pool, dryRun });
    // Print warnings once: the dry run comes first.
    if (dryRun) for (const warning of response.warnings) output.message(`warning: ${escaped(warning)}`);
    made.push({ pool: poolFromWire(requirePart(response.pool)), unchanged: response.unchanged });
  }
  return made;
}

function poolLines(pools: readonly MadePool[], dryRun: boolean): readonly string[] {
  return pools.map(({ pool, unchanged }) => poolText(pool, verdict({ unchanged, dryRun }, 'created', 'create')));
}

function isUsable(saved: SavedContext, { certificates }: AuthorityOutput): boolean {
  if (saved.certificate.notAfterMs <= Date.now()) return false;
  const trusted = new Set(certificates.map(digestOf));
  return saved.credentials.authority.some((pem) => trusted.has(digestOf(pem)));
}

type Admin = { readonly context: ContextOutput; readonly unchanged: boolean };

type Wanted = {
  readonly folder: ContextFolder;
  readonly contextName: string;
  readonly existing: SavedContext | undefined;
  /** Name of the admin. */
  readonly id: string;
};

// Adds the controllers' present addresses: they may listen elsewhere than when the context was saved.
async function withAddresses(context: CommandContext, saved: SavedContext): Promise<SavedContext> {
  const current = (await addressesHere(context)).filter(({ kind }) => kind === 'tcp');
  const controllers = refreshedControllers(saved.controllers, current);
  const same = controllers.map(formatEndpoint).join() === saved.controllers.map(formatEndpoint).join();
  return same ? saved : { ...saved, controllers };
}

// A usable context keeps its certificate, any other is replaced. The first context becomes the current one.
async function makeAdmin(context: CommandContext, authority: AuthorityOutput, wanted: Wanted): Promise<Admin> {
  const { folder, contextName, existing, id } = wanted;
  const saved =
    existing !== undefined && isUsable(existing, authority)
      ? await withAddresses(context, existing)
      : (await getCertificate(context, { role: 'admin', id, ttlSeconds: 0 })).saved;
  const unchanged = saved === existing;
  if (!unchanged) await folder.write(contextName, saved);
  const current = (await folder.current()) ?? contextName;
  if (current === contextName) await folder.use(contextName);
  const named = { name: contextName, current: current === contextName, file: folder.fileOf(contextName) };
  return { context: contextOutput(named, saved), unchanged };
}

function adminLines({ context, unchanged }: Admin, nowMs: number): readonly string[] {
  const { name, identity, controllers, expiresAt, current } = context;
  const who = `${escaped(identity ?? '')} at ${controllers.join(', ')}`;
  const left = leftText(expiresAt, nowMs);
  return [
    `${verdict({ unchanged, dryRun: false }, 'saved', 'save')} context ${name}: ${who}; its certificate expires ${left}`,
    ...(current ? [] : [`another context is the current one; to use this one: xctl contexts use ${name}`]),
  ];
}

function keptLines(clusterKeyFile: string, { context }: Admin, { digest }: AuthorityOutput): readonly string[] {
  return [
    'Keep these files secret, and back them up:',
    `  ${escaped(clusterKeyFile)}`,
    "      opens the authority's key: back it up, and copy it to every other controller on the same etcd",
    `  ${escaped(context.file)}`,
    `      has the key of ${escaped(context.identity ?? '')}; renewed by: xctl certs renew`,
    `Digest of the authority, which join tokens carry: ${digest}`,
  ];
}

/**
 * initCluster creates what a new cluster needs before hosts can join.
 * @throws XnetError InvalidArgument, AlreadyExists and the controllers' errors; then nothing was changed, except by
 * earlier steps
 */
export async function initCluster(context: CommandContext, options: InitOptions): Promise<void> {
  const { client, output, settings } = context;
  const { name, dryRun } = options;
  const wanted = poolsFrom(options.pool, name);
  if (settings.controllers.some(({ kind }) => kind !== 'unix')) {
    throw new XnetError('InvalidArgument', 'a cluster can only be created on the unix socket of a controller', {
      hint: 'run it as root on the machine of a controller: xctl init, or xctl init --controller unix:/PATH',
    });
  }
  const folder = new ContextFolder(settings.contextFolder);
  const contextName = settings.contextNamed ?? 'default';
  const existing = await folder.find(contextName);
  const { clusterId } = await client.read((admin) => admin.getStatus.bind(admin), {});
  if (existing !== undefined && clusterId !== '') requireSame(contextName, existing, clusterId, name);
  // The dry run reports what can't be created before anything is created.
  const planned = await createPools(context, wanted, true);
  const { unchanged, clusterKeyFile, ...made } = await client.change((admin) => admin.init.bind(admin), { dryRun });
  const madeLine = (look: TableLook) => {
    const did = verdict({ unchanged, dryRun }, 'made', 'make');
    return `${did} the authority of cluster ${look.colors.strong(escaped(clusterId))}`;
  };
  if (dryRun) {
    return output.show({
      value: { unchanged, authority: null, clusterKeyFile, pools: planned, context: null, dryRun },
      name: clusterId,
      text: (look) => [madeLine(look), ...poolLines(planned, dryRun)],
    });
  }
  const authority = authorityFromWire(requirePart(made.authority));
  const pools = await createPools(context, wanted, false);
  const id = name ?? existing?.identity.id ?? adminName(process.env);
  const admin = await makeAdmin(context, authority, { folder, contextName, existing, id });
  await output.show({
    value: {
      unchanged,
      authority,
      clusterKeyFile,
      pools,
      context: { ...admin.context, unchanged: admin.unchanged },
      dryRun,
    },
    name: authority.clusterId,
    text: (look) => [
      `${madeLine(look)}, which expires ${leftText(authority.expiresAt, look.nowMs)}`,
      ...poolLines(pools, dryRun),
      ...adminLines(admin, look.nowMs),
      '',
      ...keptLines(clusterKeyFile, admin, authority),
      '',
      pools.length === 0 ? 'Next: xctl pools create default 10.76.0.0/16, and then:' : 'Next:',
      '  xctl nodes add web-1 --address 192.168.83.11',
    ],
  });
}
