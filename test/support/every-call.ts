// Every call of every service, read from the descriptor, and a client that makes any of them with any credentials.
import * as grpc from '@grpc/grpc-js';
import { descriptor } from '../../proto/gen/descriptor.js';
import { packageDefinition } from '../../proto/rpc/definitions.js';
import { type Endpoint, formatEndpoint } from '../../proto/rpc/endpoint.js';
import { errorFromStatus, isAnswer, isServiceError } from '../../proto/rpc/status.js';
import { type Credentials, clientTls } from '../../proto/rpc/tls.js';
import { patientMs } from './until.js';

type Fields = Readonly<Record<string, { readonly type: string; readonly rule?: string; readonly keyType?: string }>>;
type Described = {
  readonly methods?: Readonly<
    Record<string, { readonly requestType: string; readonly options?: Readonly<Record<string, unknown>> }>
  >;
  readonly fields?: Fields;
};

const described = descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, Described>>;

/** Call describes one call. */
export type Call = {
  /** "AdminService/AddNode" */
  readonly name: string;
  /** "/xnet.v1.AdminService/AddNode" */
  readonly path: string;
  /** Whether the response is a stream. */
  readonly streams: boolean;
  /** The declaration of its permitted callers, as written in the .proto. */
  readonly declared: unknown;
  /** Fields of its request by name, those of nested messages by path: "version.clusterId". Without lists and maps. */
  readonly fields: readonly { readonly path: string; readonly type: string; readonly isMessage: boolean }[];
  readonly serialize: (request: object) => Buffer;
  readonly deserialize: (bytes: Buffer) => object;
};

function fieldsOf(type: string, before = ''): Call['fields'] {
  return Object.entries(described[type]?.fields ?? {}).flatMap(([name, field]) => {
    const path = `${before}${name}`;
    const isMessage = described[field.type]?.fields !== undefined;
    const inner = isMessage ? fieldsOf(field.type, `${path}.`) : [];
    const many = field.rule === 'repeated' || field.keyType !== undefined;
    return many ? [] : [{ path, type: field.type, isMessage }, ...inner];
  });
}

/** everyCall lists every call of every service of xnet. */
export const everyCall: readonly Call[] = Object.entries(described).flatMap(([service, { methods = {} }]) =>
  Object.entries(methods).map(([method, { requestType, options }]) => {
    const definition = (packageDefinition[`xnet.v1.${service}`] as grpc.ServiceDefinition | undefined)?.[method];
    if (definition === undefined) throw new Error(`${service}/${method} is in no definition`);
    return {
      name: `${service}/${method}`,
      path: definition.path,
      streams: definition.responseStream,
      declared: options?.['(xnet.v1.access)'],
      fields: fieldsOf(requestType),
      serialize: definition.requestSerialize as Call['serialize'],
      deserialize: definition.responseDeserialize as Call['deserialize'],
    };
  }),
);

/** withField returns a request with one field set: withField('version.clusterId', 'x'). */
export function withField(path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.');
  return { [name]: rest.length === 0 ? value : withField(rest.join('.'), value) };
}

/**
 * Answer is the result of a call: "OK" with its first message; "PermissionDenied" and so on if a server of xnet
 * refused it; gRPC's own name ("UNAVAILABLE", "UNIMPLEMENTED") if gRPC did.
 */
export type Answer = { readonly outcome: string; readonly message: string; readonly answer?: object };

/** Caller makes calls. */
export class Caller {
  readonly #client: grpc.Client;

  constructor(endpoint: Endpoint, credentials?: Credentials) {
    const tls = credentials === undefined ? undefined : clientTls(credentials);
    this.#client = new grpc.Client(formatEndpoint(endpoint), tls?.credentials ?? grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      ...tls?.options,
    });
  }

  /** attempt makes one call. A stream is closed at its first message. */
  attempt(call: Call, request: object = {}, metadata: grpc.Metadata = new grpc.Metadata()): Promise<Answer> {
    const options = { deadline: Date.now() + patientMs };
    return new Promise((resolve) => {
      const failed = (thrown: unknown) => {
        const error = errorFromStatus(thrown);
        const ours = isAnswer(error) || !isServiceError(thrown);
        resolve({ outcome: ours ? error.code : (grpc.status[thrown.code] ?? ''), message: error.message });
      };
      const { path, serialize, deserialize } = call;
      if (call.streams) {
        const stream = this.#client.makeServerStreamRequest(path, serialize, deserialize, request, metadata, options);
        stream.once('error', failed);
        stream.on('error', () => undefined);
        stream.once('end', () => resolve({ outcome: 'OK', message: '' }));
        stream.once('data', (answer: object) => {
          resolve({ outcome: 'OK', message: '', answer });
          stream.cancel();
        });
        return;
      }
      this.#client.makeUnaryRequest(path, serialize, deserialize, request, metadata, options, (error, answer) => {
        if (error !== null) failed(error);
        else resolve({ outcome: 'OK', message: '', ...(answer === undefined ? {} : { answer }) });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}
