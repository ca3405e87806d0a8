const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const general = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 })

/** A count with thousands separators: `304,320`. */
export const count = (value: number): string => whole.format(value)

/** Any number with up to six significant digits; very small and very large ones with an exponent. */
export const plain = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15) ? value.toExponential() : general.format(value)

/** A fraction in percent, with one decimal: `58.3 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)}\u00a0%`

/** A difference of two fractions in percentage points, with its sign: `+2.2`. */
export const points = (difference: number): string => {
  const shown = (100 * difference).toFixed(1)
  return shown.startsWith('-') ? shown.replace('-', '\u2212') : `+${shown}`
}

/** A mean and its standard deviation in percent: `58.3 ± 0.4 %`. */
export const spread = (mean: number, std: number): string =>
  `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)}\u00a0%`

const three = new Intl.NumberFormat('en-US', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })

/** Bytes in decimal units with three significant digits: `1.22 MB`. */
export function bytes(value: number): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return power === 0 ? `${value}\u00a0B` : `${three.format(value / 1000 ** power)}\u00a0${'kMGT'[power - 1]}B`
}
