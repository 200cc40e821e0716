// Everything that the hub says to people who check bills, of every kind at least once.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { whenText } from '../../src/cli/dispute-words.ts'
import { MACHINE, verbsOf } from '../../src/clearing/disputes/machine.ts'
import type {
  DisputeState,
  DisputeVerb,
  OpenState,
  Side,
} from '../../src/clearing/disputes/machine.ts'

import {
  eventText,
  refusalText,
  stateText,
  verbsText,
} from '../../src/clearing/disputes/sentences.ts'
import { RULES } from '../../src/clearing/rules.ts'
import { PARTY_EVENTS } from '../../src/hub/disputes/events.ts'
import { deadlineOf, grossText } from '../../src/hub/disputes/tell.ts'
import { money } from '../../src/hub/disputes/words.ts'
import { DIFFERENCES } from '../../src/hub/records/reconcile-kinds.ts'
import { PHRASES, roundingPhrase } from '../../src/pricing/attribution-phrases.ts'
import { peerReadings } from '../../src/pricing/attribution-policies.ts'
import { sessionReadings } from '../../src/pricing/attribution-sessions.ts'
import { tariffReadings } from '../../src/pricing/attribution-tariffs.ts'
import { placeWords } from '../../src/pricing/field-words.ts'
import { NOTES } from '../../src/pricing/notes.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import { faultOf, readsWell } from '../helpers/reads-well.ts'

const texts = suite('texts for people')

texts('the law finds what it is there for', () => {
  for (const bad of [
    'It ends at 2026-03-01T10:00:00Z.',
    'It ends at 10:00.',
    'The step_size is not applied.',
    'The state is AWAIT_CREDIT.',
    'It is about P1.',
    'What stands at /end_date_time cannot be read.',
    'It costs 6.10 more.',
    'It took 10080 min.',
    'It came 1 days late.',
    'It costs {price}.',
    'The CDR the CDR B.',
  ])
    assert.ok(faultOf(bad)?.endsWith(bad), bad)
  readsWell(
    'The billing step (step_size) of the price (P1) is 6.10 EUR at 10:00 CET, by OCPI 2.2.1.',
  )
})

texts('readings of a price are told in words', () => {
  const versions = { previous: [{}], next: [{}] }
  const readings = [
    ...tariffReadings(versions),
    ...sessionReadings(),
    ...peerReadings(DEFAULT_POLICY),
  ]
  const phrases = [
    ...Object.values(PHRASES).flatMap((values) => Object.values(values)),
    ...readings.map(({ phrase }) => phrase.replace(/ as [\w.-]+ does$/, ' as they do')),
    roundingPhrase(null),
    roundingPhrase({ decimals: 2, mode: 'up', stage: 'segment' }),
    ...Object.values(NOTES),
  ]
  for (const phrase of phrases) readsWell(phrase)
})

texts('titles and events say what they are', () => {
  for (const { title } of [...Object.values(RULES), ...Object.values(DIFFERENCES)]) readsWell(title)
  for (const about of Object.values(PARTY_EVENTS)) readsWell(about)
})

texts('places in a CDR are told in words', () => {
  for (const [pointer, words] of [
    ['', 'the CDR'],
    ['/currency', 'the currency'],
    ['/total_cost/excl_vat', 'the total cost without tax (total_cost)'],
    ['/total_cost/taxes/0/amount', 'the tax in the total cost (total_cost)'],
    ['/charging_periods', 'the charging periods (charging_periods)'],
    ['/charging_periods/0/start_date_time', 'the start of charging period 1 (start_date_time)'],
    ['/charging_periods/2/dimensions/1/volume', 'a quantity of charging period 3 (volume)'],
    ['/tariffs/0/elements/0/price_components/0/price', 'a number of the tariff (price)'],
    ['/custom_thing', 'the custom thing (custom_thing)'],
  ] as const)
    assert.is(placeWords(pointer), words)
})

const SIDES = ['cpo', 'emsp', 'hub', 'operator'] as const
const STATES: OpenState[] = Object.keys(MACHINE).filter(
  (state): state is OpenState => state in MACHINE,
)

/** What may end with nothing taken off; nobody offers or accepts nothing. */
const MAY_BE_NOTHING = new Set<DisputeVerb>(['rule', 'expire', 'close'])

texts('every act in every state has a sentence, and every refusal', () => {
  const pair = { cpo: 'NL-TNM', emsp: 'DE-EMP' }
  const seen = new Set<string>()
  const tell = (verb: DisputeVerb, side: Side, state: DisputeState): void => {
    for (const amount of ['1.20 EUR', null, ...(MAY_BE_NOTHING.has(verb) ? ['0.00 EUR'] : [])]) {
      const told = { verb, side, state, via: [], amount, disputed: '2.40 EUR', ...pair }
      for (const via of [[], ['accepted']] as const) seen.add(eventText({ ...told, via }))
      seen.add(eventText({ ...told, accepted: '0.60 EUR' }))
      seen.add(eventText({ ...told, isWhole: true }))
    }
  }
  for (const state of STATES)
    for (const side of SIDES) {
      for (const verb of verbsOf(state, side)) for (const to of STATES) tell(verb, side, to)
      for (const verb of ['open', 'rule', 'withdraw'] as const)
        seen.add(refusalText({ state, verb, side }))
      readsWell(stateText(state))
      const possible = verbsText(verbsOf(state, side))
      if (possible !== null) readsWell(possible)
    }
  for (const sentence of seen) {
    readsWell(sentence)
    assert.match(sentence, /^[A-Z0-9].*[.]$/)
    assert.not.match(sentence, /\b0\.00 EUR\b.*taken off/)
  }
})

texts('what happens at a deadline is told by the clock of the place', () => {
  const verbs = ['open', 'resolve', 'uphold', 'accept', 'rule', 'close'] as const
  for (const state of STATES)
    for (const [code, default_verb] of verbs.flatMap((verb) => [
      ['P1', verb] as const,
      ['D2', verb] as const,
    ]))
      for (const [time_zone, when] of [
        ['Europe/Amsterdam', '6 December 2026, 15:00 CET'],
        ['Asia/Tokyo', '6 December 2026, 23:00 GMT+9'],
        [null, '6 December 2026, 14:00 UTC'],
      ] as const) {
        const told = deadlineOf({
          owner: 'NL-TNM',
          receiver: 'DE-EMP',
          currency: 'EUR',
          code,
          state,
          net_micros: 1_453_042n,
          tax_micros: 290_608n,
          upheld_net: 0n,
          upheld_tax: 0n,
          proposed_net: null,
          proposed_tax: null,
          deadline_at: new Date('2026-12-06T14:00:00Z'),
          default_verb,
          time_zone,
        })
        assert.ok(told?.text.includes(when), told?.text)
        readsWell(told?.text ?? '')
      }
})

texts('amounts have what their currency has, and times their zone', () => {
  const gross = (net: bigint, currency: string) => grossText({ net, tax: 0n }, currency)
  assert.equal(
    [
      gross(1_743_650n, 'EUR'),
      gross(1_745_000n, 'EUR'),
      gross(-1_745_000n, 'EUR'),
      gross(0n, 'EUR'),
    ],
    ['1.74 EUR', '1.75 EUR', '-1.75 EUR', '0.00 EUR'],
  )
  assert.equal([gross(500_000_000n, 'JPY'), gross(1_500n, 'KWD')], ['500 JPY', '0.002 KWD'])
  // What is less than half a cent is not nothing.
  assert.equal([gross(4_000n, 'EUR'), money(1_743_650n, 'EUR')], ['0.004 EUR', '1.74365 EUR'])
  const at = '2026-07-06T22:30:00Z'
  assert.equal(
    [whenText(at, 'Europe/Amsterdam'), whenText(at), whenText(at, 'Nowhere/Land'), whenText(null)],
    ['2026-07-07 00:30 CEST', '2026-07-06 22:30 UTC', '2026-07-06 22:30 UTC', '-'],
  )
})

texts.run()
