/** Files without their checksums, which readers accept as those of earlier versions: so that damage gets past the checksum. */

/** JSON without its last field. */
export function unsealedJson(bytes: Uint8Array): Uint8Array {
  const { crc32: _, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
  return new TextEncoder().encode(JSON.stringify(rest))
}

/** The same of every line. */
export const unsealedLines = (bytes: Uint8Array): Uint8Array =>
  new TextEncoder().encode(
    Buffer.from(bytes)
      .toString()
      .split('\n')
      .map((line) => (line === '' ? '' : Buffer.from(unsealedJson(Buffer.from(line))).toString()))
      .join('\n'),
  )

/** A safetensors file without the checksums in its metadata. */
export function unsealedSafetensors(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const end = 8 + Number(view.getBigUint64(0, true))
  const header = JSON.parse(Buffer.from(bytes.subarray(8, end)).toString()) as { __metadata__: Record<string, string> }
  delete header.__metadata__.crc32
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return new Uint8Array(Buffer.concat([length, json, bytes.subarray(end)]))
}
