import * as assert from 'uvu/assert'
import type { MeantCdr } from '../../src/sandbox/demo-books.ts'

/** A line of a statement: what is held of a CDR, or the rest. */
export type Line = { key: string; state: string; net: bigint; tax: bigint }

/** The tax of what is held is rounded on its own by whoever splits a claim: to the cent they agree. */
export const CENT = 10_000n

/** The lines of a CDR: what is held of it, and where the rest stands. */
export function meantLines(cdr: MeantCdr): (Line & { state: MeantCdr['state'] })[] {
  const { key, state, net, tax, heldNet, heldTax } = cdr
  if (state === 'quarantined') return []
  if (state !== 'held') return [{ key, state, net, tax }]
  const held = { key, state, net: heldNet, tax: heldTax }
  const rest = { key, state: cdr.rest, net: net - heldNet, tax: tax - heldTax }
  return rest.net === 0n && rest.tax === 0n ? [held] : [rest, held]
}

/** A line by its CDR and amounts, to compare those of one source. */
export function amountsOf({ key, net, tax }: Line): string {
  return `${key} ${net} ${tax}`
}

/** A line by its CDR and which of its two it is. */
export function placeOf({ key, state }: Line): string {
  return `${key} ${state === 'held' ? 'held' : 'rest'}`
}

/** The state of the line in the books; its amounts are the same, to the cent. */
export function meantState(meant: ReadonlyMap<string, Line>, line: Line): string | undefined {
  const own = meant.get(placeOf(line))
  const apart = own === undefined ? [CENT] : [own.net - line.net, own.tax - line.tax]
  assert.ok(
    apart.every((each) => each < CENT && each > -CENT),
    `${amountsOf(line)} is no line of the books`,
  )
  return own?.state
}
