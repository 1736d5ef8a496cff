// Tries to get an engine into a folder and prints what came of it as JSON: for tests that run it where it can't be had.
// usage: node engine-attempt.js LINE FOLDER
import { isEngineLine, tryEngine } from '../../deploy/lab/engines.js';

const [, , line = '', cacheFolder = ''] = process.argv;
if (!isEngineLine(line)) throw new Error(`not a line of Docker: ${line}`);
process.stdout.write(JSON.stringify(await tryEngine(line, { cacheFolder })));
