import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { unregisterKernel } from '@tensorflow/tfjs-core'
import { testEngine } from '@haba/testing'
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { directEngine } from '../compile/direct-engine.js'

// This backend lacks Conv2DBackpropFilter; without AvgPoolGrad as well, it tries both ways around missing kernels.
unregisterKernel('AvgPoolGrad', 'wasm')
setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep)

testEngine(() => directEngine({ backend: 'wasm' }), { name: 'direct, wasm' })
