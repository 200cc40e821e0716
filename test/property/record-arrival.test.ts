// Law: which records belong to which CDRs does not depend on the order in which they came.
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { recordsFor } from '../../src/hub/records/facts.ts'
import type { FiguredCdr } from '../../src/hub/records/columns.ts'
import { writeFigures } from '../../src/hub/records/figures.ts'
import { matchReceiver } from '../../src/hub/records/match-blocks.ts'
import { saveRecords } from '../../src/hub/records/store.ts'
import { foldKey } from '../../src/ocpi/primitives.ts'
import { claimDue } from '../../src/outbox/outbox.ts'
import { bareContext } from '../helpers/bare-context.ts'
import { seed, size } from '../helpers/seed.ts'

const bare = await bareContext()
const { context } = bare
const test = suite('records and CDRs in any order')
test.after(async () => bare[Symbol.asyncDispose]())

const NOON = Date.UTC(2026, 9, 14, 12)
const minuteMs = 60_000

/** A session that one or both sides tell of; small numbers, so that they are often alike. */
type Told = {
  session: number
  card: number
  evse: number
  minute: number
  kwh: number
  /** By what a record names the session, if at all; a CDR always says its id, and the others too. */
  names: 'nothing' | 'session' | 'cdr' | 'reference' | 'meter'
}
type Arrival = { side: 'cdr' | 'record'; told: Told; number: number }

const told = fc.record<Told>({
  session: fc.integer({ min: 1, max: 4 }),
  card: fc.integer({ min: 1, max: 2 }),
  evse: fc.integer({ min: 1, max: 2 }),
  // On one day, and four and eight days later.
  minute: fc.constantFrom(0, 1, 3, 8, 70, 72, 700, 5_760, 5_761, 5_830, 11_520),
  kwh: fc.integer({ min: 5, max: 7 }),
  names: fc.constantFrom('nothing', 'session', 'session', 'cdr', 'reference', 'meter'),
})
const world = fc.array(fc.record({ side: fc.constantFrom('cdr', 'record'), told }), {
  minLength: 2,
  maxLength: 6,
})

let receivers = 0

test('the same at the end', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.infiniteStream(fc.nat()), async (things, dice) => {
      const arrivals: Arrival[] = things.map(({ side, told: each }, number) => ({
        side: side === 'cdr' ? 'cdr' : 'record',
        told: each,
        number,
      }))
      const orders = [arrivals, shuffled(arrivals, dice), arrivals.toReversed()]
      const ends: string[][] = []
      for (const order of orders) ends.push(await endOf(order))
      assert.equal(ends[1], ends[0])
      assert.equal(ends[2], ends[0])
    }),
    { seed: seed(), numRuns: size(10), endOnFailure: true, interruptAfterTimeLimit: 60_000 },
  )
})

function shuffled(all: readonly Arrival[], dice: Iterator<number>): Arrival[] {
  const left = [...all]
  const order: Arrival[] = []
  while (left.length > 0) order.push(...left.splice(Number(dice.next().value) % left.length, 1))
  return order
}

/** Everything comes, one after the other, and is worked on before the next; then what belongs together. */
async function endOf(order: readonly Arrival[]): Promise<string[]> {
  receivers += 1
  const receiver = `DE-${receivers.toString(36).toUpperCase().padStart(3, '0')}`
  for (const arrival of order) {
    if (arrival.side === 'cdr') await cdrComes(receiver, arrival)
    else await recordComes(receiver, arrival)
    for (const row of await claimDue(context.db, 100))
      if (row.kind === 'match') await matchReceiver(context, row)
  }
  const rows = await context.db.rows<{ line: string }>(sql`
    select concat_ws(' ', r.record_id, c.cdr_id, m.kind, m.tier, m.confirmed) as line
    from record_matches m join emsp_records r on r.id = m.record_id join cdrs c on c.id = m.cdr_id
    where r.receiver = ${receiver}`)
  return rows.map(({ line }) => line.replace(receiver, '')).sort()
}

function times({ minute }: Told): { start: Date; end: Date } {
  const start = new Date(NOON + minute * minuteMs)
  return { start, end: new Date(start.getTime() + 60 * minuteMs) }
}

async function recordComes(receiver: string, { told: each, number }: Arrival): Promise<void> {
  const { start, end } = times(each)
  const value = {
    record_id: `R${number}`,
    cpo: 'NL-TNM',
    uid: `CARD${each.card}`,
    evse_id: `NL*TNM*E${each.evse}`,
    start: start.toISOString(),
    end: end.toISOString(),
    kwh: each.kwh,
    ...named(each, receiver),
  }
  await saveRecords(context, { receiver, source: 'admin', drafts: [{ value }] })
}

function named({ names, session, evse }: Told, receiver: string): Record<string, string> {
  if (names === 'session') return { session_id: `S${session}` }
  if (names === 'reference') return { authorization_reference: `A${session}` }
  if (names === 'meter') return { meter_id: `M${evse}` }
  return names === 'cdr' ? { cdr_id: `${receiver}c${session}` } : {}
}

async function cdrComes(receiver: string, { told: each, number }: Arrival): Promise<void> {
  const { start, end } = times(each)
  const value = {
    total_energy: each.kwh,
    total_cost: { excl_vat: each.kwh },
    currency: 'EUR',
    cdr_token: { uid: `CARD${each.card}` },
    cdr_location: { id: 'L1', evse_id: `NL*TNM*E${each.evse}` },
    authorization_reference: `A${each.session}`,
    meter_id: `M${each.evse}`,
  }
  const key = `${receiver}c${number}`
  const session = `s${each.session}`
  const [row] = await context.db.rows<{ id: bigint }>(sql`
    with recorded as (
      insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value,
        session_key, token_key, location_key, is_credit, started_at, ended_at, currency, last_updated, correlation_id)
      values ('NL-TNM', ${foldKey(key)}, ${key}, 'p', ${receiver}, '2.2.1', '', '', ${JSON.stringify(value)}::jsonb,
        ${session}, ${`card${each.card}|RFID`}, 'l1', false, ${start}, ${end}, 'EUR', ${end}, 'x')
      returning id
    ), stated as (
      insert into cdr_states (cdr_id, owner, receiver, session_key, is_credit, currency, state)
      select id, 'NL-TNM', ${receiver}, ${session}, false, 'EUR', 'received' from recorded
    ) select id from recorded`)
  if (!row) throw new Error('the CDR was not recorded')
  const cdr: FiguredCdr = {
    id: row.id,
    owner: 'NL-TNM',
    receiver,
    cdr_key: foldKey(key),
    session_key: session,
    location_key: 'l1',
    value,
    is_credit: false,
    started_at: start,
    ended_at: end,
    currency: 'EUR',
  }
  // As clearing does it.
  await context.db.transaction(async (tx) => {
    await recordsFor(tx, [cdr])
    await writeFigures(tx, [cdr])
  })
}

test.run()
