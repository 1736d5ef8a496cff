// The kernel's version, for the report.
import { release } from 'node:os';

/** kernelVersion returns the running kernel's release as in uname(2): "6.1.0-37-amd64". */
export function kernelVersion(): string {
  return release();
}
