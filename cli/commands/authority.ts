// `xctl ca`: shows and replaces the cluster's authority.

import { counted, escaped } from '../../proto/domain/text.js';
import { XnetError } from '../../proto/errors.js';
import { formatIdentity } from '../../proto/pki/identity.js';
import { formatFields } from '../../proto/process/table.js';
import { confirmed } from '../client/confirm.js';
import type { CommandContext } from '../client/context.js';
import { ContextFolder } from '../contexts/folder.js';
import {
  type AuthorityOutput,
  authorityFromWire,
  type RotationOutput,
  rotationFromWire,
  rotationText,
} from '../output/certificate.js';
import { ProgressLine } from '../output/screen.js';
import { formatDuration } from '../output/time.js';
import { leftText } from '../output/token.js';
import { requirePart } from './change-response.js';
import { type Renewed, renewContext } from './issue.js';

function authorityLines(authority: AuthorityOutput, rotation: RotationOutput | null, nowMs: number): string[] {
  return formatFields([
    ['Cluster', escaped(authority.clusterId)],
    ['Digest', authority.digest],
    ['Made', authority.createdAt ?? ''],
    ['Expires', `${authority.expiresAt ?? ''} (${leftText(authority.expiresAt, nowMs)})`],
    ['Rotation', rotation === null ? 'none' : rotationText(rotation)],
    ['Have to renew', rotation === null ? '' : rotation.people.map(escaped).join(', ')],
  ]);
}

/** showAuthority shows the authority. */
export async function showAuthority({ client, output }: CommandContext): Promise<void> {
  const response = await client.read((admin) => admin.getAuthority.bind(admin), {});
  const authority = authorityFromWire(requirePart(response.authority));
  const rotation = response.rotation === null ? null : rotationFromWire(response.rotation);
  await output.show({
    value: { authority, rotation },
    name: authority.digest,
    text: ({ nowMs }) => [
      ...authorityLines(authority, rotation, nowMs),
      '',
      ...authority.certificates.flatMap((pem) => pem.trimEnd().split('\n')),
    ],
  });
}

// Gives the context in use a certificate of the new authority, so that the rotation does not lock out its operator.
async function renewOwn(context: CommandContext): Promise<Renewed | undefined> {
  return context.settings.context === undefined ? undefined : renewContext(context, 0);
}

// The previous authority is no longer trusted by any part.
async function forgetOld(context: CommandContext, { name, saved }: Renewed): Promise<void> {
  const { credentials } = saved;
  const authority = credentials.authority.slice(0, 1);
  const folder = new ContextFolder(context.settings.contextFolder);
  await folder.write(name, { ...saved, credentials: { ...credentials, authority } });
}

/** RotateOptions are the options of `ca rotate`. */
export type RotateOptions = {
  readonly wait: boolean;
  readonly force: boolean;
  readonly confirm?: string;
  readonly dryRun: boolean;
};

const waitMs = 600_000;

/**
 * rotateAuthority replaces the authority, or resumes the rotation in progress; with --wait until no node depends on the
 * old one.
 * @throws XnetError DeadlineExceeded when some nodes have not renewed
 */
export async function rotateAuthority(context: CommandContext, options: RotateOptions): Promise<void> {
  const { client, output, settings } = context;
  const { wait, force, confirm, dryRun } = options;
  const known = await client.read((admin) => admin.getAuthority.bind(admin), {});
  const { clusterId } = authorityFromWire(requirePart(known.authority));
  const what = known.rotation === null ? 'replace the authority of the cluster' : 'continue replacing the authority';
  const question = {
    what: force ? `${what}, and lock out every node that has not renewed` : what,
    name: clusterId,
    byBeginning: true,
    severe: force,
    given: confirm,
  };
  if (!dryRun && !(await confirmed(context, question))) return;
  const line = new ProgressLine(settings.quiet || !wait ? { write: () => undefined } : process.stderr);
  const timeoutMs = settings.timeoutMs ?? waitMs;
  const request = { operationId: crypto.randomUUID(), dryRun, force };
  let progress: RotationOutput | undefined;
  let renewed: Renewed | undefined;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const how = { endsByItself: true, changing: !dryRun };
    const stream = client.follow((admin) => admin.rotateAuthority(request), how, signal);
    for await (const wire of stream) {
      const first = progress === undefined;
      progress = rotationFromWire(wire);
      line.set(rotationText(progress));
      if (first && !dryRun) renewed = await renewOwn(context);
      if (!wait && !force && progress.renewed < progress.nodes) break;
    }
  } finally {
    line.end();
  }
  if (progress === undefined) throw new XnetError('Unavailable', 'no controller reported the progress of the rotation');
  if (progress.done && renewed !== undefined) await forgetOld(context, renewed);
  const own = renewed === undefined ? undefined : formatIdentity(renewed.saved.identity);
  const shown = { ...progress, people: progress.people.filter((person) => person !== own) };
  const { done, people, nodes } = shown;
  const contextName = renewed?.name ?? null;
  await output.show({
    value: { rotation: shown, context: contextName, dryRun },
    name: clusterId,
    text: () => {
      if (dryRun) return [`would ${what}: ${counted(nodes, 'node has', 'nodes have')} to renew`];
      return [
        done ? 'the authority was replaced; join tokens from before are void' : `under way: ${rotationText(shown)}`,
        ...(contextName === null ? [] : [`context ${contextName} has a certificate of the new authority`]),
        ...(people.length === 0
          ? []
          : [`these need a certificate of the new authority (xctl certs issue): ${people.map(escaped).join(', ')}`]),
        ...(done ? [] : ['to finish it when all have renewed: xctl ca rotate --wait']),
      ];
    },
  });
  if (wait && !done && !dryRun) {
    throw new XnetError('DeadlineExceeded', `not done within ${formatDuration(timeoutMs)}: ${rotationText(shown)}`, {
      hint: 'the rotation continues by itself; a node that is gone for good: xctl nodes remove NODE --force',
    });
  }
}
