/** `npm run webgpu`: the tests and golden cases that need WebGPU, which then must be there. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runStages } from './stages.js'

/** Debian's chromium carries SwiftShader, a Vulkan that needs no GPU, and Vulkan's loader. */
const chromium = '/usr/lib/chromium'
const software = join(chromium, 'vk_swiftshader_icd.json')

process.env['HABA_REQUIRE_WEBGPU'] = '1'
if (process.env['VK_DRIVER_FILES'] === undefined && existsSync(software)) {
  process.env['VK_DRIVER_FILES'] = software
  process.env['LD_LIBRARY_PATH'] = [chromium, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':')
}

/** The others take many minutes in software; `npm run golden -- --engine onnx-webgpu` runs them all. */
const quick = [
  'hallucinator_rgb',
  'hallucinator_single_channel',
  'supervised_contrastive',
  'feature_similarity',
  'siamese_augmentation',
  'trajectory_matching',
  'gradient_matching',
  'distribution_matching',
]

await runStages([
  { title: 'tests on WebGPU', command: 'vitest run webgpu.test' },
  {
    title: 'golden cases on WebGPU',
    command: `npm run --silent golden -- --engine onnx-webgpu --only ${quick.join(',')}`,
  },
])
