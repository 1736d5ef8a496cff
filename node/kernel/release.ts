// The kernel's version, for the report.
import { release } from 'node:os';

/** kernelVersion is the running kernel's release as uname(2) has it: "6.1.0-37-amd64". */
export function kernelVersion(): string {
  return release();
}
