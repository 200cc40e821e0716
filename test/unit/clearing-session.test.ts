import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownSession, noTariff, soundAgreement } from '../helpers/clearing-case.ts'
import { day, known, reading, step } from '../helpers/clearing-known.ts'
import { clear, hold, quarantine, runRules } from '../helpers/clearing-rules.ts'

const card = { country_code: 'DE', party_id: 'EMA', uid: 'T-1', type: 'RFID', contract_id: 'C-1' }
const ranWith = (changes: Record<string, unknown>): CaseChanges =>
  knownSession({ cdr_token: { ...card, ...changes } })
const place = { id: 'L1', evse_uid: 'E1' }
const ranAt = (changes: Record<string, unknown>, cdr_location: object = place): CaseChanges => ({
  ...knownSession({ location_id: 'L1', evse_uid: 'E1', ...changes }),
  cdr: { cdr_location },
})
const unnamed = { cdr: { session_id: undefined } }
const completed = step({ receivedAt: day('12:01:00'), status: 'COMPLETED', kwh: '20.4' })
/** A session that was completed with a total cost; `last` says whether its last message stated that. */
const costing = (excl_vat: number, more: Record<string, unknown> = {}, last = true) => ({
  ...knownSession({ currency: 'EUR', total_cost: { excl_vat }, ...more }),
  ...known({
    sessionSteps: [
      step({ receivedAt: day('11:00:00'), status: 'ACTIVE', kwh: '10', saysCost: true }),
      { ...completed, saysCost: last },
    ],
  }),
})

runRules('clearing: the session of a CDR', [
  // A5
  clear('of the same card', ranWith({})),
  quarantine('of another eMSP', ranWith({ party_id: 'EMB' }), ['A5 F']),
  clear('of the same eMSP in other letters', ranWith({ country_code: 'de', party_id: 'ema' })),
  hold('of another card', ranWith({ uid: 'T-2', contract_id: 'C-2' }), ['A5 S']),
  clear('of another card of the same contract', ranWith({ uid: 'T-2', contract_id: 'c1' })),
  clear('of the same card, its contract with a check digit', ranWith({ contract_id: 'C-1-X' })),
  hold(
    'of another card that is one character longer',
    ranWith({ uid: 'T-2', contract_id: 'C12' }),
    ['A5 S'],
  ),
  hold('of another card without a contract', ranWith({ uid: 'T-2', contract_id: undefined }), [
    'A5 S',
  ]),
  clear('of a card that is not told', knownSession({})),
  quarantine(
    'of a token that belongs to another eMSP is told once',
    { ...ranWith({ party_id: 'EMB' }), token: { state: 'foreign', owner: 'DE-EMB' } },
    ['A5 F'],
  ),

  // X1
  clear('at the same EVSE', ranAt({ location_id: 'l1', evse_uid: 'e1' })),
  clear('at another EVSE', ranAt({ evse_uid: 'E2' }), ['X1 W']),
  clear('at another location', ranAt({ location_id: 'L2' }), ['X1 W']),
  clear('of a reservation that was not used', ranAt({}, { ...place, evse_uid: '#NA' })),
  clear('that is not named', unnamed, ['X1 I']),
  hold(
    'that is not named, where the two agreed on it',
    { ...unnamed, agreement: soundAgreement({ severities: { X1: 'S' } }) },
    ['X1 S'],
  ),

  // Q1, total_cost
  clear('of the same cost', costing(6.1)),
  clear('of about the same cost', costing(6.08)),
  hold('that was completed at a lower cost', costing(4), ['Q1 S']),
  hold('whatever the tariff', { ...costing(4), ...noTariff }, ['Q1 S', 'P0 W']),
  clear('that was completed at a higher cost', costing(7), ['Q1 W']),
  hold(
    'that was completed at a lower cost with tax',
    costing(6.1, { total_cost: { excl_vat: 6.1, incl_vat: 6.5 } }),
    ['Q1 S'],
  ),
  clear('that estimated a lower cost while it ran', costing(4, {}, false)),
  clear('that was not completed', { ...costing(4, { status: 'ACTIVE' }), waitOver: true }, [
    'X5 W',
  ]),
  clear('of a cost in another currency', costing(4, { currency: 'CHF' })),
  clear('of a cost of nothing is told where the tariff gives the claim', costing(0), ['Q1 W']),
  hold('of a cost of nothing holds where nobody knows the price', { ...costing(0), ...noTariff }, [
    'Q1 S',
    'P0 W',
  ]),
  hold('of less energy, and so of a lower cost, is told once', costing(5.1, { kwh: 16.4 }), [
    'Q1 S',
  ]),
  hold('of a little less energy and a far lower cost', costing(3, { kwh: 20.2 }), ['Q1 S', 'Q1 S']),
  clear(
    'of less energy than the meter signed, and so of a lower cost',
    {
      ...costing(5.1, { kwh: 16.4 }),
      ...known({ ...costing(5.1).known, signed: [reading()] }),
    },
    ['Q1 W'],
  ),
])
