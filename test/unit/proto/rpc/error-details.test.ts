// Error details, beside what protobufjs makes of the same messages.
import * as protoLoader from '@grpc/proto-loader';
import test from 'ava';
import fc from 'fast-check';
import { errorCodes, statusOf, XnetError } from '../../../../proto/errors.js';
import { decodeDetails, encodeDetails } from '../../../../proto/rpc/error-details.js';
import { readFields, writeFields } from '../../../../proto/rpc/protobuf-fields.js';

const string = (id: number) => ({ type: 'string', id });
const description = {
  nested: {
    Any: { fields: { typeUrl: string(1), value: { type: 'bytes', id: 2 } } },
    Status: {
      fields: { code: { type: 'int32', id: 1 }, message: string(2), details: { rule: 'repeated', type: 'Any', id: 3 } },
    },
    ErrorInfo: {
      fields: { reason: string(1), domain: string(2), metadata: { keyType: 'string', type: 'string', id: 3 } },
    },
    Violation: { fields: { field: string(1), description: string(2) } },
    BadRequest: { fields: { fieldViolations: { rule: 'repeated', type: 'Violation', id: 1 } } },
  },
};
const library = protoLoader.fromJSON(description as Parameters<typeof protoLoader.fromJSON>[0], { defaults: true });
type Message = protoLoader.MessageTypeDefinition<object, object>;
const messageOf = (name: string) => library[name] as Message;

type Any = { readonly typeUrl: string; readonly value: Buffer };

test('error details are compatible with the reference library, both ways', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...errorCodes),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 300 })),
      fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      (code, message, problems, hint) => {
        const error = new XnetError(code, message, { problems, ...(hint === undefined ? {} : { hint }) });
        const bytes = encodeDetails(error);
        t.deepEqual(decodeDetails(bytes), { code, problems, ...(hint === undefined ? {} : { hint }) });

        const status = messageOf('Status').deserialize(bytes) as { code: number; message: string; details: Any[] };
        t.deepEqual([status.code, status.message], [statusOf(code), message]);
        const [info, badRequest] = status.details;
        if (info === undefined) return t.fail();
        t.is(info.typeUrl, 'type.googleapis.com/google.rpc.ErrorInfo');
        const read = messageOf('ErrorInfo').deserialize(info.value);
        t.like(read, { domain: 'xnet', metadata: hint === undefined ? {} : { hint } });
        const details = [{ typeUrl: info.typeUrl, value: messageOf('ErrorInfo').serialize(read) }];
        t.is(badRequest === undefined, problems.length === 0);
        if (badRequest !== undefined) {
          const list = messageOf('BadRequest').deserialize(badRequest.value);
          details.push({ typeUrl: badRequest.typeUrl, value: messageOf('BadRequest').serialize(list) });
        }
        const theirs = messageOf('Status').serialize({ ...status, details });
        t.deepEqual(decodeDetails(theirs), decodeDetails(bytes));
      },
    ),
    { numRuns: 200 },
  );
});

test('a fence is decoded completely, and an incomplete one is ignored', (t) => {
  const fence = { reason: 'removed' as const, clusterId: 'c-1', epoch: 1, revision: 42 };
  const bytes = encodeDetails(new XnetError('NotFound', 'gone', { fence, hint: 'join again' }));
  t.deepEqual(decodeDetails(bytes), { code: 'NotFound', problems: [], hint: 'join again', fence });
  for (const odd of [
    { ...fence, clusterId: '' },
    { ...fence, reason: 'lost' as 'removed' },
    { ...fence, epoch: 0.5 },
  ]) {
    t.is(decodeDetails(encodeDetails(new XnetError('NotFound', 'gone', { fence: odd })))?.fence, undefined);
  }
});

test('arbitrary bytes are no error details, and cause no exception', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      t.notThrows(() => decodeDetails(Buffer.from(bytes)));
    }),
  );
  const whole = encodeDetails(new XnetError('NotFound', 'no', { problems: ['a: b'], hint: 'look' }));
  for (let length = 0; length < whole.length; length += 1) t.notThrows(() => decodeDetails(whole.subarray(0, length)));
  t.is(decodeDetails(Buffer.alloc(0)), undefined);
});

test('unknown fields are skipped, and numbers may have any length', (t) => {
  t.deepEqual(readFields(writeFields([{ id: 1, value: 2 ** 31 - 1 }])), [{ id: 1, value: 2 ** 31 - 1 }]);
  const fixed = Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x18, 0x96, 0x01]);
  t.deepEqual(readFields(fixed), [{ id: 3, value: 150 }]);
  t.throws(() => readFields(Buffer.from([0x0a, 5, 1])), { instanceOf: RangeError });
  t.throws(() => readFields(Buffer.alloc(11, 0xff)), { instanceOf: RangeError });
  t.throws(() => readFields(Buffer.from([0x0b])), { instanceOf: RangeError });
});
