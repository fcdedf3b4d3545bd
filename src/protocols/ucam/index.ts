export type { KeySources } from './key-sources.ts';
export type { UcamOptions } from './options.ts';
export { type UcamServer, ucamPresets } from './presets.ts';
export type { Signer } from './signers.ts';
export { type UcamExtension, ucam } from './ucam.ts';
