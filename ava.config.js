// Tests are compiled first (npm run build) and run from dist. Native code crashes in worker threads (avajs/ava#3159).

// The files that take longest begin first, so that none of them is left to run alone at the end; the longest last in this
// list, all others after them in the order of their names.
const longest = [
  'chaos/chaos',
  'e2e/docker-moves',
  'e2e/draining',
  'e2e/leaving',
  'e2e/docker-bridge',
  'e2e/docker-bip',
  'e2e/docker-bip-files',
  'e2e/docker-bip-recovery',
  'e2e/faults',
  'e2e/rollout',
  'e2e/lab',
  'e2e/firewall',
  'e2e/matrix',
  'e2e/systemd',
];
const rank = (file) => longest.findIndex((name) => file.endsWith(`/${name}.test.js`));

export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '15m',
  failWithoutAssertions: true,
  // etcdctl gives up after 2 s and 5 s, which a busy etcd may need.
  environmentVariables: { ETCDCTL_DIAL_TIMEOUT: '60s', ETCDCTL_COMMAND_TIMEOUT: '180s' },
  sortTestFiles: (one, other) => rank(other) - rank(one) || one.localeCompare(other),
};
