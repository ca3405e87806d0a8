/** Imports every built package by its name, as someone who installed it does: plain node, no custom condition. */
import { readdirSync, readFileSync } from 'node:fs'

const folders = new URL('../packages/', import.meta.url)
for (const folder of readdirSync(folders)) {
  const { name } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, folders), 'utf8'))
  const url = import.meta.resolve(name)
  if (!url.endsWith(`/packages/${folder}/dist/index.js`)) throw new Error(`${name}: expected dist/index.js, got ${url}`)
  const names = Object.keys(await import(name))
  console.log(`${name}: ${names.length} values`)
}
