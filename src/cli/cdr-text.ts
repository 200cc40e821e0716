import { stateText } from '../clearing/disputes/sentences.ts'
import { codeText, whenText } from './dispute-words.ts'
import { items, member, pairs, text } from './show.ts'

/** A CDR for people: its money, its parts, what was found and what happened. */
export function cdrText(cdr: unknown): string {
  const facts = pairs([
    ['cdr', `${ownerOf(cdr)} ${text(cdr, 'id')}`],
    ['billed to', text(cdr, 'receiver')],
    ['state', stateWords(cdr)],
    [
      'amount',
      `${moneyOf(cdr, 'net', cdr)} + tax ${moneyOf(cdr, 'tax', cdr)} = ${moneyOf(cdr, 'gross', cdr)}`,
    ],
    ['session', text(cdr, 'session_id')],
    ['cycle', text(cdr, 'cycle')],
    ...undisputedRow(cdr),
    ['delivery', text(cdr, 'delivery')],
    ['received', whenText(member(cdr, 'received_at'))],
  ])
  const findings = items(cdr, 'findings').flatMap((finding) => {
    const decision = member(member(finding, 'explanation'), 'decision')
    return [
      `  ${codeText(text(finding, 'code'))}, ${SEVERITIES[text(finding, 'severity')] ?? '-'}`,
      `    ${text(finding, 'message')}`,
      ...(typeof decision === 'string' ? [`    ${decision}`] : []),
    ]
  })
  const parts = items(cdr, 'parts').map(
    (part) =>
      `  part ${text(part, 'part')}: ${moneyOf(part, 'net', cdr)} + tax ${moneyOf(part, 'tax', cdr)}, ${text(part, 'book')}, dispute ${text(part, 'dispute')}`,
  )
  const history = items(cdr, 'history').map(
    (event) =>
      `  ${whenText(member(event, 'at'))}  ${stateWords(event)}, by ${text(event, 'actor')}: ${reasonWords(text(event, 'reason_code'))}`,
  )
  const none = ['  none']
  const lines = [
    facts,
    ...(parts.length > 0 ? ['parts beside it', ...parts] : []),
    'findings',
    ...(findings.length > 0 ? findings : none),
    'history',
    ...(history.length > 0 ? history : none),
  ]
  return lines.join('\n')
}

/** How grave a finding is; its decision says what follows. */
const SEVERITIES: Readonly<Record<string, string>> = {
  F: 'fatal',
  S: 'severe',
  W: 'warning',
  I: 'note',
}

/** A state in words. */
export function stateWords(value: unknown): string {
  return text(value, 'state').replaceAll('_', ' ')
}

/** An amount of a CDR with its currency. */
function moneyOf(value: unknown, name: string, cdr: unknown): string {
  const amount = text(value, name)
  return amount === '-' ? amount : `${amount} ${text(cdr, 'currency')}`
}

/** Why a CDR is where it is. Reasons are words, or name a finding by its code and a dispute by its state. */
function reasonWords(reason: string): string {
  const [, lead = '', code, state] =
    /^(contested |dispute )?([A-Z]\d{1,2})(?: ([a-z_]+))?$/.exec(reason) ?? []
  if (code === undefined) return reason === 'clear' ? 'nothing stands against it' : reason
  const about = lead === 'dispute ' ? 'dispute about ' : lead
  return `${about}${codeText(code)}${state === undefined ? '' : `: ${stateText(state).replaceAll('_', ' ')}`}`
}

/** Where a part of the claim is disputed, or was. */
function undisputedRow(cdr: unknown): [string, string][] {
  const rest = member(cdr, 'undisputed')
  if (items(cdr, 'parts').length === 0 || rest === null || rest === undefined) return []
  const amount = `${moneyOf(rest, 'net', cdr)} + tax ${moneyOf(rest, 'tax', cdr)}`
  return [['undisputed', amount]]
}

/** Whose CDR it is: `NL-TNM`. */
export function ownerOf(cdr: unknown): string {
  return `${text(cdr, 'country_code')}-${text(cdr, 'party_id')}`
}
