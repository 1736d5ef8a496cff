// The reflection service of gRPC, so that grpcurl needs no .proto files.
// Invariant: its answers are prepared at its first call, because that takes more than a tenth of a second of processor time,
// and few controllers are ever asked.
import type * as grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { packageDefinition } from './definitions.js';

const methodName = 'ServerReflectionInfo';
// The versions differ in nothing but their name.
const paths = ['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/${methodName}`);

type Method = {
  readonly definition: grpc.MethodDefinition<object, object>;
  readonly handle: grpc.handleBidiStreamingCall<object, object>;
};

// Returns what the library would add to a server, by path.
function methodsFor(services: string[]): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  const addService: grpc.Server['addService'] = (definition, implementation) => {
    for (const [name, method] of Object.entries(definition)) {
      const handle = implementation[name] as Method['handle'] | undefined;
      if (handle !== undefined) methods.set(method.path, { definition: method, handle });
    }
  };
  // Each type comes with the files of all types, and the library reads those of each: one type is enough.
  const [one] = Object.entries(packageDefinition);
  new ReflectionService(Object.fromEntries(one === undefined ? [] : [one]), { services }).addToServer({ addService });
  return methods;
}

/** addReflection has a server describe `services`, full names such as "xnet.v1.AdminService". */
export function addReflection(server: grpc.Server, services: readonly string[]): void {
  let methods: ReadonlyMap<string, Method> | undefined;
  const methodOf = (path: string): Method => {
    methods ??= methodsFor([...services]);
    const method = methods.get(path);
    if (method === undefined) throw new Error(`the reflection service has no ${path}`);
    return method;
  };
  for (const path of paths) {
    const definition: grpc.MethodDefinition<object, object> = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (request) => methodOf(path).definition.requestSerialize(request),
      requestDeserialize: (bytes) => methodOf(path).definition.requestDeserialize(bytes),
      responseSerialize: (response) => methodOf(path).definition.responseSerialize(response),
      responseDeserialize: (bytes) => methodOf(path).definition.responseDeserialize(bytes),
    };
    const handle: Method['handle'] = (call) => methodOf(path).handle(call);
    server.addService({ [methodName]: definition }, { [methodName]: handle });
  }
}
