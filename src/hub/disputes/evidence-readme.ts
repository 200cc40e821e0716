import { readDecimal, textOf } from '../../clearing/decimal.ts'
import { stateText } from '../../clearing/disputes/sentences.ts'
import { patternFile } from '../../clearing/pack/pattern-types.ts'
import { billText } from '../../clearing/pack/verify.ts'
import { at, listOf, readPrice, readText, readTime } from '../../clearing/read.ts'
import type { PackFile } from '../../clearing/pack/types.ts'
import { toMicros } from '../../ledger/money.ts'
import { amountText, figureOf } from '../../pricing/figures.ts'
import type { DisputeDetail } from './read-detail.ts'
import { money, moment } from './words.ts'

/** What each file is, by the name that follows its number. */
const FILES: Readonly<Record<string, string>> = {
  'cdr.json': 'the CDR, byte for byte as its owner sent it',
  'receipt.json': 'when and how the CDR came, and what the hub doubted in it',
  'session-history.json': 'every message about the session, with when it came',
  'tariffs.json': 'the tariffs that prices were reckoned by',
  'authority.json': 'who asked whether the card may charge, and what was answered',
  'location.json': 'the charge point as it was when the session began',
  'emsp-record.json': "the eMSP's own record of the session",
  'signed-data.json': 'what the signed records of the meter say, and whether their signatures hold',
  'recomputation.json': 'the price reckoned again, with everything it was reckoned from',
  'agreement.json': 'what the two parties had agreed',
  'findings.json': 'what the hub found, with its arithmetic',
  'decisions.json': 'how disputes of these two parties about the same were decided before',
  'proof.json': 'what the dispute was decided by without a person',
  'pattern.json': 'what is said of the CDRs, and the figures it was found by',
  'cdrs.json':
    'the CDRs one by one: claim, price, difference, what is disputed, and the hash of each',
  'cdrs.csv': 'the same list for a spreadsheet',
  'manifest.json': 'the list of what was frozen, with its hashes',
}

/** `cdr` to `pattern`: what stands in these files of the evidence, parsed; null where there is none. */
type Input = {
  dispute: DisputeDetail
  files: readonly PackFile[]
  cdr: unknown
  recomputation: unknown
  findings: unknown
  pattern: unknown
}

/** The page of a pack that people read first, in Markdown. */
export function readmeOf(input: Input): string {
  const { dispute, files, cdr, recomputation, findings, pattern } = input
  const zone = readText(at(recomputation, '/time_zone')) ?? dispute.time_zone ?? 'UTC'
  return [
    `# Dispute ${dispute.id}: ${line(dispute.title)}`,
    aboutText(dispute),
    factsText(dispute, zone),
    cdrText({ cdr, recomputation, zone }),
    patternText(pattern),
    findingsText(dispute.code, findings),
    historyText(dispute, zone),
    filesText(files),
    checkText(dispute),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

function aboutText({ cdr, cpo, emsp, item_count: count }: DisputeDetail): string {
  if (cdr === null)
    return `${emsp} and ${cpo} disagree about ${count} CDRs that are too high by a little each, always in the same direction.`
  return `${emsp} and ${cpo} disagree about CDR ${line(cdr.id)} of ${cpo}.`
}

function factsText(dispute: DisputeDetail, zone: string): string {
  const { currency, state, outcome, deadline } = dispute
  const gross = (net: string, tax: string): string =>
    `${sum(net, tax, currency)} (${moneyOf(net, currency)} net and ${moneyOf(tax, currency)} tax${dispute.tax_known ? '' : ', as far as the tax is known'})`
  const rows: [string, string][] = [
    ['Disputed', gross(dispute.net, dispute.tax)],
    ['Upheld so far', gross(dispute.upheld_net, dispute.upheld_tax)],
    ['State', outcome === null ? stateText(state) : `${stateText(state)}: ${words(outcome)}`],
    ['Opened', `${moment(new Date(dispute.opened_at), zone)} by ${opener(dispute)}`],
    ...(dispute.closed_at === null
      ? []
      : [['Closed', moment(new Date(dispute.closed_at), zone)] satisfies [string, string]]),
    ...(deadline === null ? [] : [['Next', line(deadline.text)] satisfies [string, string]]),
    ['Held out of settlement', dispute.holds ? 'yes, the disputed part alone' : 'no'],
  ]
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${cell(value)} |`),
  ].join('\n')
}

/** What the CDR claims, and what the hub makes of it. */
function cdrText({
  cdr,
  recomputation,
  zone,
}: Pick<Input, 'cdr' | 'recomputation'> & { zone: string }): string {
  if (cdr === null) return ''
  const time = (...names: string[]): string | null => {
    const ms = names.map((name) => readTime(at(cdr, `/${name}`))).find((each) => each !== null)
    return ms === undefined || ms === null ? null : moment(new Date(ms), zone)
  }
  const currency = readText(at(cdr, '/currency')) ?? ''
  const energy = readDecimal(at(cdr, '/total_energy'))
  const rows: [string, string | null][] = [
    ['Began', time('start_date_time')],
    ['Ended', time('end_date_time', 'stop_date_time')],
    ['Energy', energy === null ? null : `${textOf(energy)} kWh`],
    ['It claims', claimOf(at(cdr, '/total_cost'), currency)],
    ['The hub reckons', reckonedOf(recomputation)],
  ]
  const known = rows.flatMap(([name, value]) =>
    value === null ? [] : [`| ${name} | ${cell(value)} |`],
  )
  return known.length === 0
    ? ''
    : ['## The CDR', ['| | |', '|---|---|', ...known].join('\n')].join('\n\n')
}

/** What was added up, where a pattern was measured. */
function patternText(pattern: unknown): string {
  if (!patternFile.Check(pattern) || pattern.test === null) return ''
  const { currency, test } = pattern
  const series = {
    pair: 'all of the two parties',
    tariff: `those by tariff ${test.key}`,
    evse: `those at EVSE ${test.key}`,
    record: "all, compared with the eMSP's own records",
    energy: 'all, by their energy, compared with signed meters or sessions',
    record_energy: "all, by their energy, compared with the eMSP's own records",
  }[test.by]
  const [from, until] = [test.from, test.until].map((at) => moment(new Date(at)))
  const of = (amount: string): string => moneyOf(amount, currency)
  const rows: [string, string][] = [
    ['Measured', `${test.cdrs} CDRs in a row of ${series}`],
    ['They began', `from ${from} until ${until}`],
    ['Too high by', `${of(test.sum)} in all, ${of(test.mean)} on average`],
    ['Left aside for rounding', of(test.slack)],
    ['Disputed from', `${of(test.threshold)} in all`],
  ]
  const shown = rows.map(([name, value]) => `| ${name} | ${cell(value)} |`)
  return ['## What was measured', ['| | |', '|---|---|', ...shown].join('\n')].join('\n\n')
}

function claimOf(cost: unknown, currency: string): string | null {
  const price = readPrice(cost)
  const net = price?.excl ?? readDecimal(cost)
  if (net === null) return null
  const gross = price?.incl ?? null
  const shown = (amount: bigint): string => amountText(figureOf(textOf(amount)), currency)
  return gross === null ? shown(net) : `${shown(net)} before tax, ${shown(gross)} with it`
}

function reckonedOf(recomputation: unknown): string | null {
  if (recomputation === null) return null
  if (at(recomputation, '/possible') !== true) return readText(at(recomputation, '/why'))
  return billText(at(recomputation, '/bill'))
}

function findingsText(code: string, findings: unknown): string {
  const all = listOf(findings)
  const own = all.filter((finding) => at(finding, '/code') === code)
  const shown = own.length > 0 ? own : all
  if (shown.length === 0) return ''
  const parts = shown.map((finding) => {
    const steps = listOf(at(finding, '/explanation/steps')).flatMap((step) => readText(step) ?? [])
    const decision = readText(at(finding, '/explanation/decision'))
    return [
      line(readText(at(finding, '/message')) ?? ''),
      ...steps.map((step) => `- ${line(step)}`),
      ...(decision === null ? [] : [line(decision)]),
    ].join('\n')
  })
  return ['## What the hub found', ...parts].join('\n\n')
}

function historyText({ history }: DisputeDetail, zone: string): string {
  if (history.length === 0) return ''
  const events = history.map(({ at: when, sentence, text }) => {
    const said = text === null ? '' : ` “${line(text)}”`
    return `- ${moment(new Date(when), zone)}: ${line(sentence)}${said}`
  })
  return ['## What happened', events.join('\n')].join('\n\n')
}

function filesText(files: readonly PackFile[]): string {
  const rows = files.map(({ path, added_by: by }) => {
    const name = path.replace(/^evidence\/(?:\d+-)?/, '')
    const isOurs = by === 'hub' && Object.hasOwn(FILES, name)
    return `| ${cell(path)} | ${cell(isOurs ? (FILES[name] ?? '') : `added by ${by}`)} |`
  })
  return [
    '## What is in this pack',
    ['| file | what it is |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n')
}

function checkText({ cdr, evidence_hash: hash }: DisputeDetail): string {
  const told =
    hash === null
      ? 'The dispute was never opened, so nothing was frozen.'
      : `What was frozen when the dispute was opened has the hash \`${hash}\`. The hub shows the same hash with the dispute.`
  const [checked, cards] =
    cdr === null
      ? [
          'the chain of events, what is said of the dispute, and that the differences of the CDRs add up to what is disputed',
          'The list names no cards and no contracts. The `sha256` of a CDR is over its bytes as its owner sent it, so that whoever has it can tell that it is the one.',
        ]
      : [
          'both chains of events, what is said of the dispute, the price and the signatures of the meter',
          'Card and contract numbers are replaced by hashes everywhere but in the CDR itself, which both parties have.',
        ]
  return [
    '## How to check it',
    told,
    `With Crosscharge installed, and without asking the hub, this command checks every file, ${checked}:`,
    `\`\`\`\nnpm run hub -- evidence verify FILE.zip${hash === null ? '' : ` --hash ${hash}`}\n\`\`\``,
    'Without Crosscharge, `sha256sum -c SHA256SUMS` says whether a file is another one than it was when the pack was made.',
    `${cards} Times are in the zone of the charge point where it is known, and every one names its zone.`,
  ].join('\n\n')
}

function opener({ opened_by: by, emsp }: DisputeDetail): string {
  return by === 'hub' ? 'the hub, of itself' : by === 'operator' ? 'an operator of the hub' : emsp
}

/** A decimal text with the digits of its currency. */
function moneyOf(amount: string, currency: string): string {
  return amountText(figureOf(amount), currency)
}

function sum(net: string, tax: string, currency: string): string {
  const [a, b] = [toMicros(net), toMicros(tax)]
  return a.status === 'ok' && b.status === 'ok' ? money(a.micros + b.micros, currency) : currency
}

function words(name: string): string {
  return name.replaceAll('_', ' ')
}

/** One line: what partners wrote must not become a heading or a table of its own. */
function line(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/[<>]/g, (mark) => (mark === '<' ? '&lt;' : '&gt;'))
}

function cell(text: string): string {
  return line(text).replaceAll('|', '\\|')
}
