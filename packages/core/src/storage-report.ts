import type { StorageReport } from './spec/synthetic.js'

/** Adds up parts. In a file each part takes whole bytes, so padding counts. */
export function storageReport(parts: StorageReport['parts']): StorageReport {
  const total = (of: 'floats' | 'bytes') => parts.reduce((sum, part) => sum + part[of], 0)
  const bits = 8 * total('bytes')
  return { parts, floats: total('floats'), bits, bytes: Math.ceil(bits / 8) }
}
