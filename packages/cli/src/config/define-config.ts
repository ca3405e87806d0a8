/** A name, or a name with its options: `"mnist"`, `{ use: 'mnist', … }`. */
export type NamedOptions = string | { readonly use: string; readonly [option: string]: unknown }

/** A configuration file. `haba options` lists the options of each name; all are checked when the file is read. */
export interface ConfigFile {
  readonly name: string
  readonly data: NamedOptions
  readonly network: NamedOptions
  readonly set: NamedOptions
  readonly objective: NamedOptions
  readonly optimizer: Readonly<Record<string, { readonly learningRate: number; readonly [option: string]: unknown }>>
  readonly steps: number
  readonly seed?: number
  readonly engine?: NamedOptions
  readonly augmentation?: NamedOptions
  readonly plugins?: readonly string[]
  readonly games?: readonly NamedOptions[]
  readonly [section: string]: unknown
}

/**
 * A configuration in TypeScript or JavaScript: the default export of a file that `haba distill` takes.
 *
 * @example export default defineConfig({ name: 'mine', data: 'mnist', … })
 */
export const defineConfig = (config: ConfigFile): ConfigFile => config
