// Bundles xctl and xnetd into a folder, where they start in a fraction of the time. Each is NAME.js, which is the executable,
// and NAME.bundle.js, which it runs, with a cache of compiled code if there is one. xctl needs no node_modules; xnetd
// needs the native parts of syscall-napi and buffer2address, which it finds as a module in that folder does.
//
// usage: node cli/scripts/bundle.js [FOLDER]     FOLDER is dist/bin unless given
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { clientServices, operatorServices } from './static-services.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const outDir = resolve(process.argv[2] ?? join(root, 'dist', 'bin'));
const require = createRequire(import.meta.url);
const protobufjs = dirname(createRequire(require.resolve('@grpc/proto-loader')).resolve('protobufjs/package.json'));

// Replaces a part of a library that the program does not use; using it throws.
const without = (what) => `module.exports = () => { throw new Error('${what} is not in this program'); };`;

const replacedInBoth = [
  // Without it protobufjs reads 64-bit integers as numbers at once, which is how we have them.
  { filter: /node_modules\/long\/.*\.js$/, contents: () => 'module.exports = null;' },
];

// The services without what builds them at run time.
const services = (of) => ({ filter: /\/proto\/rpc\/definitions\.ts$/, contents: () => of(join(root, 'proto')) });

// The packages look for their native part beside themselves.
const native = {
  filter: /\/node_modules\/(syscall-napi|buffer2address)\/lib\/index\.js$/,
  contents: (path) => {
    const source = readFileSync(path, 'utf8');
    const found = /const require = createRequire\(import\.meta\.url\);/;
    if (!found.test(source)) throw new Error(`${path}: not as it was`);
    return source.replace(found, '').replace(/import \{ createRequire \} from "module";/, '');
  },
};

const programs = [
  {
    name: 'xctl',
    entry: 'cli/main.ts',
    launcher: 'cli/scripts/launcher.cjs',
    replaced: [...replacedInBoth, services(operatorServices)],
  },
  {
    name: 'xnetd',
    entry: 'node/main.ts',
    launcher: 'node/scripts/launcher.cjs',
    replaced: [
      ...replacedInBoth,
      services(clientServices),
      native,
      { filter: /\/docker-modem\/lib\/ssh\.js$/, contents: () => without('Docker over SSH') },
      { filter: /\/dockerode\/lib\/(session|buildkit)\.js$/, contents: () => without('the building of images') },
      { filter: /\/(tar-fs|@balena\/dockerignore)\/.*\.js$/, contents: () => without('the packing of folders') },
      { filter: /\/pino\/lib\/transport\.js$/, contents: () => without('a log of another thread') },
    ],
  },
];

// Stands for grpc-js, which takes as long to load as the rest of xctl.
const client = join(root, 'proto/rpc/http2/client.ts');

function pluginOf({ name, replaced }) {
  return {
    name,
    setup(setup) {
      setup.onResolve({ filter: /^@grpc\/grpc-js$/ }, () => ({ path: client }));
      setup.onResolve({ filter: /^protobufjs\/minimal\.js$/ }, () => ({ path: join(protobufjs, 'minimal.js') }));
      // commander would start other programs with it, as subcommands; there are none of these.
      setup.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
        importer.includes('/commander/') ? { path: 'child_process', namespace: 'nothing' } : undefined,
      );
      setup.onResolve({ filter: /^\.\.\/build\/(Release|Debug)\/\w+\.node$/ }, ({ path, importer }) => {
        const owner = /\/node_modules\/([\w-]+)\/lib\//.exec(importer)?.[1];
        return { path: join(owner, path.slice('../'.length)), external: true };
      });
      setup.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: '' }));
      for (const { filter, contents } of replaced) {
        setup.onLoad({ filter }, ({ path }) => ({ contents: contents(path), loader: 'js', resolveDir: dirname(path) }));
      }
    },
  };
}

// Other processes may be running the present file.
function replaceFile(path, contents, mode) {
  writeFileSync(`${path}.new`, contents, { mode });
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

async function bundle(program) {
  const { name, entry, launcher } = program;
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
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
    outfile: join(outDir, `${name}.bundle.js`),
    // What it has for require() looks for its parts in a way that only Node.js follows.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    plugins: [pluginOf(program)],
    logLevel: 'warning',
  });
  // A warning is a bundle that fails when it runs: something that it imports is not there.
  if (result.warnings.length > 0) process.exit(1);
  const [output] = result.outputFiles;
  // The launcher runs it as a script: its source is a function, as require() would make it one.
  const script = `(function (exports, require, module, __filename, __dirname) {${output.text.replace(/^#!.*\n/, '')}\n})`;
  // The launcher of xnetd reads it as such.
  if (/[^\0-\x7f]/.test(script)) throw new Error(`${output.path}: not ASCII`);
  replaceFile(output.path, script, 0o644);
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 16);
  const text = readFileSync(join(root, launcher), 'utf8');
  replaceFile(join(outDir, `${name}.js`), text.replace('@hash@', hash), 0o755);
}

mkdirSync(outDir, { recursive: true });
for (const program of programs) await bundle(program);
// The rest of dist is modules.
replaceFile(join(outDir, 'package.json'), '{ "type": "commonjs" }\n', 0o644);
