import { referenceEngine } from './reference-engine.js'
import { testEngine } from './suites/test-engine.js'

testEngine(referenceEngine, { name: 'reference' })
