#!/usr/bin/env node
// xnetd: runs its bundle, with compiled code beside it that saves a fifth of the processor time of a start. The first
// argument --make-compile-cache makes that file: `xnetd run` without an identity loads all of the daemon, and changes
// nothing.
// Invariant: nothing but speed depends on it. It is used only if it is whole, and of this bundle and this Node.js.
const { createHash } = require('node:crypto');
const { readFileSync, renameSync, rmSync, writeFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { debuglog } = require('node:util');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

// The daemon mostly waits. V8 would let the young generation grow from 2 MiB to 32 MiB at a start with thousands of
// routes, and keep it. An upper limit can only be set on the command line of node.
setFlagsFromString('--semi-space-growth-factor=1');
// Limits the growth of the old generation to a third between two collections. Otherwise, after many changes, it would
// stay twice as large as after a start with the same table. A change costs a sixth more processor time.
setFlagsFromString('--optimize-for-size');
// No function runs often enough for optimised code to pay: with 1,000 peers and with 5,000 the daemon starts with as much
// processor time without it, a change costs as much, and the memory is 4 and 7 MiB less.
setFlagsFromString('--no-opt');

const filename = join(__dirname, 'xnetd.bundle.js');
const cache = join(__dirname, `xnetd.${process.version}-${process.arch}.cache`);
const bytes = readFileSync(filename);

// V8 compares only the length of the source, and no checksum of the compiled code.
const digestOf = (compiled) => createHash('sha256').update(bytes).update(compiled).digest();
const digestLength = 32;

function readCache() {
  try {
    const file = readFileSync(cache);
    const compiled = file.subarray(digestLength);
    return digestOf(compiled).equals(file.subarray(0, digestLength)) ? compiled : undefined;
  } catch {
    return undefined;
  }
}

function writeCache(compiled) {
  const partial = `${cache}.${process.pid}`;
  try {
    writeFileSync(partial, Buffer.concat([digestOf(compiled), compiled]), { mode: 0o644 });
    renameSync(partial, cache);
  } finally {
    rmSync(partial, { force: true });
  }
}

// exitCodes.notJoined of proto/errors.ts: the exit code of `xnetd run` on a host that has not joined a cluster.
const notJoined = 12;
const isMaking = process.argv[2] === '--make-compile-cache';
const cachedData = isMaking ? undefined : readCache();
// It is ASCII: a string of it that needs no decoding stays outside of V8's heap, which saves 8 MiB.
const script = new Script(bytes.latin1Slice(), { filename, ...(cachedData === undefined ? {} : { cachedData }) });
debuglog('xnetd')('compile cache: %s', cachedData === undefined || script.cachedDataRejected ? 'not used' : 'used');
if (isMaking) {
  // A daemon's settings in the environment would be this one's: with a controller that is a unix socket it needs no identity,
  // and would run.
  for (const name of Object.keys(process.env)) if (name.startsWith('XNETD_')) delete process.env[name];
  const nowhere = join(__dirname, 'nowhere');
  const folders = ['state', 'run'].flatMap((name) => [`--${name}-dir`, join(nowhere, name)]);
  process.argv.splice(2, Number.POSITIVE_INFINITY, 'run', '--config', '/dev/null', ...folders);
  const said = [];
  process.stderr.write = (text) => said.push(text) > 0;
  process.once('exit', (code) => {
    // Otherwise the daemon was not loaded.
    if (code !== notJoined) return writeSync(2, said.join(''));
    // What was compiled on the way is known then.
    writeCache(script.createCachedData());
    process.exitCode = 0;
  });
}
const bundled = { exports: {} };
script.runInThisContext().call(bundled.exports, bundled.exports, require, bundled, filename, __dirname);
