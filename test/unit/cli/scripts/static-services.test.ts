// The services of the bundles write and read what proto-loader does.
import { createRequire } from 'node:module';
import type { ServiceDefinition } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { build } from 'esbuild';
import fc from 'fast-check';
import { descriptor } from '../../../../proto/gen/descriptor.js';
import { services } from '../../../../proto/rpc/definitions.js';

type Sources = { readonly clientServices: (protoDir: string) => string };
type Field = { readonly id: number; readonly type: string; readonly rule?: string };
type Described = {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
};

const require = createRequire(import.meta.url);
const described = descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, Described>>;

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 12 }),
  bool: fc.boolean(),
  uint32: fc.nat(0xffff_ffff),
  fixed32: fc.nat(0xffff_ffff),
  int64: fc.nat(Number.MAX_SAFE_INTEGER),
  uint64: fc.nat(Number.MAX_SAFE_INTEGER),
};

// Any message, with any of its fields left out.
function messageOf(name: string): fc.Arbitrary<object> {
  const { fields = {}, oneofs = {} } = described[name] ?? {};
  const exclusive = Object.values(oneofs).map(({ oneof }) => oneof);
  const values = Object.entries(fields).map(([key, { type, rule }]) => {
    const one = arbitraryOf(type);
    return [key, rule === 'repeated' ? fc.array(one, { maxLength: 3 }) : one] as const;
  });
  return fc.tuple(fc.record(Object.fromEntries(values), { requiredKeys: [] }), fc.nat()).map(([message, pick]) => {
    const dropped = exclusive.flatMap((names) => names.filter((_, index) => index !== pick % names.length));
    return Object.fromEntries(Object.entries(message).filter(([key]) => !dropped.includes(key)));
  });
}

function arbitraryOf(type: string): fc.Arbitrary<unknown> {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  const values = described[type]?.values;
  if (values !== undefined) return fc.constantFrom(...Object.keys(values));
  if (described[type] === undefined) throw new Error(`a field of type ${type}: say here what it can be`);
  return messageOf(type);
}

async function bundled(): Promise<Readonly<Record<string, { readonly service: ServiceDefinition }>>> {
  const { clientServices } = (await import('../../../../../cli/scripts/static-services.js' as string)) as Sources;
  const { outputFiles } = await build({
    stdin: { contents: clientServices('proto'), resolveDir: 'proto/rpc' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    external: ['@grpc/grpc-js'],
    nodePaths: ['node_modules'],
    // As the bundles have it.
    plugins: [
      {
        name: 'numbers',
        setup: (setup) => {
          setup.onLoad({ filter: /node_modules\/long\/.*\.js$/ }, () => ({ contents: 'module.exports = null;' }));
        },
      },
    ],
  });
  const made = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(made, made.exports, require);
  return (made.exports as { readonly services: Awaited<ReturnType<typeof bundled>> }).services;
}

function sameCalls(t: ExecutionContext, one: ServiceDefinition, other: ServiceDefinition): void {
  t.deepEqual(Object.keys(other), Object.keys(one));
  for (const [name, loaded] of Object.entries(one)) {
    const written = other[name];
    if (written === undefined) throw new Error(`no call ${name}`);
    t.is(written.path, loaded.path);
    t.is(written.responseStream, loaded.responseStream);
    fc.assert(
      fc.property(messageOf(`${name}Request`), messageOf(`${name}Response`), (request, response) => {
        t.deepEqual(written.requestSerialize(request), loaded.requestSerialize(request));
        const bytes = loaded.responseSerialize(response);
        t.deepEqual({ ...(written.responseDeserialize(bytes) as object) }, loaded.responseDeserialize(bytes));
      }),
      { numRuns: 50 },
    );
  }
}

test('what a host writes and reads in its bundle is what proto-loader writes and reads', async (t) => {
  const { node, look, join } = await bundled();
  if (node === undefined || look === undefined || join === undefined) return t.fail();
  sameCalls(t, services.node.service, node.service);
  sameCalls(t, services.look.service, look.service);
  sameCalls(t, services.join.service, join.service);
});
