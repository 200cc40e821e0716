import { test } from 'uvu'
import * as check from 'uvu/assert'
import type { AdminCdr, AdminStatement, StatementLine } from '../../src/sandbox/admin.ts'
import { clearingChecks, exchangeChecks } from '../../src/sandbox/checks.ts'
import type { Check } from '../../src/sandbox/checks.ts'
import type { MeantCdr, PlatformBooks } from '../../src/sandbox/demo-books.ts'
import { amountText } from '../../src/sandbox/decimals.ts'
import { settlementChecks } from '../../src/sandbox/settlement-checks.ts'
import type { SettledCycle } from '../../src/sandbox/settlement-checks.ts'
import type { PlatformPlan } from '../../src/sandbox/world.ts'

const CPO = { countryCode: 'NL', partyId: 'CPO', name: 'Operator' }
const EMSP = { countryCode: 'DE', partyId: 'EMP', name: 'Provider' }
const CENT = 10_000n

function meantCdr(id: string, state: MeantCdr['state'], fault?: MeantCdr['fault']): MeantCdr {
  return {
    key: `cdrs/NL-CPO/${id}`,
    owner: 'NL-CPO',
    id,
    receiver: 'DE-EMP',
    currency: 'EUR',
    fault,
    net: 1_000n * CENT,
    tax: 210n * CENT,
    expectedNet: 1_000n * CENT,
    heldNet: state === 'held' ? 1_000n * CENT : 0n,
    heldTax: state === 'held' ? 210n * CENT : 0n,
    rest: 'provisional',
    digest: `digest of ${id}`,
    state,
  }
}

const MEANT = [
  meantCdr('a', 'approved'),
  meantCdr('b', 'provisional'),
  meantCdr('c', 'held', 'price'),
  meantCdr('d', 'quarantined', 'owner'),
]

function hubCdr(id: string, more: Partial<AdminCdr> = {}): AdminCdr {
  const meant = MEANT.find((one) => one.id === id)
  return {
    owner: 'NL-CPO',
    id,
    receiver: 'DE-EMP',
    state: meant?.state ?? '',
    currency: 'EUR',
    net: '10.00',
    tax: '2.10',
    cycle: 'EUR-000001',
    delivery: 'delivered',
    codes: meant?.fault === 'price' ? ['P1'] : meant?.fault === 'owner' ? ['A5'] : [],
    ...more,
  }
}

const FOUND = MEANT.map((cdr) => hubCdr(cdr.id))

/** The names of the checks that fail. */
function failing(checks: Check[]): string[] {
  return checks.filter((one) => !one.ok).map((one) => one.name)
}

function changed(id: string, more: Partial<AdminCdr>): AdminCdr[] {
  return FOUND.map((cdr) => (cdr.id === id ? { ...cdr, ...more } : cdr))
}

test('clearing as it was meant passes every check', () => {
  check.equal(failing(clearingChecks(MEANT, FOUND)), [])
})

test('each way of clearing wrongly fails its own check', () => {
  const recorded = 'every CDR answered 1000 is recorded once'
  const faults = 'every seeded fault is held with its code'
  const sound = 'no sound CDR is held'
  const states = 'CDRs are approved where that was agreed or done, else provisional'
  const amounts = 'amounts are those claimed, to the micro-unit'
  const missing = FOUND.filter((cdr) => cdr.id !== 'd')
  check.equal(failing(clearingChecks(MEANT, missing)), [recorded, faults])
  check.equal(failing(clearingChecks(MEANT, [...FOUND, hubCdr('a')])), [recorded])
  check.equal(failing(clearingChecks(MEANT, changed('c', { state: 'provisional' }))), [faults])
  check.equal(failing(clearingChecks(MEANT, changed('c', { codes: ['Q1'] }))), [faults])
  check.equal(failing(clearingChecks(MEANT, changed('b', { state: 'held' }))), [sound, states])
  check.equal(failing(clearingChecks(MEANT, changed('a', { state: 'provisional' }))), [states])
  check.equal(failing(clearingChecks(MEANT, changed('b', { tax: '2.100001' }))), [amounts])
})

function statement(party: string, states: MeantCdr['state'][], kind: string): AdminStatement {
  const isOperator = party === 'NL-CPO'
  const lines = MEANT.filter((cdr) => states.includes(cdr.state)).map((cdr): StatementLine => ({
    owner: cdr.owner,
    cdrId: cdr.id,
    counterparty: isOperator ? 'DE-EMP' : 'NL-CPO',
    direction: isOperator ? 'gets' : 'owes',
    state: cdr.state,
    net: '10.00',
    tax: '2.10',
  }))
  const column = (state: string) => {
    const count = BigInt(lines.filter((line) => line.state === state).length)
    const sum = {
      net: amountText(count * 1_000n * CENT),
      tax: amountText(count * 210n * CENT),
      gross: amountText(count * 1_210n * CENT),
    }
    const nothing = { net: '0.00', tax: '0.00', gross: '0.00' }
    return isOperator ? { gets: sum, owes: nothing } : { gets: nothing, owes: sum }
  }
  return {
    party,
    currency: 'EUR',
    kind,
    totals: {
      approved: column('approved'),
      provisional: column('provisional'),
      held: column('held'),
    },
    netPosition: isOperator ? '12.10' : '-12.10',
    carriedCount: kind === 'final' ? 2 : 0,
    lines,
  }
}

function cycle(more: Partial<SettledCycle> = {}): SettledCycle {
  const all: MeantCdr['state'][] = ['approved', 'provisional', 'held']
  return {
    id: 'EUR-000001',
    currency: 'EUR',
    preliminary: ['NL-CPO', 'DE-EMP'].map((party) => statement(party, all, 'preliminary')),
    final: ['NL-CPO', 'DE-EMP'].map((party) => statement(party, ['approved'], 'final')),
    positions: [
      { party: 'NL-CPO', net: '12.10' },
      { party: 'DE-EMP', net: '-12.10' },
    ],
    openAfter: 'EUR-000002',
    ...more,
  }
}

const AFTER = FOUND.map((cdr) => (cdr.id === 'a' ? cdr : { ...cdr, cycle: 'EUR-000002' }))
const settled = (one: SettledCycle, after = AFTER) =>
  failing(settlementChecks({ meant: MEANT, cycles: [one], after }))

test('a settlement that agrees with the books passes every check', () => {
  check.equal(settled(cycle()), [])
})

test('a statement that is a micro-unit off fails', () => {
  const off = cycle().preliminary.map((one) => ({
    ...one,
    lines: one.lines.map((line, index) => (index === 0 ? { ...line, net: '10.000001' } : line)),
  }))
  check.equal(settled(cycle({ preliminary: off })), [
    'preliminary statements are the sum of their CDRs, per pair and column',
  ])
})

test('a line in the wrong column, a missing line and a missing cycle fail', () => {
  const preliminary = 'preliminary statements are the sum of their CDRs, per pair and column'
  const final = 'final statements are the sum of their approved CDRs, per pair'
  const held = cycle().preliminary.map((one) => ({
    ...one,
    lines: one.lines.map((line) => ({ ...line, state: 'held' })),
  }))
  check.equal(settled(cycle({ preliminary: held })), [preliminary])
  const empty = cycle().final.map((one) => ({ ...one, lines: [] }))
  check.equal(settled(cycle({ final: empty })), [final])
  check.equal(failing(settlementChecks({ meant: MEANT, cycles: [], after: AFTER })), [preliminary])
})

test('positions that do not add up, or not to the statements, fail', () => {
  const positions = [
    { party: 'NL-CPO', net: '12.10' },
    { party: 'DE-EMP', net: '-12.09' },
  ]
  check.equal(settled(cycle({ positions })), ['positions add up to zero'])
})

test('lines that were not carried to the open cycle fail', () => {
  const carried = 'what is not approved is carried to the open cycle'
  check.equal(settled(cycle(), FOUND), [carried])
  check.equal(settled(cycle({ openAfter: undefined })), [carried])
})

function books(name: string, more: Partial<PlatformBooks> = {}): PlatformBooks {
  return {
    name,
    messages: 1,
    answered1000: 1,
    retries: 0,
    authorizations: 0,
    refusals: [],
    readBack: { count: 1, differing: 0 },
    sent: new Map(),
    received: new Map(),
    pulled: new Map(),
    sentSessions: new Map(),
    receivedSessions: new Map(),
    sentCdrs: new Map(),
    receivedCdrs: new Map(),
    ...more,
  }
}

const SESSION = {
  id: 's',
  cpo: CPO,
  emsp: EMSP,
  token: { uid: 't', contractId: 'c', owner: 'DE-EMP' },
  startMs: 0,
  endMs: 60_000,
  energy: 1,
  chargeSeconds: 60,
  locationId: 'l',
  evseUid: 'e',
  connectorId: '1',
  tariffKey: 'NL-CPO/t',
  fault: undefined,
}

function plan(role: 'CPO' | 'EMSP'): PlatformPlan {
  const isOperator = role === 'CPO'
  return {
    name: role,
    role,
    parties: [isOperator ? CPO : EMSP],
    receives: isOperator ? ['tokens'] : ['locations', 'tariffs', 'sessions', 'cdrs'],
    tariffs: [],
    locations: [],
    tokens: [],
    sessions: isOperator ? [SESSION] : [],
  }
}

const SENT = {
  sent: new Map([['locations/NL-CPO/l', 'x']]),
  sentSessions: new Map([['sessions/NL-CPO/s', ['1', '2']]]),
}
const GOT: Partial<PlatformBooks> = {
  received: new Map([['locations/NL-CPO/l', 'x']]),
  pulled: new Map([['locations/NL-CPO/l', 'x']]),
  receivedSessions: new Map([['sessions/NL-CPO/s', ['2', '1']]]),
  receivedCdrs: new Map(
    ['a', 'b', 'c'].map((id) => [
      `cdrs/NL-CPO/${id}`,
      { receiver: 'DE-EMP', times: 1, digests: [`digest of ${id}`] },
    ]),
  ),
}

function exchanged(
  more: { cpo?: Partial<PlatformBooks>; emsp?: Partial<PlatformBooks>; total?: number } = {},
) {
  return failing(
    exchangeChecks({
      plans: [plan('CPO'), plan('EMSP')],
      books: [books('CPO', { ...SENT, ...more.cpo }), books('EMSP', { ...GOT, ...more.emsp })],
      pulls: [{ platform: 'EMSP', module: 'locations', objects: 1, total: more.total ?? 1 }],
      meant: MEANT,
    }),
  )
}

test('an exchange in which everything arrived passes every check', () => {
  check.equal(exchanged(), [])
})

test('each thing that did not arrive as sent fails its own check', () => {
  const answered = 'every message was answered 1000'
  const delivered = 'each CDR was delivered to its provider and nobody else'
  const cdr = { receiver: 'DE-EMP', times: 1, digests: ['digest of d'] }
  check.equal(exchanged({ cpo: { messages: 2 } }), [answered])
  check.equal(exchanged({ emsp: { received: new Map() } }), ['pushes to everybody arrived as sent'])
  check.equal(exchanged({ emsp: { pulled: new Map() } }), [
    'what was pulled page by page is what was pushed',
  ])
  check.equal(exchanged({ total: 2 }), ['what was pulled page by page is what was pushed'])
  check.equal(exchanged({ emsp: { receivedSessions: new Map() } }), [
    'sessions arrived at their provider as sent, and nobody else',
  ])
  check.equal(exchanged({ emsp: { receivedCdrs: new Map() } }), [delivered])
  const all = new Map([...(GOT.receivedCdrs ?? []), ['cdrs/NL-CPO/d', cdr]] as const)
  check.equal(exchanged({ emsp: { receivedCdrs: all } }), [delivered])
  check.equal(exchanged({ cpo: { receivedCdrs: new Map([['cdrs/NL-CPO/a', cdr]]) } }), [delivered])
  check.equal(exchanged({ cpo: { readBack: { count: 1, differing: 1 } } }), [
    'a CDR can be read where its Location says',
  ])
})

test.run()
