/** Imports everything that the built packages export, as someone who installed them does: plain node, no condition. */
import { readdirSync, readFileSync } from 'node:fs'

const folders = new URL('../packages/', import.meta.url)
for (const folder of readdirSync(folders)) {
  const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, folders), 'utf8'))
  for (const path of Object.keys(manifest.exports)) {
    if (path === './package.json') continue
    const name = path.replace('.', manifest.name)
    if (!import.meta.resolve(name).includes('/dist/')) throw new Error(`${name}: expected to be read from dist`)
    if (path.endsWith('.json')) {
      readFileSync(new URL(import.meta.resolve(name)))
      continue
    }
    console.log(`${name}: ${Object.keys(await import(name)).length} values`)
  }
}
