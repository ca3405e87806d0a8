import { format, resolveConfig } from 'prettier'
import { join } from 'node:path'
import { root } from '../tools/packages.js'

const as = async (text: string, parser: 'json' | 'markdown'): Promise<string> =>
  format(text, { ...(await resolveConfig(join(root, 'package.json'))), parser })

/** A value as the formatter of the repository writes it. */
export const jsonText = (value: unknown): Promise<string> => as(JSON.stringify(value, null, 2), 'json')

/** A document as the formatter of the repository writes it. */
export const markdownText = (text: string): Promise<string> => as(text, 'markdown')
