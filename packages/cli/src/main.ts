#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { commandLine } from './command-line.js'

// Every run of a session leaves megabytes outside of V8's heap. V8 then marks its heap again and again in a thread that takes
// a core from onnxruntime; marking it when it is collected, and not before, took 6 to 9 % off an iteration of HaBa.
setFlagsFromString('--no-incremental-marking')

// In the repository, bin/haba.js starts this process and holds a channel to it: the run does not outlive its launcher.
if (process.env.HABA_LAUNCHED !== undefined) {
  delete process.env.HABA_LAUNCHED
  const end = () => process.kill(process.pid, 'SIGTERM')
  process.once('disconnect', end).channel?.unref()
  if (!process.connected) end()
}

process.exitCode = await commandLine(process.argv.slice(2))
