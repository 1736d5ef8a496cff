// The command lines of `xctl backup`.
import type { Command } from 'commander';
import { action, confirm, dryRun } from './action.js';

function passphrase(command: Command): Command {
  return command.option('--passphrase-file <file>', 'a file that only you can read (default: ask on the terminal)');
}

/** addBackup adds `xctl backup`. */
export function addBackup(program: Command): void {
  const backup = program.command('backup').description('save the store to a file, check it, restore it');
  passphrase(backup.command('save'))
    .description('save the store and the cluster key to a file, sealed with a passphrase')
    .argument('<file>', 'new file, readable by its owner only')
    .option('--without-key', 'omit the cluster key; an admin can then save from any machine', false)
    .option('--force', 'replace an existing file', false)
    .addHelpText(
      'after',
      `
The file has everything needed to rebuild a lost etcd and a lost controller, except for what expires anyway:
sessions, events, outcomes of operations. A controller returns the cluster key only on its unix socket.

Examples:
  xctl backup save fleet.backup --passphrase-file backup.pass
  xctl backup save fleet.backup --passphrase-file backup.pass --force --without-key`,
    )
    .action(
      // The cluster key comes by the unix socket of this machine alone.
      action(
        async () => (await import('../commands/backup.js')).saveBackup,
        ({ withoutKey }) => ({ context: withoutKey }),
      ),
    );
  passphrase(backup.command('verify'))
    .description('check a backup file and show what it contains, without a controller')
    .argument('<file>', 'the file')
    .addHelpText(
      'after',
      `
Exits with 8 if records contradict each other.

Examples:
  xctl backup verify fleet.backup --passphrase-file backup.pass`,
    )
    .action(action(async () => (await import('../commands/backup.js')).verifyBackup, { context: false }));
  passphrase(backup.command('restore'))
    .description('replace the content of the store by a backup, on the machine of a controller')
    .argument('<file>', 'the file')
    .option('--adopt', 'wait until the nodes of the backup are back, then end the adoption', false)
    .option('--force', 'replace a store that is in use: changes since the backup are lost', false)
    .addOption(confirm('cluster'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
The etcd may be empty, or older than the backup. Hosts keep their routes. A host that joined after the backup becomes a
node again with the subnet that it holds. Until the adoption has ended, nothing is allocated.

Examples:
  xctl backup restore fleet.backup --passphrase-file backup.pass --dry-run
  xctl backup restore fleet.backup --passphrase-file backup.pass --adopt --yes`,
    )
    .action(action(async () => (await import('../commands/restore.js')).restoreBackup, { context: false }));
  backup
    .command('adopt')
    .description('show which nodes of a restored backup are back; end the adoption if all are')
    .option('--wait', 'wait until all nodes are back', false)
    .option('--force', 'continue without nodes that are missing or contradict the backup', false)
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Exits with 8 if nodes are missing.

Examples:
  xctl backup adopt --dry-run
  xctl backup adopt --wait --timeout 10m
  xctl backup adopt --force`,
    )
    .action(action(async () => (await import('../commands/restore.js')).adoptNodes));
}
