import { settingRows } from '../../src/settings-table.ts';

/** The platform sets the first, only a server reads the others. */
const NOT_FOR_FUNCTIONS =
  /^(TENCENTCLOUD_.*|CLOUD_CREDENTIALS|HOST|PORT|METRICS_HOST|METRICS_PORT)$/;

/** The names of the settings of a function that somebody who deploys may set. */
export function functionSettings(platform: 'scf' | 'aws'): string[] {
  const names = settingRows().map(({ name }) => name);
  return names.filter(
    (name) => !NOT_FOR_FUNCTIONS.test(name) && (platform === 'aws' || name !== 'METRICS_EMF'),
  );
}
