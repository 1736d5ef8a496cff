// `xctl context`: the clusters that this user can access, and with which identity. Calls no controller.
// Invariant: a key is written only to files that only their owner can read, or to a pipe, and never shown on a
// terminal.
import { escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { formatIdentity } from '../../proto/pki/identity.js';
import { readSecretFile, writeNewSecretFile } from '../../proto/pki/secret-file.js';
import { formatFields } from '../../proto/process/table.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { ContextFolder } from '../contexts/folder.js';
import { formatContext, parseContext, type SavedContext } from '../contexts/saved.js';
import { type ContextOutput, contextKind, contextOutput } from '../output/context.js';
import { leftText } from '../output/token.js';
import { requireFree } from './join-token.js';

const folderOf = ({ settings }: CommandContext) => new ContextFolder(settings.contextFolder);

async function outputOf(folder: ContextFolder, name: string, current: string | undefined): Promise<ContextOutput> {
  const named = { name, current: name === current, file: folder.fileOf(name) };
  try {
    return contextOutput(named, await folder.require(name));
  } catch (error) {
    if (!(error instanceof XnetError)) throw error;
    const unknown = { cluster: null, identity: null, controllers: [], serial: null, expiresAt: null };
    return { ...named, ...unknown, problem: error.message };
  }
}

/** listContexts lists the contexts. */
export async function listContexts(context: CommandContext): Promise<void> {
  const folder = folderOf(context);
  const [names, current] = await Promise.all([folder.names(), folder.current()]);
  const contexts = await Promise.all(names.map((name) => outputOf(folder, name, current)));
  await context.output.list(contextKind, contexts);
}

// The context named as argument or by --context, or the current one.
async function chosen(context: CommandContext, name: string | undefined): Promise<string> {
  const folder = folderOf(context);
  const found = name ?? context.settings.contextNamed ?? (await folder.current());
  if (found !== undefined) return found;
  const names = await folder.names();
  throw new XnetError('NotFound', 'no current context', {
    hint:
      names.length === 0
        ? 'there are none: see xctl contexts --help'
        : `name one, or: xctl contexts use NAME; there are: ${names.join(', ')}`,
  });
}

/** showContext shows a context, without its key. */
export async function showContext(context: CommandContext, _options: unknown, name?: string): Promise<void> {
  const folder = folderOf(context);
  const wanted = await chosen(context, name);
  const saved = await folder.require(wanted);
  const shown = contextOutput(
    { name: wanted, current: (await folder.current()) === wanted, file: folder.fileOf(wanted) },
    saved,
  );
  const { identity, cluster, controllers, serial, expiresAt, file, current } = shown;
  await context.output.show({
    value: { context: shown },
    name: wanted,
    text: ({ nowMs }) =>
      formatFields([
        ['Name', `${wanted}${current ? ' (the current one)' : ''}`],
        ['Cluster', escaped(cluster ?? '')],
        ['Who', escaped(identity ?? '')],
        ['Controllers', controllers.join(', ')],
        ['Certificate', `${serial}, until ${expiresAt} (${leftText(expiresAt, nowMs)})`],
        ['File', escaped(file)],
      ]),
  });
}

/** useContext makes a context the current one. */
export async function useContext(context: CommandContext, _options: unknown, name: string): Promise<void> {
  const folder = folderOf(context);
  await folder.use(name);
  const { identity } = await folder.require(name);
  await context.output.show({
    value: { context: { name } },
    name,
    text: () => [`context ${name} is now the current one: ${escaped(formatIdentity(identity))}`],
  });
}

async function readInput(path: string): Promise<string> {
  if (path !== '-') {
    const content = await readSecretFile(path);
    if (content === undefined) throw new XnetError('NotFound', `there is no file ${path}`);
    return content.toString('utf8');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

// A certificate of the same identity renews the existing context; importing anything else would lose it.
function requireSame(name: string, existing: SavedContext, { identity }: SavedContext): void {
  const had = existing.identity;
  if (had.clusterId === identity.clusterId && formatIdentity(had) === formatIdentity(identity)) return;
  throw new XnetError('AlreadyExists', `context ${name} is ${formatIdentity(had)} of cluster ${had.clusterId}`, {
    hint: `give this one another name: --name NAME, or remove that one: xctl contexts remove ${name}`,
  });
}

/** ImportOptions are the options of `context import`. */
export type ImportOptions = { readonly name?: string };

/** importContext saves a context written by `certs issue` or `context export`. */
export async function importContext(context: CommandContext, { name }: ImportOptions, path: string): Promise<void> {
  const { settings, output } = context;
  const folder = folderOf(context);
  const wanted = name ?? settings.contextNamed ?? 'default';
  folder.fileOf(wanted);
  const checked = parseContext(await readInput(path));
  if ('problem' in checked) throw new XnetError('InvalidArgument', `${path}: ${checked.problem}`);
  const existing = await folder.find(wanted);
  if (existing !== undefined) requireSame(wanted, existing, checked.value);
  const saved = settings.controllersNamed ? { ...checked.value, controllers: settings.controllers } : checked.value;
  await folder.write(wanted, saved);
  const current = (await folder.current()) ?? wanted;
  if (current === wanted) await folder.use(wanted);
  const shown = contextOutput({ name: wanted, current: current === wanted, file: folder.fileOf(wanted) }, saved);
  await output.show({
    value: { context: shown },
    name: wanted,
    text: ({ nowMs }) => [
      `saved context ${wanted}: ${escaped(formatIdentity(saved.identity))} at ` +
        `${saved.controllers.map(formatEndpoint).join(', ')}; its certificate expires ${leftText(shown.expiresAt, nowMs)}`,
      ...(current === wanted ? [] : [`the current one is ${current}; to use this one: xctl contexts use ${wanted}`]),
    ],
  });
}

/** ExportOptions are the options of `context export`. */
export type ExportOptions = { readonly out: string };

/** exportContext writes a context with its key into a new file that only its owner can read, or to a pipe. */
export async function exportContext(context: CommandContext, { out }: ExportOptions, name?: string): Promise<void> {
  const wanted = await chosen(context, name);
  const saved = await folderOf(context).require(wanted);
  if (out === '-') {
    if (process.stdout.isTTY) {
      throw new XnetError('InvalidArgument', 'a key is not shown on a terminal', {
        hint: 'name a file: --out FILE',
      });
    }
    process.stdout.write(formatContext(saved));
    return;
  }
  await requireFree(out);
  await writeNewSecretFile(out, Buffer.from(formatContext(saved), 'utf8'));
  context.output.message(`context ${wanted} is in ${out}, with its key: transfer it securely`);
}

// An unusable context can still be removed.
async function serialOf(folder: ContextFolder, name: string): Promise<string | undefined> {
  try {
    return (await folder.find(name))?.certificate.serial;
  } catch (error) {
    if (error instanceof XnetError) return undefined;
    throw error;
  }
}

/** RemoveContextOptions are the options of `context remove`. */
export type RemoveContextOptions = { readonly confirm?: string };

/** removeContext removes a context, with its key. */
export async function removeContext(
  context: CommandContext,
  options: RemoveContextOptions,
  name: string,
): Promise<void> {
  const folder = folderOf(context);
  const known = await folder.names();
  if (!known.includes(name)) await folder.require(name);
  const question = { what: `remove context ${name}, with its key`, name, severe: false, given: options.confirm };
  if (!(await confirmed(context, question))) return;
  const serial = await serialOf(folder, name);
  await folder.remove(name);
  await context.output.show({
    value: { context: { name }, serial: serial ?? null },
    name,
    text: () => [
      `removed context ${name}`,
      ...(serial === undefined ? [] : [`its certificate is still valid; to revoke it: xctl certs revoke ${serial}`]),
    ],
  });
}
