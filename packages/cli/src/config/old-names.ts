import type { OptionsSchema } from '@haba/core'
import { applyEdits, parseTree, type Edit, type Node } from 'jsonc-parser'
import type { JsonSchema } from './describe-schema.js'
import { inside, type Place, type Renamed } from './place.js'

/** Options by the names that earlier versions gave them. */
const options: Readonly<Record<string, string>> = {
  normalisation: 'normalization',
  rate: 'learningRate',
  rates: 'learningRates',
  keep: 'project',
  keepEvery: 'projectEvery',
  atLeast: 'clampBelow',
  apart: 'cosine',
  classify: 'task',
  together: 'likelihood',
  contrast: 'contrastive',
}

/** Values, and names after "use", as earlier versions wrote them. */
const values: Readonly<Record<string, string>> = {
  factorised: 'factorized',
  'batch-standardisation': 'batch-standardization',
  probabilities: 'simplex',
  recomputed: 'recompute',
  stored: 'store',
}

/** The name of today, where `known` has it and not the one that is given. */
export function newName(where: Place, name: string, known: readonly unknown[], table = values): string {
  const now = Object.hasOwn(table, name) ? table[name]! : name
  if (known.includes(name) || !known.includes(now)) return name
  where.renamed?.push({ path: where.path, from: name, to: now })
  return now
}

/**
 * A configuration's options with the names of today. A name is old only where the schema does not have it, so options of
 * plugins keep theirs.
 */
export function withNewNames(where: Place, schema: JsonSchema | OptionsSchema, value: unknown): unknown {
  const { properties, items, additionalProperties, anyOf, enum: choices }: JsonSchema = schema
  if (typeof value === 'string') return choices ? newName(where, value, choices) : value
  if (Array.isArray(value)) return items ? value.map((one, i) => withNewNames(inside(where, i), items, one)) : value
  if (typeof value !== 'object' || value === null) return value
  const known = properties ?? anyOf?.find((branch) => branch.properties)?.properties ?? {}
  const rest = typeof additionalProperties === 'object' ? additionalProperties : {}
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const now = newName(where, name, Object.keys(known), options)
      return [now, withNewNames(inside(where, now), Object.hasOwn(known, now) ? known[now]! : rest, member)]
    }),
  )
}

/** The text of a configuration with these names of today and nothing else changed. */
export function migrated(text: string, renamed: readonly Renamed[]): string {
  const edits: Edit[] = []
  const write = ({ offset, length, value }: Node, path: string) => {
    const found = renamed.find((one) => one.path === path && one.from === value)
    if (found) edits.push({ offset, length, content: JSON.stringify(found.to) })
    return found?.to ?? String(value)
  }
  const visit = (node: Node, where: Place) => {
    if (node.type === 'string') write(node, where.path)
    if (node.type === 'array') node.children!.forEach((one, i) => visit(one, inside(where, i)))
    if (node.type === 'object')
      for (const { children } of node.children!) {
        const [name, value] = children!
        if (!name || !value) continue
        if (name.value === 'use') write(value, where.path)
        else visit(value, inside(where, write(name, where.path)))
      }
  }
  visit(parseTree(text)!, { file: '', path: '' })
  return applyEdits(text, edits)
}

/** The name of a preprocessing in files of today. */
export const preprocessingName = (name: string): string => (name === 'standardise' ? 'standardize' : name)

/** The name that hashes are made with: files of earlier versions hold them. */
export const hashedPreprocessingName = (name: string): string => (name === 'standardize' ? 'standardise' : name)
