// Endpoints as people write them: where a server listens, and where a client connects to.
import { type Checked, quoted } from '../domain/text.js';

/** Endpoint is a unix socket's absolute path, or a host and a TCP port. */
export type Endpoint =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** defaultPort is the controller's TCP port. */
export const defaultPort = 7400;

/** defaultJoinPort is the controller's TCP port for joining hosts. */
export const defaultJoinPort = 7401;

/** defaultControllerSocket is the controller's unix socket for clients on its own machine. */
export const defaultControllerSocket = 'unix:/run/xnet-controller/controller.sock';

// sun_path of sockaddr_un holds 108 bytes with the final NUL (linux/un.h).
const longestSocketPath = 107;

/** checkEndpoint parses "unix:/run/controller.sock", "192.168.83.2:7400" or "ctl-1" (port 7400, or `otherPort`). */
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

/** formatEndpoint returns the text of an endpoint, as checkEndpoint and gRPC accept it. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === 'unix' ? `unix:${endpoint.path}` : `${endpoint.host}:${endpoint.port}`;
}
