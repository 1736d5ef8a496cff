// A process that uses one client until its connection has become silent, and then has nothing left to do:
// `node client-alone.js NAME SOCKET SCENE`. It says "silence" when it wants the connection silent, and goes on when it is told.
import { once } from 'node:events';
import { XnetError } from '../../proto/errors.js';
import { clientsUnderTest } from './bundled-client.js';
import { patientMs } from './until.js';

const [, , name = '', path = '', scene = ''] = process.argv;
const found = (await clientsUnderTest()).find((client) => client.name === name);
if (found === undefined) throw new Error(`no client ${name}`);
const client = found;
const made = client.make({ kind: 'unix', path });

async function silence(): Promise<void> {
  process.send?.('silence');
  await once(process, 'message');
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'Internal'),
  );
}

const get = (timeoutMs: number) => codeOf(client.callUnary(made.getStatus.bind(made), {}, { timeoutMs }));

// A stream of which one message has arrived, and its end.
async function watched() {
  const stream = made.watchEvents({});
  const ended = new Promise<string>((resolve) => {
    stream.on('error', () => resolve('ended'));
    stream.on('end', () => resolve('ended'));
  });
  await once(stream, 'data');
  return { stream, ended };
}

const scenes: Readonly<Record<string, () => Promise<string>>> = {
  'a call whose deadline passes': async () => {
    await get(patientMs);
    await silence();
    const code = await get(300);
    made.close();
    return code;
  },
  'a stream that is cancelled': async () => {
    const { stream, ended } = await watched();
    await silence();
    stream.cancel();
    const end = await ended;
    made.close();
    return end;
  },
  'a stream that is cancelled after the client was closed': async () => {
    const { stream, ended } = await watched();
    made.close();
    await silence();
    stream.cancel();
    return ended;
  },
  'a stream that ends because no ping is answered': async () => {
    const { ended } = await watched();
    await silence();
    const end = await ended;
    made.close();
    return end;
  },
};

const run = scenes[scene];
if (run === undefined) throw new XnetError('InvalidArgument', `no scene ${scene}`);
process.send?.(await run());
// From here on nothing but the client can keep this process.
process.disconnect();
