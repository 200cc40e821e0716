import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cdrsOf } from '../../src/sandbox/cdr.ts'
import { decimalText } from '../../src/sandbox/decimals.ts'
import { readTariff } from '../../src/sandbox/tariff.ts'
import type { SessionPlan } from '../../src/sandbox/world.ts'
import { decimal, minus, order } from '../helpers/fractions.ts'
import { ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { asNumbers, isObject } from '../helpers/pricing-json.ts'
import { billed, check } from '../helpers/pricing-law.ts'
import { tariffJson } from '../helpers/pricing-operator.ts'
import { TICK_MS } from '../helpers/pricing-stay.ts'
import type { OwnTariff, When } from '../helpers/pricing-stay.ts'

/** The engine against the opinion of the sandbox's partners, who walk through a session minute by minute. */
const test = suite('pricing: sandbox stepper')
/** Each of up to four kinds of cost is rounded to four decimals by the stepper, and hours to ten. */
const TOLERANCE = decimal('0.000201')

const terms = ownTariff({ local: true, measured: true, steps: true, flats: true })
const ticks = fc.integer({ min: 1, max: 3000 })
const wh = fc.oneof(fc.nat({ max: 60_000 }), fc.constant(0))

test('a CDR of the sandbox costs what its partner thinks', () => {
  const parked = fc.oneof(fc.constant(0), ticks)
  const law = fc.property(anyStay, terms, ticks, parked, wh, (stay, given, ...amounts) => {
    const [charged, idle, energy] = amounts
    const raw = asNumbers(tariffJson(simple(given)))
    if (!isObject(raw)) throw new Error('a tariff is an object')
    const tariff = { ...raw, country_code: 'NL', party_id: 'TNM' }
    fc.pre(!('unpriceable' in readTariff(tariff)))
    const plan: SessionPlan = {
      ...PLAN,
      startMs: stay.startMs,
      endMs: stay.startMs + (charged + idle) * TICK_MS,
      chargeSeconds: (charged * TICK_MS) / 1000,
      energy: energy * 1000,
    }
    const location = { time_zone: stay.zone, coordinates: {} }
    const [cdr] = cdrsOf({ plan, location, tariff })
    const { net, gross } = cdr?.expected ?? { net: 0n, gross: 0n }
    const bill = billed(cdr?.body, [tariff], { timeZone: stay.zone })
    assertClose(bill.total.excl, net)
    if (gross !== undefined) assertClose(bill.total.incl, gross)
  })
  check(law, 2500)
})

test.run()

const PLAN = {
  id: 'S-1',
  cpo: { countryCode: 'NL', partyId: 'TNM', name: 'Operator' },
  emsp: { countryCode: 'DE', partyId: 'EMA', name: 'Provider' },
  token: { uid: 'CARD', contractId: 'DE-EMA-C1', owner: 'DE-EMA' },
  startMs: 0,
  endMs: 0,
  energy: 0,
  chargeSeconds: 0,
  locationId: 'L1',
  evseUid: 'E1',
  connectorId: '1',
  tariffKey: 'NL-TNM/T',
  fault: undefined,
}

/**
 * What the stepper knows: no power and no current. It cuts energy tiers at whole seconds, which are no round hours, so
 * that beside tiers nothing is asked of the steps of time.
 */
function simple(tariff: OwnTariff): OwnTariff {
  const isTiered = tariff.elements.some(
    ({ when }) => when.minWh !== undefined || when.maxWh !== undefined,
  )
  const elements = tariff.elements.map((each) => {
    const { minKw, maxKw, minAmps, maxAmps, ...kept } = each.when
    const when: When = kept
    const components = each.components.map((component) => ({
      ...component,
      step: isTiered && component.kind !== 'ENERGY' ? 0 : component.step,
    }))
    return { ...each, components, when }
  })
  return { ...tariff, taxes: null, elements }
}

function assertClose(text: string | null, micros: bigint): void {
  const difference = minus(decimal(text ?? ''), decimal(decimalText(micros, 6)))
  const size = difference.n < 0n ? { ...difference, n: -difference.n } : difference
  assert.ok(order(size, TOLERANCE) <= 0, `${text} and ${decimalText(micros, 6)}`)
}
