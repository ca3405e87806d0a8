import { join } from 'node:path'
import type { ImageContext } from '@haba/core'
import { shapeOfFirst } from './decode-images.js'
import type { ImageFolderOptions } from './image-folder.js'
import { listImages } from './list-images.js'

/** The shape of an image folder's images, and how many classes it has: one image is read, where no size is given. */
export async function imageFolderShape({
  root,
  size,
  channels = 3,
}: Pick<ImageFolderOptions, 'root' | 'size' | 'channels'>): Promise<ImageContext> {
  const files = await listImages({ folder: join(root!, 'train'), include: () => true })
  const image = size ? ([...size, channels] as const) : await shapeOfFirst(files, { channels })
  return { image, classes: files.classNames.length }
}
