export { loadTree, saveTree } from './checkpoint.js'
export { parseSet, readSet, writeSet, type SetFile, type SetManifest } from './finished-set.js'
