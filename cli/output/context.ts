// Contexts, as programs get them in JSON and as people see them. Pure.
// Invariant: no part of a key is in them.
import { escaped } from '../../proto/domain/text.js';
import { formatIdentity } from '../../proto/pki/identity.js';
import { formatEndpoint } from '../../proto/rpc/endpoint.js';
import type { SavedContext } from '../contexts/saved.js';
import type { Kind } from './columns.js';
import { isoTime } from './time.js';
import { leftText } from './token.js';

/** ContextOutput is a context in the output of `xctl context`. */
export type ContextOutput = {
  readonly name: string;
  /** Used where none is named. */
  readonly current: boolean;
  readonly file: string;
  /** Null where it can't be read: `problem` says why. */
  readonly cluster: string | null;
  /** "admin/alice" */
  readonly identity: string | null;
  readonly controllers: readonly string[];
  readonly serial: string | null;
  readonly expiresAt: string | null;
  readonly problem: string | null;
};

/** contextOutput is a context that can be read. */
export function contextOutput(
  { name, current, file }: Pick<ContextOutput, 'name' | 'current' | 'file'>,
  { controllers, credentials, identity, certificate }: SavedContext,
): ContextOutput {
  return {
    name,
    current,
    file,
    cluster: credentials.clusterId,
    identity: formatIdentity(identity),
    controllers: controllers.map(formatEndpoint),
    serial: certificate.serial,
    expiresAt: isoTime(certificate.notAfterMs),
    problem: null,
  };
}

/** contextKind prints contexts. */
export const contextKind: Kind<ContextOutput> = {
  plural: 'contexts',
  nameOf: ({ name }) => name,
  columns: [
    { header: 'NAME', cell: ({ name, current }) => `${escaped(name)}${current ? '*' : ''}` },
    { header: 'CLUSTER', drop: 1, cell: ({ cluster }) => escaped(cluster ?? '-') },
    { header: 'WHO', cell: ({ identity }) => escaped(identity ?? '-') },
    { header: 'EXPIRES', cell: ({ expiresAt }, { nowMs }) => leftText(expiresAt, nowMs) },
    { header: 'CONTROLLERS', cell: ({ controllers }) => escaped(controllers.join(', ') || '-') },
    { header: 'SERIAL', wide: true, cell: ({ serial }) => escaped(serial ?? '-') },
    { header: 'FILE', wide: true, cell: ({ file }) => escaped(file) },
  ],
  remarks: (contexts, { colors }) =>
    contexts.flatMap(({ name, problem }) =>
      problem === null ? [] : [`${colors.bad('!')} ${escaped(name)}: ${escaped(problem)}`],
    ),
};
