import type { Known } from '../../src/clearing/known.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { authorization, day, known } from '../helpers/clearing-known.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const asked = (method: string, facts: Known, cdr: Record<string, unknown> = {}): CaseChanges => ({
  cdr: { auth_method: method, cdr_location: { id: 'l-1' }, ...cdr },
  known: { authorizesSince: day('00:00:00'), ...facts },
})
const token = (value: Record<string, unknown>, at = '08:00:00'): Known => ({
  token: { value, isMultiUse: false, receivedAt: day(at) },
})
const denied = authorization({ answer: 'BLOCKED', reference: null })
const before = (time: string) => authorization({ ...denied, at: day(time) })
const start = authorization({ kind: 'START_SESSION', answer: 'ACCEPTED' })

runRules('clearing: authority', [
  // A2
  hold('a blocked token holds', known(token({ valid: false })), ['A2 S']),
  clear('a valid one does not', known(token({ valid: true }))),
  clear('a token that says nothing about it neither', known(token({}))),
  hold('one that was blocked a minute before', known(token({ valid: false }, '09:59:00')), [
    'A2 S',
  ]),
  clear('one that was blocked at the last moment', known(token({ valid: false }, '09:59:01'))),
  clear(
    'one that is only known since later says nothing of the start',
    {
      ...known(token({ valid: false })),
      token: { state: 'found', source: 'push', afterStart: true },
    },
    ['A7 I'],
  ),
  clear('a blocked token that was allowed in real time', {
    ...asked('AUTH_REQUEST', { ...token({ valid: false }), authorizations: [authorization()] }),
  }),
  clear('a blocked token of which nobody knows whether it was asked about', {
    ...asked('AUTH_REQUEST', token({ valid: false })),
  }),

  // A4
  hold(
    'a whitelist start with a token that must be asked about',
    known(token({ whitelist: 'NEVER' })),
    ['A4 S'],
  ),
  clear('one that may be on the list', known(token({ whitelist: 'ALLOWED' }))),
  clear('one for when nobody can be asked', known(token({ whitelist: 'ALLOWED_OFFLINE' }))),
  clear('one that was asked about all the same', {
    ...asked('WHITELIST', { ...token({ whitelist: 'NEVER' }), authorizations: [authorization()] }),
  }),
  clear('a command needs no list', {
    ...asked('COMMAND', { ...token({ whitelist: 'NEVER' }), authorizations: [start] }),
  }),

  // A3
  hold('an authorisation that nobody saw', asked('AUTH_REQUEST', { authorizations: [] }), ['A3 S']),
  clear(
    'a pair that the hub had seen no request of before',
    asked('AUTH_REQUEST', { authorizations: [], authorizesSince: day('10:00:01') }),
    ['A3 I'],
  ),
  clear(
    'a pair that the hub never saw a request of',
    asked('AUTH_REQUEST', { authorizations: [], authorizesSince: null }),
    ['A3 I'],
  ),
  clear('what is not known is not missed', asked('AUTH_REQUEST', {})),
  clear('a whitelist start needs none', asked('WHITELIST', { authorizations: [] })),
  clear('one that was seen', asked('AUTH_REQUEST', { authorizations: [authorization()] })),
  hold(
    'one for another location',
    asked('AUTH_REQUEST', { authorizations: [authorization({ locationId: 'L-2' })] }),
    ['A3 S'],
  ),
  clear(
    'one for any location',
    asked('AUTH_REQUEST', { authorizations: [authorization({ locationId: null })] }),
  ),
  hold(
    'one that was never answered',
    asked('AUTH_REQUEST', { authorizations: [authorization({ answer: null })] }),
    ['A3 S'],
  ),
  hold('a command that nobody gave', asked('COMMAND', { authorizations: [authorization()] }), [
    'A3 S',
  ]),
  clear('one that was given', asked('COMMAND', { authorizations: [start] })),
  clear(
    'a command is what 2.1.1 calls a request',
    asked('AUTH_REQUEST', { authorizations: [start] }),
  ),
  hold(
    'a command that was turned down',
    asked('COMMAND', { authorizations: [{ ...start, answer: 'REJECTED' }] }),
    ['A3 S'],
  ),
  clear(
    'a command whose answer got lost',
    asked('COMMAND', { authorizations: [{ ...start, answer: null }] }),
  ),
  hold(
    'another reference than the one that was given',
    asked('AUTH_REQUEST', { authorizations: [authorization()] }, { authorization_reference: 'X' }),
    ['A3 S'],
  ),
  clear(
    'the same reference in small letters',
    asked(
      'AUTH_REQUEST',
      { authorizations: [authorization()] },
      { authorization_reference: 'ref-1' },
    ),
  ),
  clear(
    'a reference where none was given',
    asked(
      'AUTH_REQUEST',
      { authorizations: [authorization({ reference: null })] },
      { authorization_reference: 'X' },
    ),
  ),

  // A6
  hold('a start after a refusal', asked('AUTH_REQUEST', { authorizations: [denied] }), ['A6 S']),
  hold(
    'an old refusal and nothing since',
    asked('AUTH_REQUEST', { authorizations: [before('06:00:00')] }),
    ['A6 S'],
  ),
  clear(
    'a refusal that was followed by a yes',
    asked('AUTH_REQUEST', { authorizations: [before('09:50:00'), authorization()] }),
  ),
  hold(
    'a yes that was followed by a refusal',
    asked('AUTH_REQUEST', {
      authorizations: [authorization({ at: day('09:30:00') }), denied],
    }),
    ['A6 S'],
  ),
  hold(
    'a whitelist start ten minutes after a refusal',
    asked('WHITELIST', { authorizations: [before('09:50:00')] }),
    ['A6 S'],
  ),
  clear(
    'a whitelist start longer after one',
    asked('WHITELIST', { authorizations: [before('09:49:59')] }),
  ),
  clear(
    'a refusal at another location',
    asked('WHITELIST', { authorizations: [{ ...denied, locationId: 'L-2' }] }),
  ),
  clear(
    'a refusal during the session, when the card was shown again',
    asked('WHITELIST', { authorizations: [before('11:00:00')] }),
  ),
])
