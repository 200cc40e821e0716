import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { cdrText, ownerOf, stateWords } from '../cdr-text.ts'
import { codeText, whenText } from '../dispute-words.ts'
import { items, member, pageTable, pairs, table, text } from '../show.ts'
import { query, segment, withReason } from './hub.ts'

const REASON = { reason: { value: 'TEXT', about: 'why; goes into the audit log' } }
const VERBS = {
  approve: 'Approve what the CPO claims',
  recheck: 'Judge it again by what is known now',
  release: 'Let a held CDR settle in spite of its findings',
  return: 'Return a held or quarantined CDR to its sender',
} as const

/** Commands about CDRs, cycles and the ledger. */
export const moneyCommands: readonly Command[] = [
  {
    words: 'cdrs',
    args: [],
    about: 'List CDRs, newest first',
    options: {
      state: {
        value: 'STATE',
        about: 'held, quarantined, unmatched, provisional, approved, credited, withdrawn',
      },
      party: { value: 'NL-TNM', about: 'sent by or billed to this party' },
      from: { value: 'TIME', about: 'received at or after, say 2026-01-31T00:00:00Z' },
      to: { value: 'TIME', about: 'received before' },
      limit: { value: 'N', about: 'how many at most, 1 to 500 (100)' },
    },
    run: listCdrs,
  },
  {
    words: 'cdr',
    args: ['PARTY', 'ID'],
    about: 'Show a CDR: where it stands, its findings, its history',
    run: showCdr,
  },
  ...(['approve', 'recheck', 'release', 'return'] as const).map((verb) => ({
    words: `cdr ${verb}`,
    args: ['PARTY', 'ID'],
    about: VERBS[verb],
    options: REASON,
    run: async ({ hub, args, option }: CommandCall): Promise<Outcome> => {
      const reason = option('reason')
      if (reason === undefined)
        throw new CliStop(EXIT.usage, 'Say why: --reason "checked with the CPO".')
      const decided = await hub.post(`${cdrPath(args)}/${verb}`, { reason })
      return {
        code: EXIT.ok,
        text: `${text(decided, 'id')} is ${text(decided, 'state')}`,
        json: decided,
      }
    },
  })),
  {
    words: 'cycles',
    args: [],
    about: 'List settlement cycles',
    run: async ({ hub }) => {
      const page = await hub.get('/admin/v1/cycles?limit=500')
      return {
        code: EXIT.ok,
        text: pageTable(
          page,
          ['id', 'currency', 'state', 'closed', 'final'],
          items(page).map((cycle) => [
            ...['id', 'currency', 'state'].map((name) => text(cycle, name)),
            ...['closed_at', 'final_at'].map((name) => whenText(member(cycle, name))),
          ]),
          [],
        ),
        json: page,
      }
    },
  },
  {
    words: 'cycle close',
    args: ['CYCLE'],
    about: 'Close a cycle: the next one opens, preliminary statements are written',
    options: REASON,
    run: async ({ hub, args, option }) => {
      const closed = await hub.post(
        `/admin/v1/cycles/${segment(args[0])}/close`,
        withReason(option('reason')),
      )
      const next = text(closed, 'next_cycle')
      return {
        code: EXIT.ok,
        text: `${text(closed, 'id')} is ${text(closed, 'state')}; open now: ${next}`,
        json: closed,
      }
    },
  },
  {
    words: 'cycle finalize',
    args: ['CYCLE'],
    about: 'Freeze a closed cycle and net it',
    options: REASON,
    run: async ({ hub, args, option }) => {
      const final = await hub.post(
        `/admin/v1/cycles/${segment(args[0])}/finalize`,
        withReason(option('reason')),
      )
      const rows = items(final, 'positions').map((one) => [
        text(one, 'party'),
        text(one, 'net'),
        text(one, 'currency'),
      ])
      const positions =
        rows.length === 0
          ? 'nothing to settle'
          : table(['party', 'gets', 'currency'], rows, ['gets'])
      return {
        code: EXIT.ok,
        text: `${text(final, 'id')} is ${text(final, 'state')}\n${positions}`,
        json: final,
      }
    },
  },
  {
    words: 'statement',
    args: ['CYCLE', 'PARTY'],
    about: "Show a party's statement",
    options: { csv: { about: 'as CSV, all lines' } },
    run: showStatement,
  },
  {
    words: 'ledger verify',
    args: [],
    about: 'Recompute every balance from the transfers (1: the books are wrong)',
    run: verifyLedger,
  },
]

async function listCdrs({ hub, option }: CommandCall): Promise<Outcome> {
  const filter = Object.fromEntries(
    ['state', 'party', 'from', 'to', 'limit'].map((name) => [name, option(name)]),
  )
  const page = await hub.get(`/admin/v1/cdrs${query(filter)}`)
  const rows = items(page).map((cdr) => [
    ownerOf(cdr),
    text(cdr, 'id'),
    text(cdr, 'receiver'),
    stateWords(cdr),
    text(cdr, 'gross'),
    text(cdr, 'currency'),
    items(cdr, 'findings').map(String).map(codeText).join(', ') || '-',
    text(cdr, 'delivery'),
  ])
  const headings = [
    'party',
    'id',
    'billed to',
    'state',
    'gross',
    'currency',
    'findings',
    'delivery',
  ]
  const more =
    typeof member(page, 'next_cursor') === 'string'
      ? '\nThere are more: give --limit, or narrow the filter.'
      : ''
  const shown = rows.length === 0 ? 'none' : `${table(headings, rows, ['gross'])}${more}`
  return { code: EXIT.ok, text: shown, json: page }
}

async function showCdr({ hub, args }: CommandCall): Promise<Outcome> {
  const cdr = await hub.get(cdrPath(args))
  return { code: EXIT.ok, text: cdrText(cdr), json: cdr }
}

async function showStatement({ hub, args, flag }: CommandCall): Promise<Outcome> {
  const [country, party] = partyParts(args[1])
  const path = `/admin/v1/cycles/${segment(args[0])}/statements/${country}/${party}`
  if (flag('csv')) {
    const csv = await hub.text(`${path}?format=csv`)
    return { code: EXIT.ok, text: csv.trimEnd(), json: { csv } }
  }
  const statement = await hub.get(`${path}?limit=500`)
  const totals = member(statement, 'totals')
  const columns = ['approved', 'provisional', 'held'].map((state) => {
    const [owes, gets] = ['owes', 'gets'].map((side) =>
      text(member(member(totals, state), side), 'gross'),
    )
    return [state, owes ?? '-', gets ?? '-']
  })
  const rowsOf = (name: string, more: readonly string[] = []) =>
    items(statement, name).map((line) =>
      ['cdr_id', 'counterparty', 'direction', 'state', 'net', 'tax', 'gross', ...more].map(
        (field) => text(line, field),
      ),
    )
  const rows = rowsOf('lines')
  const carried = rowsOf('carried_lines', ['carried_to'])
  const sums = ['net', 'tax', 'gross'].map((name) => `${name} ${text(statement, 'currency')}`)
  const sides = ['owes', 'gets'].map((name) => `${name} ${text(statement, 'currency')}`)
  const headings = ['cdr', 'counterparty', 'direction', 'state', ...sums]
  const more =
    typeof member(statement, 'next_cursor') === 'string' ? '\nThere are more lines: use --csv.' : ''
  const shown = [
    `${text(statement, 'kind')} statement of ${text(statement, 'party')} in ${text(statement, 'cycle')}`,
    `${rows.length === 0 ? 'no lines' : table(headings, rows, sums)}${more}`,
    ...(carried.length === 0
      ? []
      : [`carried on, not netted:\n${table([...headings, 'carried to'], carried, sums)}`]),
    table(['', ...sides], columns, sides),
    `net position ${text(totals, 'net_position')} ${text(statement, 'currency')}`,
  ].join('\n\n')
  return { code: EXIT.ok, text: shown, json: statement }
}

async function verifyLedger({ hub }: CommandCall): Promise<Outcome> {
  const found = await hub.post('/admin/v1/ledger/verify')
  if (member(found, 'ok') === true)
    return { code: EXIT.ok, text: 'The ledger balances.', json: found }
  const lines = [
    'The ledger does NOT balance. Stop settling and find out why before anything is paid.',
    ...items(found, 'differences').map(
      (one) =>
        `  ${text(one, 'account')} ${text(one, 'field')}: ${text(one, 'stored')}, transfers say ${text(one, 'recomputed')}`,
    ),
    ...items(found, 'breaches').map((one) => `  ${text(one, 'rule')}: ${text(one, 'subject')}`),
  ]
  return { code: EXIT.differs, text: lines.join('\n'), json: found }
}

function cdrPath(args: readonly string[]): string {
  const [country, party] = partyParts(args[0])
  return `/admin/v1/cdrs/${country}/${party}/${segment(args[1])}`
}

/** Country and party of an argument like NL-TNM. */
export function partyParts(argument = ''): [string, string] {
  const match = /^([A-Za-z]{2})-([A-Za-z0-9]{3})$/.exec(argument)
  if (match === null)
    throw new CliStop(EXIT.usage, `${argument} is no party; write country and party as NL-TNM.`)
  return [match[1] ?? '', match[2] ?? '']
}
