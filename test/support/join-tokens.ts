// Creates and uses join tokens in the tests of joining.

import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { XnetError } from '../../proto/errors.js';
import type { CreateTokenRequest } from '../../proto/gen/xnet/v1/CreateTokenRequest.js';
import { controllerHost } from '../../proto/pki/identity.js';
import { checkToken } from '../../proto/pki/token.js';
import { callUnary } from '../../proto/rpc/channel.js';
import { services } from '../../proto/rpc/definitions.js';
import type { ControllerProcess } from './controller-process.js';
import type { Trust } from './joining.js';
import { patientMs } from './until.js';

/** options sets how long a call may take. */
export const options = { timeoutMs: patientMs };

/** newToken creates a join token. */
export async function newToken({ admin }: ControllerProcess, wanted: CreateTokenRequest): Promise<string> {
  return (await callUnary(admin.createToken.bind(admin), wanted, options)).joinToken?.token ?? '';
}

/** partsOf splits a valid token into its parts. */
export function partsOf(token: string) {
  const checked = checkToken(token);
  if (!('value' in checked)) throw new Error('no token');
  return checked.value;
}

/** codeOf returns OK, or the code of the error that a call ends with. */
export const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'OK';
  } catch (error) {
    return error instanceof XnetError ? error.code : String(error);
  }
};

/** Guesser is a host that guesses tokens as fast as it is answered. */
export class Guesser {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static connect(port: number, { clusterId, authority }: Trust, localAddress: string): Promise<Guesser> {
    return new Promise((resolve, reject) => {
      // Node.js passes localAddress on to the socket, although the type of TLS options lacks it.
      const options = {
        host: '127.0.0.1',
        port,
        localAddress,
        ca: [...authority],
        servername: controllerHost(clusterId),
        ALPNProtocols: ['h2'],
      };
      const session = connectHttp2('https://controller', { createConnection: () => connectTls(options) });
      session.once('error', reject);
      session.once('remoteSettings', () => resolve(new Guesser(session)));
    });
  }

  /** guess returns the gRPC status of a join with this token, or of its preview. */
  guess(token: string, csr: string, call: 'Join' | 'PreviewJoin' = 'Join'): Promise<string> {
    const { path, requestSerialize } = services.join.service[call];
    const message = requestSerialize({ token, csr, nodeName: 'thief', address: '192.168.83.66' });
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': '180S',
      });
      const read = (headers: { readonly 'grpc-status'?: unknown }) => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
      };
      stream.on('response', read);
      stream.on('trailers', read);
      stream.on('error', reject);
      stream.resume();
      stream.end(Buffer.concat([frame, message]));
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
