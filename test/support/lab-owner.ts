// A process that creates a lab and does not close it, for tests of labs whose owner ends.
// usage: node lab-owner.js HOSTS ENGINE-LINE|none; prints the lab's id when it is up, and waits for a signal.
import { isEngineLine, obtainEngine } from '../../deploy/lab/engines.js';
import { Lab } from '../../deploy/lab/lab.js';

const [, , hosts, line = 'none'] = process.argv;
const engine = isEngineLine(line) ? await obtainEngine(line) : undefined;
const lab = await Lab.create({ hosts: Number(hosts), ...(engine === undefined ? {} : { engine }) });
if (engine !== undefined) {
  await lab.startDockerds();
  await lab.host('h1').runContainer({ name: 'c1', publish: ['8080:80'] });
}
const sleeper = await lab.control.spawn(['sleep', 'infinity']);
process.stdout.write(`${lab.id}\n`);
await sleeper.exited;
