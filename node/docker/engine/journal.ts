// What xnetd remembers about Docker across a crash: the former configuration, our changes, and the change under way.
// Invariant: an entry is written and flushed before the step it describes, so the next xnetd knows as much as the one
// that was killed. A journal that can't be read is never treated as empty.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { formatIpv4, parseIpv4 } from '../../../proto/domain/address.js';
import { errnoOf, messageOf, XnetError } from '../../../proto/errors.js';
import { removeOwnFile, writeOwnFile } from '../../../proto/process/atomic-file.js';
import { type Bip, formatBip } from './bip-value.js';
import type { Attachment } from './engine.js';
import { bip, encodeParts, fixedCidr, networks, over, withParts } from './journal-bip.js';

/** Content is a file's bytes; undefined if there was no file. */
export type Content = Buffer | undefined;

/** Restart is one restart of Docker that xnet made, or was about to make. */
export type Restart = {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Hash of the operator's decisions at that time, see decidedBy in restart-limit.ts. */
  readonly decided: string;
  /** Id of the rollout's permit that it was made with; empty: it needed none. */
  readonly rollout: string;
  /** Whether it was to return Docker to its former configuration. */
  readonly back: boolean;
};

/** Ours is the key that xnet wrote into daemon.json, and the content to restore when it is removed. */
export type Ours = {
  /** The file, with symlinks not followed: "/etc/docker/daemon.json". */
  readonly path: string;
  /** The bip that xnet wrote, with the range for networks that it wrote beside it. */
  readonly bip: Bip;
  /** SHA-256 of the file as xnet wrote it; a different hash means that it was edited since. */
  readonly wrote: string;
  /** The file without our change. */
  readonly without: Content;
  /** docker0's address before xnet's; undefined if it had none. */
  readonly former: Bip | undefined;
};

/** Apply is a change of docker0's address that has begun. */
export type Apply = {
  /** The bip that docker0 gets. */
  readonly bip: Bip;
  /** A leave: the bip is docker0's former one, and its key is removed from the file once it is in force. */
  readonly leaving: boolean;
  /** Running containers may be stopped, regardless of the settings. */
  readonly force: boolean;
  /** An operator requested it: the restart limit does not apply. */
  readonly byHand: boolean;
  /** Id of the rollout that permits it; empty: none. */
  readonly rollout: string;
  /** The restart was decided for the containers that ran at that time; containers that run now do not delay it. */
  readonly restarting: boolean;
  /** `forward` until it is verified, `back` once it is given up; `reason` then says why. */
  readonly direction: 'forward' | 'back';
  readonly reason: string;
  /** daemon.json before and after. `before` is the file that Docker ran with and that a rollback restores. */
  readonly before: Content;
  readonly after: Content;
  /** Becomes the journal's `ours` once the apply succeeds. */
  readonly ours: Ours;
  /** The engine's version and flags, see inputsOf in bip/plan.ts. */
  readonly circumstances: string;
  /** The dockerd to validate a configuration file with while it is down. */
  readonly dockerd: { readonly program: string; readonly argv: readonly string[]; readonly major: number };
};

/** GivenUp is an apply that was rolled back. It is not repeated with the same inputs. */
export type GivenUp = {
  /** SHA-256 of all inputs of the outcome. */
  readonly inputs: string;
  readonly message: string;
};

/**
 * ToConnect is a container to attach again, and the name of the network; undefined: the only one of ours, as a version
 * that knew one lease per node wrote it.
 */
export type ToConnect = Attachment & { readonly networkName: string | undefined };

/** Journal is the whole content of the journal file. */
export type Journal = {
  readonly ours: Ours | undefined;
  readonly apply: Apply | undefined;
  readonly givenUp: GivenUp | undefined;
  /** Ids of containers that xnet stopped, or that ended with dockerd, and that must be started again. */
  readonly toStart: readonly string[];
  /** Containers that were detached to recreate our network and must be attached to it again. */
  readonly toConnect: readonly ToConnect[];
  /** Restarts of Docker, oldest first; those of the last hour count. */
  readonly restarts: readonly Restart[];
  /** The drop-in by which dockerd's unit lacks its flag --bip; undefined: xnet has moved none. */
  readonly dropIn: { readonly path: string; readonly text: string } | undefined;
};

/** emptyJournal is the journal of a host that xnet has not touched. */
export const emptyJournal: Journal = {
  ours: undefined,
  apply: undefined,
  givenUp: undefined,
  toStart: [],
  toConnect: [],
  restarts: [],
  dropIn: undefined,
};

const content = v.pipe(
  v.nullable(v.pipe(v.string(), v.base64())),
  v.transform((text): Content => (text === null ? undefined : Buffer.from(text, 'base64'))),
);
const absent = <T>(value: T | null): T | undefined => value ?? undefined;

const oursFields = v.object({
  path: v.string(),
  bip,
  networks,
  fixedCidr,
  over,
  wrote: v.string(),
  without: content,
  former: v.pipe(v.nullable(bip), v.transform(absent)),
});
const oursSchema = v.pipe(oursFields, v.transform(withParts));
const applyFields = v.object({
  bip,
  networks,
  fixedCidr,
  over,
  leaving: v.boolean(),
  force: v.boolean(),
  byHand: v.optional(v.boolean(), false),
  rollout: v.optional(v.string(), ''),
  restarting: v.optional(v.boolean(), false),
  direction: v.picklist(['forward', 'back']),
  reason: v.string(),
  before: content,
  after: content,
  ours: oursSchema,
  circumstances: v.string(),
  dockerd: v.object({ program: v.string(), argv: v.array(v.string()), major: v.number() }),
});
const applySchema = v.pipe(applyFields, v.transform(withParts));
const schema = v.object({
  version: v.literal(1),
  ours: v.pipe(v.nullable(oursSchema), v.transform(absent)),
  apply: v.pipe(v.nullable(applySchema), v.transform(absent)),
  givenUp: v.pipe(v.nullable(v.object({ inputs: v.string(), message: v.string() })), v.transform(absent)),
  toStart: v.array(v.string()),
  toConnect: v.array(
    v.object({
      containerId: v.string(),
      networkName: v.pipe(v.optional(v.nullable(v.string()), null), v.transform(absent)),
      aliases: v.array(v.string()),
      address: v.pipe(
        v.nullable(v.string()),
        v.transform((text) => (text === null ? undefined : parseIpv4(text))),
      ),
    }),
  ),
  restarts: v.optional(
    v.array(
      v.object({
        atMs: v.number(),
        decided: v.string(),
        rollout: v.optional(v.string(), ''),
        back: v.boolean(),
      }),
    ),
    [],
  ),
  dropIn: v.pipe(v.optional(v.nullable(v.object({ path: v.string(), text: v.string() })), null), v.transform(absent)),
});

/** journalPath returns the path of the journal in a state directory: "/var/lib/xnet/docker.json". */
export function journalPath(stateFolder: string): string {
  return join(stateFolder, 'docker.json');
}

/**
 * readJournal reads the journal; it returns an empty one for a host that xnet has not touched.
 * @throws XnetError Corrupt when the file is not a journal, FailedPrecondition when it can't be read
 */
export async function readJournal(stateFolder: string): Promise<Journal> {
  const path = journalPath(stateFolder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return emptyJournal;
    throw new XnetError('FailedPrecondition', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const { version: _, ...journal } = v.parse(schema, JSON.parse(text));
    return journal;
  } catch (error) {
    const message = `${path} is damaged (${messageOf(error)}): it records which bip is xnet's and what docker0 had before`;
    const hint = `restore ${path} from a backup, or move it away: xnet then takes the present bip for yours`;
    throw new XnetError('Corrupt', message, { hint, cause: error });
  }
}

/**
 * writeJournal flushes a journal to disk before it returns; for an empty one it removes the file. Only root may read
 * the file, because daemon.json can hold credentials.
 * @throws XnetError FailedPrecondition when it can't be written; the former journal then remains
 */
export async function writeJournal(stateFolder: string, journal: Journal): Promise<void> {
  const { ours, apply, givenUp, toStart, toConnect, restarts, dropIn } = journal;
  const lists = toStart.length + toConnect.length + restarts.length;
  if ([ours, apply, givenUp, dropIn].every((part) => part === undefined) && lists === 0) {
    return removeOwnFile(journalPath(stateFolder));
  }
  const encoded: v.InferInput<typeof schema> = {
    version: 1,
    ours: ours === undefined ? null : encodeOurs(ours),
    apply: apply === undefined ? null : encodeApply(apply),
    givenUp: givenUp ?? null,
    toStart: [...toStart],
    toConnect: toConnect.map(({ containerId, networkName, aliases, address }) => ({
      containerId,
      networkName: networkName ?? null,
      aliases: [...aliases],
      address: address === undefined ? null : formatIpv4(address),
    })),
    restarts: [...restarts],
    dropIn: dropIn ?? null,
  };
  await writeOwnFile(journalPath(stateFolder), Buffer.from(`${JSON.stringify(encoded, null, 1)}\n`));
}

function encodeApply(apply: Apply): v.InferInput<typeof applyFields> {
  const { bip: wanted, before, after, ours, dockerd } = apply;
  return {
    ...apply,
    bip: formatBip(wanted),
    ...encodeParts(wanted),
    before: encode(before),
    after: encode(after),
    ours: encodeOurs(ours),
    dockerd: { ...dockerd, argv: [...dockerd.argv] },
  };
}

function encodeOurs({ path, bip: value, wrote, without, former }: Ours): v.InferInput<typeof oursFields> {
  return {
    path,
    bip: formatBip(value),
    ...encodeParts(value),
    wrote,
    without: encode(without),
    former: former === undefined ? null : formatBip(former),
  };
}

function encode(bytes: Content): string | null {
  return bytes?.toString('base64') ?? null;
}
