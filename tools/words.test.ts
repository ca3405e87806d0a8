import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './packages.js'

/** Words that a native reader stumbles over, and references to documents that are not in the repository. */
const never = [
  /\bMend\b/i,
  /\bgone on (with|from)\b/,
  /\bowes?\b/,
  /\b(their|its) likes\b/,
  /\bto look at next\b|\blook next at\b/i,
  /\bt(old|ells?) apart\b/,
  /\bstood at\b/,
  /\bcenterd\b/,
  /\btrap \d/,
  /\bspec §/,
  /(behaviour|colour|centre\b|labelled|(fact|norm|stand|summ|optim|initial|regular|recogn|minim|maxim)(or|al|ard|ar|)is(e|ed|ing|ation|er)s?\b)/,
]

const files = execFileSync('git', ['ls-files', '*.ts', '*.js', '*.md', '*.json', '*.py'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    (file) =>
      file !== '' &&
      !/^(docs\/(licenses|migration)\.md|tools\/(words|earlier-names)\.test\.ts|tools\/fixtures|packages\/cli\/src\/config\/old-names\.ts|tools\/golden\/reference)|package-lock/.test(
        file,
      ),
  )

test.each(never)('%s is written nowhere', (pattern) => {
  const found = files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        pattern.test(line) && !line.endsWith('// earlier name') ? [`${file}:${at + 1}: ${line.trim()}`] : [],
      ),
  )
  expect(found).toEqual([])
})

test.each(files.filter((file) => file.startsWith('examples/')))('%s fits on a screen', (file) => {
  expect(readFileSync(join(root, file), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(60)
})
