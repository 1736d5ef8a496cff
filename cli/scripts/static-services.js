// Writes services as plain JavaScript, for the bundles of xctl and xnetd: proto-loader builds the same when it is loaded, from
// the descriptor, which takes longer than everything else that xctl does, and keeps its parser in memory. Requests are
// written by protobufjs's own functions, printed instead of evaluated. Answers, which can hold thousands of nodes or
// routes, are read in one pass into the plain values that proto-loader makes in two.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const ofLoader = createRequire(require.resolve('@grpc/proto-loader'));
const protobuf = ofLoader('protobufjs');
ofLoader('./util.js').addCommonProtos();

function reachable(type, found) {
  if (found.has(type)) return;
  found.add(type);
  for (const field of type.fieldsArray) {
    const { resolvedType } = field.resolve();
    if (resolvedType instanceof protobuf.Type) reachable(resolvedType, found);
  }
}

const emptyOf = { string: "''", bool: 'false', bytes: 'Buffer.alloc(0)' };

// How one value is read, as proto/rpc/loader-options.ts says: 64-bit integers as numbers, enums by name.
function readerOf(field, refer) {
  if (field.resolvedType === null) return `r.${field.type}()`;
  const name = refer(field);
  return field.resolvedType instanceof protobuf.Type ? `${name}.read(r, r.uint32())` : `nameOf(${name}, r.int32())`;
}

function readCase(field, refer) {
  const target = `m.${field.name}`;
  if (field.partOf) return `${target} = ${readerOf(field, refer)}; m.${field.partOf.name} = '${field.name}'`;
  if (field.map) {
    if (field.type !== 'string' || field.keyType !== 'string') throw new Error(`${field.fullName}: only maps of text`);
    return `readEntry(r, ${target})`;
  }
  if (!field.repeated) return `${target} = ${readerOf(field, refer)}`;
  if (protobuf.types.packed[field.type] !== undefined) throw new Error(`${field.fullName}: no lists of numbers`);
  return `${target}.push(${readerOf(field, refer)})`;
}

function emptyValue(field) {
  if (field.map) return '{}';
  if (field.repeated) return '[]';
  if (field.resolvedType instanceof protobuf.Type) return 'null';
  return field.resolvedType === null ? (emptyOf[field.type] ?? '0') : JSON.stringify(field.resolvedType.valuesById[0]);
}

// Every field is there from the beginning, with its default; of those of a oneof only the one that was sent.
function readFunction(type, refer) {
  const present = type.fieldsArray.filter((field) => !field.partOf);
  const empty = present.map((field) => `${field.name}: ${emptyValue(field)}`);
  const cases = type.fieldsArray.map((field) => `case ${field.id}: ${readCase(field, refer)}; break;`);
  return `(r, length) => {
  const m = { ${empty.join(', ')} };
  const end = r.pos + length;
  while (r.pos < end) {
    const tag = r.uint32();
    switch (tag >>> 3) {
      ${cases.join('\n      ')}
      default: r.skipType(tag & 7);
    }
  }
  return m;
}`;
}

// As in proto/rpc/definitions.ts: the .proto file of each service. Operators' services are one client.
const operators = {
  operator: {
    admin: 'AdminService',
    backup: 'BackupService',
    diagnosis: 'DiagnosisService',
    ipam: 'IpamService',
    lease: 'LeaseService',
    lifecycle: 'LifecycleService',
    nic: 'NicService',
    rollout: 'RolloutService',
    held_route: 'HeldRouteService',
    static_route: 'StaticRouteService',
    network: 'NetworkService',
  },
};
const clients = {
  node: { node: 'NodeService' },
  look: { diagnosis: 'LookService' },
  join: { join: 'JoinService' },
};

/**
 * operatorServices is the source of a module that exports `services.operator`, as proto/rpc/definitions.ts does.
 * @param {string} protoDir folder of the .proto files
 */
export function operatorServices(protoDir) {
  return staticServices(protoDir, operators);
}

/** clientServices is the source of a module that exports what a host calls: `services.node` and `services.join`. */
export function clientServices(protoDir) {
  return staticServices(protoDir, clients);
}

function staticServices(protoDir, wanted) {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(protoDir, target);
  const files = Object.assign({}, ...Object.values(wanted));
  root.loadSync(Object.keys(files).map((name) => `xnet/v1/${name}.proto`)).resolveAll();
  const methodsOf = (name) => {
    const service = root.lookupService(`xnet.v1.${name}`);
    return service.methodsArray.map((method) => ({ service, method }));
  };
  const requests = new Set();
  const responses = new Set();
  for (const { method } of Object.values(files).flatMap(methodsOf)) {
    method.resolve();
    reachable(method.resolvedRequestType, requests);
    reachable(method.resolvedResponseType, responses);
  }
  const types = [...new Set([...requests, ...responses])];
  const nameOf = new Map(types.map((type, index) => [type, `t${index}`]));
  const enums = new Map();
  const refer = (field) => {
    const { resolvedType } = field;
    if (resolvedType === null) return 'null';
    if (resolvedType instanceof protobuf.Type) return nameOf.get(resolvedType);
    if (!enums.has(resolvedType)) enums.set(resolvedType, `e${enums.size}`);
    return enums.get(resolvedType);
  };
  const bodies = types.map((type) => {
    const name = nameOf.get(type);
    const lines = [];
    if (requests.has(type)) {
      lines.push(
        `${name}.ctor = class {};`,
        `${name}.fromObject = ${protobuf.converter.fromObject(type)};`,
        `${name}.encode = ${protobuf.encoder(type)};`,
      );
    }
    if (responses.has(type)) lines.push(`${name}.read = ${readFunction(type, refer)};`);
    return `((types) => {\n${lines.join('\n')}\n})([${type.fieldsArray.map(refer)}]);`;
  });
  const callOf = ({ service, method }) => {
    const original = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    const request = nameOf.get(method.resolvedRequestType);
    const response = nameOf.get(method.resolvedResponseType);
    const path = `/${service.fullName.slice(1)}/${method.name}`;
    return `${method.name}: methodOf('${path}', '${original}', ${method.responseStream === true}, ${request}, ${response}),`;
  };
  const constructors = Object.entries(wanted).map(([client, members]) => {
    const calls = Object.values(members).flatMap(methodsOf).map(callOf);
    return `${client}: makeGenericClientConstructor({\n    ${calls.join('\n    ')}\n  }, '${client}', {}),`;
  });
  return `
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import protobuf from 'protobufjs/minimal.js';
const { Reader, Writer, util } = protobuf;
${[...enums].map(([{ valuesById }, name]) => `const ${name} = { values: ${JSON.stringify(valuesById)} };`).join('\n')}
${types.map((type) => `const ${nameOf.get(type)} = {};`).join('\n')}
function nameOf(names, value) {
  return names.values[value] ?? value;
}
function readEntry(r, map) {
  const end = r.uint32() + r.pos;
  let key = '';
  let value = '';
  while (r.pos < end) {
    const tag = r.uint32();
    if (tag >>> 3 === 1) key = r.string();
    else if (tag >>> 3 === 2) value = r.string();
    else r.skipType(tag & 7);
  }
  // Also where the key is __proto__.
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}
function methodOf(path, originalName, responseStream, request, response) {
  return {
    path,
    originalName,
    requestStream: false,
    responseStream,
    requestSerialize: (value) => request.encode(request.fromObject(value)).finish(),
    requestDeserialize: () => { throw new Error('not a server'); },
    responseSerialize: () => { throw new Error('not a server'); },
    responseDeserialize: (bytes) => response.read(Reader.create(bytes), bytes.length),
  };
}
${bodies.join('\n')}
export const services = {
  ${constructors.join('\n  ')}
};
`;
}
