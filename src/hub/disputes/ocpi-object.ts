import { fromMicros, toMicros } from '../../ledger/money.ts'
import { partyParts } from '../../ocpi/primitives.ts'
import type { DisputeView } from './read.ts'

/**
 * The Dispute object of the module `<hub>-disputes`: what the party API shows, in OCPI's words. Amounts are objects like
 * OCPI's Price, `{excl_vat, incl_vat}`, in `currency`, the second only where the tax is known; what is absent is left out.
 * To be written by priceJson, which makes numbers of them.
 */
export function disputeObject(view: DisputeView): object {
  const price = (net: string, tax: string) => priceOf({ net, tax, isTaxKnown: view.tax_known })
  const { offer, deadline, cdr } = view
  return {
    id: view.id,
    ...(cdr === null ? {} : { cdr }),
    cpo: partyOf(view.cpo),
    emsp: partyOf(view.emsp),
    code: view.code,
    title: view.title,
    state: view.state.toUpperCase(),
    round: view.round,
    opened_by: view.opened_by.toUpperCase(),
    currency: view.currency,
    amount: price(view.net, view.tax),
    upheld: price(view.upheld_net, view.upheld_tax),
    ...(offer === null
      ? {}
      : { offer: { amount: price(offer.net, offer.tax), by: offer.by.toUpperCase() } }),
    ...(view.statement === null ? {} : { statement: view.statement }),
    ...(view.outcome === null ? {} : { outcome: view.outcome.toUpperCase() }),
    out_of_time: view.out_of_time,
    is_held: view.holds,
    ...(deadline === null
      ? {}
      : { deadline: { at: deadline.at, verb: deadline.verb, text: deadline.text } }),
    possible: view.possible,
    ...(view.evidence_hash === null ? {} : { evidence_hash: view.evidence_hash }),
    opened: view.opened_at,
    ...(view.closed_at === null ? {} : { closed: view.closed_at }),
    last_updated: view.last_updated,
  }
}

type Price = { excl_vat: string; incl_vat?: string }

/** A price as text; priceJson makes numbers of its members, digit by digit. */
export function priceOf(amount: { net: string; tax: string; isTaxKnown: boolean }): Price {
  const { net, tax, isTaxKnown } = amount
  return isTaxKnown ? { excl_vat: net, incl_vat: sum(net, tax) } : { excl_vat: net }
}

/** Prices are held as text, because a double does not hold every amount; in texts of people quotes are escaped. */
export function priceJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /"(excl_vat|incl_vat)":"(-?[0-9]+(?:\.[0-9]+)?)"/g,
    '"$1":$2',
  )
}

function sum(net: string, tax: string): string {
  const [a, b] = [toMicros(net), toMicros(tax)]
  return a.status === 'ok' && b.status === 'ok' ? fromMicros(a.micros + b.micros) : net
}

function partyOf(party: string): { country_code: string; party_id: string } {
  const { countryCode, partyId } = partyParts(party)
  return { country_code: countryCode, party_id: partyId }
}
