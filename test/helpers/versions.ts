import { limits } from '../../config/limits.ts'
import type { Version } from '../../src/ocpi/version.ts'
import type { TestHub } from './hub.ts'
import { cdrOf, tariffOf } from './objects.ts'
import type { Charge, Json } from './objects.ts'

/** The versions that have routing headers and base64 tokens; they differ in objects, not in transport. */
export const ROUTED = ['2.2.1', '2.3.0'] as const

/** Does what is due, and what partners of 2.3.0 are told of each other a moment after somebody has joined. */
export async function settle(hub: TestHub): Promise<void> {
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
}

/** `tariffOf` as a version from 2.2.1 on has it. */
export function tariffIn(
  version: Version,
  of: { party: string; id: string },
  more: Json & { price?: number } = {},
): Json {
  const taxes = version === '2.3.0' ? { tax_included: 'NO' } : {}
  return tariffOf(of.party, of.id, { ...taxes, ...more })
}

/** `cdrOf` as a version from 2.2.1 on has it. */
export function cdrIn(version: Version, charge: Charge & { session?: string }): Json {
  const cdr = cdrOf(charge)
  if (version !== '2.3.0') return cdr
  return {
    ...cdr,
    tariffs: [tariffIn(version, { party: charge.owner, id: 'T1' })],
    total_cost: taxed(cdr['total_cost']),
    total_energy_cost: taxed(cdr['total_energy_cost']),
  }
}

function taxed(price: unknown): Json {
  const { excl_vat, incl_vat } = Object(price)
  const amount = Math.round((Number(incl_vat) - Number(excl_vat)) * 100) / 100
  return { before_taxes: excl_vat, taxes: [{ name: 'VAT', percentage: 20, amount }] }
}

/** The routing headers of a request or an answer: `to NL-TNM from DE-EMA`; empty when there are none. */
export function addresses(headers: Readonly<Record<string, unknown>> | undefined): string {
  const side = (name: string) => {
    const country = headers?.[`ocpi-${name}-country-code`]
    const party = headers?.[`ocpi-${name}-party-id`]
    return country === undefined && party === undefined
      ? ''
      : `${name} ${String(country)}-${String(party)}`
  }
  return [side('to'), side('from')].filter(Boolean).join(' ')
}

export const CPOS = { '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
export const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const

/** A CPO and an eMSP of each version with routing; `calm` lets all of them answer with success and forget what they got. */
export async function connectPairs(hub: TestHub) {
  const connect = async (version: (typeof ROUTED)[number]) => ({
    version,
    cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
    emsp: await hub.connect({ parties: [{ party: EMSPS[version], role: 'EMSP' }], version }),
  })
  const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
  const everyone = [middle, latest].flatMap(({ cpo, emsp }) => [cpo, emsp])
  const calm = async () => {
    for (const partner of everyone) partner.answer = () => undefined
    await settle(hub)
    for (const partner of everyone) partner.forget()
  }
  return { middle, latest, calm }
}
