// Asks the daemon on this host to leave, as `xnetd leave` does.
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { messageOf, XnetError } from '../../proto/errors.js';
import { aliveMs, errorOfLine, type LocalProgress, leavePath, localProgressSchema } from '../daemon/local-protocol.js';

const silentMs = 3 * aliveMs;

function notAnswering(why: string): XnetError {
  return new XnetError('Unavailable', `xnetd runs on this host but does not answer: ${why}`, {
    hint: 'see: systemctl status xnetd; restart it if it was upgraded since it started: systemctl restart xnetd',
  });
}

function post(socketPath: string, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ socketPath, path: leavePath, method: 'POST', headers, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else {
        reject(notAnswering(`HTTP status ${response.statusCode ?? 0}`));
        response.destroy();
      }
    });
    call.on('error', (error) => reject(notAnswering(error.message)));
    call.setTimeout(silentMs, () => call.destroy(new Error(`silent for ${silentMs / 1000} s`)));
    call.end(body);
  });
}

function progressIn(line: string): LocalProgress {
  try {
    return v.parse(localProgressSchema, JSON.parse(line));
  } catch (error) {
    throw notAnswering(messageOf(error));
  }
}

/**
 * askToLeave has the daemon leave, and returns whether it knew of a lease.
 * @param socketPath that of the daemon
 * @throws XnetError what the daemon raised; Unavailable when it does not answer or ended before it was done
 */
export async function askToLeave(
  socketPath: string,
  asked: { readonly force: boolean; readonly localOnly: boolean },
  onStep: (step: string) => void,
): Promise<boolean> {
  const response = await post(socketPath, JSON.stringify(asked));
  try {
    for await (const line of createInterface({ input: response })) {
      const progress = progressIn(line);
      if ('error' in progress) throw errorOfLine(progress);
      if ('done' in progress) return progress.leaseKnown;
      if ('step' in progress) onStep(progress.step);
    }
  } catch (error) {
    throw error instanceof XnetError ? error : endedEarly();
  } finally {
    response.destroy();
  }
  throw endedEarly();
}

function endedEarly(): XnetError {
  return new XnetError('Unavailable', 'xnetd ended before it was done', { hint: 'run xnetd leave again' });
}
