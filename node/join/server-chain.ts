// What a server shows before anybody trusts it.
// Invariant: nothing is said on this connection but TLS's own greeting, and it is not used for anything after.
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { messageOf, XnetError } from '../../proto/errors.js';
import { pemOf } from '../../proto/pki/chain.js';

const timeoutMs = 10_000;
// Its own, the two of an authority that replaces another, and the root: what is longer is nobody of ours.
const longest = 8;

function chainFrom(own: DetailedPeerCertificate): readonly string[] {
  const chain: string[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = own;
  // A self-signed one is its own issuer.
  while (next?.raw !== undefined && !seen.has(next.fingerprint256) && chain.length < longest) {
    seen.add(next.fingerprint256);
    chain.push(pemOf(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * serverChain is the chain of certificates (PEM, its own first) that a server shows to whoever connects. It proves
 * nothing by itself.
 * @throws XnetError Unavailable when nobody answers, or not in TLS 1.3
 */
export function serverChain(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      // Whom to trust is found out by what is shown here.
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
    const timer = setTimeout(() => fail(`nothing within ${timeoutMs / 1000} s`), timeoutMs);
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
