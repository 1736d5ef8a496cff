// Where a server listens and where a client connects to, as people write it.
import { type Checked, quoted } from '../domain/text.js';

/** Endpoint is a unix socket's absolute path, or a host and a TCP port. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** defaultPort is the controller's TCP port. */
export const defaultPort = 7400;

/** defaultJoinPort is the controller's TCP port for hosts that join. */
export const defaultJoinPort = 7401;

/** defaultControllerSocket is where the controller listens for those on its own machine. */
export const defaultControllerSocket = 'unix:/run/xnet-controller/controller.sock';

// sun_path of sockaddr_un holds 108 bytes with the final NUL (linux/un.h).
const longestSocketPath = 107;

/** checkEndpoint reads "unix:/run/controller.sock", "192.168.83.2:7400" or "ctl-1" (port 7400, or `otherPort`). */
export function checkEndpoint(text: string, otherPort: number = defaultPort): Checked<Endpoint> {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!path.startsWith('/')) return { problem: `${quoted(text)}: the socket's path has to be absolute` };
    if (Buffer.byteLength(path) > longestSocketPath) {
      return { problem: `${quoted(text)}: the socket's path is longer than ${longestSocketPath} bytes` };
    }
    return { value: { kind: 'unix', path } };
  }
  const match = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1];
  const port = match?.[3] === undefined ? otherPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65535) {
    return { problem: `${quoted(text)} is neither HOST:PORT, such as 192.168.83.2:7400, nor unix:/PATH` };
  }
  return { value: { kind: 'tcp', host, port } };
}

/** formatEndpoint writes an endpoint as checkEndpoint reads it, which is also how gRPC takes it. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? `unix:${endpoint.path}` : `${endpoint.host}:${endpoint.port}`;
}
