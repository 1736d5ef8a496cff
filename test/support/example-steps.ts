// The examples of the help texts of xctl, each as it is run: what it needs, what it exits with.
/** ExampleStep is an example as it stands in a help text, or what prepares the next one. */
export type ExampleStep = {
  readonly line: string;
  /** Not an example: what the next one needs. */
  readonly prepares?: boolean;
  readonly code?: number;
  /** It runs until it is ended. */
  readonly endless?: boolean;
  /** A placeholder in an example for a value that is not known in advance, and the command that prints it. */
  readonly instead?: readonly [text: string, command: string];
  /** Another user's home. */
  readonly home?: string;
};

const prepares = (line: string, home?: string): ExampleStep => ({
  line,
  prepares: true,
  ...(home === undefined ? {} : { home }),
});
const example = (line: string, more: Omit<ExampleStep, 'line'> = {}): ExampleStep => ({ line, ...more });

const serialOf = (name: string) =>
  `xctl certs list -o json | grep -B4 '"${name}"' | grep serial | cut -d'"' -f4 | cut -c1-8`;

const leaseIn = (pool: string) => `xctl leases list --pool ${pool} | grep 'leased *web-1' | cut -d' ' -f1`;
const addBlue = 'xctl leases add web-1 --pool edge --mode bridge --network blue --bridge br-blue';

const newestRollout = ['r-4f2f9c03a1b2', 'xctl rollouts list -o name | tail -1'] as const;
const moveAll = 'xctl nodes move $(xctl nodes list -o name) --pool b --max-unavailable 10% --per zone --yes';
/** exampleSteps are the examples by their subject, in an order in which they can be typed. */
export const exampleSteps: Readonly<Record<string, readonly ExampleStep[]>> = {
  'a new cluster': [
    example('xctl init --pool 10.76.0.0/16'),
    example('xctl init --pool default 10.76.0.0/16 --pool edge 10.80.0.0/20 --name alice', { home: 'alice' }),
    example('sudo xctl contexts export --out - | xctl contexts import -'),
    example('xctl options'),
  ],
  pools: [
    example('xctl pools create default 10.76.0.0/16'),
    example('xctl pools list'),
    example('xctl pools list -o json'),
    example('xctl pools show default'),
    example('xctl pools remove edge --confirm edge'),
    example('xctl pools create edge 10.80.0.0/20 --subnet-length 26 --mode bridge --quarantine 24h'),
    example('xctl pools create default 10.86.0.0/16 --subnet-length 20 --mode block', {
      instead: ['default', 'echo blocks'],
    }),
    example("xctl pools reserve default 10.76.0.0/22 --reason 'lab network'"),
    example('xctl pools unreserve default 10.76.0.0/22'),
    example('xctl pools reserve default 10.76.7.0/24 --node web-7'),
    prepares('xctl pools unreserve default 10.76.7.0/24'),
    example('xctl pools create default 10.76.0.0/16 --docker-length 25', {
      instead: ['default 10.76.0.0/16', 'echo apps 10.94.0.0/16'],
    }),
    example(
      'xctl pools create lan 192.168.61.64/26 --subnet-length 28 --mode lan --lan 192.168.61.0/24 --gateway 192.168.61.254',
    ),
    prepares('xctl pools remove lan --confirm lan'),
    example(
      'xctl pools create lan 192.168.61.0/24 --subnet-length 27 --mode lan --gateway 192.168.61.254 ' +
        '--reserve 192.168.61.0/26=hosts 192.168.61.100-192.168.61.150=DHCP',
    ),
    prepares('xctl pools remove lan --confirm lan'),
    example('xctl pools resize default --cidr 10.76.0.0/15'),
    example('xctl pools resize default --cidr 10.76.0.0/17 --dry-run'),
    example('xctl pools set default --quarantine 24h'),
    example('xctl pools set default --reclaim-after 7d'),
    example('xctl pools set default --reclaim-after never'),
    example('xctl pools set default --follow-address on'),
    prepares('xctl pools create spare 10.93.0.0/16'),
    example('xctl pools set spare --docker-length 25'),
    prepares('xctl pools remove spare --confirm spare'),
  ],
  nodes: [
    example('xctl nodes add web-1 --address 192.168.83.83'),
    prepares('xctl nodes remove web-1 --yes'),
    example('xctl nodes add web-1 --address 192.168.83.83 --token-out web-1.token'),
    example('xctl nodes add web-1 --address 192.168.83.83 --wait'),
    // It makes a token: its host adds the node when it joins.
    example('xctl nodes add db-1 --address 192.168.100.19 --adopt'),
    // There is no host that becomes ready: it times out, but sooner.
    example(
      'xctl nodes add db-1 --address 192.168.83.21 --subnet 10.76.7.0/24 --label zone=eu-1 --wait ready --timeout 5m',
      { code: 7, instead: ['5m', 'echo 2s'] },
    ),
    example('xctl nodes list'),
    example('xctl nodes list --state degraded,down -o wide'),
    example('xctl nodes list --sort-by createdAt --no-headers'),
    example('xctl nodes list --schedulable --selector zone=eu-1 -o name'),
    example("xctl nodes list -l 'zone in (eu-1,eu-2),!spare'"),
    example('xctl nodes list --watch -o jsonl', { endless: true }),
    example('xctl nodes show web-1'),
    example('xctl nodes show web-1 db-1'),
    example('xctl nodes show 10.76.0.17'),
    example('xctl nodes set web-1 --address 192.168.83.84 --wait'),
    example('xctl nodes set web-1 --label zone=eu-2 --remove-label rack'),
    example('xctl nodes cordon web-1 db-1'),
    example('xctl nodes uncordon web-1'),
  ],
  'leases, and other hosts': [
    example(addBlue),
    example('xctl leases end web-1 10.76.7.0/24 --yes', { instead: ['10.76.7.0/24', leaseIn('edge')] }),
    prepares(addBlue),
    example('xctl leases end web-1 10.76.7.0/24 --force --confirm 10.76.7.0/24', {
      instead: ['10.76.7.0/24', leaseIn('edge')],
    }),
    prepares('xctl pools create new 10.92.0.0/16'),
    example('xctl leases add web-1 --pool new --replace 10.76.3.0/24', {
      instead: ['10.76.3.0/24', leaseIn('default')],
    }),
    // There is no host that reports its containers.
    example('xctl nodes drain web-1 --deadline 10m', { code: 7, instead: ['10m', 'echo 1s'] }),
    example('xctl nodes drain web-1 db-1', { endless: true }),
    example('xctl nodes drain web-1 --cancel'),
    prepares('xctl nodes drain db-1 --cancel'),
    example('xctl nodes rename web-1 web-eu-1'),
    prepares('xctl nodes rename web-eu-1 web-1'),
    example('xctl nodes replace web-1 --address 192.168.83.91 --name web-9 --dry-run'),
    example('xctl nodes replace web-1 --address 192.168.83.91 --yes'),
    example('xctl nodes replace web-1 --address 192.168.83.91 --force --confirm web-1'),
  ],
  'networks and nics': [
    ...['web-2', 'web-3', 'web-4'].map((name, index) =>
      prepares(`xctl nodes add ${name} --address 192.168.83.10${index}`),
    ),
    example('xctl networks create blue --node web-1,web-2'),
    example('xctl networks list'),
    example('xctl networks list -o json'),
    example('xctl networks show blue'),
    example('xctl networks set blue --label role=web'),
    example('xctl networks set blue --all --dry-run'),
    example('xctl networks include blue web-3'),
    example('xctl networks exclude blue web-3'),
    // There is no host that reports that it has left.
    example('xctl networks exclude blue web-3 web-4 --wait', { endless: true }),
    example('xctl networks remove blue --dry-run'),
    example('xctl networks remove blue --yes --wait', { endless: true }),
    example('xctl networks create blue --all', { instead: ['blue', 'echo green'] }),
    example('xctl networks create blue --pool edge --label role=web --wait', { instead: ['blue', 'echo red'] }),
    example('xctl networks remove blue --disconnect --confirm blue', { instead: ['blue', 'echo green'] }),
    example('xctl nics add web-1 shop-db-1', { code: 4 }),
    example('xctl nics add web-1 shop-db-1 --address 10.76.3.200 --name lan0', { code: 4 }),
    example('xctl nics list'),
    example('xctl nics list --node web-1 -o json'),
    example('xctl nics remove 10.76.3.200 --yes', { code: 3 }),
    ...['web-2', 'web-3', 'web-4'].map((name) => prepares(`xctl nodes remove ${name} --force --confirm ${name}`)),
  ],
  'what there is': [
    ...['xctl leases list', 'xctl leases list --pool default -o json'].map((line) => example(line)),
    // A former controller: only its record is left.
    prepares(
      'etcdctl --endpoints unix:///var/lib/xnet-controller/etcd.run/client:0 put ' +
        `/xnet/v1/registrations/controller-2-7ebf '{"version":"0.1.0","addresses":[],"clockMs":1}'`,
    ),
    example('xctl controllers remove controller-2-7ebf --confirm controller-2-7ebf'),
    example('xctl ipam check'),
    example('xctl ipam check --report findings.json'),
    example('xctl ipam release --from-report findings.json --dry-run'),
    example('xctl ipam release --from-report findings.json --yes'),
    example('xctl routes list'),
    example('xctl routes list --node web-1'),
    example('xctl routes check && echo complete'),
    ...['xctl routes held', 'xctl routes held -o json'].map((line) => example(line)),
    // No node holds a route.
    example('xctl routes approve --dry-run', { code: 4 }),
    example('xctl routes approve --revision 8412 --yes', { code: 4 }),
    // There is no host to ask.
    example('xctl ping web-1 db-1', { code: 8 }),
    example('xctl ping web-1/api 10.76.4.2', { code: 3 }),
    ...['xctl ping web-1/api db-1/postgres -o json', 'xctl trace web-1 db-1'].map((line) => example(line, { code: 8 })),
    example('xctl trace web-1/api db-1/postgres -o json', { code: 8 }),
    ...['xctl check', 'xctl check --sample 16'].map((line) => example(line)),
    example("xctl check -o json | jq -r '.findings[].fix'"),
    prepares('xctl pools create lab 10.200.0.0/16'),
    example('xctl routes add 10.200.0.0/24 via 192.168.100.19'),
    example('xctl routes add 10.200.0.0/24 via 192.168.100.19 --name db-1'),
    example('xctl routes remove 10.200.0.0/24 --yes'),
    example('xctl events --since 1h'),
    example('xctl events --node web-1 --watch', { endless: true }),
    example("xctl events -o jsonl | jq -r 'select(.warning) | .message'"),
    example('xctl status'),
    example('xctl status --watch', { endless: true }),
    example('xctl status --wait --timeout 2m'),
  ],
  tokens: [
    example('xctl tokens create --node web-1'),
    example('xctl tokens create --uses 20 --ttl 4h --source 192.168.83.0/24 --token-out fleet.token'),
    ...['xctl tokens list', 'xctl tokens list -o json'].map((line) => example(line)),
    example('xctl tokens revoke 4k2f9c', { instead: ['4k2f9c', 'xctl tokens list -o name | tail -1'] }),
  ],
  'certificates and contexts': [
    example('xctl certs issue alice --role operator'),
    example('xctl certs issue monitoring --role viewer --ttl 365d --out monitoring.context.json'),
    example('xctl certs list'),
    example('xctl certs list --role node -o wide'),
    example('xctl contexts import alice.context.json', { home: 'bob' }),
    example('xctl contexts import alice.context.json --name prod --controller 192.168.83.2,192.168.83.3', {
      home: 'bob',
    }),
    ...['xctl contexts list', 'xctl contexts list -o json'].map((line) => example(line)),
    example('xctl contexts show'),
    example('xctl contexts show prod -o json', { home: 'bob' }),
    example('xctl contexts use prod', { home: 'bob' }),
    example('xctl contexts export prod --out prod.context.json', { home: 'bob' }),
    example('xctl contexts remove prod --confirm prod', { home: 'bob' }),
    example('xctl certs renew'),
    prepares('xctl contexts export --out - | xctl contexts import - --name prod'),
    example('xctl certs renew --context prod --ttl 30d'),
    prepares('xctl certs renew --context prod --controller unix:/run/xnet-controller/controller.sock'),
    example('xctl certs revoke 5d0b3c1f --confirm 5d0b3c1f', { instead: ['5d0b3c1f', serialOf('monitoring')] }),
  ],
  'the authority': [
    example('xctl audit --since 1h'),
    example('xctl audit --actor admin/alice -o jsonl'),
    example('xctl audit --verify'),
    example('xctl ca show'),
    example('xctl ca show -o json | jq -r .authority.certificates[0]'),
    example('xctl ca rotate --yes --wait'),
    example('xctl ca rotate --force --confirm d111fe8a', {
      instead: ['d111fe8a', 'xctl status -o name | cut -c1-8'],
    }),
  ],
  backups: [
    prepares("(umask 077; echo 'correct horse battery' >backup.pass)"),
    example('xctl backup save fleet.backup --passphrase-file backup.pass'),
    example('xctl backup verify fleet.backup --passphrase-file backup.pass'),
    // The store is in use.
    example('xctl backup restore fleet.backup --passphrase-file backup.pass --dry-run', { code: 4 }),
    example('xctl backup restore fleet.backup --passphrase-file backup.pass --adopt --yes', { code: 4 }),
    example('xctl backup save fleet.backup --passphrase-file backup.pass --force --without-key'),
    example('xctl backup adopt --dry-run'),
    example('xctl backup adopt --wait --timeout 10m'),
    example('xctl backup adopt --force'),
  ],
  'rollouts and the fleet as a file': [
    prepares('xctl pools create b 10.90.0.0/16'),
    example('xctl nodes move web-1 db-1 --pool b --yes --no-wait'),
    example('xctl rollouts list'),
    example('xctl rollouts show --watch', { endless: true }),
    example('xctl rollouts show r-4f2f9c03a1b2 -o json', { instead: newestRollout }),
    ...[
      'pause r-4f2f9c03a1b2',
      'resume r-4f2f9c03a1b2',
      'cancel r-4f2f9c03a1b2 --yes',
      'undo r-4f2f9c03a1b2 --yes',
    ].map((control) => example(`xctl rollouts ${control}`, { instead: newestRollout })),
    prepares('until xctl rollouts list | tail -1 | grep undone; do sleep 0.2; done'),
    example(moveAll, { endless: true }),
    prepares('xctl rollouts cancel $(xctl rollouts list -o name | tail -1) --yes'),
    example('xctl export >fleet.yaml'),
    ...['xctl diff -f fleet.yaml', 'xctl apply -f fleet.yaml --dry-run', 'xctl export | xctl apply -f -'].map((line) =>
      example(line),
    ),
    example('xctl apply -f fleet.yaml --max-unavailable 10% --per zone --yes'),
  ],
  'what ends': [
    example('xctl nodes revoke web-1 --confirm web-1'),
    example('xctl nodes remove web-1 --force --confirm web-1'),
    prepares('xctl nodes add web-1 --address 192.168.83.83'),
    example('xctl nodes remove web-1 --wait --deadline 10m --yes'),
    prepares('xctl nodes remove db-1 --yes'),
    example('xctl leases release 10.76.7.0/24 --confirm 10.76.7.0/24'),
    example('source <(xctl completion bash)'),
    example('xctl completion bash >/etc/bash_completion.d/xctl', { instead: ['/etc/bash_completion.d/', 'echo ./'] }),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of zsh
    example('xctl completion zsh >"${fpath[1]}/_xctl"', { instead: ['${fpath[1]}', 'pwd'] }),
    prepares('mkdir -p ~/.config/fish/completions'),
    example('xctl completion fish >~/.config/fish/completions/xctl.fish'),
  ],
};
