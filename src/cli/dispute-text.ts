import { stateText, verbsText } from '../clearing/disputes/sentences.ts'
import { moneyText } from './bill-words.ts'
import { grossOf, micros, whenText } from './dispute-words.ts'
import { items, member, pairs, printable, text } from './show.ts'

/** A dispute for people: whose it is, its money, what happens next and when, what happened. */
export function disputeText(dispute: unknown): string {
  return [
    `Dispute ${text(dispute, 'id')}: ${text(dispute, 'title')} (${text(dispute, 'code')})`,
    facts(dispute),
    `What happens next\n${indented(nextLines(dispute))}`,
    `What happened\n${indented(items(dispute, 'history').flatMap((event) => eventLines(dispute, event)))}`,
    ...patternLines(dispute),
    `Evidence\n${indented(evidenceLines(dispute))}`,
  ].join('\n\n')
}

function amountOf(value: unknown, name: string, currency: string): string {
  const said = text(value, name)
  return micros(said) === null ? '-' : `${moneyText(said, currency)} ${currency}`
}

function facts(dispute: unknown): string {
  const cdr = member(dispute, 'cdr')
  const offer = member(dispute, 'offer')
  const currency = text(dispute, 'currency')
  const sum = (value: unknown, net: string, tax: string) =>
    `${amountOf(value, net, currency)} + tax ${amountOf(value, tax, currency)} = ${grossOf(value, net, tax, currency)} ${currency}`
  const held = member(dispute, 'holds') === true ? ', held out of settlement' : ''
  const outcome = member(dispute, 'outcome')
  const isOffered = offer !== null && offer !== undefined
  return pairs([
    ['between', `${text(dispute, 'cpo')} (CPO) and ${text(dispute, 'emsp')} (eMSP)`],
    cdr === null || cdr === undefined
      ? ['about', `a pattern over ${text(dispute, 'item_count')} CDRs`]
      : ['CDR', `${text(cdr, 'country_code')}-${text(cdr, 'party_id')} ${text(cdr, 'id')}`],
    ['the dispute is', `${stateText(text(dispute, 'state'))}; round ${text(dispute, 'round')}`],
    ...where(typeof outcome === 'string', 'outcome', String(outcome).replaceAll('_', ' ')),
    ['disputed', `${sum(dispute, 'net', 'tax')}${held}`],
    ['upheld', sum(dispute, 'upheld_net', 'upheld_tax')],
    ...where(
      isOffered,
      'on the table',
      `${sum(offer, 'net', 'tax')}, offered by ${whoText(dispute, text(offer, 'by'))}`,
    ),
    ...where(isNot(dispute, 'tax_known'), 'note', 'the CPO did not state its tax; counted as 0'),
    ...where(!isNot(dispute, 'out_of_time'), 'note', 'raised after the agreed time'),
    ...where(typeof member(dispute, 'statement') === 'string', 'said', text(dispute, 'statement')),
    [
      'opened',
      `${whenOf(dispute, member(dispute, 'opened_at'))} by ${whoText(dispute, text(dispute, 'opened_by'))}`,
    ],
  ])
}

/** By the clock of the place that the dispute is about. */
function whenOf(dispute: unknown, value: unknown): string {
  return whenText(value, member(dispute, 'time_zone'))
}

/** A side as people call it: the party, or the hub. */
function whoText(dispute: unknown, side: string): string {
  if (side === 'cpo' || side === 'emsp') return text(dispute, side)
  return side === 'operator' ? 'the operator of the hub' : 'the hub'
}

function where(isThere: boolean, name: string, value: string): [string, string][] {
  return isThere ? [[name, value]] : []
}

function isNot(dispute: unknown, name: string): boolean {
  return member(dispute, name) === false
}

function nextLines(dispute: unknown): string[] {
  const deadline = member(dispute, 'deadline')
  if (deadline === null || deadline === undefined)
    return [`Nothing: it is over since ${whenOf(dispute, member(dispute, 'closed_at'))}.`]
  const possible = verbsText(items(dispute, 'possible').map(String))
  return [
    text(deadline, 'text'),
    ...(possible === null ? [] : [`An operator can now ${possible}.`]),
  ]
}

function eventLines(dispute: unknown, event: unknown): string[] {
  const said = member(event, 'text')
  return [
    `${whenOf(dispute, member(event, 'at'))}  ${text(event, 'sentence')}`,
    ...(typeof said === 'string' ? [`                      “${said}”`] : []),
  ]
}

function patternLines(dispute: unknown): string[] {
  const rows = items(dispute, 'items')
  if (rows.length === 0) return []
  const lines = rows.map(
    (item) =>
      `${text(item, 'country_code')}-${text(item, 'party_id')} ${text(item, 'id')}  ${grossOf(item, 'net', 'tax', text(dispute, 'currency'))} ${text(dispute, 'currency')}`,
  )
  const more = Number(member(dispute, 'item_count')) - rows.length
  return [`CDRs\n${indented([...lines, ...(more > 0 ? [`and ${more} more`] : [])])}`]
}

function evidenceLines(dispute: unknown): string[] {
  const hash = member(dispute, 'evidence_hash')
  const files = items(dispute, 'evidence').map(
    (file) =>
      `${text(file, 'number').padStart(3)}  ${text(file, 'name')}  by ${text(file, 'added_by').replace(/^hub$/, 'the hub')}`,
  )
  const head =
    typeof hash === 'string' ? `frozen when it was opened, manifest ${hash}` : 'not frozen yet'
  return [head, ...files]
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${printable(line)}`).join('\n')
}
