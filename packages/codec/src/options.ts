import { HabaError, sizeOf } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { halfPieces, mostBytes } from './tensors.js'

/** How the tensors of one part are stored. */
export interface PartOptions {
  /** Bits of a value: 1 … 8 with a scale and an offset for each patch; 16: float16; 32: as they are. @default 4 */
  readonly bits?: number
  /** Side of a patch, in values: 1 … 255. @default 5 */
  readonly patch?: number
  /** Pairs of scale and offset that all patches of a tensor share: up to 65,536; 0: a pair for each patch. @default 16 */
  readonly groups?: number
  /**
   * `dct`: what is rounded are the coefficients of a cosine transform of each block, as in JPEG, all of a tensor by one step;
   * bits, patch and groups then mean nothing. For tensors `[…, height, width, channels]` of at least 2 × 2; others are
   * stored as without. @default none
   */
  readonly transform?: 'none' | 'dct'
  /** Largest side of a block that is transformed, in values: 1 … 64. @default 8 */
  readonly block?: number
  /** From one level of a coefficient to the next, in standard deviations of the tensor's values. @default 0.5 */
  readonly step?: number
}

/** Options of `setCodec`. */
export interface CodecOptions extends PartOptions {
  /** Maximum bytes of all tensors: steps of transformed ones are made coarser until they fit. @default no limit */
  readonly bytes?: number
  /** Other options for some tensors, by the beginning of their paths, such as `hallucinators`; the longest match counts. */
  readonly parts?: Readonly<Record<string, PartOptions>>
}

/** Default options. */
export const defaults: Required<PartOptions> = {
  bits: 4,
  patch: 5,
  groups: 16,
  transform: 'none',
  block: 8,
  step: 0.5,
}

const optionsOf = ({ parts = {}, bytes: _, ...all }: CodecOptions, path: string): Required<PartOptions> => {
  const [longest] = Object.keys(parts)
    .filter((part) => path === part || path.startsWith(`${part}.`))
    .sort((a, b) => b.length - a.length)
  const own = longest === undefined ? {} : parts[longest]
  return { ...defaults, ...all, ...own }
}

function check({ bits, patch, groups, transform, block, step }: Required<PartOptions>, part: string): void {
  const fail = (what: string, expected: string, got: number | string) => {
    throw new HabaError('codec', `${what} of ${part} to be ${expected}`, `${got}`, 'Change the option.')
  }
  if (![1, 2, 3, 4, 5, 6, 7, 8, 16, 32].includes(bits)) fail('bits', '1 … 8, 16 or 32', bits)
  if (!(Number.isInteger(patch) && patch >= 1 && patch <= 255)) fail('patch', 'a whole number of 1 … 255', patch)
  if (!(Number.isInteger(groups) && groups >= 0 && groups <= 65_536))
    fail('groups', 'a whole number of 0 … 65536', groups)
  if (transform !== 'none' && transform !== 'dct') fail('transform', '"none" or "dct"', transform)
  if (!(Number.isInteger(block) && block >= 1 && block <= 64)) fail('block', 'a whole number of 1 … 64', block)
  if (!(step > 0 && step < Infinity)) fail('step', 'a number above 0', step)
}

/** How a tensor of this shape is stored: coefficients, or the smallest form that the options allow. */
export function storageOf(path: string, shape: readonly number[], size: number, options: CodecOptions) {
  const { bits, patch, groups, transform, block, step } = optionsOf(options, path)
  if (transform === 'dct' && shape.length >= 3 && Math.min(...shape.slice(-3, -1)) >= 2)
    return { kind: 'coefficients', bytes: Infinity, block, step } as const
  const plain = 4 * size
  const halves = halfBytes(shape, size)
  const coded = bits <= 8 ? mostBytes(shape, { bits, patch, groups }) : Infinity
  if (bits === 32 || plain <= Math.min(halves, coded)) return { kind: 'plain', bytes: plain } as const
  return halves <= coded
    ? ({ kind: 'halves', bytes: halves } as const)
    : ({ kind: 'levels', bytes: coded, how: { bits, patch, groups } } as const)
}

const halfBytes = (shape: readonly number[], size: number) =>
  halfPieces(shape, new Float32Array(0)).header.length + 4 + 2 * size

/** How a tensor of this shape is rounded; undefined where it is stored in floats. */
export function roundingOf(path: string, shape: readonly number[], options: CodecOptions) {
  const chosen = storageOf(path, shape, sizeOf(shape), options)
  return chosen.kind === 'levels' || chosen.kind === 'coefficients' ? chosen : undefined
}

/** @throws HabaError for options out of range, and for a part that names none of the tensors */
export function checkOptions(paths: readonly string[], options: CodecOptions): void {
  check(optionsOf(options, ''), 'all tensors')
  for (const part of Object.keys(options.parts ?? {})) {
    check(optionsOf(options, part), part)
    if (!paths.some((path) => path === part || path.startsWith(`${part}.`)))
      throw new HabaError('codec', `parts among ${paths.join(', ')}`, part, 'Change the name.')
  }
}

/**
 * Maximum bytes of tensors of these shapes, for any values; entropy coding takes fewer. Whole numbers are
 * counted at 32 bits, which is more than they take. Where tensors are transformed: the bytes that the options allow.
 */
export function mostBytesOf(
  tensors: ReadonlyMap<string, Pick<Tensor, 'shape' | 'size' | 'dtype'>>,
  options: CodecOptions = {},
): number {
  const each = [...tensors].map(([path, { shape, size, dtype }]) =>
    dtype === 'float32' ? storageOf(path, shape, size, options).bytes : 4 * size,
  )
  return Math.min(
    options.bytes ?? Infinity,
    each.reduce((a, b) => a + b, 0),
  )
}
