import { testEngine } from '@haba/testing'
import { onnxEngine } from './engine.js'

testEngine(() => onnxEngine(), { name: 'onnx-cpu' })
