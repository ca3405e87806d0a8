import type { Matcher } from 'picomatch'

/** Patterns such as `owl`, `*.png`, `2019/**`, or a function of a file's full path. */
export type Paths = readonly string[] | ((file: string) => boolean)

/** Selects files and folders of a half. */
export interface PathFilter {
  /** @param path within the half's folder, as `class/file.png` @param file the full path */
  takes(path: string, file: string): boolean
  /** Whether a class folder is excluded. */
  drops(className: string): boolean
}

/**
 * Selects files that match `include` but not `exclude`. Patterns are matched with the path within the half's folder, those
 * without a slash with its last name. A class folder that `exclude` names is excluded with its files.
 */
export async function pathFilter(include?: Paths, exclude?: Paths): Promise<PathFilter> {
  const { default: picomatch } = await import('picomatch')
  const compile = (patterns: readonly string[]): Matcher[] =>
    patterns.map((pattern) => picomatch(pattern.normalize(), { basename: !pattern.includes('/'), nocase: false }))
  const tester = (paths: Paths) => {
    if (typeof paths === 'function') return (_: string, file: string) => paths(file)
    const matchers = compile(paths)
    return (path: string) => matchers.some((matches) => matches(path.replaceAll('\\', '/')))
  }
  const included = include && tester(include)
  const excluded = exclude && tester(exclude)
  const classes = typeof exclude === 'object' ? compile(exclude) : []
  return {
    takes: (path, file) => (included?.(path, file) ?? true) && !(excluded?.(path, file) ?? false),
    drops: (name) => classes.some((matches) => matches(name)),
  }
}
