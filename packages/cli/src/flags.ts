import { InvalidArgumentError, Option } from 'commander'

/** A whole number from `least` on. */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`)
    return value
  }

/** An option that counts from 1. */
export const count = (flags: string, description: string): Option => new Option(flags, description).argParser(whole(1))

/** Options that several commands take, as flags and help. */
export const flags = {
  data: ['--data <folder>', "the dataset's folder, instead of that of the configuration"],
  engine: ['-E, --engine <name>', 'the engine, instead of that of the configuration; `haba doctor` lists them'],
} as const

/** Plugins that a run folder may load; may be given several times. */
export const allowPlugin = (): Option =>
  new Option(
    '--allow-plugin <path>',
    'let the configuration of a run folder load this plugin, which runs its code (default: those in your own haba/config.json)',
  ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])

/** Sets options of a configuration; may be given several times. */
export const setOption = (): Option =>
  new Option(
    '--set <option=value>',
    'set an option of the configuration, such as objective.views=all; may be given several times',
  ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text])
