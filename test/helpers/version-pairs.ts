import { at, items } from './ask.ts'
import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'
import type { Json } from './objects.ts'

/** The versions with routing headers, which most requirements say the same of. */
export type RoutedVersion = '2.2.1' | '2.3.0'

/** A CPO and an eMSP of one version. `seen` writes an object of 2.2.1 as their version has it. */
export type Pair = {
  version: RoutedVersion
  cpo: FakePartner
  emsp: FakePartner
  seen(object: Json): Json
}

/** Registers a pair of each version: NL-TNM and DE-EMA with 2.2.1, NL-NEW and DE-NEW with 2.3.0. */
export async function connectPairs(
  hub: TestHub,
  modules: { cpo?: readonly string[]; emsp?: readonly string[] } = {},
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const [version, cpo, emsp] of [
    ['2.2.1', 'NL-TNM', 'DE-EMA'],
    ['2.3.0', 'NL-NEW', 'DE-NEW'],
  ] as const) {
    pairs.push({
      version,
      cpo: await hub.connect({
        parties: [{ party: cpo, role: 'CPO' }],
        version,
        ...(modules.cpo ? { modules: modules.cpo } : {}),
      }),
      emsp: await hub.connect({
        parties: [{ party: emsp, role: 'EMSP' }],
        version,
        ...(modules.emsp ? { modules: modules.emsp } : {}),
      }),
      seen: (object) => inVersion(version, object),
    })
  }
  return pairs
}

/** The pair that is not this one. */
export function otherOf(pairs: readonly Pair[], pair: Pair): Pair {
  return pairs.find((each) => each !== pair) ?? pair
}

/**
 * An object of 2.2.1 as a partner of `version` would write it: in 2.3.0 amounts have a list of taxes, tariffs say that
 * their prices are without tax. Everything else is written alike.
 */
export function inVersion(version: RoutedVersion, object: Json): Json {
  return version === '2.2.1' ? object : Object(newer(object))
}

function newer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(newer)
  if (typeof value !== 'object' || value === null) return value
  const excl = at(value, 'excl_vat')
  if (typeof excl === 'number') return priceOf(excl, at(value, 'incl_vat'))
  const members = Object.entries(value).map(([name, member]) =>
    name === 'min_price' || name === 'max_price'
      ? [name, { before_taxes: at(member, 'excl_vat'), after_taxes: at(member, 'incl_vat') }]
      : [name, newer(member)],
  )
  const taxed = items(at(value, 'elements')).length > 0 ? { tax_included: 'NO' } : {}
  return { ...Object.fromEntries(members), ...taxed }
}

function priceOf(excl: number, incl: unknown): Json {
  if (typeof incl !== 'number') return { before_taxes: excl }
  const amount = Math.round((incl - excl) * 100) / 100
  return { before_taxes: excl, taxes: [{ name: 'VAT', percentage: 20, amount }] }
}
