import { fromBinary } from '@bufbuild/protobuf'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { eventFile } from './event-file.js'
import { EventSchema } from './gen/event_pb.js'

describe('eventFile', () => {
  it('starts with the version record, as TensorBoard writes it', () => {
    // The output of TensorBoard's RecordWriter for Event(file_version='brain.Event:2').
    const written = '0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129'
    expect(Buffer.from(eventFile({ metrics: [] })).toString('hex')).toBe(written)
  })

  it('writes a record for every step, scalars and pictures by step', () => {
    const png = Uint8Array.of(1, 2, 3)
    const file = eventFile({
      metrics: [
        { step: 1, loss: 0.5 },
        { step: 2, loss: 0.25, rate: 0.01 },
      ],
      pictures: [{ step: 1, tag: 'set/0', png, height: 4, width: 5 }],
    })
    const events = records(file)
    expect(events.map(({ step }) => Number(step))).toEqual([0, 1, 1, 2])
    expect(events[1]!.what.value).toMatchObject({ value: [{ tag: 'loss', value: { value: 0.5 } }] })
    expect(events[2]!.what.value).toMatchObject({
      value: [{ tag: 'set/0', value: { value: { height: 4, width: 5, encodedImageString: png } } }],
    })
  })
})

/** Prints all scalars and picture sizes of a folder, as TensorBoard reads them. */
const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, IMAGES
events = EventAccumulator(sys.argv[1], {IMAGES: 0})
events.Reload()
tags = events.Tags()
print(json.dumps({
    "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
    "images": {tag: [[e.step, e.width, e.height] for e in events.Images(tag)] for tag in tags["images"]},
}))`
const python = process.env['HABA_PYTHON'] ?? 'python3'
const installed = spawnSync(python, ['-c', 'import tensorboard']).status === 0

describe('TensorBoard', () => {
  it.skipIf(!installed && !process.env['HABA_REQUIRE_TENSORBOARD'])('reads the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-events-'))
    const [height, width] = [4, 5]
    const png = await sharp({ create: { height, width, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const metrics = Array.from({ length: 20 }, (_, i) => ({ step: i + 1, loss: 1 / (i + 1) }))
    const bytes = eventFile({ metrics, pictures: [{ step: 3, tag: 'set/0', png, height, width }] })
    await writeFile(join(folder, 'events.out.tfevents.haba'), bytes)
    const found = JSON.parse(execFileSync(python, ['-c', reader, folder], { encoding: 'utf8' })) as {
      scalars: Record<string, [number, number][]>
      images: Record<string, number[][]>
    }
    await rm(folder, { recursive: true })
    expect(found.scalars['loss']!.map(([step]) => step)).toEqual(metrics.map(({ step }) => step))
    found.scalars['loss']!.forEach(([, value], i) => expect(value).toBeCloseTo(metrics[i]!.loss, 6))
    expect(found.images).toEqual({ 'set/0': [[3, width, height]] })
  })
})

function records(file: Uint8Array) {
  const view = new DataView(file.buffer)
  const found = []
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true))
    found.push(fromBinary(EventSchema, file.subarray(at + 12, at + 12 + length)))
    at += length + 16
  }
  return found
}
