import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownSession, soundAgreement } from '../helpers/clearing-case.ts'
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

runRules('clearing: the session of a CDR', [
  // A5
  clear('of the same card', ranWith({})),
  quarantine('of another eMSP', ranWith({ party_id: 'EMB' }), ['A5 F']),
  clear('of the same eMSP in other letters', ranWith({ country_code: 'de', party_id: 'ema' })),
  hold('of another card', ranWith({ uid: 'T-2', contract_id: 'C-2' }), ['A5 S']),
  clear('of another card of the same contract', ranWith({ uid: 'T-2', contract_id: 'c1' })),
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
])
