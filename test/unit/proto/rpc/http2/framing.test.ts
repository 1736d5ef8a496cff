// Messages in frames, whatever the pieces that they arrive in.
import test from 'ava';
import fc from 'fast-check';
import { timeoutHeader } from '../../../../../proto/rpc/http2/call-status.js';
import { FrameReader, framed } from '../../../../../proto/rpc/http2/framing.js';
import { Metadata } from '../../../../../proto/rpc/http2/metadata.js';

test('messages come out as they went in, in pieces of any size', (t) => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, lengths) => {
      const bytes = Buffer.concat(sent.map(framed));
      const reader = new FrameReader(300);
      const read: Buffer[] = [];
      for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
        const end = at + (lengths[piece % lengths.length] ?? 1);
        read.push(...reader.read(bytes.subarray(at, end)));
        at = end;
      }
      t.deepEqual(
        read.map((one) => [...one]),
        sent.map((one) => [...one]),
      );
      t.true(reader.isBetween);
      // A message that is cut off is none.
      const last = framed(Buffer.alloc(7));
      t.deepEqual(reader.read(last.subarray(0, -1)), []);
      t.false(reader.isBetween);
    }),
  );
});

test('a message that is too long is refused by its length alone; a compressed one is, too', (t) => {
  const longest = 10;
  t.is(new FrameReader(longest).read(framed(Buffer.alloc(longest))).length, 1);
  t.throws(() => new FrameReader(longest).read(Buffer.from([0, 0, 0, 0, longest + 1])), { message: /larger than max/ });
  t.throws(() => new FrameReader(longest).read(Buffer.from([1, 0, 0, 0, 1])), { message: /compressed/ });
});

test('a timeout has at most eight digits and is never shortened', (t) => {
  const factors = new Map([
    ['m', 1],
    ['S', 1_000],
    ['M', 60_000],
    ['H', 3_600_000],
  ]);
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 2 ** 45 }), (ms) => {
      const [, digits = '', unit = ''] = /^(\d{1,8})([mSMH])$/.exec(timeoutHeader(ms)) ?? [];
      const factor = factors.get(unit);
      if (factor === undefined) return t.fail(timeoutHeader(ms));
      const read = Number(digits) * factor;
      t.true(read >= ms && read < Math.max(ms, 0) + factor);
    }),
  );
});

test('metadata: bytes travel as base64, several values of a key stay several', (t) => {
  const metadata = new Metadata();
  metadata.set('Word', 'ä word');
  metadata.set('some-bin', Buffer.from([0, 255, 10]));
  const headers = metadata.headers();
  t.deepEqual(headers, { word: ['ä word'], 'some-bin': ['AP8K'] });
  const arrived = Metadata.ofHeaders({ 'content-type': 'application/grpc', 'some-bin': 'AP8K,AAA', word: 'a, b' });
  t.deepEqual(arrived.get('SOME-BIN'), [Buffer.from([0, 255, 10]), Buffer.from([0, 0])]);
  t.deepEqual(arrived.get('word'), ['a, b']);
  t.deepEqual(arrived.get('other'), []);
});
