// Generates proto/gen from the .proto files: TypeScript types by proto-loader-gen-types, and the descriptor that the
// services are loaded from. `--check` compares instead of writing, and exits 1 when they differ.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
// protobufjs is proto-loader's own parser: taken from there, so that both read the files alike.
const ofLoader = createRequire(require.resolve('@grpc/proto-loader'));
const protobuf = ofLoader('protobufjs');
// google/protobuf/descriptor.proto, which access.proto extends, as proto-loader bundles it.
ofLoader('./util.js').addCommonProtos();
const files = [
  'access',
  'lease_types',
  'types',
  'node',
  'join',
  'pool',
  'node_admin',
  'status',
  'security',
  'admin',
  'backup',
  'ipam',
  'lease',
  'lifecycle',
  'nic',
  'rollout',
  'held_route',
  'static_route',
  'network',
  'diagnosis',
].map((name) => `xnet/v1/${name}.proto`);

function generate(outDir) {
  const generator = require.resolve('@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
  execFileSync(process.execPath, [
    generator,
    '--longs=Number',
    '--enums=String',
    '--bytes=Buffer',
    '--defaults',
    '--oneofs',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.js',
    '-I',
    'proto',
    '-O',
    outDir,
    ...files,
  ]);
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join('proto', target);
  root.loadSync(files);
  const tree = root.toJSON();
  // Only the values of options are read, as text on their methods: their declarations can go.
  delete tree.nested.google;
  delete tree.nested.xnet.nested.v1.nested.access;
  const json = JSON.stringify(tree, null, 1);
  writeFileSync(
    join(outDir, 'descriptor.ts'),
    `// Original files: ${files.map((file) => `proto/${file}`).join(' ')}\n\nexport const descriptor = ${json};\n`,
  );
}

function listing(dir) {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return [path.slice(dir.length), readFileSync(path, 'utf8')];
    }),
  );
}

if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'xnet-gen-'));
  try {
    generate(fresh);
    const want = listing(fresh);
    const have = listing('proto/gen');
    const differing = [...new Set([...want.keys(), ...have.keys()])].filter(
      (name) => want.get(name) !== have.get(name),
    );
    if (differing.length > 0) {
      console.error(`proto/gen differs from the .proto files: ${differing.join(', ')}. Run: npm run generate`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(fresh, { recursive: true });
  }
} else {
  rmSync('proto/gen', { recursive: true, force: true });
  generate('proto/gen');
}
