import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const versionOf = (name: string, from = require): string => {
  try {
    return (from(`${name}/package.json`) as { version: string }).version
  } catch {
    return 'unknown'
  }
}

/** The versions of everything that affects a run, by name: equal inputs and versions give equal bytes. */
export const versions = (): Readonly<Record<string, string>> => {
  const engine = createRequire(require.resolve('@haba/engine-onnx/package.json'))
  return {
    '@haba/cli': versionOf('@haba/cli'),
    '@haba/core': versionOf('@haba/core'),
    '@tensorflow/tfjs-core': versionOf(
      '@tensorflow/tfjs-core',
      createRequire(require.resolve('@haba/core/package.json')),
    ),
    'onnxruntime-node': versionOf('onnxruntime-node', engine),
    node: process.versions.node,
  }
}
