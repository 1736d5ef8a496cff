// Prints what the second reader lists in the namespace that this is started in, as JSON.
import { readAgain } from '../../node/kernel/second-reader.js';

const { links, routes } = await readAgain();
process.stdout.write(JSON.stringify({ links: [...links], routes }));
