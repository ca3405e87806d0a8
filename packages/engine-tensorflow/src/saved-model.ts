import type { DType, Values } from '@haba/core'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Attributes of TensorFlow's operators, by kind. */
export type Attribute =
  | { readonly type: DType | 'bool' }
  | { readonly integer: number }
  | { readonly integers: readonly number[] }
  | { readonly yes: boolean }
  | { readonly text: string }
  | { readonly tensor: { readonly values: Values; readonly shape: readonly number[] } }

/** One operator of a TensorFlow graph; `inputs` are names of others. */
export interface Operator {
  readonly name: string
  readonly op: string
  readonly inputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

type Write = (writer: BinaryWriter) => void

/** Numbers of TensorFlow's DataType. */
const dataTypes = { float32: 1, int32: 3, bool: 10 } as const

const message = (writer: BinaryWriter, field: number, write: Write) => {
  writer.tag(field, WireType.LengthDelimited).fork()
  write(writer)
  writer.join()
}
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value)
const whole = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).int64(value)

/**
 * A graph as the file `saved_model.pb` that TensorFlow loads, with no variables and no signatures. Field numbers are
 * those of tensorflow/core/protobuf/{saved_model,meta_graph}.proto and tensorflow/core/framework/*.proto.
 */
export function savedModel(operators: readonly Operator[]): Uint8Array {
  const writer = new BinaryWriter()
  whole(writer, 1, 1)
  message(writer, 2, (metaGraph) => {
    message(metaGraph, 1, (info) => text(info, 4, 'serve'))
    message(metaGraph, 2, (graph) => {
      for (const operator of operators) message(graph, 1, (node) => writeOperator(node, operator))
      // What is used here means the same to earlier and later versions, from TensorFlow 2.9 at least.
      message(graph, 4, (versions) => whole(versions, 1, 1087))
    })
  })
  return writer.finish()
}

function writeOperator(writer: BinaryWriter, { name, op, inputs, attributes }: Operator): void {
  text(writer, 1, name)
  text(writer, 2, op)
  for (const input of inputs) text(writer, 3, input)
  for (const [key, attribute] of Object.entries(attributes))
    message(writer, 5, (entry) => {
      text(entry, 1, key)
      message(entry, 2, (value) => writeAttribute(value, attribute))
    })
}

function writeAttribute(writer: BinaryWriter, attribute: Attribute): void {
  if ('type' in attribute) whole(writer, 6, dataTypes[attribute.type])
  else if ('integer' in attribute) whole(writer, 3, attribute.integer)
  else if ('yes' in attribute) writer.tag(5, WireType.Varint).bool(attribute.yes)
  else if ('text' in attribute) text(writer, 2, attribute.text)
  else if ('integers' in attribute)
    message(writer, 1, (list) => {
      for (const value of attribute.integers) whole(list, 3, value)
    })
  else
    message(writer, 8, (tensor) => {
      const { values, shape } = attribute.tensor
      whole(tensor, 1, dataTypes[values instanceof Int32Array ? 'int32' : 'float32'])
      message(tensor, 2, (dimensions) => {
        for (const length of shape) message(dimensions, 2, (dimension) => whole(dimension, 1, length))
      })
      tensor.tag(4, WireType.LengthDelimited).bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    })
}
