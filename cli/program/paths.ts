// The command lines of `xctl ping`, `trace` and `check`.
import { type Command, Option } from 'commander';
import { action, addListOptions, countOption } from './action.js';

const ends = `
An end is a node (web-1: the gateway address of its subnet), a container of a node by its name or id (web-1/api), or the
address of a container or of a node.`;

/** addPaths adds the commands that look at paths. */
export function addPaths(program: Command): void {
  program
    .command('ping')
    .description('test whether packets pass from one end to another, and find the cause if they do not')
    .argument('<src>', 'a node, NODE/CONTAINER, or an address')
    .argument('<dst>', 'a node, NODE/CONTAINER, or an address')
    .addOption(new Option('--count <number>', 'short packets to send, at most 10').argParser(countOption).default(3))
    .addHelpText(
      'after',
      `${ends}

The daemon of the first end's host sends echo requests, from within the container if one is named. Both hosts trace them
through their firewalls and report how they route them. The hosts are not changed, except for an nftables table that
marks these packets and is removed at the end.

Exit codes: 0 packets pass, 8 they do not, or not as they should.

Examples:
  xctl ping web-1 db-1
  xctl ping web-1/api 10.76.4.2
  xctl ping web-1/api db-1/postgres -o json`,
    )
    .action(action(async () => (await import('../commands/path.js')).pingPath));
  program
    .command('trace')
    .description('show the way of packets from one end to another: interfaces, routes, rules of each host')
    .argument('<src>', 'a node, NODE/CONTAINER, or an address')
    .argument('<dst>', 'a node, NODE/CONTAINER, or an address')
    .addHelpText(
      'after',
      `${ends}

Exit codes: 0 packets pass, 8 they do not, or not as they should.

Examples:
  xctl trace web-1 db-1
  xctl trace web-1/api db-1/postgres -o json`,
    )
    .action(action(async () => (await import('../commands/path.js')).tracePath));
  addListOptions(program.command('check'))
    .description('test whether packets pass between all nodes; exit code 8 if there are findings')
    .addOption(
      new Option('--sample <number>', 'each node sends to this many others, chosen at random').argParser(countOption),
    )
    .addHelpText(
      'after',
      `
Every connected node sends two short packets and a long one to every other: at most 32 nodes at a time, each to at most
64 at a time. Up to 16 paths that lose packets are examined as by xctl ping; paths that fail at the same node are one
finding. A mesh of 1,000 nodes takes some minutes: --sample 16 takes seconds.

Exit codes: 0 all packets pass, 8 there are findings.

Examples:
  xctl check
  xctl check --sample 16
  xctl check -o json | jq -r '.findings[].fix'`,
    )
    .action(action(async () => (await import('../commands/check.js')).checkMesh));
}
