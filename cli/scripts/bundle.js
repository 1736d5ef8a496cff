// Bundles xctl into a folder, where it starts in a fraction of the time and needs no node_modules: xctl.js, which is the
// executable, and xctl.bundle.js, which it runs with a cache of compiled code (cli/scripts/launcher.cjs).
//
// usage: node cli/scripts/bundle.js [FOLDER]     FOLDER is dist/bin unless given
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { staticServices } from './static-services.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const outDir = resolve(process.argv[2] ?? join(root, 'dist', 'bin'));
const require = createRequire(import.meta.url);
const protobufjs = dirname(createRequire(require.resolve('@grpc/proto-loader')).resolve('protobufjs/package.json'));

const replaced = [
  // The services without what builds them at run time.
  { filter: /\/proto\/rpc\/definitions\.ts$/, contents: () => staticServices(join(root, 'proto')) },
  // grpc-js loads it for channelz and ORCA, which xctl has no use for.
  { filter: /@grpc\/proto-loader\/build\/src\/index\.js$/, contents: () => 'export {};' },
  // Without it protobufjs reads 64-bit integers as numbers at once, which is how we have them.
  { filter: /node_modules\/long\/.*\.js$/, contents: () => 'module.exports = null;' },
];

const plugin = {
  name: 'xctl',
  setup(setup) {
    setup.onResolve({ filter: /^protobufjs\/minimal\.js$/ }, () => ({ path: join(protobufjs, 'minimal.js') }));
    // commander would start other programs with it, as subcommands; xctl has none of these.
    setup.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes('/commander/') ? { path: 'child_process', namespace: 'nothing' } : undefined,
    );
    setup.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: '' }));
    for (const { filter, contents } of replaced) {
      setup.onLoad({ filter }, ({ path }) => ({ contents: contents(), loader: 'js', resolveDir: dirname(path) }));
    }
  },
};

// Others may be running what stands there.
function replaceFile(path, contents, mode) {
  writeFileSync(`${path}.new`, contents, { mode });
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

const result = await build({
  absWorkingDir: root,
  entryPoints: ['cli/main.ts'],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minify: true,
  // Functions and errors keep the names that they have in messages.
  keepNames: true,
  supported: { 'dynamic-import': false },
  legalComments: 'eof',
  outfile: join(outDir, 'xctl.bundle.js'),
  plugins: [plugin],
  logLevel: 'warning',
});
// A warning is a bundle that fails when it runs: something that it imports is not there.
if (result.warnings.length > 0) process.exit(1);
mkdirSync(outDir, { recursive: true });
const [bundle] = result.outputFiles;
// The launcher runs it as a script: its source is a function, as require() would make it one.
const script = `(function (exports, require, module, __filename, __dirname) {${bundle.text.replace(/^#!.*\n/, '')}\n})`;
replaceFile(bundle.path, script, 0o644);
const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
const launcher = readFileSync(join(root, 'cli', 'scripts', 'launcher.cjs'), 'utf8');
replaceFile(join(outDir, 'xctl.js'), launcher.replace('@hash@', hash), 0o755);
// The rest of dist is modules.
replaceFile(join(outDir, 'package.json'), '{ "type": "commonjs" }\n', 0o644);
