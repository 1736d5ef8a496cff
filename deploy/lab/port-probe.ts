// Probes a TCP port: with plaintext, with old TLS, and without a client certificate.
// usage, on the machine with the port: node dist/deploy/lab/port-probe.js HOST PORT
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** PortAnswers say which protocols a port answers. */
export type PortAnswers = {
  /** Plaintext is answered with anything but a TLS alert. */
  readonly plaintext: boolean;
  /** The port accepts TLS up to version 1.2. */
  readonly oldTls: boolean;
  /** The port accepts TLS 1.3. */
  readonly tls: boolean;
  /** The port serves HTTP/2 over TLS 1.3 to a client without a certificate. */
  readonly withoutCertificate: boolean;
};

type Place = { readonly host: string; readonly port: number };

// RFC 9113, 3.4: the connection preface of an HTTP/2 client, and an empty SETTINGS frame.
const http2Preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
// RFC 8446, 5.1.
const tlsAlert = 21;
const silenceMs = 20_000;

// Returns the first bytes received; none if the connection ends or fails, or nothing arrives before the timeout.
function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const end = (bytes: Buffer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(bytes);
    };
    const timer = setTimeout(() => end(Buffer.alloc(0)), silenceMs);
    socket.once('data', end);
    socket.once('close', () => end(Buffer.alloc(0)));
    socket.on('error', () => end(Buffer.alloc(0)));
  });
}

async function answersInTheClear({ host, port }: Place, said: Buffer): Promise<boolean> {
  const socket = connectPlain({ host, port });
  socket.once('connect', () => socket.write(said));
  const bytes = await firstBytes(socket);
  return bytes.length > 0 && bytes[0] !== tlsAlert;
}

function shakesHands(
  { host, port }: Place,
  versions: { readonly minVersion: 'TLSv1' | 'TLSv1.3'; readonly maxVersion: 'TLSv1.2' | 'TLSv1.3' },
): Promise<boolean> {
  return new Promise((resolve) => {
    // @SECLEVEL=0: otherwise OpenSSL itself offers nothing older than TLS 1.2.
    const socket = connectTls({ host, port, rejectUnauthorized: false, ciphers: 'DEFAULT@SECLEVEL=0', ...versions });
    const end = (done: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(done);
    };
    const timer = setTimeout(() => end(false), silenceMs);
    socket.once('secureConnect', () => end(true));
    socket.once('close', () => end(false));
    socket.on('error', () => end(false));
  });
}

// In TLS 1.3 a client finishes its handshake before the server checks the client's certificate, so only an answer counts.
async function servesStrangers({ host, port }: Place): Promise<boolean> {
  const socket = connectTls({ host, port, rejectUnauthorized: false, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] });
  socket.once('secureConnect', () => socket.write(http2Preface));
  return (await firstBytes(socket)).length > 0;
}

/** probePort probes a port. No answer to a probe within 20 s counts as a negative answer. */
export async function probePort(place: Place): Promise<PortAnswers> {
  const [http1, http2, oldTls, tls, withoutCertificate] = await Promise.all([
    answersInTheClear(place, Buffer.from(`GET / HTTP/1.1\r\nHost: ${place.host}\r\n\r\n`)),
    answersInTheClear(place, http2Preface),
    shakesHands(place, { minVersion: 'TLSv1', maxVersion: 'TLSv1.2' }),
    shakesHands(place, { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }),
    servesStrangers(place),
  ]);
  return { plaintext: http1 || http2, oldTls, tls, withoutCertificate };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , host = '', port = ''] = process.argv;
  process.stdout.write(`${JSON.stringify(await probePort({ host, port: Number(port) }))}\n`);
}
