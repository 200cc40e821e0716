import type { Known } from '../../src/clearing/known.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownSession, period, soundAgreement } from '../helpers/clearing-case.ts'
import { day, known, reading, record, step } from '../helpers/clearing-known.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const signed = (...readings: Parameters<typeof reading>[0][]): CaseChanges =>
  known({ signed: readings.map((one) => reading(one)) })
const meter = (kwh: string, changes: Partial<NonNullable<Known['meter']>> = {}): CaseChanges =>
  known({
    signed: [reading()],
    meter: {
      registeredKey: null,
      previousStop: { kwh, at: day('09:00:00'), cdrId: 'OTHER-9' },
      ...changes,
    },
  })
const next = (kwh: string) =>
  ({ nextStart: { kwh, at: day('13:00:00'), cdrId: 'OTHER-8' } }) as const
const key = (registeredKey: string, publicKey: string): CaseChanges =>
  known({ signed: [reading({ publicKey })], meter: { registeredKey, previousStop: null } })
const required = (wanted: boolean | string[]): CaseChanges => ({
  agreement: soundAgreement({ signedDataRequired: wanted }),
})
const counts = (...all: readonly [string, string | null, string | null][]): CaseChanges =>
  known({
    sessionSteps: all.map(([time, kwh, status]) => step({ receivedAt: day(time), kwh, status })),
  })
const export_ = {
  charging_periods: [period('2026-03-01T10:00:00Z', { ENERGY: 20.4, ENERGY_EXPORT: 3 })],
}

runRules('clearing: signed meter data', [
  clear('a valid reading of the energy that is billed', signed({})),
  clear('a CDR that rounds to its last decimal', signed({ to: '1020.35' })),
  clear('ten watt-hours are noise', {
    ...signed({ to: '1020.3901' }),
    cdr: { total_energy: 20.4001 },
  }),

  // G1
  hold('a signature that does not fit', signed({ verdict: 'invalid', reason: 'It does not fit' }), [
    'G1 S',
  ]),
  clear('one that nobody can check', signed({ verdict: 'unverified' })),

  // G2
  hold('less energy than is billed', signed({ to: '1020.349' }), ['G2 S']),
  hold(
    'a little less than a CDR that states it exactly',
    { ...signed({ to: '1020.389' }), cdr: { total_energy: 20.4001 } },
    ['G2 S'],
  ),
  clear('more energy than is billed', signed({ to: '1020.5' }), ['G2 W']),
  clear('less energy that nobody could verify', signed({ to: '1010', verdict: 'unverified' }), [
    'G2 W',
  ]),
  clear('a coarse register', signed({ to: '1020.3', resolutionKwh: '0.1' })),
  hold('a register a little beyond it', signed({ to: '1020.299', resolutionKwh: '0.1' }), ['G2 S']),
  clear('two halves of one session', signed({ to: '1010' }, { from: '1010', to: '1020.4' })),
  clear('two meters', signed({ to: '1010' }, { from: '5', to: '15.4', meterId: 'M-2' })),
  clear('a reading without an end decides nothing', signed({ stop: null, differenceKwh: null })),
  clear('a vehicle that gives energy back', { ...signed({ to: '1017.4' }), cdr: export_ }),
  clear(
    'what the meter signed goes before what the session says',
    {
      ...signed({}),
      ...knownSession({ kwh: 15 }),
    },
    ['Q1 W'],
  ),

  // G3
  clear('none where none is required', known({ signed: [] })),
  clear('none where it is required', { ...known({ signed: [] }), ...required(true) }, ['G3 W']),
  clear('some where it is required', { ...signed({}), ...required(true) }),
  clear('what was not read is not missing', {
    ...required(true),
    cdr: { signed_data: { encoding_method: 'OCMF', signed_values: [] } },
  }),
  clear('what the CDR does not carry is', required(true), ['G3 W']),
  clear(
    'none in a country where it is required',
    {
      ...known({ signed: [] }),
      ...required(['DEU']),
      cdr: { cdr_location: { country: 'DEU' } },
    },
    ['G3 W'],
  ),
  clear('none in another country', {
    ...known({ signed: [] }),
    ...required(['DEU']),
    cdr: { cdr_location: { country: 'NLD' } },
  }),

  // G4
  hold('another key', key('bb'.repeat(40), 'aa'.repeat(40)), ['G4 S']),
  clear('the same key', key('aa'.repeat(40), 'AA'.repeat(40))),
  clear(
    'the same key in base64',
    key('aa'.repeat(40), Buffer.from('aa'.repeat(40), 'hex').toString('base64')),
  ),
  clear('the same key behind its algorithm', key(`3059${'aa'.repeat(40)}`, 'aa'.repeat(40))),
  clear('no key is registered', signed({ publicKey: 'cc' })),

  // G5
  clear('a meter that goes on where it stood', meter('1000.0')),
  clear('a meter that went on in between', meter('900')),
  hold('a meter that went back', meter('1000.011'), ['G5 S']),
  clear('ten watt-hours are noise too', meter('1000.01')),
  clear(
    'a session that came late',
    meter('1005', { previousStop: { kwh: '1005', at: day('13:00:00'), cdrId: 'LATER' } }),
  ),
  hold('one that came late and counted into the one after it', meter('1000', next('1018.4')), [
    'G5 S',
  ]),
  clear('one that came late and ended where that began', meter('1000', next('1020.4'))),
])

runRules('clearing: energy of the others', [
  // Q1 with an old count, quarter-hours
  clear(
    'a session that stopped counting before its end',
    {
      ...knownSession({ kwh: 18 }),
      ...counts(['11:45:00', '18', 'ACTIVE'], ['12:00:30', null, 'COMPLETED']),
    },
    ['Q1 I'],
  ),
  hold(
    'a session that counted to its end',
    {
      ...knownSession({ kwh: 18 }),
      ...counts(['11:45:00', '17', 'ACTIVE'], ['12:00:30', '18', 'COMPLETED']),
    },
    ['Q1 S'],
  ),
  hold(
    'more than at the pace of the session since the last count',
    {
      ...knownSession({ kwh: 16 }),
      ...counts(['11:45:00', '16', 'ACTIVE'], ['12:00:30', null, 'COMPLETED']),
    },
    ['Q1 S'],
  ),
  clear(
    'a session that went on at its last pace',
    {
      ...knownSession({ kwh: 16 }),
      ...counts(
        ['11:30:00', '12', 'ACTIVE'],
        ['11:45:00', '16', 'ACTIVE'],
        ['12:00:30', null, 'COMPLETED'],
      ),
    },
    ['Q1 I'],
  ),
  clear(
    'a session that never counted is told',
    {
      ...knownSession({ kwh: 0 }),
      ...counts(['10:00:00', '0', 'ACTIVE'], ['12:00:30', null, 'COMPLETED']),
    },
    ['Q1 W'],
  ),
  hold(
    'more than can be delivered since the last count',
    {
      ...knownSession({ kwh: 10 }),
      ...counts(['11:45:00', '10', 'ACTIVE'], ['12:00:30', null, 'COMPLETED']),
    },
    ['Q1 S'],
  ),

  // Q2
  clear('a record of about the same energy', known({ record: record({ kwh: '20.3' }) })),
  clear('a record of 3 percent less', known({ record: record({ kwh: '19.81' }) })),
  clear('a record of less than that', known({ record: record({ kwh: '19.8' }) }), ['Q2 W']),
  clear('a record of more', known({ record: record({ kwh: '21.5' }) }), ['Q2 W']),
  clear('a record without energy', known({ record: record({ kwh: null }) })),

  // Q4
  clear('300 kWh fit into a lorry', { ...sized(300), location: null }),
  clear('more than 300 kWh', { ...sized(300.1), location: null }, ['Q4 W']),
  clear(
    'more than 100 kWh where that was agreed',
    {
      ...sized(101),
      location: null,
      agreement: soundAgreement({ capacityKwhMax: 100 }),
    },
    ['Q4 W'],
  ),

  // Q5
  hold('a session that counted down', counts(['10:30:00', '6', null], ['11:00:00', '5.9', null]), [
    'Q5 S',
  ]),
  clear('a session that counted up', counts(['10:30:00', '5', null], ['11:00:00', '5.9', null])),
  clear('a count that was rounded', counts(['10:30:00', '5.94', null], ['11:00:00', '5.9', null])),
  clear(
    'messages that overtook each other',
    known({
      sessionSteps: [
        step({ receivedAt: day('11:00:01'), lastUpdated: day('11:00:00'), kwh: '9' }),
        step({ receivedAt: day('11:00:02'), lastUpdated: day('10:30:00'), kwh: '6' }),
      ],
    }),
  ),
  hold(
    'a count that goes down within one instant, as it was received',
    known({
      sessionSteps: [
        step({ receivedAt: day('11:00:01'), lastUpdated: day('11:00:00'), kwh: '22' }),
        step({ receivedAt: day('11:00:02'), lastUpdated: day('11:00:00'), kwh: '20.4' }),
      ],
    }),
    ['Q5 S'],
  ),
  clear(
    'not where what completed the session overtook the count before it',
    known({
      sessionSteps: [
        step({
          ...{ receivedAt: day('11:00:01'), lastUpdated: day('11:00:00'), kwh: '20.4' },
          status: 'COMPLETED',
        }),
        step({ receivedAt: day('11:00:02'), lastUpdated: day('11:00:00'), kwh: '19' }),
      ],
    }),
  ),
  clear(
    'a session that was corrected to what the meter signed',
    known({ ...back('22', '20.4').known, signed: [reading()] }),
    ['Q5 W'],
  ),
  hold(
    'a signature that nobody could verify decides nothing',
    known({ ...back('22', '20.4').known, signed: [reading({ verdict: 'unverified' })] }),
    ['Q5 S'],
  ),
  clear('a session that was corrected with its CDR', corrected(back('22', '20.4')), ['Q5 W']),
  hold('of a replacement what it bills beyond', corrected(back('22', '20.2')), ['Q5 S']),
  clear('a vehicle that gave energy back', {
    ...counts(['10:30:00', '6', null], ['11:00:00', '3', null]),
    cdr: export_,
  }),
])

/** A session that stated so much, and then so much less. */
function back(before: string, after: string): CaseChanges {
  return counts(['11:00:00', before, null], ['11:30:00', after, null])
}

/** The same where the CDR replaces one that was credited. */
function corrected(changes: CaseChanges): CaseChanges {
  const replaced = { cdrId: 'FIRST', currency: 'EUR', net: '6.5', gross: null }
  return known({
    ...changes.known,
    replaced: { ...replaced, isCredited: true, expectedNet: null, expectedTax: null },
  })
}

function sized(energy: number): CaseChanges {
  const cost = { excl_vat: energy * 0.25 }
  return {
    cdr: {
      total_energy: energy,
      total_cost: cost,
      total_energy_cost: cost,
      total_fixed_cost: undefined,
      charging_periods: [period('2026-03-01T10:00:00Z', { ENERGY: energy })],
    },
    ...knownSession({ kwh: energy }),
    priced: { ok: true, currency: 'EUR', total: { excl: String(energy * 0.25), incl: null } },
  }
}
