#!/usr/bin/env node
// xnetd: runs its bundle.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const bundle = join(__dirname, 'xnetd.bundle.js');
const script = new Script(readFileSync(bundle, 'utf8'), { filename: bundle });
const bundled = { exports: {} };
script.runInThisContext().call(bundled.exports, bundled.exports, require, bundled, bundle, __dirname);
