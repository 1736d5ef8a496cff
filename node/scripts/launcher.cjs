#!/usr/bin/env node
// xnetd: runs its bundle.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const bundle = join(__dirname, 'xnetd.bundle.js');
// It is ASCII: a string of it that needs no decoding stays outside of V8's heap, which saves 8 MiB.
const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle });
const bundled = { exports: {} };
script.runInThisContext().call(bundled.exports, bundled.exports, require, bundled, bundle, __dirname);
