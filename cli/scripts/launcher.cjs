#!/usr/bin/env node
// xctl: runs its bundle with a cache of compiled code, which about halves what it takes to start. The cache is kept in
// ~/.cache/xctl (XDG Base Directory Specification), made at the first run, and made anew for another bundle or Node.js.
// Invariant: nothing but speed depends on it. It is used only when no other user can have written it: it is code.
const { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const bundle = join(__dirname, 'xctl.bundle.js');
const suffix = `-${process.version}-${process.arch}`;
const name = `@hash@${suffix}`;

function cacheFolder() {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  if (cache?.startsWith('/')) return join(cache, 'xctl');
  return home?.startsWith('/') ? join(home, '.cache', 'xctl') : undefined;
}

function isOurs(path) {
  const { uid, mode } = lstatSync(path);
  return uid === process.geteuid() && (mode & 0o022) === 0;
}

const folder = cacheFolder();

function readCache() {
  try {
    const file = join(folder, name);
    return isOurs(folder) && isOurs(file) ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  }
}

function writeCache(data) {
  try {
    // Under sudo, HOME may be that of a user, who could not change what root makes there.
    if (lstatSync(process.env.HOME ?? '/').uid !== process.geteuid()) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(folder)) return;
    const partial = join(folder, `${name}.${process.pid}`);
    try {
      writeFileSync(partial, data, { mode: 0o600, flag: 'wx' });
      renameSync(partial, join(folder, name));
      // Those of other bundles are of no use any more.
      for (const other of readdirSync(folder)) {
        if (other.endsWith(suffix) && other !== name) rmSync(join(folder, other), { force: true });
      }
    } finally {
      rmSync(partial, { force: true });
    }
  } catch {
    // A full disk, a home that can't be written: the next run starts as slowly as this one.
  }
}

const cachedData = folder === undefined ? undefined : readCache();
const script = new Script(readFileSync(bundle, 'utf8'), {
  filename: bundle,
  ...(cachedData === undefined ? {} : { cachedData }),
});
const isNeeded = folder !== undefined && (cachedData === undefined || script.cachedDataRejected === true);
// At the end, when what was compiled on the way is known.
if (isNeeded) process.once('exit', () => writeCache(script.createCachedData()));
const bundled = { exports: {} };
script.runInThisContext().call(bundled.exports, bundled.exports, require, bundled, bundle, __dirname);
