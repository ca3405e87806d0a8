import { writeWhole } from '@haba/core/files'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pngOf, type ExportedSet } from './exported-set.js'

/** PNGs in one folder with `labels.csv`: file, label and class, then the probability of each class where labels are soft. */
export async function toPngs(set: ExportedSet, folder: string): Promise<void> {
  const { classNames, labels, targets, rows } = set
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = [['file', 'label', 'class', ...(targets ? classNames.map(quoted) : [])].join(',')]
  for (let row = 0; row < rows; row++) {
    const file = `${nameOf(set, row)}.png`
    await writeWhole(join(folder, file), await pngOf(set, row))
    const label = labels[row]!
    const soft = targets?.subarray(row * classNames.length, (row + 1) * classNames.length) ?? []
    lines.push([file, label, quoted(classNames[label]!), ...soft].join(','))
  }
  await writeWhole(join(folder, 'labels.csv'), `${lines.join('\n')}\n`)
}

/** PNGs in a folder for each class, as torchvision's `ImageFolder` and Keras read them: labels are the sorted folders. */
export async function toImageFolder(set: ExportedSet, folder: string): Promise<void> {
  const folders = set.classNames.map(folderName)
  // Fails where a file system takes two names for one.
  for (const name of folders) await mkdir(join(folder, name))
  for (let row = 0; row < set.rows; row++)
    await writeWhole(join(folder, folders[set.labels[row]!]!, `${nameOf(set, row)}.png`), await pngOf(set, row))
}

const nameOf = ({ slots }: ExportedSet, row: number) =>
  `${`${row % slots}`.padStart(5, '0')}-${`${Math.floor(row / slots)}`.padStart(3, '0')}`

/** Names of classes come with the set: none leads out of the folder, and no two are one. */
const folderName = (name: string): string => name.replace(/[%/\\:*?"<>|\p{Cc}]|^\.|[. ]$/gu, hex) || '%'

const hex = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
