/** A name of an earlier version in a configuration. */
export interface Renamed {
  /** Where: of an option, what it is an option of. */
  readonly path: string
  readonly from: string
  readonly to: string
}

/** A place in a configuration file. */
export interface Place {
  readonly file: string
  /** Such as `set.basesPerClass`; empty for the file itself. */
  readonly path: string
  /** Told of names of earlier versions that are read as those of today. @default nobody is */
  readonly renamed?: Renamed[]
}

/** The place as errors name it. */
export const placeName = ({ file, path }: Place): string => `config ${file}${path === '' ? '' : `: ${path}`}`

/** A place inside a place. */
export const inside = ({ path, ...place }: Place, name: string | number): Place => ({
  ...place,
  path: typeof name === 'number' ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`,
})
