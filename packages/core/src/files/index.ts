export { readCheckedJson } from './read-checked-json.js'
export {
  isStale,
  openLines,
  PARTIAL,
  readWhole,
  removeStalePartials,
  renameSynced,
  syncFile,
  writeWhole,
  type LineFile,
} from '../write-whole.js'
