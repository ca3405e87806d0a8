import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What a run was given as data, in words. @param data the configuration's section, with an absolute root */
export async function dataNote(data: Readonly<Record<string, unknown>>, dataset: string): Promise<string> {
  if (data['use'] !== 'image-folder') return 'as published'
  const train = join(String(data['root']), 'train')
  const [first] = await readdir(train)
  const images = first === undefined ? [] : await readdir(join(train, first))
  return images.some((name) => /\.jpe?g$/i.test(name)) ? `JPEG copy of ${dataset}` : `image folder of ${dataset}`
}
