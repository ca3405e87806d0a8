import type { ImageContext } from '@haba/core'
import { shapeOfFirst } from './decode-images.js'
import { halfFolders } from './half-folders.js'
import type { ImageFolderOptions } from './image-folder.js'
import { decodingOf } from './image-options.js'
import { listImages } from './list-images.js'
import { pathFilter } from './path-filter.js'

/** The image shape and the number of classes of an image folder. Reads one image if no size is given. */
export async function imageFolderShape(options: ImageFolderOptions): Promise<ImageContext> {
  const { train } = await halfFolders(options)
  const filter = await pathFilter(options.include, options.exclude)
  const files = await listImages({ folder: train, filter, excludes: true })
  const { size, channels = 3 } = options
  const image = size ? ([...size, channels] as const) : await shapeOfFirst(files, decodingOf('imageFolder', options))
  return { image, classes: files.classNames.length }
}
