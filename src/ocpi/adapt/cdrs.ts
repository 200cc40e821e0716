import { isRecord } from '../validate.ts'
import { cdrLocationTo221, writeCdrLocationDown, writeCdrLocationUp } from './cdr-location.ts'
import {
  authMethodDown,
  changePeriodsDown,
  changePeriodsTo221,
  changePeriodsUp,
  dropCdrToken,
  fillCdrToken,
  keepOnePeriod,
  tokenTo221,
} from './charging.ts'
import type { Json, Step, Steps, StepWork } from './define.ts'
import {
  aliasDown,
  aliasUp,
  changeList,
  changeMember,
  dropOwner,
  edited,
  fillOwner,
  loseMembers,
  renameMember,
} from './members.ts'
import type { Edit, Part } from './members.ts'
import { amountToPrice, priceDown, priceToAmount, priceUp, vatRates } from './money.ts'
import { tariffSteps } from './tariffs.ts'
import { timeDown, writeTimesDown } from './times.ts'

/** CDRs (2.1.1, 2.2.1 and 2.3.0 mod_cdrs). */

/** Totals of a kind of cost; 2.1.1 has only total_cost. */
const partCosts = [
  'total_fixed_cost',
  'total_energy_cost',
  'total_time_cost',
  'total_parking_cost',
  'total_reservation_cost',
] as const
const allCosts = ['total_cost', ...partCosts] as const

const upTo221: Edit = (draft, work) => {
  fillOwner(draft, work)
  changeMember(draft, work, { name: 'id', part: (id) => aliasUp(id, work.facts, 'cdrs') })
  renameMember(draft, work, { from: 'stop_date_time', to: 'end_date_time' })
  fillCdrToken(draft, work)
  writeCdrLocationUp(draft, work)
  changeMember(draft, work, { name: 'total_cost', part: amountToPrice })
  changeTariffs(draft, work, tariffSteps['2.1.1>2.2.1'])
  const periods = draft['charging_periods']
  changePeriodsUp(draft, work, onlyTariffId(draft['tariffs']))
  keepOnePeriod(draft, work, { periods })
}

/** The tariff that every period must have been charged by, when the CDR holds exactly one. */
function onlyTariffId(tariffs: unknown): unknown {
  if (!Array.isArray(tariffs) || tariffs.length !== 1) return undefined
  const [tariff]: unknown[] = tariffs
  return isRecord(tariff) ? tariff['id'] : undefined
}

/** A tariff that the other version cannot say is left out: the CDR is owed whatever its tariffs look like. */
function changeTariffs(draft: Json, work: StepWork, step: Step | undefined): void {
  if (!step) return
  const part: Part = (tariff, inner) => {
    if (!isRecord(tariff)) return tariff
    let withheld: string | undefined
    const next = step(tariff, {
      ...inner,
      withhold: (pointer, reason) => {
        withheld ??= `${pointer} ${reason}`.trim()
      },
    })
    if (withheld === undefined) return next
    inner.lose('', `is left out of the CDR: ${withheld}`)
    return undefined
  }
  changeList(draft, work, { name: 'tariffs', part })
}

const downTo211: Edit = (draft, work) => {
  dropOwner(draft)
  changeMember(draft, work, { name: 'id', part: idDown })
  renameMember(draft, work, { from: 'end_date_time', to: 'stop_date_time' })
  dropCdrToken(draft, work)
  changeMember(draft, work, { name: 'auth_method', part: authMethodDown })
  writeCdrLocationDown(draft, work)
  writeTimesDown(draft, work, ['start_date_time', 'stop_date_time', 'last_updated'])
  changeTariffs(draft, work, tariffSteps['2.2.1>2.1.1'])
  const periods = draft['charging_periods']
  changePeriodsDown(draft, work)
  keepOnePeriod(draft, work, { periods, time: timeDown })
  writeCreditDown(draft, work)
  changeMember(draft, work, { name: 'total_cost', part: priceToAmount })
  loseMembers(draft, work, {
    names: ['signed_data'],
    reason:
      '2.1.1 cannot carry it: the signed meter data that calibration law (Eichrecht) asks for is lost',
  })
  loseMembers(draft, work, { names: newerMembers, reason: 'is no member of a 2.1.1 CDR' })
}

const newerMembers = [
  'session_id',
  'authorization_reference',
  'invoice_reference_id',
  'home_charging_compensation',
  'booking_id',
  ...partCosts,
]

const idMax = 36

/** Ids of credit CDRs may have 39 characters, those of 2.1.1 have 36. */
const idDown: Part = (id, work) => {
  const alias = aliasDown(id, work.facts, 'cdrs')
  if (typeof alias === 'string' && alias.length > idMax) {
    work.lose('', `is longer than the ${idMax} characters of a 2.1.1 id`)
  }
  return alias
}

/**
 * 2.1.1 has no credit CDRs: to a receiver that did not agree to get them as negative CDRs with a remark, sending one
 * would look like a second charge.
 */
function writeCreditDown(draft: Json, work: StepWork): void {
  if (draft['credit'] !== true) {
    const reason = 'is no member of a 2.1.1 CDR'
    loseMembers(draft, work, { names: ['credit', 'credit_reference_id'], reason })
    return
  }
  if (work.facts.allowCredit !== true) {
    work.withhold('/credit', '2.1.1 has no credit CDRs')
    return
  }
  work.lose('/credit', 'is a negative total with a remark in 2.1.1, as agreed with the receiver')
  changeMember(draft, work, {
    name: 'credit_reference_id',
    part: (id) => aliasDown(id, work.facts, 'cdrs'),
  })
  const { remark, credit_reference_id: original } = draft
  if (typeof remark === 'string' && remark !== '') return
  draft['remark'] = typeof original === 'string' ? `Credit for CDR ${original}` : 'Credit CDR'
}

const upTo230: Edit = (draft, work) => {
  const { tariffs } = draft
  // Nothing is known of the VAT of a CDR without tariffs.
  const vat = Array.isArray(tariffs) && tariffs.length > 0 ? vatRates(tariffs) : undefined
  for (const name of allCosts) {
    changeMember(draft, work, { name, part: (price, at) => priceUp(price, at, vat) })
  }
  changeTariffs(draft, work, tariffSteps['2.2.1>2.3.0'])
}

const downTo221: Edit = (draft, work) => {
  changeMember(draft, work, { name: 'cdr_token', part: tokenTo221 })
  changeMember(draft, work, { name: 'cdr_location', part: cdrLocationTo221 })
  for (const name of allCosts) changeMember(draft, work, { name, part: priceDown })
  changeTariffs(draft, work, tariffSteps['2.3.0>2.2.1'])
  const periods = draft['charging_periods']
  changePeriodsTo221(draft, work)
  keepOnePeriod(draft, work, { periods })
}

export const cdrSteps: Steps = {
  '2.1.1>2.2.1': (value, work) => edited(value, work, upTo221),
  '2.2.1>2.1.1': (value, work) => edited(value, work, downTo211),
  '2.2.1>2.3.0': (value, work) => edited(value, work, upTo230),
  '2.3.0>2.2.1': (value, work) => edited(value, work, downTo221),
}
