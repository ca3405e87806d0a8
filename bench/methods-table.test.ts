import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../tools/packages.js'
import { methodsTable } from './methods-table.js'

/** Cells without the padding that the formatter adds. */
const cells = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')))

test('docs/methods.md shows the committed runs', () => {
  const document = readFileSync(join(root, 'docs/methods.md'), 'utf8')
  const [, shown] = /<!-- runs -->([^]*?)<!-- end of runs -->/.exec(document)!
  expect(cells(shown!)).toEqual(cells(methodsTable()))
})
