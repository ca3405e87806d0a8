import { create, toBinary } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  Version,
} from '../gen/onnx_pb.js'

/** Element types that haba's programs need in onnx; `bool` and `int64` never leave a program. */
export type ElementType = 'float32' | 'int32' | 'int64' | 'bool'

/** An attribute of an onnx operator: integers, or floats where marked so. */
export type Attribute = number | readonly number[] | { readonly float: number } | string

/** One operator of an onnx graph; names join outputs to inputs. */
export interface Operator {
  readonly type: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A value that is part of the model. */
export interface Initializer {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array | Int32Array | BigInt64Array
}

/** The type of an input or output of a model, shape as stored. */
export interface Port {
  readonly name: string
  readonly shape: readonly number[]
  readonly type: ElementType
}

/** What an onnx model consists of. */
export interface OnnxGraph {
  readonly operators: readonly Operator[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

const dataTypes = { float32: DataType.FLOAT, int32: DataType.INT32, int64: DataType.INT64, bool: DataType.BOOL }

/** The number by which the `to` attribute of onnx's Cast names a type. */
export const dataType = (type: ElementType): number => dataTypes[type]

/** Version 17 of onnx's operators is the newest whose reductions still take their axes as attributes. */
const opset = 17n

/** Serializes a graph as an onnx model. */
export function encodeModel({ operators, initializers, inputs, outputs }: OnnxGraph): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(Version.IR_VERSION_2021_7_30),
      producerName: 'haba',
      opsetImport: [
        { domain: '', version: opset },
        { domain: 'com.microsoft', version: 1n },
      ],
      graph: {
        name: 'haba',
        node: operators.map(({ type, domain, inputs, output, attributes }) => ({
          opType: type,
          domain,
          input: [...inputs],
          output: [output],
          attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attribute(value) })),
        })),
        initializer: initializers.map(({ name, shape, values }) => ({
          name,
          dims: shape.map(BigInt),
          dataType:
            dataTypes[values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'int64'],
          rawData: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
        })),
        input: inputs.map(port),
        output: outputs.map(port),
      },
    }),
  )
}

function attribute(value: Attribute) {
  if (typeof value === 'number') return { type: AttributeType.INT, i: BigInt(value) }
  if (typeof value === 'string') return { type: AttributeType.STRING, s: new TextEncoder().encode(value) }
  if ('float' in value) return { type: AttributeType.FLOAT, f: value.float }
  return { type: AttributeType.INTS, ints: value.map(BigInt) }
}

const port = ({ name, shape, type }: Port) => ({
  name,
  type: {
    value: {
      case: 'tensorType' as const,
      value: {
        elemType: dataTypes[type],
        shape: { dim: shape.map((length) => ({ value: { case: 'dimValue' as const, value: BigInt(length) } })) },
      },
    },
  },
})
