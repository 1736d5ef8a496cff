// Serves the completion scripts: `xctl __complete bash LINE` and `xctl __complete words WORD...` print one candidate
// per line as "value<TAB>description". Silent and quick on every failure, because a user is typing.
// Invariant: a value is printed only if it has no character that is special to a shell.
import type { Command } from 'commander';
import { isPersonRole } from '../../proto/pki/identity.js';
import { endpointsOption, resolveSettings } from '../client/settings.js';
import { type Candidate, type Completion, type Source, wantedAt } from './candidates.js';
import { forBash, splitLine, type Typed } from './words.js';

const askMs = 500;
const plain = /^[A-Za-z0-9_.,:/=@%+-]+$/;

async function savedNames(program: Command): Promise<Candidate[]> {
  const [{ ContextFolder }, { contextFolder }] = await Promise.all([
    import('../contexts/folder.js'),
    resolveSettings(program, process.env, false, { context: false }),
  ]);
  const names = await new ContextFolder(contextFolder).names();
  return names.map((value) => ({ value, description: '' }));
}

async function askController(
  program: Command,
  source: Exclude<Source, 'files'>,
  wanted: Completion,
): Promise<Candidate[]> {
  const controller = wanted.controller ?? process.env['XCTL_CONTROLLER'];
  if (controller !== undefined) program.setOptionValueWithSource('controller', endpointsOption(controller), 'cli');
  const saved = wanted.context ?? process.env['XCTL_CONTEXT'];
  if (saved !== undefined) program.setOptionValueWithSource('context', saved, 'cli');
  if (source === 'contexts') return savedNames(program);
  const { controllers, context } = await resolveSettings(program, process.env, false);
  const { AdminClient } = await import('../client/client.js');
  const client = new AdminClient({
    endpoints: controllers,
    credentials: context?.saved.credentials,
    timeoutMs: askMs,
    onWaiting: () => undefined,
  });
  try {
    if (source === 'tokens') {
      const { tokens } = await client.read((admin) => admin.listTokens.bind(admin), {});
      return tokens.map(({ id, nodeName }) => ({ value: id, description: nodeName }));
    }
    if (source === 'serials') {
      const { certificates } = await client.read((admin) => admin.listCertificates.bind(admin), {});
      const people = certificates.filter(({ role, revokedMs }) => isPersonRole(role) && revokedMs === 0);
      return people.map(({ serial, role, id }) => ({ value: serial, description: `${role}/${id}` }));
    }
    if (source === 'nodes') {
      const { nodes } = await client.read((admin) => admin.listNodes.bind(admin), { summary: true });
      return nodes.map(({ name, subnet }) => ({ value: name, description: subnet }));
    }
    if (source === 'labels' || source === 'label-keys') {
      const { nodes } = await client.read((admin) => admin.listNodes.bind(admin), { summary: false });
      const labels = nodes.flatMap((node) => Object.entries(node.labels));
      const texts = labels.map(([key, value]) => (source === 'labels' ? `${key}=${value}` : key));
      return [...new Set(texts)].sort().map((value) => ({ value, description: '' }));
    }
    if (source === 'pools') {
      const { pools } = await client.read((admin) => admin.listPools.bind(admin), {});
      return pools.map(({ name, cidr }) => ({ value: name, description: cidr }));
    }
    if (source === 'nics') {
      const { nics } = await client.read((each) => each.listNics.bind(each), {});
      return nics.map(({ nic, node }) => ({ value: nic?.address ?? '', description: `${nic?.container} on ${node}` }));
    }
    if (source === 'networks') {
      const { networks } = await client.read((admin) => admin.listNetworks.bind(admin), {});
      return networks.map(({ name, pool }) => ({ value: name, description: pool }));
    }
    if (source === 'rollouts') {
      const { rollouts } = await client.read((admin) => admin.listRollouts.bind(admin), {});
      return rollouts.map(({ id, state }) => ({
        value: id,
        description: state.replace('ROLLOUT_STATE_', '').toLowerCase(),
      }));
    }
    const { subnets } = await client.read((admin) => admin.listSubnets.bind(admin), {});
    const wantedSubnets = subnets.filter(({ state }) => state === stateOfSource[source]);
    return wantedSubnets.map(({ cidr, nodeName }) => ({ value: cidr, description: nodeName }));
  } finally {
    client.close();
  }
}

const stateOfSource = {
  leased: 'SUBNET_STATE_LEASED',
  quarantined: 'SUBNET_STATE_QUARANTINED',
  'static-routes': 'SUBNET_STATE_STATIC',
} as const;

// Returns the files whose name begins with the last part of the path. Folders end with a slash, so that typing can
// continue.
async function filesAt(path: string): Promise<Candidate[]> {
  const { readdir } = await import('node:fs/promises');
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  const hidden = path.slice(folder.length).startsWith('.');
  return entries
    .filter(({ name }) => hidden || !name.startsWith('.'))
    .map((entry) => ({ value: `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`, description: '' }));
}

async function candidatesOf(program: Command, wanted: Completion, current: string): Promise<readonly Candidate[]> {
  const { source } = wanted;
  if (source === undefined) return wanted.candidates;
  const known =
    source === 'files'
      ? await filesAt(current.slice(wanted.prefix.length))
      : await askController(program, source, wanted);
  const matching = known
    .map(({ value, description }) => ({ value: wanted.prefix + value, description }))
    .filter(({ value }) => value.startsWith(current));
  return [...wanted.candidates, ...matching];
}

/** complete prints the candidates for a command line. It never fails. */
export async function complete(program: Command, [kind, ...given]: readonly string[]): Promise<void> {
  const typed: Typed =
    kind === 'bash' ? dropName(splitLine(given[0] ?? '')) : { before: given.slice(0, -1), current: given.at(-1) ?? '' };
  const { current } = typed;
  try {
    const candidates = await candidatesOf(program, wantedAt(program, typed), current);
    const lines = candidates
      .filter(({ value }) => plain.test(value))
      .map(({ value, description }) => {
        const shown = kind === 'bash' ? forBash(value, current) : value;
        return `${shown}\t${description.replaceAll(/[^ -~]/g, ' ')}\n`;
      });
    process.stdout.write(lines.join(''));
  } catch {
    // Offer nothing.
  }
}

// Another program may precede our name: `sudo xctl nodes list`.
function dropName({ before, current }: Typed): Typed {
  const own = before.findIndex((word) => /(^|\/)xctl$/.test(word));
  return { before: before.slice(own + 1), current };
}
