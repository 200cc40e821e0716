import { period } from '../helpers/clearing-case.ts'
import { clear, hold, quarantine, runRules } from '../helpers/clearing-rules.ts'

const at = (time: string): Date => new Date(`2026-03-01T${time}Z`)

const start = '2026-03-01T10:00:00Z'

runRules('clearing: structure, authority and time', [
  clear('a sound CDR gets no finding', {}),
  clear('decimal texts are read like numbers', {
    cdr: {
      total_energy: '20.400',
      total_time: '2.0',
      total_cost: { excl_vat: '6.10', incl_vat: '7.32' },
    },
  }),
  clear('2.3.0 prices are read', {
    cdr: { total_cost: { before_taxes: 6.1, taxes: [{ name: 'VAT', amount: 1.22 }] } },
  }),

  // A5, A1, A7
  quarantine('a token of another eMSP is fatal', { token: { state: 'foreign', owner: 'FR-XYZ' } }, [
    'A5 F',
  ]),
  hold('an unknown token holds', { token: { state: 'missing' }, waitOver: true }, ['A1 S']),
  clear(
    'a token that is younger than the session is only noted',
    { token: { state: 'found', source: 'authorize', afterStart: true } },
    ['A7 I'],
  ),

  // T1
  quarantine('an unreadable start is fatal', { cdr: { start_date_time: 'yesterday' } }, ['T1 F']),
  quarantine(
    'a day that does not exist is fatal',
    { cdr: { end_date_time: '2026-02-30T10:00:00Z' } },
    ['T1 F'],
  ),
  quarantine('a missing currency is fatal', { cdr: { currency: undefined } }, ['T1 F']),
  quarantine('an amount in words is fatal', { cdr: { total_cost: { excl_vat: 'six' } } }, ['T1 F']),
  quarantine('an amount nobody can book is fatal', { cdr: { total_cost: { excl_vat: 2e9 } } }, [
    'T1 F',
  ]),
  quarantine(
    'an unreadable volume is fatal',
    { cdr: { charging_periods: [period(start, { ENERGY: '20,4' })] } },
    ['T1 F'],
  ),
  clear('an unreadable dimension that is not priced is no matter', {
    cdr: { charging_periods: [period(start, { ENERGY: 20.4, STATE_OF_CHARGE: 'full' })] },
  }),

  // Z6, Z5, Z3
  quarantine(
    'an end before the start is fatal',
    { cdr: { end_date_time: '2026-03-01T09:00:00Z' } },
    ['Z6 F', 'T3 S'],
  ),
  quarantine('an end after the receipt is fatal', { receivedAt: at('11:54:59') }, ['Z6 F']),
  clear('a clock may be five minutes off', { receivedAt: at('11:55:00') }),
  hold('a CDR of 61 days ago is late', { receivedAt: new Date('2026-05-01T12:00:00Z') }, ['Z5 S']),
  clear(
    'late, but it documents the end of a dispute',
    {
      receivedAt: new Date('2026-05-01T12:00:00Z'),
      known: {
        replaced: {
          cdrId: 'FIRST',
          currency: 'EUR',
          net: '7',
          gross: null,
          isCredited: true,
          expectedNet: '6.1',
          expectedTax: '1.22',
        },
      },
    },
    ['Z5 I'],
  ),
  clear('a CDR of exactly 60 days ago is in time', {
    receivedAt: new Date('2026-04-30T12:00:00Z'),
  }),
  hold(
    'an overlap with the same token holds',
    {
      prior: {
        sameSession: [],
        overlapping: [{ owner: 'NL-TNM', cdrId: 'B', start: at('09:00:00'), end: at('10:01:00') }],
      },
    },
    ['Z3 S'],
  ),
  clear('sessions that touch do not overlap', {
    prior: {
      sameSession: [],
      overlapping: [
        { owner: 'NL-TNM', cdrId: 'B', start: at('09:00:00'), end: at('10:00:00') },
        { owner: 'NL-TNM', cdrId: 'C', start: at('12:00:00'), end: at('13:00:00') },
      ],
    },
  }),

  // D2
  hold(
    'the second CDR of a session holds',
    { prior: { sameSession: [{ cdrId: 'B' }], overlapping: [] } },
    ['D2 S'],
  ),
  hold(
    'a duplicate is no overlap as well',
    {
      prior: {
        sameSession: [{ cdrId: 'B' }],
        overlapping: [{ owner: 'NL-TNM', cdrId: 'B', start: at('10:00:00'), end: at('12:00:00') }],
      },
    },
    ['D2 S'],
  ),
  hold(
    'a duplicate stands before an overlap',
    {
      prior: {
        sameSession: [{ cdrId: 'B' }],
        overlapping: [{ owner: 'NL-TNM', cdrId: 'C', start: at('10:00:00'), end: at('12:00:00') }],
      },
    },
    ['D2 S', 'Z3 S'],
  ),

  // T4
  hold(
    'a placeholder start holds and is not late as well',
    { cdr: { start_date_time: '1970-01-01T00:00:00Z' } },
    ['T4 S'],
  ),
  hold(
    'a placeholder end is not an end before the start',
    { cdr: { end_date_time: '1970-01-01T00:00:00Z' } },
    ['T4 S'],
  ),

  // T3
  hold(
    'periods that do not ascend hold',
    {
      cdr: {
        charging_periods: [
          period('2026-03-01T11:00:00Z', { ENERGY: 10 }),
          period(start, { ENERGY: 10.4 }),
        ],
      },
    },
    ['T3 S'],
  ),
  hold(
    'a period before the session holds',
    { cdr: { charging_periods: [period('2026-03-01T09:59:00Z', { ENERGY: 20.4 })] } },
    ['T3 S'],
  ),
  hold(
    'a period after the session holds',
    {
      cdr: {
        charging_periods: [
          period(start, { ENERGY: 20.4 }),
          period('2026-03-01T12:01:00Z', { TIME: 0 }),
        ],
      },
    },
    ['T3 S'],
  ),
  clear('a period may be cut to the second', {
    cdr: {
      start_date_time: '2026-03-01T10:00:00.400Z',
      charging_periods: [period(start, { ENERGY: 20.4 })],
    },
  }),
])
