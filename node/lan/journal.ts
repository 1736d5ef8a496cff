// What xnetd remembers about the bridge of LAN mode across a crash: the interface that is its port, how far the move is, and
// what the host had on it.
// Invariant: an entry is written and flushed before the step that it describes. A journal that can't be read is never
// treated as empty.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { removeOwnFile, writeOwnFile } from '../../proto/process/atomic-file.js';
import type { KernelObject } from './objects.js';
import type { Holding } from './transfer.js';

const bytes = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9+/]*=*$/, 'not base64'),
  v.transform((text) => Buffer.from(text, 'base64')),
);
const object = v.object({
  header: bytes,
  attributes: v.array(v.object({ type: v.number(), value: bytes })),
});
const moved = v.object({
  bridge: v.string(),
  bridgeIndex: v.number(),
  port: v.string(),
  mac: v.string(),
  phase: v.picklist(['moving', 'in place', 'returning']),
  proven: v.boolean(),
  witnesses: v.array(v.string()),
  boot: v.string(),
  held: v.object({ addresses: v.array(object), routes: v.array(object), neighbours: v.array(object) }),
});
const absent = <T>(value: T | null): T | undefined => value ?? undefined;
const schema = v.object({
  version: v.literal(1),
  moved: v.pipe(v.nullable(moved), v.transform(absent)),
  givenUp: v.pipe(v.nullable(v.object({ inputs: v.string(), message: v.string() })), v.transform(absent)),
});

/** Moved is a move that was begun. */
export type Moved = {
  /** "xnet-lan", and its interface index; 0: not known yet */
  readonly bridge: string;
  readonly bridgeIndex: number;
  /** The interface that is its port, "eth0", and its hardware address. */
  readonly port: string;
  readonly mac: string;
  /** `moving` until it is verified, `returning` once it is undone. */
  readonly phase: 'moving' | 'in place' | 'returning';
  /** Whether it was verified once: after a boot it is made again without verification. */
  readonly proven: boolean;
  /** The witnesses that answered before the move and have to answer after it. */
  readonly witnesses: readonly string[];
  /** Id of the boot in which the bridge was made. */
  readonly boot: string;
  /** The host's addresses and routes on the bridge or the interface, as last seen. */
  readonly held: Holding;
};

/** LanJournal is the whole content of the journal file. */
export type LanJournal = {
  readonly moved: Moved | undefined;
  /** A move that was undone. It is not repeated with the same inputs. */
  readonly givenUp: { readonly inputs: string; readonly message: string } | undefined;
};

/** LanPlace is a move by the names of its interfaces. */
export type LanPlace = Pick<Moved, 'bridge' | 'port'>;

/** isUnproven reports whether a move has been made and not verified yet. */
export function isUnproven({ moved: move }: LanJournal): boolean {
  return move !== undefined && !move.proven && move.phase === 'moving';
}

/**
 * LanMove is how far a move of the host's interface is: `unverified`, it may be undone; `undone`, and not repeated before an
 * operator asks; `settled`, it stays, or nothing was moved.
 */
export type LanMove = 'unverified' | 'undone' | 'settled';

/** lanMoveOf returns how far a move is by the journal, which is written before the bridge gets the host's address. */
export function lanMoveOf({ moved: move, givenUp }: LanJournal): LanMove {
  if (move !== undefined) return move.proven && move.phase === 'in place' ? 'settled' : 'unverified';
  return givenUp === undefined ? 'settled' : 'undone';
}

/** emptyLanJournal is the journal of a host whose interface was not moved. */
export const emptyLanJournal: LanJournal = { moved: undefined, givenUp: undefined };

/** lanJournalPath returns the path of the journal in a state directory: "/var/lib/xnet/lan.json". */
export function lanJournalPath(stateFolder: string): string {
  return join(stateFolder, 'lan.json');
}

/**
 * readLanJournal reads the journal.
 * @throws XnetError Corrupt when the file is not a journal, FailedPrecondition when it can't be read
 */
export async function readLanJournal(stateFolder: string): Promise<LanJournal> {
  const path = lanJournalPath(stateFolder);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return emptyLanJournal;
    throw new XnetError('FailedPrecondition', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const { version: _, ...journal } = v.parse(schema, JSON.parse(text));
    return journal;
  } catch (error) {
    const message = `${path} is damaged (${messageOf(error)}): it records which interface is the port of xnet's bridge`;
    const hint = `restore ${path} from a backup, or delete it: xnetd then derives it from the bridge`;
    throw new XnetError('Corrupt', message, { hint, cause: error });
  }
}

const base64 = ({ header, attributes }: KernelObject) => ({
  header: header.toString('base64'),
  attributes: attributes.map(({ type, value }) => ({ type, value: value.toString('base64') })),
});

/**
 * writeLanJournal flushes a journal to disk before it returns; for an empty one it removes the file.
 * @throws XnetError FailedPrecondition when it can't be written; the former journal then remains
 */
export async function writeLanJournal(stateFolder: string, { moved, givenUp }: LanJournal): Promise<void> {
  const path = lanJournalPath(stateFolder);
  if (moved === undefined && givenUp === undefined) return removeOwnFile(path);
  const held = moved && {
    addresses: moved.held.addresses.map(base64),
    routes: moved.held.routes.map(base64),
    neighbours: moved.held.neighbours.map(base64),
  };
  const file = { version: 1, moved: moved === undefined ? null : { ...moved, held }, givenUp: givenUp ?? null };
  await writeOwnFile(path, Buffer.from(`${JSON.stringify(file, null, 1)}\n`));
}
