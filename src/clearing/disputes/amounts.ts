import { assert } from '../../assert.ts'

/** An amount of a dispute in micro-units of its currency, never negative. */
export type DisputeAmount = { readonly net: bigint; readonly tax: bigint }

export const NOTHING: DisputeAmount = { net: 0n, tax: 0n }

/**
 * The tax that belongs to a part of an amount: tax × part / whole, rounded to micro-units half away from zero, never
 * above the whole's tax. All of the net takes all of the tax, so that nothing is left over.
 */
export function proportionalTax({ net, of }: { net: bigint; of: DisputeAmount }): bigint {
  assert(net >= 0n && net <= of.net, 'a part lies within its whole')
  if (net === of.net) return of.tax
  const rounded = (2n * of.tax * net + of.net) / (2n * of.net)
  return rounded > of.tax ? of.tax : rounded
}

/**
 * What is named as part of `of`: the whole where nothing is named, the proportional tax where only the net is. A
 * sentence where it does not fit, with the pointer of what does not. `words` names the whole: `the disputed amount`.
 */
export function partOf(
  given: { net: bigint; tax: bigint | null } | null,
  whole: { of: DisputeAmount; words: string; show: (micros: bigint) => string },
): { ok: true; amount: DisputeAmount } | { ok: false; message: string; pointer: string } {
  const { of, words, show } = whole
  if (given === null) return { ok: true, amount: of }
  const refuse = (message: string, pointer = '/amount/net') => ({
    ok: false as const,
    message,
    pointer,
  })
  if (given.net < 0n) return refuse('An amount of a dispute is never negative.')
  if (given.tax !== null && given.tax < 0n)
    return refuse('An amount of a dispute is never negative.', '/amount/tax')
  if (given.net > of.net)
    return refuse(`${show(given.net)} net is more than ${words} of ${show(of.net)} net.`)
  const tax = given.tax ?? proportionalTax({ net: given.net, of })
  if (tax > of.tax)
    return refuse(
      `${show(tax)} of tax is more than that of ${words}, ${show(of.tax)}.`,
      '/amount/tax',
    )
  return { ok: true, amount: { net: given.net, tax } }
}

/** a − b. */
export function less(a: DisputeAmount, b: DisputeAmount): DisputeAmount {
  return { net: a.net - b.net, tax: a.tax - b.tax }
}

/** True when neither net nor tax of `a` is beyond `b`. */
export function isWithin(a: DisputeAmount, b: DisputeAmount): boolean {
  return a.net <= b.net && a.tax <= b.tax
}

export function isNothing({ net, tax }: DisputeAmount): boolean {
  return net === 0n && tax === 0n
}

/**
 * What of a claim can still be disputed: the claim without what other disputes that are not decided are about, and
 * without what was upheld already. Never below zero.
 */
export function remainderOf(claim: DisputeAmount, taken: readonly DisputeAmount[]): DisputeAmount {
  const net = taken.reduce((left, each) => left - each.net, claim.net)
  const tax = taken.reduce((left, each) => left - each.tax, claim.tax)
  return { net: net > 0n ? net : 0n, tax: tax > 0n ? tax : 0n }
}
