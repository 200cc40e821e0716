import { isOpen } from '../disputes/machine.ts'
import type { DisputeState } from '../disputes/machine.ts'
import { DISPUTE_STATES } from '../disputes/machine.ts'
import { exactly, readDecimal } from '../decimal.ts'
import { at, listOf, readText } from '../read.ts'
import { eventsOf } from './read.ts'
import type { PackEvent } from './types.ts'

/** What stands where among the words of an event; see PackEvent. */
const WORDS = { state: 0, via: 1, actor: 2, code: 3, text: 4, verb: 5, side: 6, net: 7, tax: 8 }
const MICRO = exactly('0.000001')

/**
 * What of the dispute in a manifest does not follow from its chain of events and from what was frozen, in words; null:
 * all of it does. What an event that is withheld would say is not compared. `frozen`: the list of what was frozen, parsed.
 */
export function standFault(manifest: unknown, frozen: unknown): string | null {
  const events = eventsOf(at(manifest, '/events'))
  if (events === null || events.length === 0) return 'there are no events that it follows from'
  const dispute = at(manifest, '/dispute')
  return (
    nameFault(dispute, { manifest, frozen, subject: events[0]?.subject ?? '' }) ??
    historyFault(listOf(at(dispute, '/history')), events) ??
    stateFault(dispute, events) ??
    moneyFault(dispute, events)
  )
}

function nameFault(
  dispute: unknown,
  of: { manifest: unknown; frozen: unknown; subject: string },
): string | null {
  const { manifest, frozen, subject } = of
  if (`dispute:${readText(at(dispute, '/id')) ?? ''}` !== subject)
    return 'the events are of another dispute'
  if (at(dispute, '/evidence_hash') !== at(manifest, '/evidence_hash'))
    return 'it names another evidence hash than the pack'
  if (frozen === undefined) return null
  if (at(frozen, '/dispute') !== at(dispute, '/id')) return 'what was frozen is of another dispute'
  if (at(frozen, '/cdr') === null) return at(dispute, '/cdr') === null ? null : 'it is about no CDR'
  const pairs = [
    ['/cdr/id', '/cdr/id', 'CDR'],
    ['/cdr/party', '/cdr/party', 'CPO'],
    ['/cdr/party', '/cpo', 'CPO'],
    ['/cdr/emsp', '/emsp', 'eMSP'],
    ['/cdr/currency', '/currency', 'currency'],
  ] as const
  const wrong = pairs.find(([kept, shown]) => at(frozen, kept) !== at(dispute, shown))
  return wrong === undefined ? null : `it names another ${wrong[2]} than what was frozen`
}

/** The history that people read says of each event what the chain says. */
function historyFault(history: readonly unknown[], events: readonly PackEvent[]): string | null {
  if (history.length !== events.length)
    return `its history tells of ${history.length} events, the chain of ${events.length}`
  for (const [index, event] of events.entries()) {
    const shown = history[index]
    const isSame =
      at(shown, '/number') === event.epoch &&
      at(shown, '/at') === event.at &&
      at(shown, '/prev_hash') === event.prev_hash &&
      at(shown, '/hash') === event.hash
    if (!isSame || !isSaid(shown, event.said))
      return `its history tells event ${event.epoch} otherwise than the chain`
  }
  return null
}

function isSaid(shown: unknown, said: PackEvent['said']): boolean {
  if (said === null) return true
  const word = (name: keyof typeof WORDS): string | null => said[WORDS[name]] ?? null
  const text = (name: string): string => readText(at(shown, `/${name}`)) ?? ''
  return (
    text('state') === word('state') &&
    listOf(at(shown, '/via')).join(' ') === word('via') &&
    text('actor') === word('actor') &&
    text('text') === (word('text') ?? '') &&
    text('verb') === word('verb') &&
    text('side') === word('side') &&
    isAmount(at(shown, '/net'), word('net')) &&
    isAmount(at(shown, '/tax'), word('tax'))
  )
}

function stateFault(dispute: unknown, events: readonly PackEvent[]): string | null {
  const [first, last] = [events[0]?.said, events.at(-1)?.said]
  if (last && at(dispute, '/state') !== last[WORDS.state]) return 'it ended in another state'
  if (first && at(dispute, '/code') !== first[WORDS.code]) return 'it was opened for another reason'
  return null
}

/** Words of events that give a dispute up, and how it ends by them. */
const GIVEN_UP: Readonly<Record<string, string>> = {
  withdraw: 'withdrawn',
  tolerate: 'tolerated',
  clear: 'cleared',
  credit: 'credited',
}

/** The amounts and the outcome; where an event is withheld they cannot be told. */
function moneyFault(dispute: unknown, events: readonly PackEvent[]): string | null {
  const said = events.flatMap((event) => (event.said === null ? [] : [event.said]))
  if (said.length < events.length) return null
  const opened = said.findLast(
    (words, index) =>
      index === 0 || (words[WORDS.state] === 'draft' && words[WORDS.verb] === 'open'),
  )
  const isOver = (words: PackEvent['said']): boolean => !isWaiting(words?.[WORDS.state] ?? '')
  const decided = said.findLast(
    (words) =>
      UPHOLDING.has(words[WORDS.state] ?? '') &&
      words[WORDS.net] !== null &&
      !(isOver(words) && Object.hasOwn(GIVEN_UP, words[WORDS.verb] ?? '')),
  )
  const last = said.at(-1)
  const givenUp = isOver(last ?? null) ? GIVEN_UP[last?.[WORDS.verb] ?? ''] : undefined
  for (const name of ['net', 'tax'] as const) {
    if (!isAmount(at(dispute, `/${name}`), opened?.[WORDS[name]] ?? null))
      return `it was opened over another ${name}`
    const upheld = decided?.[WORDS[name]] ?? '0'
    const isRight = [upheld, ...(givenUp === undefined ? [] : ['0'])].some((each) =>
      isAmount(at(dispute, `/upheld_${name}`), each),
    )
    if (!isRight) return `another ${name} was upheld`
  }
  const outcome = last && isOver(last) ? (givenUp ?? outcomeOf(dispute)) : null
  return at(dispute, '/outcome') === outcome ? null : 'it ended with another outcome'
}

/** States in which the amount that an event names is what is upheld, not what somebody offers or asks for. */
const UPHOLDING: ReadonlySet<string> = new Set([
  'accepted_partial',
  'await_credit',
  'await_replacement',
  'closed',
  'auto_resolved',
  'expired',
  'withdrawn',
])

function outcomeOf(dispute: unknown): string {
  const read = (name: string) => readDecimal(at(dispute, `/${name}`)) ?? 0n
  const [net, tax] = [read('upheld_net'), read('upheld_tax')]
  if (net === 0n && tax === 0n) return 'denied'
  return net >= read('net') && tax >= read('tax') ? 'upheld' : 'partly_upheld'
}

function isWaiting(state: string): boolean {
  const known: DisputeState | undefined = DISPUTE_STATES.find((each) => each === state)
  return known !== undefined && isOpen(known)
}

/** Whether a decimal text is so many micro-units; null is null. */
function isAmount(shown: unknown, micros: string | null): boolean {
  if (shown === null || shown === undefined || micros === null)
    return (shown ?? null) === null && micros === null
  return /^-?\d{1,20}$/.test(micros) && readDecimal(shown) === BigInt(micros) * MICRO
}
