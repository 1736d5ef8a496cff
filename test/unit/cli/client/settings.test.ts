// Where xctl looks for its settings.
import { userInfo } from 'node:os';
import test from 'ava';
import { configFile } from '../../../../cli/client/settings.js';

test('a relative home folder is not used: it would be another one in each folder', (t) => {
  const inSystem = `${userInfo().homedir}/.config/xctl/config.yaml`;
  for (const env of [{}, { HOME: '' }, { HOME: 'home' }, { HOME: '.', XDG_CONFIG_HOME: 'config' }]) {
    t.is(configFile(env), inSystem);
  }
  t.is(configFile({ HOME: '/home/a' }), '/home/a/.config/xctl/config.yaml');
  t.is(configFile({ HOME: '/home/a', XDG_CONFIG_HOME: '/b' }), '/b/xctl/config.yaml');
});
