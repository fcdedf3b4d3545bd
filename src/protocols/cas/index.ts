export { type CasExtension, cas } from './cas.ts';
export type { AddressNames, CasOptions } from './options.ts';
export { casPresets } from './presets.ts';
export type { CasProxyOptions } from './proxy-options.ts';
export type { CasEndpoints, CasVersion } from './urls.ts';
