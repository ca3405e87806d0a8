/** A protocol as reports tell it (`describeProtocol`). */
export type Described = Readonly<Record<string, unknown>>

/** What tells protocols apart: `dsa, version 1 (5f3c9a0211d4)`. */
export const protocolName = ({ name, version, hash }: Described): string =>
  `${String(name)}, version ${String(version)} (${String(hash ?? 'no hash')})`

/** Which protocol it was, for how long, and how the number was chosen: what stands below every table. */
export const protocolText = (protocol: Described): string =>
  `Protocol ${protocolName(protocol)}: ${String(protocol.epochs)} epochs from ${rateText(protocol)}. ${String(protocol.choice)}`

const rateText = ({ rate, rateFrom }: Described): string => {
  if (rateFrom === 'validation') return 'a rate chosen on validation data'
  return rateFrom === 'learned' ? `the learned rate ${Number(Number(rate).toPrecision(4))}` : `rate ${String(rate)}`
}
