import { build, transform } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import { packages, root } from './packages.js'

/** Packages of files, pictures, processes and native code; `testing` runs in vitest. */
const inNode = ['cli', 'datasets', 'engine-onnx', 'engine-tensorflow', 'report', 'testing']
const names = packages()
  .filter(({ folder }) => !inNode.includes(folder))
  .map(({ manifest }) => manifest.name)

const bundled = () =>
  build({
    stdin: {
      contents: names.map((name, i) => `export * as p${i} from '${name}'`).join('\n'),
      resolveDir: root,
    },
    // Fails at an import of Node's own modules.
    platform: 'browser',
    conditions: ['@haba/source'],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'haba',
    logLevel: 'silent',
  })

describe('in a browser', () => {
  let made: Awaited<ReturnType<typeof bundled>>
  beforeAll(async () => (made = await bundled()))

  it('everything but files, pictures and native code is one bundle', () => {
    expect(names.length).toBeGreaterThanOrEqual(12)
    expect(made.errors).toEqual([])
  })

  it('no source of ours asks for Buffer or process', async () => {
    const ours = Object.keys(made.metafile.inputs).filter((path) => path.startsWith('packages/'))
    expect(ours.length).toBeGreaterThan(100)
    const asking = ours.map(async (path) => {
      const { code } = await transform(await readFile(join(root, path), 'utf8'), { loader: 'ts' })
      return /(?<!\.)\b(Buffer|process)\b|['"]node:/.test(code) ? [path] : []
    })
    expect((await Promise.all(asking)).flat()).toEqual([])
  })

  it('it loads and works without what Node adds', () => {
    const warned: string[] = []
    const page: Record<string, unknown> = {
      TextEncoder,
      TextDecoder,
      performance,
      setTimeout,
      document: {},
      navigator: { userAgent: 'test' },
      console: { ...console, warn: (text: string) => void warned.push(text) },
    }
    Object.assign(page, { window: page, self: page })
    createContext(page)
    runInContext(made.outputFiles[0]!.text, page)
    const core = `haba.p${names.indexOf('@haba/core')}`
    // The check value that every table of checksums lists for this text.
    expect(runInContext(`${core}.checksumOf('123456789')`, page)).toBe('cbf43926')
    const text = runInContext(`${core}.checkedJson({ a: 1 })`, page) as string
    expect(runInContext(`${core}.parseCheckedJson('a.json', '${text}', { kind: 'set' }).a`, page)).toBe(1)
    runInContext(`${core}.parseCheckedJson('b.json', '{}', { kind: 'set' })`, page)
    expect(warned).toEqual([expect.stringContaining('set b.json has no checksum')])
  })
})
