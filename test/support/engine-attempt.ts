// Tries to obtain an engine in a folder and prints the result as JSON, for tests that run it where that must fail.
// usage: node engine-attempt.js LINE FOLDER
import { isEngineLine, tryEngine } from '../../deploy/lab/engines.js';

const [, , line = '', cacheFolder = ''] = process.argv;
if (!isEngineLine(line)) throw new Error(`not a line of Docker: ${line}`);
process.stdout.write(JSON.stringify(await tryEngine(line, { cacheFolder })));
