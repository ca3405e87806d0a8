import { expect, it } from 'vitest'
import { budgetOf, bytesOfLabels, spreadText } from './budget.js'

it('gives as many images as fit with their labels', () => {
  const uint8 = budgetOf(53_322, [28, 28, 1], 10, { bytesPerValue: 1 })
  expect(uint8).toMatchObject({ images: 68, floats: 53_312, bytes: 53_322 })
  expect(uint8.perClass).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 6, 6])
  expect(spreadText(uint8)).toBe('68 images (6 a class, and one more of the first 8)')
  expect(budgetOf(53_321, [28, 28, 1], 10, { bytesPerValue: 1 }).images).toBe(67)
  expect(budgetOf(53_322, [28, 28, 1], 10, { bytesPerValue: 4 })).toMatchObject({ images: 17, bytes: 53_322 })
})

it('gives no more than there are of a class', () => {
  const few = budgetOf(1e6, [8, 8, 1], 3, { bytesPerValue: 1, most: 5 })
  expect(few).toMatchObject({ images: 15, perClass: [5, 5, 5] })
  expect(spreadText(few)).toBe('15 images (5 a class)')
})

it('counts two bytes for the labels of a class of 128 and more', () => {
  expect(bytesOfLabels([127, 128])).toBe(3)
})

it('refuses sets that are smaller than one image a class', () => {
  expect(() => budgetOf(700, [28, 28, 1], 10, { bytesPerValue: 1 })).toThrow(
    'expected a set of at least 7850 bytes, one image a class',
  )
})
