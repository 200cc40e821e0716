import * as assert from 'uvu/assert'
import type { Database } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { digestOf } from '../../src/sandbox/books.ts'
import type { MeantCdr } from '../../src/sandbox/demo-books.ts'
import type { KillPartners } from './kill-partners.ts'
import { CENT, amountsOf, meantLines, meantState, placeOf } from './kill-lines.ts'
import type { Line } from './kill-lines.ts'

/** How many of each the books and the hub agree on, and how often a CDR was delivered once more. */
export type Counts = { recorded: number; booked: number; delivered: number; again: number }

/** Holds database and clients' books against each other: nothing lost, nothing twice, nothing made up. */
export async function checkBooks(db: Database, partners: KillPartners): Promise<Counts> {
  const sent = partners.sent()
  for (const { key } of sent) assert.ok(partners.acknowledged.has(key), `${key} was not answered`)
  assert.is(partners.acknowledged.size, sent.length)
  const recorded = await checkRecorded(db, sent)
  const booked = await checkBooked(db, sent)
  const deliveries = checkDelivered(partners, sent)
  await checkAccounts(db, sent)
  const verification = await verifyLedger(db)
  assert.ok(verification.ok, JSON.stringify(verification))
  return { recorded, booked, ...deliveries }
}

/** Every CDR that was sent is there once, byte for byte, in the state that the books expect, and no other. */
async function checkRecorded(db: Database, sent: readonly MeantCdr[]): Promise<number> {
  const rows = await db.rows<{
    owner: string
    cdr_id: string
    receiver: string
    original: Buffer
    state: string
    delivery: string
    events: bigint
    epoch: number
  }>(sql`
    select c.owner, c.cdr_id, c.receiver, c.original, s.state, s.delivery, s.epoch,
      (select count(*) from cdr_events e where e.cdr_id = c.id) as events
    from cdrs c join cdr_states s on s.cdr_id = c.id order by c.id`)
  equalSets(
    rows.map((row) => `cdrs/${row.owner}/${row.cdr_id}`),
    sent.map(({ key }) => key),
    'recorded',
  )
  const byKey = new Map(rows.map((row) => [`cdrs/${row.owner}/${row.cdr_id}`, row]))
  for (const cdr of sent) {
    const row = byKey.get(cdr.key)
    assert.is(digestOf(row?.original.toString('utf8') ?? ''), cdr.digest, `bytes of ${cdr.key}`)
    assert.is(row?.state, cdr.state, `state of ${cdr.key}`)
    assert.is(row?.receiver, cdr.receiver)
    const delivery = cdr.state === 'quarantined' ? 'none' : 'delivered'
    assert.is(row?.delivery, delivery, `delivery of ${cdr.key}`)
    // One event per epoch: no transition happened twice.
    assert.is(row?.events, BigInt((row?.epoch ?? 0) + 1), `events of ${cdr.key}`)
  }
  return rows.length
}

type Booking = {
  source: string
  debtor: string
  creditor: string
  pending: bigint
  posted: bigint
  net: string
  tax: string
}

/** Each booked CDR has one group that stands, pending or posted as its state says, with the claimed amounts. */
async function checkBooked(db: Database, sent: readonly MeantCdr[]): Promise<number> {
  const rows = await db.rows<Booking>(sql`
    select t.source, min(d.code) as debtor, min(c.code) as creditor,
      count(distinct t.group_id) filter (where t.kind = 'pending') as pending,
      count(distinct t.group_id) filter (where t.kind = 'posted') as posted,
      (sum(t.amount_micros) filter (where t.code = 'net'))::text as net,
      coalesce(sum(t.amount_micros) filter (where t.code <> 'net'), 0)::text as tax
    from ledger_transfers t join ledger_accounts d on d.id = t.debit_account_id
      join ledger_accounts c on c.id = t.credit_account_id
    where t.source like 'cdr:%' and (t.kind = 'posted' or t.kind = 'pending'
      and not exists (select from ledger_transfers r where r.pending_id = t.id))
    group by t.source`)
  const due = sent.filter(({ state }) => state !== 'quarantined')
  equalSets(
    rows.map(({ source }) => source),
    due.map(sourceOf),
    'booked',
  )
  const bySource = new Map(rows.map((row) => [row.source, row]))
  for (const cdr of due) {
    const row = bySource.get(sourceOf(cdr))
    // What is held and the rest are pending in one group, unless the rest was approved at once.
    const states = meantLines(cdr).map(({ state }) => state)
    const pending = states.some((state) => state !== 'approved') ? 1n : 0n
    const posted = states.includes('approved') ? 1n : 0n
    const seen = { pending: row?.pending, posted: row?.posted, net: row?.net, tax: row?.tax }
    const meant = { pending, posted, net: String(cdr.net), tax: String(cdr.tax) }
    assert.equal(seen, meant, `booking of ${cdr.key}`)
    assert.is(row?.debtor, accountOf(cdr))
  }
  return rows.length
}

/** Every CDR that is due arrived at the party in its token with the bytes that were sent, and no other did. */
function checkDelivered(
  partners: KillPartners,
  sent: readonly MeantCdr[],
): { delivered: number; again: number } {
  const received = partners.received()
  const due = sent.filter(({ state }) => state !== 'quarantined')
  equalSets(
    [...received.keys()],
    due.map(({ key }) => key),
    'delivered',
  )
  for (const cdr of due) {
    const got = received.get(cdr.key)
    assert.is(got?.receiver, cdr.receiver, `receiver of ${cdr.key}`)
    assert.equal(got?.digests, [cdr.digest], `delivered bytes of ${cdr.key}`)
  }
  const times = [...received.values()].reduce((sum, one) => sum + one.times, 0)
  return { delivered: received.size, again: times - received.size }
}

/**
 * The total of every obligation account is the sum of the books, to the cent per CDR of which a part is held, and to the
 * micro-unit per pair; there are no others.
 */
async function checkAccounts(db: Database, sent: readonly MeantCdr[]): Promise<void> {
  const expected = new Map<string, bigint>()
  for (const cdr of sent) {
    if (cdr.state === 'quarantined') continue
    for (const { state, net, tax } of meantLines(cdr)) {
      const key = `${accountOf({ ...cdr, state })} ${cdr.currency}`
      expected.set(key, (expected.get(key) ?? 0n) + net + tax)
    }
  }
  const splits = sent.filter(({ state }) => state === 'held').length
  const rows = await db.rows<{ account: string; micros: bigint }>(sql`
    select code || ' ' || currency as account, debits_pending + debits_posted as micros
    from ledger_accounts where code like 'obl:%' and debits_pending + debits_posted > 0`)
  const found = new Map(rows.map(({ account, micros }) => [account, micros]))
  const named = [...expected].filter(([, micros]) => micros > 0n).map(([account]) => account)
  equalSets([...found.keys()], named, 'accounts')
  for (const account of named) {
    const apart = (found.get(account) ?? 0n) - (expected.get(account) ?? 0n)
    const most = CENT * BigInt(splits)
    assert.ok(apart <= most && apart >= -most, `${account} is ${apart} off`)
  }
  equalSets(pairTotals(found), pairTotals(expected), 'totals of pairs')
}

/** What a pair owes in all books together. */
function pairTotals(accounts: ReadonlyMap<string, bigint>): string[] {
  const totals = new Map<string, bigint>()
  for (const [account, micros] of accounts) {
    const pair = account.replace(/:(prov|disp|due) /, ' ')
    totals.set(pair, (totals.get(pair) ?? 0n) + micros)
  }
  return [...totals]
    .filter(([, micros]) => micros > 0n)
    .map(([pair, micros]) => `${pair} ${micros}`)
}

function accountOf(cdr: Pick<MeantCdr, 'receiver' | 'owner' | 'state'>): string {
  const suffix = { approved: 'due', provisional: 'prov', held: 'disp', quarantined: 'none' }
  return `obl:${cdr.receiver}>${cdr.owner}:${suffix[cdr.state]}`
}

function sourceOf(cdr: MeantCdr): string {
  return `cdr:${cdr.owner}/${cdr.id.toLowerCase()}`
}

/** Every booked CDR is in one cycle; what a closed cycle holds is what its statement says, line by line and summed. */
export async function checkClosedCycle(
  db: Database,
  input: { cycleId: string; sent: readonly MeantCdr[] },
): Promise<number> {
  const { cycleId, sent } = input
  const strays = await db.rows(sql`
    select c.cdr_id from cdr_states s join cdrs c on c.id = s.cdr_id
    where (s.booked is not null) <> (s.cycle_id is not null)
      or s.cycle_id is not null and not exists (select from cycles y where y.id = s.cycle_id and y.currency = s.currency)`)
  assert.equal(strays, [], 'booked CDRs without a cycle of their currency')
  const lines = await readLines(
    db,
    sql`select c.owner, c.cdr_id, l.state, l.net_micros, l.tax_micros from cycle_lines l join cdrs c on c.id = l.cdr_id
      where l.cycle_id = ${cycleId} and l.kind = 'preliminary'`,
  )
  const now = await readLines(
    db,
    sql`select c.owner, c.cdr_id, l.state, l.net_micros, l.tax_micros from settlement_lines l
      join cdrs c on c.id = l.cdr_id where l.cycle_id = ${cycleId} and l.kind = 'running'`,
  )
  equalSets(lines.map(amountsOf), now.map(amountsOf), `lines of ${cycleId}`)
  const meant = new Map(sent.flatMap(meantLines).map((line) => [placeOf(line), line]))
  for (const line of lines) {
    const state = meantState(meant, line)
    // What its provider approved after the close was provisional then.
    const wasOpen = line.state === 'provisional' && state === 'approved'
    assert.ok(line.state === state || wasOpen, `${line.key} was ${line.state}`)
  }
  await checkSums(db, { cycleId, kind: 'preliminary' })
  return lines.length
}

/** After the finalization: approved lines are final in this cycle, the others were carried, once each. */
export async function checkFinalCycle(
  db: Database,
  input: {
    cycleId: string
    positions: readonly { party: string; net: string }[]
    sent: readonly MeantCdr[]
  },
): Promise<void> {
  const { cycleId, positions, sent } = input
  const micros = positions.map(({ net }) => BigInt(Math.round(Number(net) * 1e6)))
  assert.is(
    micros.reduce((sum, one) => sum + one, 0n),
    0n,
    'positions',
  )
  await checkSums(db, { cycleId, kind: 'final' })
  const before = await readLines(
    db,
    sql`select c.owner, c.cdr_id, l.state, l.net_micros, l.tax_micros from cycle_lines l join cdrs c on c.id = l.cdr_id
      where l.cycle_id = ${cycleId} and l.kind = 'preliminary'`,
  )
  const final = await readLines(
    db,
    sql`select c.owner, c.cdr_id, l.state, l.net_micros, l.tax_micros from cycle_lines l join cdrs c on c.id = l.cdr_id
      where l.cycle_id = ${cycleId} and l.kind = 'final'`,
  )
  const carried = await readLines(
    db,
    sql`select c.owner, c.cdr_id, m.state, m.net_micros, m.tax_micros from cycle_moves m join cdrs c on c.id = m.cdr_id
      where m.from_cycle = ${cycleId}`,
  )
  const after = [...final, ...carried]
  equalSets(after.map(amountsOf), before.map(amountsOf), `what became of the lines of ${cycleId}`)
  const meant = new Map(sent.flatMap(meantLines).map((line) => [placeOf(line), line]))
  for (const line of after) assert.is(line.state, meantState(meant, line), `${line.key} at the end`)
  const verification = await verifyLedger(db)
  assert.ok(verification.ok, JSON.stringify(verification))
}

/** The stored statements are the sum of the stored lines. */
async function checkSums(
  db: Database,
  document: { cycleId: string; kind: 'preliminary' | 'final' },
): Promise<void> {
  const wrong = await db.rows(sql`
    with sums as (
      select debtor, creditor, count(*)::integer as line_count,
        sum(net_micros + tax_micros) as micros
      from cycle_lines where cycle_id = ${document.cycleId} and kind = ${document.kind} group by 1, 2
    )
    select debtor, creditor from sums full join (
      select * from cycle_statements where cycle_id = ${document.cycleId} and kind = ${document.kind}
    ) s using (debtor, creditor)
    where sums.line_count is distinct from s.line_count or sums.micros is distinct from approved_net + approved_tax
      + provisional_net + provisional_tax + held_net + held_tax`)
  assert.equal(wrong, [], `statements of ${document.cycleId}`)
}

async function readLines(
  db: Database,
  statement: Parameters<Database['rows']>[0],
): Promise<Line[]> {
  const rows = await db.rows<{
    owner: string
    cdr_id: string
    state: string
    net_micros: bigint
    tax_micros: bigint
  }>(statement)
  return rows.map((row) => ({
    key: `cdrs/${row.owner}/${row.cdr_id}`,
    state: row.state,
    net: row.net_micros,
    tax: row.tax_micros,
  }))
}

/** Equal as sets, and nothing twice; names what is missing and what is too much. */
function equalSets(found: readonly string[], expected: readonly string[], what: string): void {
  const [foundSet, expectedSet] = [new Set(found), new Set(expected)]
  assert.is(foundSet.size, found.length, `${what}: something is there twice`)
  const missing = expected.filter((one) => !foundSet.has(one))
  const extra = found.filter((one) => !expectedSet.has(one))
  const few = (all: readonly string[]) => all.slice(0, 5).join(', ')
  assert.ok(
    missing.length === 0 && extra.length === 0,
    `${what}: ${missing.length} missing (${few(missing)}), ${extra.length} too much (${few(extra)})`,
  )
}
