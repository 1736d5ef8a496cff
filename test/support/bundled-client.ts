// The client of the bundles, and that of grpc-js, with the same functions on top: both are to do the same.
import { build } from 'esbuild';
import type { CallFailure } from '../../cli/client/unreachable.js';
import { callFailureOf } from '../../cli/client/unreachable.js';
import { callUnary, isConnecting, makeClient, readStream } from '../../proto/rpc/channel.js';
import { type OperatorClient, services } from '../../proto/rpc/definitions.js';
import type { Endpoint } from '../../proto/rpc/endpoint.js';
import type { Credentials } from '../../proto/rpc/tls.js';

/** ClientUnderTest is one of the two. */
export type ClientUnderTest = {
  readonly name: 'grpc-js' | 'bundled';
  make(endpoint: Endpoint, credentials?: Credentials): OperatorClient;
  readonly callUnary: typeof callUnary;
  readonly isConnecting: typeof isConnecting;
  readonly readStream: typeof readStream;
  readonly failureOf: (endpoint: Endpoint, thrown: unknown) => CallFailure;
};

type Bundled = {
  readonly channel: { readonly [name in 'callUnary' | 'isConnecting' | 'makeClient' | 'readStream']: unknown };
  readonly unreachable: { readonly callFailureOf: typeof callFailureOf };
  readonly services: { readonly operator: typeof services.operator };
};

type Sources = { readonly operatorServices: (protoDir: string) => string };

async function bundledParts(): Promise<Bundled> {
  const { operatorServices } = (await import('../../../cli/scripts/static-services.js' as string)) as Sources;
  const { outputFiles } = await build({
    stdin: {
      contents: `${operatorServices('proto')}
        export * as channel from './channel.ts';
        export * as unreachable from '../../cli/client/unreachable.ts';`,
      resolveDir: 'proto/rpc',
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    nodePaths: ['node_modules'],
    // As cli/scripts/bundle.js has it.
    alias: { '@grpc/grpc-js': './proto/rpc/http2/client.ts' },
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
  const { createRequire } = await import('node:module');
  const run = new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '');
  run(made, made.exports, createRequire(import.meta.url));
  return made.exports as Bundled;
}

/** clientsUnderTest returns both clients. */
export async function clientsUnderTest(): Promise<readonly ClientUnderTest[]> {
  const bundled = await bundledParts();
  const channel = bundled.channel as Pick<ClientUnderTest, 'callUnary' | 'isConnecting' | 'readStream'> & {
    readonly makeClient: typeof makeClient;
  };
  return [
    {
      name: 'grpc-js',
      make: (endpoint, credentials) => makeClient(services.operator, endpoint, credentials),
      callUnary,
      isConnecting,
      readStream,
      failureOf: callFailureOf,
    },
    {
      name: 'bundled',
      make: (endpoint, credentials) => channel.makeClient(bundled.services.operator, endpoint, credentials),
      callUnary: channel.callUnary,
      isConnecting: channel.isConnecting,
      readStream: channel.readStream,
      failureOf: bundled.unreachable.callFailureOf,
    },
  ];
}
