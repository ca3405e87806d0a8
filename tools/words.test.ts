import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './packages.js'

/** Words that a native reader stumbles over, and references to documents that are not in the repository. */
const never = [
  /\bMend\b/i,
  /\bgone on\b/,
  /\bwhat is told\b/,
  /\bwhoever (asks|opened|reads|likes)\b/i,
  /\blets go\b/,
  /\bso as to\b/,
  /\bas strong as real\b/,
  /\bstarts? afresh\b/,
  /\b(kept|keeps) aside\b/,
  /\bWhatever can be\b/,
  /\bwithout looking rounded\b/,
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

const found = (where: readonly string[], pattern: RegExp) =>
  where.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        pattern.test(line) && !line.endsWith('// earlier name') ? [`${file}:${at + 1}: ${line.trim()}`] : [],
      ),
  )

test.each(never)('%s is written nowhere', (pattern) => {
  expect(found(files, pattern)).toEqual([])
})

/** Words that are right elsewhere, in a test's name or a document, but not in the sources of these packages. */
const neverInSources = [
  /@throws HabaError where/,
  /\banew\b/,
  /\bpassed over\b/,
  /\bgives? it back\b/,
  /\b(images|epochs|steps|values|bits|bytes|channels|lines?|names|slots|rows) an? (class|image|step|line|value|pass|channel|row|batch|slot|half|signature)\b/,
  /\b(is|are) told of\b|\b[Tt]old (of|after)\b/,
  /\bpart by part\b/,
  /\bthat is no (?!longer)\b/,
]

const plain = files.filter(
  (file) =>
    /^packages\/((augment|codec|core|coreset|datasets|distill|eval|hallucinator|meta|networks|report)\/src|cli\/src\/(commands|folder|measure|tell))\//.test(
      file,
    ) && !/\.test\.ts$|\/plugin[^/]*\.ts$|-entries\.ts$/.test(file),
)

test.each(neverInSources)('%s is written in no source of these packages', (pattern) => {
  expect(found(plain, pattern)).toEqual([])
})

test.each(files.filter((file) => file.startsWith('examples/')))('%s fits on a screen', (file) => {
  expect(readFileSync(join(root, file), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(60)
})
