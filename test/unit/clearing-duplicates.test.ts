import type { Known } from '../../src/clearing/known.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownTariff } from '../helpers/clearing-case.ts'
import { day, reading, rival, rivals } from '../helpers/clearing-known.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const similar = (...changes: Parameters<typeof rival>) => rivals({ similar: [rival(...changes)] })
const neighbour = (...changes: Parameters<typeof rival>) =>
  rivals({ neighbours: [rival(...changes)] })
const multiUse = (changes: CaseChanges): CaseChanges => {
  const facts: Known = changes.known ?? {}
  const token = { value: {}, isMultiUse: true, receivedAt: day('08:00:00') }
  return { ...changes, known: { ...facts, token } }
}
const second = { prior: { sameSession: [{ cdrId: 'OTHER-1' }], overlapping: [] } }
const before = (start: string, end: string, kwh = '10') =>
  neighbour({ start: day(start), end: day(end), kwh })
const meter: NonNullable<Known['meter']> = {
  registeredKey: null,
  previousStop: { kwh: '1020.4', at: day('12:00:00'), cdrId: 'OTHER-9' },
  same: { cdrId: 'OTHER-9' },
}

runRules('clearing: the same charge again', [
  // D4, D5
  hold('the same charge under another id holds', similar(), ['D4 S']),
  hold('two minutes apart', similar({ start: day('10:02:00') }), ['D4 S']),
  clear('more than two minutes apart', similar({ start: day('10:02:01') })),
  hold('with one percent more energy', similar({ kwh: '20.6' }), ['D4 S']),
  clear('with more than one percent', similar({ kwh: '20.7' })),
  clear(
    'a first try without success before it',
    similar({ start: day('09:59:00'), end: day('09:59:30'), kwh: '20.4' }),
  ),
  clear('a credit is none', similar({ isCredit: true })),
  clear('the same session is another finding', similar({ sessionId: 'SES-1' })),
  clear('a card for several vehicles may do so', multiUse(similar({ start: day('10:00:30') }))),
  hold('but not to the last digit', multiUse(similar()), ['D4 S']),
  hold('over another operator', similar({ owner: 'BE-XYZ' }), ['D5 S']),
  hold(
    'the same charge is no overlap besides',
    {
      ...similar(),
      prior: {
        sameSession: [],
        overlapping: [
          { owner: 'NL-TNM', cdrId: 'OTHER-1', start: day('10:00:00'), end: day('12:00:00') },
        ],
      },
    },
    ['D4 S'],
  ),
  hold('the same readings of the meter', { known: { signed: [reading()], meter } }, ['D4 S']),

  // C4
  hold('a second CDR of a session that says the same', { ...similar(), ...second }, ['D2 S']),
  hold(
    'a second CDR of a session that corrects the first',
    { prior: { sameSession: [{ cdrId: 'OTHER-1', net: '7', kwh: '20.4' }], overlapping: [] } },
    ['D2 S', 'C4 S'],
  ),
  hold(
    'one of other energy',
    { prior: { sameSession: [{ cdrId: 'OTHER-1', net: '6.1', kwh: '20' }], overlapping: [] } },
    ['D2 S', 'C4 S'],
  ),
  hold('one that names what it replaces', { ...second, cdr: { credit_reference_id: 'other-1' } }, [
    'D2 S',
    'C4 S',
  ]),

  // D6
  clear('a charge that goes on within a minute', before('09:00:00', '09:59:01'), ['D6 W']),
  clear('and one after it', before('12:00:59', '13:00:00'), ['D6 W']),
  clear('a minute between them', before('09:00:00', '09:59:00')),
  clear('one without energy is a try', before('09:58:00', '09:59:30', '0')),
  clear('two at once are no continuation', before('09:00:00', '10:30:00')),
  clear('without a start fee nothing is gained', {
    ...before('09:00:00', '09:59:30'),
    cdr: { total_fixed_cost: { excl_vat: 0 }, total_cost: { excl_vat: 5.1 } },
    ...knownTariff({
      elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, step_size: 1 }] }],
    }),
    priced: { ok: true, currency: 'EUR', total: { excl: '5.1', incl: null } },
  }),
  clear('one of another operator is another charge', {
    ...neighbour({ owner: 'BE-XYZ', start: day('09:00:00'), end: day('09:59:30') }),
  }),
])

runRules('clearing: tokens for several vehicles', [
  clear('overlap as they like', {
    ...multiUse({}),
    prior: {
      sameSession: [],
      overlapping: [{ owner: 'NL-TNM', cdrId: 'B', start: day('09:00:00'), end: day('11:00:00') }],
    },
  }),
])

runRules('clearing: other ways', [
  hold('the same charge pulled and pushed', { ...similar({ channel: 'pull' }), channel: 'push' }, [
    'D5 S',
  ]),
])
