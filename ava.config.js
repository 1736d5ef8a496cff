// Tests are compiled first (npm run build) and run from dist. Native code crashes in worker threads (avajs/ava#3159).
export default {
  files: ['dist/test/**/*.test.js'],
  workerThreads: false,
  concurrency: 2,
  timeout: '5m',
  failWithoutAssertions: true,
};
