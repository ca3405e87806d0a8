import { execFile } from 'node:child_process'

/** Runs a program and gives what it wrote to stdout; its failure carries what it wrote to stderr. */
export type Run = (program: string, args: readonly string[]) => Promise<string>

/** Runs programs in a folder of ours, with their temporary files and caches in it, too. */
export const runIn =
  (folder: string): Run =>
  (program, args) =>
    new Promise((done, fail) => {
      const env = {
        ...process.env,
        TMPDIR: folder,
        PIP_CACHE_DIR: folder,
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        npm_config_cache: folder,
        npm_config_update_notifier: 'false',
      }
      execFile(program, [...args], { cwd: folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
        if (!error) return done(stdout)
        const lines = (stderr || stdout || error.message).trim().split('\n')
        fail(new Error(lines.slice(-6).join('\n'), { cause: error }))
      })
    })
