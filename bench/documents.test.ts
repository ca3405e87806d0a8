import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../tools/packages.js'
import { documentTables, placeOf } from './documents.js'
import { mapCharts, mapFile, mapText } from './map/document.js'
import { isStrong, noise, ranked, rateSearches, same } from './rates-table.js'
import { charts, documentFile, documentText } from './reproduction/document.js'

/** Cells without the padding that the formatter adds. */
const cells = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim().replace(/^-+$/, '---')))

test.each(documentTables)('$file shows the committed figures: $of', async (one) => {
  const [, , shown] = placeOf(one).exec(readFileSync(join(root, one.file), 'utf8'))!
  expect(cells(shown!)).toEqual(cells(await one.table()))
})

test.each(rateSearches())('recipes/$name.json has the rates that were chosen', (search) => {
  const recipe = JSON.parse(readFileSync(join(root, `recipes/${search.name}.json`), 'utf8')) as {
    readonly steps: number
    readonly optimizer: Readonly<Record<'bases' | 'hallucinators', { readonly learningRate: number }>>
  }
  const { bases, hallucinators } = search.chosen
  expect([recipe.optimizer.bases.learningRate, recipe.optimizer.hallucinators.learningRate]).toEqual([
    bases,
    hallucinators,
  ])
  const here = search.trials.find((trial) => same(trial, search.chosen))!
  expect(ranked(search.trials)[0]!.validation).toBeLessThanOrEqual(here.validation + noise)
  expect(isStrong(here)).toBe(false)
  expect(recipe.steps).toBe(search.steps)
})

test('docs/reproduction.md is what its command writes', async () => {
  expect(readFileSync(documentFile, 'utf8')).toBe(await documentText())
  for (const [file, picture] of await charts()) expect(readFileSync(file, 'utf8')).toBe(picture)
})

test('docs/map.md is what its command writes', async () => {
  expect(readFileSync(mapFile, 'utf8')).toBe(await mapText())
  for (const [file, picture] of await mapCharts()) expect(readFileSync(file, 'utf8')).toBe(picture)
})
