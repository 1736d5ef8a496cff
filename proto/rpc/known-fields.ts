// Refuses requests of people that have a field which this version does not know. Decoding drops such a field, so the caller
// would be told that something was done which was not.
// Invariant: requests of daemons and of joining hosts are taken as they are: a daemon may be newer than its controller.
import * as grpc from '@grpc/grpc-js';
import { XnetError } from '../errors.js';
import { descriptor } from '../gen/descriptor.js';
import { accessOf } from './access.js';
import { eachField } from './protobuf-fields.js';
import { statusFromError } from './status.js';

type MessageNode = {
  readonly fields?: Readonly<Record<string, { readonly id: number; readonly type: string; readonly keyType?: string }>>;
};

type Shape = ReadonlyMap<number, { readonly type: string; readonly isMap: boolean }>;

// Types of messages, by name; those of others, such as enums, have none.
const shapes: ReadonlyMap<string, Shape> = new Map(
  Object.entries(descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, MessageNode>>).flatMap(
    ([name, { fields }]): [string, Shape][] =>
      fields === undefined
        ? []
        : [
            [
              name,
              new Map(
                Object.values(fields).map(({ id, type, keyType }) => [id, { type, isMap: keyType !== undefined }]),
              ),
            ],
          ],
  ),
);

/**
 * unknownFieldsOf lists the fields of an encoded message of ours that this version does not know: "field 12 of PoolRange".
 * @throws RangeError when it is no message
 */
export function unknownFieldsOf(message: string, bytes: Buffer): readonly string[] {
  const found = new Set<string>();
  collect(message, bytes, found);
  return [...found];
}

function collect(message: string, bytes: Buffer, found: Set<string>): void {
  const shape = shapes.get(message);
  eachField(bytes, (id, value) => {
    const field = shape?.get(id);
    if (field === undefined) found.add(`field ${id} of ${message}`);
    else if (Buffer.isBuffer(value) && !field.isMap && shapes.has(field.type)) collect(field.type, value, found);
  });
}

/** FieldCheck notes what requests have that this version does not know, and refuses them. */
export class FieldCheck {
  readonly #unknown = new WeakMap<object, readonly string[]>();

  /** noting returns a service whose requests of people are looked through as they are decoded. */
  noting(service: grpc.ServiceDefinition): grpc.ServiceDefinition {
    return Object.fromEntries(
      Object.entries(service).map(([name, method]) => {
        const type = requestTypes.get(method.path);
        const access = accessOf(method.path);
        if (type === undefined || access === 'NODE' || access === 'ANYONE') return [name, method];
        const requestDeserialize = (bytes: Buffer): object => {
          const request = method.requestDeserialize(bytes) as object;
          const unknown = unknownFieldsOf(type, bytes);
          if (unknown.length > 0) this.#unknown.set(request, unknown);
          return request;
        };
        return [name, { ...method, requestDeserialize }];
      }),
    );
  }

  /** interceptor refuses them before their service sees them. */
  readonly interceptor: grpc.ServerInterceptor = (_method, call) => {
    let refused = false;
    return new grpc.ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => pass(metadata),
          onReceiveMessage: (message: unknown, pass) => {
            const unknown = typeof message === 'object' && message !== null ? this.#unknown.get(message) : undefined;
            if (unknown === undefined) return pass(message);
            refused = true;
            const { code, details, metadata } = statusFromError(refusalOf(unknown)) as grpc.StatusObject;
            call.sendStatus({ code, details, metadata });
          },
          onReceiveHalfClose: (pass) => {
            if (!refused) pass();
          },
          onCancel: () => undefined,
        });
      },
      sendStatus: (status, next) => {
        if (!refused) next(status);
      },
    });
  };
}

function refusalOf(unknown: readonly string[]): XnetError {
  const message = `this controller is older than the program that calls it, and does not know ${unknown.join(', ')}`;
  return new XnetError('FailedPrecondition', message, {
    hint: 'nothing was changed; upgrade the controllers (xctl status shows their versions), or leave out the option that is new',
  });
}

type ServiceNode = { readonly methods?: Readonly<Record<string, { readonly requestType: string }>> };

// By the path of the call.
const requestTypes: ReadonlyMap<string, string> = new Map(
  Object.entries(descriptor.nested.xnet.nested.v1.nested as Readonly<Record<string, ServiceNode>>).flatMap(
    ([service, { methods = {} }]) =>
      Object.entries(methods).map(([method, { requestType }]): [string, string] => [
        `/xnet.v1.${service}/${method}`,
        requestType,
      ]),
  ),
);
