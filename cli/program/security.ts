// The command lines of `xctl tokens`, `certs`, `ca` and `audit`.
import { type Command, Option } from 'commander';
import { personRoles, roles } from '../../proto/pki/identity.js';
import { durationOption } from '../client/settings.js';
import { action, addListOptions, confirm, countOption, dryRun, several, tokenOut, watch } from './action.js';

function ttl(usual: string): Option {
  return new Option('--ttl <duration>', `how long it is valid (default: ${usual})`).argParser(durationOption);
}

/** addTokens adds `xctl tokens`. */
export function addTokens(program: Command): void {
  const tokens = program.command('tokens').alias('token').description('join tokens');
  tokens
    .command('create')
    .description('create a join token, and print the command to run on the host')
    .option('--node <node>', 'for this existing node (default: any host; it is added when it joins)')
    .addOption(new Option('--uses <count>', 'how many hosts can join with it (default: 1)').argParser(countOption))
    .addOption(ttl('1h'))
    .option('--pool <pool>', 'pool of the nodes that are added (default: the one named default, or the only one)')
    .option('--source <cidr>', 'accept hosts from this range only')
    .addOption(tokenOut())
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
xctl nodes add also creates one. The token is shown only once. It admits any host that has it, so keep it out of command
lines, which others on a host can see.

Examples:
  xctl tokens create --node web-1
  xctl tokens create --uses 20 --ttl 4h --source 192.168.83.0/24 --token-out fleet.token`,
    )
    .action(action(async () => (await import('../commands/tokens.js')).createToken));
  addListOptions(tokens.command('list'))
    .alias('ls')
    .description('list the tokens that have not expired, without their secrets')
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl tokens list\n  xctl tokens list -o json')
    .action(action(async () => (await import('../commands/tokens.js')).listTokens));
  tokens
    .command('revoke')
    .alias('rm')
    .description('revoke a join token')
    .argument('<token...>', 'its id, or the beginning of it: the characters before the dot')
    .addOption(dryRun())
    .addHelpText('after', '\nExamples:\n  xctl tokens revoke 4k2f9c')
    .action(several(async () => (await import('../commands/tokens.js')).revokeToken));
}

function addIssuing(certs: Command): void {
  certs
    .command('issue')
    .description('issue a certificate for a person or a program, as a file to import as a context')
    .argument('<name>', 'name of the person or the program: alice, ci-1')
    .addOption(new Option('--role <role>', 'role of the identity').choices(personRoles).makeOptionMandatory())
    .addOption(ttl('90d; at most 365d'))
    .option('--out <file>', 'new file, readable by its owner only (default: NAME.context.json)')
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Roles:
  viewer    sees everything but tokens and the audit log
  operator  also changes pools, nodes and leases, makes join tokens, and revokes nodes
  admin     also issues and revokes certificates, replaces the authority, and reads the audit log

Examples:
  xctl certs issue alice --role operator
  xctl certs issue monitoring --role viewer --ttl 365d --out monitoring.context.json`,
    )
    .action(action(async () => (await import('../commands/certs.js')).issueCertificate));
  certs
    .command('renew')
    .description('renew the certificate of the current context, with a new key')
    .addOption(ttl('90d; at most 365d'))
    .addHelpText(
      'after',
      `
Only an admin can renew; all others get a new file from an admin: xctl certs issue. xctl warns when less than a fifth of a
certificate's life is left. When it has expired, root renews it on the machine of a controller:
  xctl certs renew --context prod --controller unix:/run/xnet-controller/controller.sock

Examples:
  xctl certs renew
  xctl certs renew --context prod --ttl 30d`,
    )
    .action(action(async () => (await import('../commands/certs.js')).renewCertificate));
}

/** addCerts adds `xctl certs`. */
export function addCerts(program: Command): void {
  const certs = program.command('certs').alias('cert').description('certificates and revocations');
  addListOptions(certs.command('list'))
    .alias('ls')
    .description('list the newest certificate of each identity, by expiry')
    .addOption(new Option('--role <role>', 'only those of this role').choices(roles))
    .addOption(watch())
    .addHelpText('after', '\nExamples:\n  xctl certs list\n  xctl certs list --role node -o wide')
    .action(action(async () => (await import('../commands/certs.js')).listCertificates));
  addIssuing(certs);
  certs
    .command('revoke')
    .description('revoke a certificate of a person or a program')
    .argument('<serial...>', 'its serial number, or the beginning of it')
    .addOption(confirm('serial'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
To revoke the host of a node: xctl nodes revoke NODE

Examples:
  xctl certs revoke 5d0b3c1f --confirm 5d0b3c1f`,
    )
    .action(several(async () => (await import('../commands/certs.js')).revokeCertificate));
}

/** addAuthority adds `xctl ca`. */
export function addAuthority(program: Command): void {
  const ca = program.command('ca').description("the cluster's certificate authority");
  ca.command('show')
    .alias('get')
    .description('show the authority and the progress of a rotation')
    .addHelpText('after', '\nExamples:\n  xctl ca show\n  xctl ca show -o json | jq -r .authority.certificates[0]')
    .action(action(async () => (await import('../commands/authority.js')).showAuthority));
  ca.command('rotate')
    .description('replace the authority; nodes renew by themselves and stay connected')
    .option('--wait', 'wait until no node depends on the old one, then finish (--timeout; default: 10m)', false)
    .option('--force', 'finish although some nodes have not renewed: they have to join again', false)
    .addOption(confirm('cluster'))
    .addOption(dryRun())
    .addHelpText(
      'after',
      `
Rerun the command to continue a rotation that is under way. Join tokens from before end with it.

Examples:
  xctl ca rotate --yes --wait
  xctl ca rotate --force --confirm d111fe8a        the beginning of the id of the cluster`,
    )
    .action(action(async () => (await import('../commands/authority.js')).rotateAuthority));
}

/** addAudit adds `xctl audit`. */
export function addAudit(program: Command): void {
  addListOptions(program.command('audit'))
    .description('show the audit log: each requested change, its caller and its outcome')
    .addOption(new Option('--since <duration>', 'only the last 1h, 30m, ...').argParser(durationOption))
    .option('--actor <who>', 'only of this caller: admin/alice, node/n-4k2f9c, local')
    .option('--call <call>', 'only this call: AddNode')
    .option('--subject <subject>', 'only about this: pool/default, node/web-1')
    .addOption(new Option('--limit <count>', 'show the newest N').argParser(countOption).default(100))
    .option('--verify', 'check the integrity of the log instead; exit code 8 when it is damaged', false)
    .addOption(watch())
    .addHelpText(
      'after',
      `
Each controller keeps a separate log; the command shows that of the controller that answers.

Examples:
  xctl audit --since 1h
  xctl audit --actor admin/alice -o jsonl
  xctl audit --verify`,
    )
    .action(action(async () => (await import('../commands/audit.js')).listAudit));
}
