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
  data: ['--data <folder>', "where the dataset's files are, instead of what the configuration says"],
  engine: ['-E, --engine <name>', 'what computes, instead of what the configuration says; `haba doctor` lists them'],
} as const
