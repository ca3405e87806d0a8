import { checkArguments } from '@haba/core'
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf'
import crc32c from 'crc-32/crc32c.js'
import { EventSchema } from './gen/event_pb.js'
import type { Metrics } from './metrics.js'

/** A picture at a step, as TensorBoard shows it. */
export interface EventPicture {
  readonly step: number
  /** TensorBoard groups tags by the text before a slash. */
  readonly tag: string
  readonly png: Uint8Array
  readonly height: number
  readonly width: number
}

/** Contents of an event file. */
export interface EventFileOptions {
  /** From `readMetrics`: a scalar for each name and step. */
  readonly metrics: readonly Metrics[]
  /** @default [] */
  readonly pictures?: readonly EventPicture[]
}

/**
 * The bytes of a TensorBoard event file: records of `length, checksum, event, checksum`. TensorBoard finds files whose names
 * contain `tfevents`. Times are step numbers, in seconds, so that two runs with the same key write the same bytes.
 */
export function eventFile(options: EventFileOptions): Uint8Array {
  const { metrics, pictures = [] } = checkArguments('eventFile', options, { metrics: 'list' })
  const scalars = metrics.map(({ step, ...named }) => ({
    step,
    value: Object.entries(named).map(([tag, value]) => ({
      tag,
      value: { case: 'simpleValue' as const, value },
    })),
  }))
  const images = pictures.map(({ step, tag, png, height, width }) => ({
    step,
    value: [
      { tag, value: { case: 'image' as const, value: { height, width, colorspace: 3, encodedImageString: png } } },
    ],
  }))
  return joined([
    record({ what: { case: 'fileVersion', value: 'brain.Event:2' } }),
    ...[...scalars, ...images]
      .sort((a, b) => a.step - b.step)
      .map(({ step, value }) =>
        record({ wallTime: step, step: BigInt(step), what: { case: 'summary', value: { value } } }),
      ),
  ])
}

/** One TFRecord: a 64-bit length and the event, each with its checksum; little-endian. */
function record(event: MessageInitShape<typeof EventSchema>): Uint8Array {
  const data = toBinary(EventSchema, create(EventSchema, event))
  const bytes = new Uint8Array(8 + 4 + data.length + 4)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(bytes.subarray(0, 8)), true)
  bytes.set(data, 12)
  view.setUint32(12 + data.length, masked(data), true)
  return bytes
}

/** The masked CRC-32C of TFRecord: rotated and shifted, for data that may itself contain checksums. */
function masked(data: Uint8Array): number {
  const crc = crc32c.buf(data) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
