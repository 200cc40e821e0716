import { at, listOf, readText } from '../../clearing/read.ts'
import type { PackFile } from '../../clearing/pack/types.ts'
import { toMicros } from '../../ledger/money.ts'
import type { DisputeDetail } from './read-detail.ts'
import { money, moment } from './words.ts'

/** What each file is, by the name that follows its number. */
const FILES: Readonly<Record<string, string>> = {
  'cdr.json': 'the CDR, byte for byte as its owner sent it',
  'receipt.json': 'when and how the CDR came, and what the hub doubted in it',
  'session-history.json': 'every message about the session, with when it came',
  'tariffs.json': 'the tariffs that the CDR was priced by',
  'authority.json': 'who asked whether the card may charge, and what was answered',
  'location.json': 'the charge point as it was when the session began',
  'emsp-record.json': "the eMSP's own record of the session",
  'signed-data.json': 'what the signed records of the meter say, and whether their signatures hold',
  'recomputation.json': 'the price reckoned again, with everything it was reckoned from',
  'agreement.json': 'what the two parties had agreed',
  'findings.json': 'what the hub found, with its arithmetic',
  'decisions.json': 'how disputes of these two parties about the same were decided before',
  'proof.json': 'what the dispute was decided by without a person',
  'manifest.json': 'the list of what was frozen, with its hashes',
}

type Input = { dispute: DisputeDetail; files: readonly PackFile[]; findings: unknown }

/** The page of a pack that people read first, in Markdown. */
export function readmeOf({ dispute, files, findings }: Input): string {
  return [
    `# Dispute ${dispute.id}: ${line(dispute.title)}`,
    aboutText(dispute),
    factsText(dispute),
    findingsText(dispute.code, findings),
    historyText(dispute),
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

function factsText(dispute: DisputeDetail): string {
  const { currency, state, outcome, deadline } = dispute
  const gross = (net: string, tax: string): string =>
    `${sum(net, tax, currency)} (${net} net and ${tax} tax${dispute.tax_known ? '' : ', as far as the tax is known'})`
  const rows: [string, string][] = [
    ['Disputed', gross(dispute.net, dispute.tax)],
    ['Upheld so far', gross(dispute.upheld_net, dispute.upheld_tax)],
    ['State', outcome === null ? words(state) : `${words(state)}: ${words(outcome)}`],
    ['Opened', `${moment(new Date(dispute.opened_at))} by ${opener(dispute)}`],
    ...(dispute.closed_at === null
      ? []
      : [['Closed', moment(new Date(dispute.closed_at))] satisfies [string, string]]),
    ...(deadline === null ? [] : [['Next', line(deadline.text)] satisfies [string, string]]),
    ['Held out of settlement', dispute.holds ? 'yes, the disputed part alone' : 'no'],
  ]
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${cell(value)} |`),
  ].join('\n')
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

function historyText({ history }: DisputeDetail): string {
  if (history.length === 0) return ''
  const events = history.map(({ at: when, sentence, text }) => {
    const said = text === null ? '' : ` “${line(text)}”`
    return `- ${moment(new Date(when))}: ${line(sentence)}${said}`
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

function checkText({ evidence_hash: hash }: DisputeDetail): string {
  const told =
    hash === null
      ? 'The dispute was never opened, so nothing was frozen.'
      : `What was frozen when the dispute was opened has the hash \`${hash}\`. The hub shows the same hash with the dispute.`
  return [
    '## How to check it',
    told,
    'With Crosscharge installed, and without asking the hub, this command checks every file, both chains of events, the price and the signatures of the meter:',
    `\`\`\`\nnpm run hub -- evidence verify FILE.zip${hash === null ? '' : ` --hash ${hash}`}\n\`\`\``,
    'Card and contract numbers are replaced by hashes everywhere but in the CDR itself, which both parties have. All times are UTC unless a zone is named.',
  ].join('\n\n')
}

function opener({ opened_by: by, emsp }: DisputeDetail): string {
  return by === 'hub' ? 'the hub, of itself' : by === 'operator' ? 'an operator of the hub' : emsp
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
