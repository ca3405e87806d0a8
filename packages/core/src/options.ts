import { Type, type Static, type TArrayOptions, type TObject, type TSchema } from 'typebox'
import type { DatasetEntry, PluginEntry } from './plugin.js'

export { Type, type Static, type TObject, type TSchema }

/** An entry whose `make` gets options of the types that its schema says; those with a default are always there. */
export const entry = <Schema extends TObject, Context, Made>(
  one: PluginEntry<Context, Made, Static<Schema>> & { readonly options: Schema },
): PluginEntry<Context, Made> => one

/** The same for a dataset, whose `shape` gets them, too. */
export const datasetEntry = <Schema extends TObject>(
  one: DatasetEntry<Static<Schema>> & { readonly options: Schema },
): DatasetEntry => one

const described = (description?: string, byDefault?: unknown) => ({
  ...(byDefault !== undefined && { default: byDefault }),
  ...(description !== undefined && { description }),
})

/** An option that is one of the names in `table`. @param byDefault @default none: it must be given */
export const nameIn = <Name extends string>(
  table: Readonly<Record<Name, unknown>>,
  description?: string,
  byDefault?: NoInfer<Name>,
) => Type.Unsafe<Name>({ enum: Object.keys(table), ...described(description, byDefault) })

/** An option that is a whole number of at least `minimum`. @param byDefault @default none: it must be given */
export const count = (description: string, byDefault?: number, minimum = 1) =>
  Type.Integer({ minimum, ...described(description, byDefault) })

/** An option that counts what each class has: a whole number, or one for each class. @param byDefault as in `count` */
export const countPerClass = (description: string, byDefault?: number) =>
  Type.Union(
    [Type.Integer({ minimum: 1 }), Type.Array(Type.Integer({ minimum: 1 }))],
    described(description, byDefault),
  )

/** An option that is a number above 0, such as a step size. @param byDefault as in `count` */
export const positive = (description?: string, byDefault?: number) =>
  Type.Number({ exclusiveMinimum: 0, ...described(description, byDefault) })

/** An option that is a number of at least 0, such as a weight. @param byDefault as in `count` */
export const weight = (description?: string, byDefault?: number) =>
  Type.Number({ minimum: 0, ...described(description, byDefault) })

/** An option that is true or false, and false where it is not given. */
export const flag = (description: string, byDefault = false) => Type.Boolean({ default: byDefault, description })

/** A list of as many items as the tuple has, such as `tuple<readonly [number, number]>(2, Type.Number())`. */
export const tuple = <Items extends readonly unknown[]>(
  length: Items['length'],
  item: TSchema,
  options: TArrayOptions = {},
) => Type.Unsafe<Items>(Type.Array(item, { minItems: length, maxItems: length, ...options }))
