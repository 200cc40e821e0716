import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownSession, period } from '../helpers/clearing-case.ts'
import { authorization, day, known, record, rival, rivals } from '../helpers/clearing-known.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const recorded = (start: string, end: string, kwh = '20.4'): CaseChanges =>
  known({ record: record({ start: day(start), end: day(end), kwh }) })
const sessionFrom = (start: string, end: string): CaseChanges =>
  knownSession({ start_date_time: `2026-03-01T${start}Z`, end_date_time: `2026-03-01T${end}Z` })
const command = (kind: 'START_SESSION' | 'STOP_SESSION', time: string): CaseChanges =>
  known({ authorizations: [authorization({ kind, answer: 'ACCEPTED', at: day(time) })] })
const timed = {
  total_energy_cost: { excl_vat: 4.1, incl_vat: 4.92 },
  total_time_cost: { excl_vat: 1, incl_vat: 1.2 },
}
const shared = (from: string, to: string, more: Parameters<typeof rival>[0] = {}): CaseChanges =>
  rivals({ sameConnector: [rival({ start: day(from), end: day(to), ...more })] })
/** Amsterdam; the sound CDR is in Utrecht, 35 km away. */
const away = (end: string, latitude = '52.3676', longitude = '4.9041'): CaseChanges => ({
  ...rivals({ before: { ...rival({ end: day(end) }), latitude, longitude } }),
  cdr: { cdr_location: { coordinates: { latitude: '52.0907', longitude: '5.1214' } } },
})

runRules('clearing: clocks', [
  // Z1
  clear('times an hour later than the record', recorded('09:00:00', '11:00:00'), ['Z1 W']),
  clear('times half an hour earlier', recorded('10:30:00', '12:30:00'), ['Z1 W']),
  clear('a minute and a half beside the hour', recorded('09:01:30', '11:01:30'), ['Z1 W']),
  clear('more beside the hour is something else', recorded('09:01:31', '11:01:31')),
  clear('another duration is no shift', recorded('09:00:00', '11:10:00'), ['Z8 W']),
  clear('other energy is no shift', recorded('09:00:00', '11:00:00', '10'), ['Q2 W']),
  clear('times shifted against the session', sessionFrom('08:00:00', '10:00:00'), ['Z1 W']),

  // Z2
  clear('a clock two minutes off the record', recorded('09:58:00', '11:58:00'), ['Z2 W']),
  clear('a clock ninety seconds off', recorded('09:58:30', '11:58:30')),
  clear('a begin before the command to begin', command('START_SESSION', '10:02:00'), ['Z2 W']),
  clear('a begin a minute before it', command('START_SESSION', '10:01:00')),
  clear('plugging in takes its time', command('START_SESSION', '09:50:00')),
  clear('but not that long', command('START_SESSION', '09:49:59'), ['Z2 W']),
  clear('a command of another day says nothing', command('START_SESSION', '08:00:00')),
  clear('an end before the command to end', command('STOP_SESSION', '12:02:00'), ['Z2 W']),
  clear('standing there after it is allowed', command('STOP_SESSION', '11:40:00')),
  clear('a command after a reservation', {
    ...command('START_SESSION', '10:29:00'),
    cdr: {
      charging_periods: [
        period('2026-03-01T10:00:00Z', { RESERVATION_TIME: 0.5 }),
        period('2026-03-01T10:30:00Z', { ENERGY: 20.4, TIME: 1.5 }),
      ],
    },
  }),

  // Z8
  clear('a session of the same duration', sessionFrom('10:00:00', '12:01:12')),
  clear('a shorter session where time costs nothing', sessionFrom('10:00:00', '11:50:00'), [
    'Z8 W',
  ]),
  hold('a shorter session where it does', { ...sessionFrom('10:00:00', '11:50:00'), cdr: timed }, [
    'Z8 S',
  ]),
  clear('a longer session where it does', { ...sessionFrom('10:00:00', '12:10:00'), cdr: timed }, [
    'Z8 W',
  ]),
  clear('a shorter record where it does', { ...recorded('10:00:00', '11:50:00'), cdr: timed }, [
    'Z8 W',
  ]),
  clear('one percent is tolerated', { ...sessionFrom('10:00:00', '11:58:49'), cdr: timed }),
  hold('and no more', { ...sessionFrom('10:00:00', '11:58:48'), cdr: timed }, ['Z8 S']),
  clear('a reservation may be left out of the session', {
    ...sessionFrom('10:30:00', '12:00:00'),
    cdr: {
      ...timed,
      charging_periods: [
        period('2026-03-01T10:00:00Z', { RESERVATION_TIME: 0.5 }),
        period('2026-03-01T10:30:00Z', { ENERGY: 20.4, TIME: 1.5 }),
      ],
    },
  }),
  clear(
    'a session that does not say when it ended',
    knownSession({ start_date_time: '2026-03-01T09:00:00Z' }),
  ),

  // Z4
  hold('another vehicle at the same connector', shared('11:00:00', '13:00:00'), ['Z4 S']),
  clear('one that left a minute later', shared('08:00:00', '10:01:00')),
  hold('one that left later than that', shared('08:00:00', '10:01:01'), ['Z4 S']),
  clear('the same session', shared('11:00:00', '13:00:00', { sessionId: 'SES-1' })),
  clear('a credit', shared('11:00:00', '13:00:00', { isCredit: true })),
  clear('one that charged while the place was reserved', {
    ...shared('09:00:00', '10:20:00'),
    cdr: {
      charging_periods: [
        period('2026-03-01T10:00:00Z', { RESERVATION_TIME: 0.5 }),
        period('2026-03-01T10:30:00Z', { ENERGY: 20.4, TIME: 1.5 }),
      ],
    },
  }),

  // Z7
  clear('35 km in half an hour', away('09:30:00')),
  clear('35 km in ten minutes', away('09:50:00'), ['Z7 W']),
  clear('another continent', away('05:00:00', '40.7', '-74.0'), ['Z7 W']),
  clear('around the corner at once', away('10:00:00', '52.12', '5.1214')),
  clear('a place at 0, 0 is none', away('09:50:00', '0', '0.0')),
  clear('a card for several vehicles', {
    ...away('09:50:00'),
    known: {
      ...away('09:50:00').known,
      token: { value: {}, isMultiUse: true, receivedAt: day('08:00:00') },
    },
  }),
])
