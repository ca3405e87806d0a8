export { commandLine, type ExitCode } from './command-line.js'
export type { Terminal } from './commands/terminal.js'
export type { Interruption } from './interruption.js'
export type { Screen } from './progress.js'
