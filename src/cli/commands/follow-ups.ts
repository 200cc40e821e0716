import type { Command, CommandCall, Outcome } from '../command.ts'
import { codeText, grossOf, micros, whenText } from '../dispute-words.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { items, member, pageTable, table, text } from '../show.ts'
import { query } from './hub.ts'

const PARTY = { party: { value: 'NL-TNM', about: 'of this party' } }
const LIMIT = { limit: { value: 'N', about: 'how many at most, 1 to 500 (100)' } }

/** Commands about what follows from disputes, what is missing, and how well partners do. */
export const followUpCommands: readonly Command[] = [
  {
    words: 'adjustments',
    args: [],
    about: 'List what was taken off by disputes, and which documents are awaited',
    options: {
      state: {
        value: 'STATE',
        about: 'awaiting_document, awaiting_replacement, consumed or undocumented',
      },
      ...PARTY,
      ...LIMIT,
    },
    run: listAdjustments,
  },
  {
    words: 'notices',
    args: [],
    about: 'List what is missing: CDRs, records, CPOs that have gone quiet',
    options: {
      state: { value: 'STATE', about: 'open (normal) or resolved' },
      kind: { value: 'KIND', about: 'session, record or cpo' },
      level: { value: 'N', about: '1 to 3, this one and above' },
      ...PARTY,
      ...LIMIT,
    },
    run: listNotices,
  },
  {
    words: 'quality',
    args: [],
    about: 'How well each CPO and eMSP does its side',
    options: {
      from: { value: 'TIME', about: 'CDRs received at or after, say 2026-01-01T00:00:00Z' },
      to: { value: 'TIME', about: 'and before' },
      ...PARTY,
    },
    run: showQuality,
  },
  {
    words: 'webhooks',
    args: [],
    about: 'List the webhooks of platforms, and how they are taken',
    options: LIMIT,
    run: async ({ hub, option }) => {
      const page = await hub.get(`/admin/v1/webhooks${query({ limit: option('limit') })}`)
      const rows = items(page).map((hook) => [
        ...['platform', 'url', 'events', 'waiting', 'given_up'].map((field) => text(hook, field)),
        whenText(member(hook, 'last_delivered_at')),
        text(hook, 'last_failure'),
      ])
      const right = ['waiting', 'given up']
      const headings = ['platform', 'url', 'events', ...right, 'last delivered', 'last failure']
      return { code: EXIT.ok, text: pageTable(page, headings, rows, right), json: page }
    },
  },
]

async function listAdjustments({ hub, option }: CommandCall): Promise<Outcome> {
  const filter = {
    state: option('state'),
    counterparty: option('party'),
    limit: option('limit'),
  }
  const page = await hub.get(`/admin/v1/adjustments${query(filter)}`)
  const rows = items(page).map((one) => [
    text(one, 'id'),
    text(one, 'dispute_id'),
    text(one, 'cpo'),
    text(one, 'emsp'),
    text(member(one, 'cdr'), 'id'),
    grossOf(one, 'net', 'tax'),
    text(one, 'currency'),
    text(one, 'state').replaceAll('_', ' '),
    text(one, 'credit'),
    text(one, 'replacement'),
    whenText(member(one, 'due_at'), member(one, 'time_zone')),
  ])
  const headings = [
    'id',
    'dispute',
    'CPO',
    'eMSP',
    'CDR',
    'taken off',
    '',
    'state',
    'credit',
    'replacement',
    'due',
  ]
  return { code: EXIT.ok, text: pageTable(page, headings, rows, ['id', 'taken off']), json: page }
}

/** What is missing, by the kind of a notice. */
const MISSING: Readonly<Record<string, string>> = {
  session: 'CDR of a session',
  record: 'CDR of a record',
  cpo: 'CDRs of a CPO',
}

async function listNotices({ hub, option }: CommandCall): Promise<Outcome> {
  const filter = {
    state: option('state'),
    kind: option('kind'),
    level: option('level'),
    counterparty: option('party'),
    limit: option('limit'),
  }
  const page = await hub.get(`/admin/v1/notices${query(filter)}`)
  const rows = items(page).map((notice) => [
    text(notice, 'level'),
    MISSING[text(notice, 'kind')] ?? text(notice, 'kind'),
    text(notice, 'cpo'),
    text(notice, 'emsp'),
    whenText(member(notice, 'since')),
    text(notice, 'message'),
  ])
  const headings = ['level', 'missing', 'CPO', 'eMSP', 'since', 'what']
  return { code: EXIT.ok, text: pageTable(page, headings, rows, ['level']), json: page }
}

async function showQuality({ hub, option }: CommandCall): Promise<Outcome> {
  const [from, to] = [option('from'), option('to')]
  if (from === undefined || to === undefined)
    throw new CliStop(
      EXIT.usage,
      'Say when: --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z.',
    )
  const found = await hub.get(`/admin/v1/quality${query({ from, to, party: option('party') })}`)
  const rows = items(found).map((one) => {
    const disputes = member(one, 'disputes')
    const held = items(one, 'held').map(
      (sum) => `${grossOf(sum, 'net', 'tax')} ${text(sum, 'currency')}`,
    )
    const findings = items(one, 'findings').map(
      (each) => `${text(each, 'count')} × ${codeText(text(each, 'code'))}`,
    )
    return [
      text(one, 'party'),
      text(one, 'role'),
      text(one, 'cdrs'),
      percentText(member(one, 'untouched_share')),
      ['won', 'lost', 'split', 'open'].map((name) => text(disputes, name)).join('/'),
      held.join(', ') || '-',
      findings.slice(0, 5).join(', ') || '-',
    ]
  })
  const headings = ['party', 'role', 'CDRs', 'untouched', 'won/lost/split/open', 'held', 'findings']
  const shown = rows.length === 0 ? 'none' : table(headings, rows, ['CDRs', 'untouched'])
  return { code: EXIT.ok, text: shown, json: found }
}

/** A share of 0 to 1 as people say it: `98.5 %`. */
function percentText(share: unknown): string {
  const value = typeof share === 'string' ? micros(share) : null
  return value === null ? '-' : `${Math.round(Number(value) / 1_000) / 10} %`
}
