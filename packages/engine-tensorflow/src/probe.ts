import { execFile } from 'node:child_process'
import { environment } from './binding.js'

/** What became of trying a binding. */
export type Probed =
  | { readonly works: true; readonly version: string; readonly gpu: boolean }
  | { readonly works: false; readonly why: string }

/** Loads a binding, convolves one image, and says what came out: a program of its own, as text. */
const program = `
const module_ = { exports: {} }
process.dlopen(module_, process.argv[1])
const tf = module_.exports
const attribute = (name, type, value) => ({ name, type, value })
const inputs = [[[1, 2, 3, 1], [1, 0, 0, 0, 0, 10]], [[2, 2, 1, 1], [1, 2, 3, 4]]]
  .map(([shape, values]) => tf.createTensor(shape, tf.TF_FLOAT, Float32Array.from(values)))
const [result] = tf.executeOp('Conv2D', [
  attribute('T', tf.TF_ATTR_TYPE, tf.TF_FLOAT),
  attribute('strides', tf.TF_ATTR_INT, [1, 1, 1, 1]),
  attribute('padding', tf.TF_ATTR_STRING, 'VALID'),
], inputs, 1)
console.log(JSON.stringify({ version: tf.TF_Version, gpu: tf.isUsingGpuDevice(), values: [...tf.tensorDataSync(result.id)] }))
`

/** Tries a binding in another process: a library made for another processor ends the process that loads it. */
export function probe(file: string): Promise<Probed> {
  return new Promise((done) => {
    const options = { timeout: 120_000, env: { ...environment, ...process.env } }
    execFile(process.execPath, ['-e', program, file], options, (error, stdout, stderr) => {
      if (error) return done({ works: false, why: reasonOf(error, stderr) })
      const { version, gpu, values } = JSON.parse(stdout) as { version: string; gpu: boolean; values: number[] }
      done(
        `${values}` === '1,40'
          ? { works: true, version, gpu }
          : { works: false, why: `a convolution gave ${values} where 1,40 is right` },
      )
    })
  })
}

/** The line of a failed program that says why. */
function reasonOf(error: Error & { readonly signal?: string | null }, stderr: string): string {
  const said = stderr.split('\n').find((line) => /^\w*Error: /.test(line))
  return said ?? (error.signal ? `the process that loaded it ended with ${error.signal}` : error.message)
}
