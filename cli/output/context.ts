// Contexts in JSON and as tables. Pure.
// Invariant: they contain no part of a key.
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
  /** The context used by default. */
  readonly current: boolean;
  readonly file: string;
  /** Null if the context can't be read: `problem` says why. */
  readonly cluster: string | null;
  /** "admin/alice" */
  readonly identity: string | null;
  readonly controllers: readonly string[];
  readonly serial: string | null;
  readonly expiresAt: string | null;
  readonly problem: string | null;
};

/** contextOutput converts a readable context. */
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

/** contextKind describes how contexts are printed. */
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
