// Every reason of preflight is triggered by a fixture and cleared by its fix; the type of the two tables has all reasons.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { dockerProofs } from '../../../support/preflight-fixtures-docker.js';
import { hostProofs } from '../../../support/preflight-fixtures-host.js';

const folder = fileURLToPath(new URL('../../../../../test/', import.meta.url));
const read = (path: string) => readFileSync(`${folder}${path}.ts`, 'utf8');

test('every reason of preflight has a fixture, and a test that runs it', (t) => {
  const all = Object.entries({ ...dockerProofs, ...hostProofs });
  t.true(all.length > 80);
  for (const [reason, proof] of all) {
    t.regex(read(proof.fixture), new RegExp(`\\b${reason}\\b`), `${reason} is not in ${proof.fixture}`);
    t.true(read(`${proof.test}.test`).includes(proof.title), `${reason}: no test "${proof.title}" in ${proof.test}`);
  }
});
