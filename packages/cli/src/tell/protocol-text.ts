/** A protocol in reports (`describeProtocol`). */
export type Described = Readonly<Record<string, unknown>>

/** The unique name of a protocol: `dsa, version 1 (5f3c9a0211d4)`. */
export const protocolName = ({ name, version, hash }: Described): string =>
  `${String(name)}, version ${String(version)} (${String(hash ?? 'no hash')})`

/** The line below every table: protocol, epochs, learning rate, and how the number was chosen. */
export const protocolText = (protocol: Described): string =>
  `Protocol ${protocolName(protocol)}: ${String(protocol.epochs)} epochs, starting at ${rateText(protocol)}. ${String(protocol.choice)}`

const rateText = ({ rate, rateFrom }: Described): string => {
  if (rateFrom === 'validation') return 'a learning rate chosen on validation data'
  return rateFrom === 'learned'
    ? `the learned step size ${Number(Number(rate).toPrecision(4))}`
    : `learning rate ${String(rate)}`
}
