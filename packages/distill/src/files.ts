export { loadTree, saveTree } from './checkpoint.js'
export { readSet, writeSet, type SetManifest } from './finished-set.js'
