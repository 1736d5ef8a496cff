// The minimum time to notify N receivers: one write to each of N plain TCP connections, read by other processes.
// As a program, it runs such a reader: node tcp-fanout.js PORT COUNT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pause } from '../../proto/process/backoff.js';
import { quantile } from './statistics.js';
import { monotonicMs } from './thin-node.js';

// The size of a message with one route on the wire, including the HTTP/2 frame.
const messageBytes = 90;

/**
 * tcpFanoutMs returns the time until 99 % of `count` connections have read one small message: the median of `rounds`.
 */
export async function tcpFanoutMs(count: number, rounds: number): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const each = Math.ceil(count / 2);
  const heard: number[][] = [];
  const readers = [each, count - each].map((size) => startReader(address.port, size, heard));
  try {
    while (sockets.length < count) await pause(10);
    const times: number[] = [];
    const message = Buffer.alloc(messageBytes);
    for (let round = 0; round < rounds; round += 1) {
      heard.length = 0;
      await pause(200);
      const began = monotonicMs();
      for (const socket of sockets) socket.write(message);
      while (heard.flat().length < count) await pause(50);
      times.push(quantile(heard.flat(), 0.99) - began);
    }
    return quantile(times, 0.5);
  } finally {
    for (const reader of readers) reader.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function startReader(port: number, count: number, heard: number[][]): ChildProcess {
  const argv = [fileURLToPath(import.meta.url), String(port), String(count)];
  const reader = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  reader.on('message', (times: number[]) => heard.push(times));
  return reader;
}

function read(port: number, count: number): void {
  let times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => process.exit(1));
    socket.on('data', () => {
      times.push(monotonicMs());
      if (times.length < count) return;
      process.send?.(times);
      times = [];
    });
  }
  process.on('disconnect', () => process.exit());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , port, count] = process.argv;
  read(Number(port), Number(count));
}
