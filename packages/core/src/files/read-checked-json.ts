import { parseCheckedJson, type ReadJsonOptions } from '../checked-json.js'
import { readWhole } from '../write-whole.js'

/** `parseCheckedJson` of a file. @throws HabaError also if the file cannot be read */
export const readCheckedJson = async <T>(file: string, options: ReadJsonOptions): Promise<T> =>
  parseCheckedJson<T>(file, (await readWhole(file)).toString('utf8'), options)
