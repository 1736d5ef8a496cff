// Prints, as JSON, the listing of the second reader in the network namespace in which it was started.
import { readAgain } from '../../node/kernel/second-reader.js';

const { links, routes } = await readAgain();
process.stdout.write(JSON.stringify({ links: [...links], routes }));
