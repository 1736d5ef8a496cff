// Reads the certificate chain of a server that is not trusted yet.
// Invariant: nothing but the TLS handshake is sent on this connection, and it is closed afterwards.
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { messageOf, XnetError } from '../../proto/errors.js';
import { pemOf } from '../../proto/pki/chain.js';

const connectMs = 10_000;
// It is there, and may have many hosts to greet at once on a slow machine.
const usualHandshakeMs = 60_000;
// The server's own, two of an authority under rotation, and the root. A longer chain is not one of ours.
const longest = 8;

function chainFrom(own: DetailedPeerCertificate): readonly string[] {
  const chain: string[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = own;
  // A self-signed certificate is its own issuer.
  while (next?.raw !== undefined && !seen.has(next.fingerprint256) && chain.length < longest) {
    seen.add(next.fingerprint256);
    chain.push(pemOf(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * serverChain returns the certificate chain (PEM, leaf first) that a server presents. The chain alone proves nothing.
 * @param handshakeMs how long it may take to answer once it has accepted the connection
 * @throws XnetError Unavailable when the server does not answer, or not with TLS 1.3
 */
export function serverChain(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  handshakeMs: number = usualHandshakeMs,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      // The caller verifies the chain against the token's digest.
      rejectUnauthorized: false,
    });
    const end = (finish: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      finish();
    };
    const fail = (why: string) =>
      end(() => reject(new XnetError('Unavailable', `${host}:${port} does not answer as a controller: ${why}`)));
    const cancel = () => end(() => reject(new XnetError('Cancelled', 'interrupted')));
    let timer = setTimeout(() => fail(`nothing within ${connectMs / 1000} s`), connectMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(`no handshake within ${handshakeMs / 1000} s`), handshakeMs);
    });
    signal.addEventListener('abort', cancel, { once: true });
    socket.once('secureConnect', () => {
      const chain = chainFrom(socket.getPeerCertificate(true));
      end(() => resolve(chain));
    });
    socket.on('error', (error) => fail(messageOf(error)));
    socket.once('close', () => fail('the connection was closed'));
    if (signal.aborted) cancel();
  });
}
