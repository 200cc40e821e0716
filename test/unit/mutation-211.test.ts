import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Changed, Current } from '../../src/hub/objects/mutation.ts'
import { at, items } from '../helpers/ask.ts'
import { MID, OLD, changed, result, stored } from '../helpers/changes.ts'
import type { Wanted } from '../helpers/changes.ts'

const old = suite('PATCH in 2.1.1')

const period = (hour: string, volume: number) =>
  `{"start_date_time":"2026-06-24T${hour}:00:00Z","dimensions":[{"type":"ENERGY","volume":${volume}}]}`
const OLD_SESSION = `{"id":"S1","kwh":1.10,"charging_periods":[${period('08', 1)}],"last_updated":"${OLD}"}`
const oldSession = (text: string): Wanted => ({
  module: 'sessions',
  version: '2.1.1',
  method: 'PATCH',
  params: { id: 'S1' },
  text,
})
/** The working value of 2.1.1 has another shape than its text, which alone counts here. */
const storedOld = (text: string): Current => ({ ...stored(text), value: { working: true } })
const volumes = ({ value }: Changed) =>
  items(value.charging_periods).map((each) => at(each, 'dimensions', 0, 'volume'))

old('without last_updated it was made when it came, and the text says so (T23)', () => {
  const object = changed(oldSession('{"kwh":2}'), storedOld(OLD_SESSION))
  assert.is(object.value.last_updated, '2026-06-24T12:00:00Z')
  assert.match(object.original, '"last_updated":"2026-06-24T12:00:00Z"')
})

old('without last_updated it is never older than what is known', () => {
  const ahead = OLD_SESSION.replace(OLD, '2026-06-24T12:00:00.500Z')
  const object = changed(oldSession('{"kwh":2,"last_updated":null}'), storedOld(ahead))
  assert.is(object.value.last_updated, '2026-06-24T12:00:00.500Z')
})

old('a last_updated that was sent counts', () => {
  const text = `{"kwh":2,"last_updated":"2026-06-24T08:00:00Z"}`
  assert.is(result(oldSession(text), storedOld(OLD_SESSION)), '/last_updated')
})

old('all periods or the new ones: both end the same (S10)', () => {
  const whole = `{"charging_periods":[${period('08', 1)},${period('09', 2)}],"last_updated":"${MID}"}`
  const added = `{"charging_periods":[${period('09', 2)}],"last_updated":"${MID}"}`
  for (const text of [whole, added]) {
    assert.equal(volumes(changed(oldSession(text), storedOld(OLD_SESSION))), [1, 2], text)
  }
})

old('a period that has grown takes the place of what it was', () => {
  const text = `{"charging_periods":[${period('08', 5)}],"last_updated":"${MID}"}`
  assert.equal(volumes(changed(oldSession(text), storedOld(OLD_SESSION))), [5])
})

old('sent twice it changes nothing', () => {
  const text = `{"charging_periods":[${period('09', 2)}],"last_updated":"${MID}"}`
  const once = changed(oldSession(text), storedOld(OLD_SESSION))
  assert.is(result(oldSession(text), storedOld(once.original)), 'same')
})

old('a tariff may be patched', () => {
  const wanted: Wanted = {
    module: 'tariffs',
    version: '2.1.1',
    method: 'PATCH',
    params: { id: 'T1' },
    text: '{"currency":"NOK"}',
  }
  const before = storedOld(`{"id":"T1","currency":"EUR","last_updated":"${OLD}"}`)
  assert.is(changed(wanted, before).value.currency, 'NOK')
})

old.run()
