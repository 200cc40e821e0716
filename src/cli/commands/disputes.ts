import { writeFile } from 'node:fs/promises'
import { stateText } from '../../clearing/disputes/sentences.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { disputeText } from '../dispute-text.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { items, member, pageTable, pairs, table, text } from '../show.ts'
import { grossOf, whenText } from '../dispute-words.ts'
import { addEvidence } from './add-evidence.ts'
import { query, segment } from './hub.ts'
import { partyParts } from './money.ts'

const TEXT = { text: { value: 'TEXT', about: 'what is said to the other side; kept for good' } }
const AMOUNT = {
  net: { value: 'AMOUNT', about: 'without tax, say 12.50; all without it' },
  tax: { value: 'AMOUNT', about: 'in proportion without it' },
}
const SIDE = { side: { value: 'SIDE', about: 'cpo or emsp: for whom, where it could be either' } }
const PARTY = { party: { value: 'NL-TNM', about: 'of this party' } }
const LIMIT = { limit: { value: 'N', about: 'how many at most, 1 to 500 (100)' } }

const VERBS = [
  ['review', 'Take it into review for the CPO: there is more time to answer', { ...TEXT, ...SIDE }],
  ['answer', 'Deny it for the CPO; say why', { ...TEXT, ...SIDE }],
  ['accept', 'Accept all or an amount, an answer, or an offer', { ...TEXT, ...AMOUNT, ...SIDE }],
  ['propose', 'Offer an amount to meet at', { ...TEXT, ...AMOUNT, ...SIDE }],
  ['reject', 'Refuse an offer: the operator of the hub decides', { ...TEXT, ...SIDE }],
  ['rebut', 'Say for the eMSP why a denial is wrong', { ...TEXT, ...SIDE }],
  ['withdraw', 'Give it up for the eMSP', { ...TEXT, ...SIDE }],
  ['open', 'Open a draft of the hub now', TEXT],
  ['rule', 'Decide: the amount is upheld, else what is on the table', { ...TEXT, ...AMOUNT }],
  ['resolve', 'End it by what is proven: the amount is upheld', { ...TEXT, ...AMOUNT }],
  ['expire', 'End it with what is upheld so far', TEXT],
] as const

/** Commands about disputes and what follows from them. */
export const disputeCommands: readonly Command[] = [
  {
    words: 'disputes list',
    args: [],
    about: 'List disputes, newest first',
    options: {
      state: {
        value: 'STATE',
        about:
          'draft, open, in_review, denied, proposed, arbitration, await_credit, closed …; any_open (normal), any_closed, all',
      },
      code: { value: 'CODE', about: 'of a finding, say P1' },
      ...PARTY,
      cycle: { value: 'CYCLE', about: 'of CDRs in this cycle' },
      ...LIMIT,
    },
    run: listDisputes,
  },
  {
    words: 'disputes show',
    args: ['ID'],
    about: 'Show a dispute: its money, what happens next and when, what happened',
    run: async ({ hub, args }) => {
      const dispute = await hub.get(disputePath(args))
      return { code: EXIT.ok, text: disputeText(dispute), json: dispute }
    },
  },
  {
    words: 'disputes evidence',
    args: ['ID', 'FILE'],
    about:
      'Add a file to the evidence of a dispute: PDF, PNG, JPEG, text, CSV, XML or JSON; both parties see it. The same file again is there once',
    options: {
      note: { value: 'TEXT', about: 'what the file shows; kept as a text file behind it' },
      name: { value: 'NAME', about: 'how it is called in the evidence; its own name without it' },
      media: { value: 'TYPE', about: 'what it is, say text/plain; by its ending without it' },
    },
    run: addEvidence,
  },
  {
    words: 'disputes pack',
    args: ['ID', 'FILE'],
    about: 'Write the evidence of a dispute into a ZIP; `evidence verify FILE` checks it',
    run: async ({ hub, args }) => {
      const file = args[1] ?? ''
      const bytes = await hub.bytes(`${disputePath(args)}/evidence`)
      await writeFile(file, bytes).catch((error: Error) => {
        throw new CliStop(EXIT.cannot, `${file} cannot be written: ${error.message}`)
      })
      const json = { file, bytes: bytes.length }
      return { code: EXIT.ok, text: `${file}: ${bytes.length} bytes`, json }
    },
  },
  ...VERBS.map(([verb, about, options]) => ({
    words: `disputes ${verb}`,
    args: ['ID'],
    about,
    options,
    run: async (call: CommandCall): Promise<Outcome> => {
      const dispute = await call.hub.post(`${disputePath(call.args)}/${verb}`, deedOf(call))
      return { code: EXIT.ok, text: afterText(dispute), json: dispute }
    },
  })),
  {
    words: 'contest',
    args: ['PARTY', 'ID'],
    about: 'Contest a CDR or a part of it for its eMSP: only what is disputed is held',
    options: {
      code: { value: 'CODE', about: "of a finding; the hub's own without it" },
      ...TEXT,
      ...AMOUNT,
    },
    run: async (call) => {
      const [country, party] = partyParts(call.args[0])
      const code = call.option('code')
      const path = `/admin/v1/cdrs/${country}/${party}/${segment(call.args[1])}/contest`
      if (call.option('text') === undefined)
        throw new CliStop(EXIT.usage, 'Say why: --text "the session ended at 10:14".')
      const body = { ...deedOf(call), ...(code === undefined ? {} : { code }) }
      const dispute = await call.hub.post(path, body)
      return { code: EXIT.ok, text: afterText(dispute), json: dispute }
    },
  },
  {
    words: 'approve',
    args: [],
    about: 'Approve all provisional CDRs that fit',
    options: {
      ...PARTY,
      cycle: { value: 'CYCLE', about: 'in this cycle' },
      until: { value: 'TIME', about: 'received before, say 2026-01-31T00:00:00Z' },
      'gross-max': { value: 'AMOUNT', about: 'up to this amount each; with --currency' },
      currency: { value: 'EUR', about: 'in this currency' },
      all: { about: 'everything; needed where nothing else is given' },
      reason: { value: 'TEXT', about: 'why; goes into the audit log' },
    },
    run: approveMany,
  },
]

async function listDisputes({ hub, option }: CommandCall): Promise<Outcome> {
  const state = option('state') ?? 'any_open'
  const page = await hub.get(
    `/admin/v1/disputes${query({
      state: state === 'all' ? undefined : state,
      code: option('code'),
      counterparty: option('party'),
      cycle: option('cycle'),
      limit: option('limit'),
    })}`,
  )
  const rows = items(page).map((dispute) => [
    text(dispute, 'id'),
    text(dispute, 'state')
      .replaceAll('_', ' ')
      .replace(/^await /, 'awaiting '),
    text(dispute, 'cpo'),
    text(dispute, 'emsp'),
    text(member(dispute, 'cdr'), 'id'),
    grossOf(dispute, 'net', 'tax'),
    text(dispute, 'currency'),
    `${text(dispute, 'title')} (${text(dispute, 'code')})`,
    whenText(member(member(dispute, 'deadline'), 'at'), member(dispute, 'time_zone')),
  ])
  const headings = ['id', 'state', 'CPO', 'eMSP', 'CDR', 'gross', '', 'about', 'deadline']
  return { code: EXIT.ok, text: pageTable(page, headings, rows, ['id', 'gross']), json: page }
}

async function approveMany({ hub, option, flag }: CommandCall): Promise<Outcome> {
  const body = {
    counterparty: option('party'),
    cycle: option('cycle'),
    until: option('until'),
    gross_max: option('gross-max'),
    currency: option('currency'),
    reason: option('reason'),
  }
  const { reason: _reason, ...filter } = body
  const isNarrow = Object.values(filter).some((value) => value !== undefined)
  if (!isNarrow && !flag('all'))
    throw new CliStop(EXIT.usage, 'Say which: --party, --cycle, --until, --gross-max, or --all.')
  const done = await hub.post('/admin/v1/cdrs/approve', body)
  const totals = items(done, 'totals').map((total) => [
    text(total, 'currency'),
    text(total, 'count'),
    text(total, 'net'),
    text(total, 'tax'),
  ])
  const failed = items(done, 'failed').map(
    (cdr) =>
      `  ${text(cdr, 'country_code')}-${text(cdr, 'party_id')} ${text(cdr, 'id')}: ${text(cdr, 'message')}`,
  )
  const shown = [
    `${text(done, 'approved')} approved`,
    ...(totals.length === 0
      ? []
      : [table(['currency', 'CDRs', 'net', 'tax'], totals, ['CDRs', 'net', 'tax'])]),
    ...(failed.length === 0 ? [] : ['not approved', ...failed]),
  ].join('\n')
  return { code: failed.length === 0 ? EXIT.ok : EXIT.differs, text: shown, json: done }
}

/** What was just done, and what comes next. */
function afterText(dispute: unknown): string {
  const next = text(member(dispute, 'deadline'), 'text')
  return pairs([
    ['dispute', `${text(dispute, 'id')} is ${stateText(text(dispute, 'state'))}`],
    ['disputed', `${grossOf(dispute, 'net', 'tax')} ${text(dispute, 'currency')}`],
    ['upheld', `${grossOf(dispute, 'upheld_net', 'upheld_tax')} ${text(dispute, 'currency')}`],
    ['next', next === '-' ? 'nothing: it is over' : next],
  ])
}

function deedOf({ option }: CommandCall): object {
  const [net, tax] = [option('net'), option('tax')]
  if (net === undefined && tax !== undefined)
    throw new CliStop(EXIT.usage, 'Give --net beside --tax.')
  return {
    text: option('text'),
    side: option('side'),
    ...(net === undefined ? {} : { amount: { net, tax } }),
  }
}

function disputePath(args: readonly string[]): string {
  return `/admin/v1/disputes/${segment(args[0])}`
}
