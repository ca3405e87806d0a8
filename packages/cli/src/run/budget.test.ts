import { expect, it } from 'vitest'
import { budgetOf } from './budget.js'

it('gives exactly as many floats in images where they divide', () => {
  const { images, floats, perClass, caption } = budgetOf(10 * 784 + 4 * 1372, [28, 28, 1], 10)
  expect({ images, floats }).toEqual({ images: 17, floats: 13328 })
  expect(perClass).toEqual([2, 2, 2, 2, 2, 2, 2, 1, 1, 1])
  expect(caption).toBe('Equal stored floats: 13,328 are 17 images (1 a class, and one more of the first 7 classes).')
})

it('otherwise as many images as fit, and says what they leave', () => {
  const { images, caption } = budgetOf(58560, [32, 32, 3], 10)
  expect(images).toBe(19)
  expect(caption).toContain('19 images (1 a class, and one more of the first 9 classes) and 192 floats')
})

it('refuses sets that are smaller than one image a class', () => {
  expect(() => budgetOf(700, [28, 28, 1], 10)).toThrow('expected a set of at least 7840 floats, one image a class')
})
