export { ConfigError as SettingsError, loadConfig as loadSettings } from './lib/config/config.ts';
export type { Config as Settings } from './lib/config/config.ts';
