// The node's identity on disk: STATE_DIR/identity, with key.pem, certificate.pem, authority.pem and member.json.
// Invariant: there is a complete identity or none, also after a crash: a new identity is written to "making", becomes
// valid by a rename to "new", and then replaces the old one; a crash only delays that. Writers hold the identity's lock.
import { constants } from 'node:fs';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, messageOf, XnetError } from '../../proto/errors.js';
import { readSecretFile, removeSecretFile, writeSecretFile } from '../../proto/pki/secret-file.js';
import { fileError, flushFolder } from '../../proto/process/atomic-file.js';
import { identityProblem, type NodeIdentity } from './identity.js';

/** identityFolder is where the identity is. */
export function identityFolder(stateDir: string): string {
  return join(stateDir, 'identity');
}

const beside = (stateDir: string, what: 'making' | 'new' | 'old') => join(stateDir, `identity.${what}`);

const memberSchema = v.object({
  clusterId: v.string(),
  nodeId: v.string(),
  nodeName: v.string(),
  controllers: v.array(v.string()),
  // Absent where an earlier version joined.
  pools: v.optional(v.array(v.string()), []),
});

const hint = (stateDir: string) =>
  `restore ${identityFolder(stateDir)} from a backup, or join again: xnetd join --force`;

function broken(stateDir: string, why: string, cause?: unknown): XnetError {
  return new XnetError('FailedPrecondition', `the identity in ${identityFolder(stateDir)} can't be used: ${why}`, {
    hint: hint(stateDir),
    cause,
  });
}

/** splitPems splits concatenated PEM certificates. */
export function splitPems(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g) ?? [];
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(`can't look at ${path}`, error);
  }
}

async function readPart(folder: string, name: string): Promise<string | undefined> {
  return (await readSecretFile(join(folder, name)))?.toString('utf8');
}

async function requireOwn(folder: string): Promise<void> {
  const { mode } = await lstat(folder);
  if ((mode & constants.S_IFMT) !== constants.S_IFDIR) {
    throw new XnetError('FailedPrecondition', `${folder} is not a folder`);
  }
  if ((mode & 0o022) !== 0) {
    throw new XnetError('FailedPrecondition', `others can write in ${folder}`, {
      hint: `if no other user has: chmod 700 ${folder}`,
    });
  }
}

async function readFolder(folder: string): Promise<NodeIdentity | string> {
  await requireOwn(folder);
  const [key, certificate, authority, member] = await Promise.all(
    ['key.pem', 'certificate.pem', 'authority.pem', 'member.json'].map((name) => readPart(folder, name)),
  );
  const missing = Object.entries({ key, certificate, authority }).find(([, text]) => text === undefined)?.[0];
  if (missing !== undefined) return `${missing}.pem is missing`;
  if (member === undefined) return 'member.json is missing';
  let membership: v.InferOutput<typeof memberSchema>;
  try {
    membership = v.parse(memberSchema, JSON.parse(member));
  } catch (error) {
    return `member.json: ${messageOf(error)}`;
  }
  const identity = {
    ...membership,
    key: key ?? '',
    certificate: certificate ?? '',
    authority: splitPems(authority ?? ''),
  };
  return identityProblem(identity) ?? identity;
}

const attempts = 3;

/**
 * readIdentity reads this host's identity, even an expired one; undefined when there is none.
 * @throws XnetError FailedPrecondition when the identity is unusable, with the reason and what to do
 */
export async function readIdentity(stateDir: string): Promise<NodeIdentity | undefined> {
  let problem = '';
  // An identity that is replaced during the read may seem incomplete.
  for (let attempt = 0; attempt < attempts; attempt++) {
    const complete = beside(stateDir, 'new');
    const folder = (await isThere(complete)) ? complete : identityFolder(stateDir);
    if (!(await isThere(folder))) {
      if (await isThere(beside(stateDir, 'old'))) continue;
      return undefined;
    }
    try {
      const read = await readFolder(folder);
      if (typeof read !== 'string') return read;
      problem = read;
    } catch (error) {
      if (error instanceof XnetError) throw broken(stateDir, error.message, error);
      if (errnoOf(error) !== 'ENOENT') throw fileError(`can't read ${folder}`, error);
      problem = messageOf(error);
    }
  }
  throw broken(stateDir, problem);
}

// Puts a complete new identity in place. It is no error if that is done already.
async function settle(stateDir: string): Promise<void> {
  const folder = identityFolder(stateDir);
  const [complete, old] = [beside(stateDir, 'new'), beside(stateDir, 'old')];
  if (await isThere(complete)) {
    await rm(old, { recursive: true, force: true });
    if (await isThere(folder)) await rename(folder, old);
    await rename(complete, folder);
    await flushFolder(stateDir);
  }
  await rm(old, { recursive: true, force: true });
}

/**
 * writeIdentity replaces the identity.
 * @throws XnetError FailedPrecondition when it can't be written; the old identity is intact then
 */
export async function writeIdentity(stateDir: string, identity: NodeIdentity): Promise<void> {
  const { key, certificate, authority, clusterId, nodeId, nodeName, controllers, pools } = identity;
  const making = beside(stateDir, 'making');
  const member = `${JSON.stringify({ clusterId, nodeId, nodeName, controllers, pools }, null, 2)}\n`;
  const parts = {
    'key.pem': key,
    'certificate.pem': certificate,
    'authority.pem': authority.map((pem) => `${pem.trimEnd()}\n`).join(''),
    'member.json': member,
  };
  try {
    await settle(stateDir);
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { mode: 0o700 });
    for (const [name, text] of Object.entries(parts)) await writeSecretFile(join(making, name), Buffer.from(text));
    await rename(making, beside(stateDir, 'new'));
    await flushFolder(stateDir);
    await settle(stateDir);
  } catch (error) {
    await rm(making, { recursive: true, force: true }).catch(() => undefined);
    throw fileError(`can't write ${identityFolder(stateDir)}`, error);
  }
}

/**
 * removeIdentity removes the identity and what belongs to it. It is no error if it is gone.
 * @throws XnetError FailedPrecondition when it can't be removed
 */
export async function removeIdentity(stateDir: string): Promise<void> {
  const folder = identityFolder(stateDir);
  try {
    await rm(beside(stateDir, 'old'), { recursive: true, force: true });
    await rm(beside(stateDir, 'new'), { recursive: true, force: true });
    // Renamed in one step, so that a partly removed identity is never read.
    if (await isThere(folder)) {
      await rm(beside(stateDir, 'making'), { recursive: true, force: true });
      await rename(folder, beside(stateDir, 'making'));
      await flushFolder(stateDir);
    }
    await rm(beside(stateDir, 'making'), { recursive: true, force: true });
    await removeSecretFile(pendingKeyPath(stateDir));
  } catch (error) {
    throw fileError(`can't remove ${folder}`, error);
  }
}

/** pendingKeyPath is the path of the key of a host that is joining. */
export function pendingKeyPath(stateDir: string): string {
  return join(stateDir, 'joining.key');
}
