import { writeWhole } from '@haba/core/files'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { protocolText } from '../tell/protocol-text.js'
import { accuracyText } from '../tell/tables.js'
import { pngOf, type ExportedSet } from './exported-set.js'

const file = 'data/train-00000-of-00001.parquet'

/** A data set as Hugging Face hosts and `datasets.load_dataset` reads it: parquet with the features' names, and its card. */
export async function toHuggingFace(set: ExportedSet, folder: string): Promise<void> {
  const { rows, labels, classNames, targets } = set
  const images: { readonly bytes: Uint8Array; readonly path: string }[] = []
  for (let row = 0; row < rows; row++) images.push({ bytes: new Uint8Array(await pngOf(set, row)), path: `${row}.png` })
  const features = {
    image: { _type: 'Image' },
    label: { names: classNames, _type: 'ClassLabel' },
    ...(targets && {
      soft_label: { feature: { dtype: 'float32', _type: 'Value' }, length: classNames.length, _type: 'Sequence' },
    }),
  }
  const soft =
    targets && labels.map((_, i) => [...targets.subarray(i * classNames.length, (i + 1) * classNames.length)])
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'image', data: images },
      { name: 'label', data: BigInt64Array.from(labels, BigInt) },
      ...(soft ? [{ name: 'soft_label', data: soft }] : []),
    ],
    schema: [
      { name: 'root', num_children: soft ? 3 : 2 },
      { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ...(soft
        ? ([
            { name: 'soft_label', num_children: 1, converted_type: 'LIST', repetition_type: 'OPTIONAL' },
            { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
            { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
          ] as const)
        : []),
    ],
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    createdBy: 'haba',
  })
  await mkdir(join(folder, 'data'))
  await writeWhole(join(folder, file), new Uint8Array(buffer))
  await writeWhole(join(folder, 'README.md'), cardOf(set))
}

/** The card: YAML for the hub, then what a reader must know. Texts come with the set, so they are quoted as JSON, which is YAML. */
function cardOf({ about, row, image, rows, clamped, targets, classNames }: ExportedSet): string {
  const { data, decoder, network, steps, versions } = about
  const lines = [
    '---',
    `pretty_name: ${JSON.stringify(about.name)}`,
    'task_categories:\n- image-classification',
    'tags:\n- dataset-distillation',
    `size_categories:\n- ${sizeCategory(rows)}`,
    'dataset_info:',
    '  features:',
    '  - name: image\n    dtype: image',
    '  - name: label\n    dtype:\n      class_label:\n        names:',
    ...classNames.map((name, i) => `          '${i}': ${JSON.stringify(name)}`),
    ...(targets ? ['  - name: soft_label\n    sequence: float32'] : []),
    `configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: ${file}`,
    '---',
    '',
    `# ${oneLine(about.name)}`,
    '',
    `${rows.toLocaleString('en-US')} images of ${image.join(' × ')} in ${classNames.length} classes, distilled from ${oneLine(data.name)} by haba ${oneLine(versions.haba ?? '')} (${oneLine(String(decoder.name))}, ${steps.toLocaleString('en-US')} steps). The set that they were rendered from takes ${row.bytes.toLocaleString('en-US')} bytes.`,
    '',
    `Networks (${oneLine(network)}) that were trained on it reach ${accuracyText(row)} on real test images (${row.accuracies.length} networks). ${row.protocol ? protocolText(row.protocol) : ''}`.trim(),
    '',
    `Images are pixels: preprocessing is undone, values are rounded to bytes, and ${(100 * clamped).toFixed(2)} % of them lay outside of 0 … 255 and were clamped. The accuracy above was measured on the unclamped values.`,
    ...(targets
      ? ['', '`soft_label` is what the set learned for each image; `label` is its most probable class.']
      : []),
    '',
    'The license of these images depends on that of the data that they were distilled from.',
  ]
  return `${lines.join('\n')}\n`
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ')

const sizeCategory = (rows: number): string =>
  rows < 1000 ? 'n<1K' : rows < 10_000 ? '1K<n<10K' : rows < 100_000 ? '10K<n<100K' : '100K<n<1M'
