import { afterAll } from 'vitest'
import { onnxEngine } from '../engine.js'
import { testConvolutions } from './convolution.fixture.js'

const engine = onnxEngine()
afterAll(() => engine.close())
testConvolutions(engine)
