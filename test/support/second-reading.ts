// Prints, as JSON, what the second reader lists in the network namespace that it is started in.
import { readAgain } from '../../node/kernel/second-reader.js';

const { links, routes } = await readAgain();
process.stdout.write(JSON.stringify({ links: [...links], routes }));
