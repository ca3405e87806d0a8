import '@tensorflow/tfjs-backend-cpu'
import { testEngine } from '@haba/testing'
import { directEngine } from '../compile/direct-engine.js'

testEngine(() => directEngine({ backend: 'cpu' }), { name: 'direct, cpu' })
