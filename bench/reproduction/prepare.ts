import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Request } from './arguments.js'
import { cellFolder, type Cell } from './cells.js'

type Where = Pick<Request, 'data' | 'experts' | 'expertCount' | 'expertEpochs' | 'runs'>
type Settings = Readonly<Record<string, unknown>>

/** A cell's configuration with what is where on this machine, as a file beside the run folders; gives its path. */
export async function prepare(cell: Cell, where: Where): Promise<string> {
  const file = join(where.runs, `${cell.name}.json`)
  const config = { ...cell.config, ...dataOf(cell, where.data), ...expertsOf(cell, where) }
  await mkdir(where.runs, { recursive: true })
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`)
  return file
}

/** The published files, or a folder of images in `train/<class>` and `test/<class>`. MNIST comes with its package. */
function dataOf({ config, dataset }: Cell, folder: string | undefined): Settings {
  if (folder === undefined || dataset === 'mnist') return {}
  const data = config['data'] as Settings
  const own = join(folder, dataset)
  const root = resolve(existsSync(own) ? own : folder)
  if (!existsSync(join(root, 'train'))) return { data: { ...data, folder: root } }
  return { data: { use: 'image-folder', root, name: dataset, preprocessing: data['preprocessing'] } }
}

function expertsOf({ config }: Cell, { experts: folder, expertCount, expertEpochs }: Where): Settings {
  if (config['experts'] === undefined) return {}
  const experts = config['experts'] as Settings
  const path = folder === undefined ? resolve(cellFolder, String(experts['folder'])) : resolve(folder)
  return {
    objective: { ...(config['objective'] as Settings), experts: path },
    experts: {
      ...experts,
      folder: path,
      ...(expertCount !== undefined && { count: expertCount }),
      ...(expertEpochs !== undefined && { epochs: expertEpochs }),
    },
  }
}
