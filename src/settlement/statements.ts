import { limits } from '../../config/limits.ts'
import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { fromMicros } from '../ledger/money.ts'
import { carriedCursor, isCarriedCursor, readCarried } from './carried.ts'
import type { CarriedLine } from './carried.ts'
import { findCycle } from './cycles.ts'
import { cursorOf, kindOf, readLines } from './lines.ts'
import type { LinesQuery, PartyLine, StatementKind } from './lines.ts'

/** Decimal text in the cycle's currency; gross = net + tax. */
export type Amounts = { readonly net: string; readonly tax: string; readonly gross: string }

/** What the party owes and what it gets in one column of the statement. */
export type Sides = { readonly owes: Amounts; readonly gets: Amounts }

/** What a party's lines add up to, to the micro-unit. Only approved lines are netted: `net_position` (positive gets). */
export type StatementTotals = {
  readonly approved: Sides
  readonly provisional: Sides
  readonly held: Sides
  readonly net_position: string
}

export type StatementSummary = {
  readonly cycle: string
  readonly currency: string
  readonly kind: StatementKind
  readonly party: string
  readonly line_count: number
  /** Lines whose tax the creditor did not state; it is counted as 0. */
  readonly tax_unknown_count: number
  readonly totals: StatementTotals
  /** The party's approved net against each other party, positive gets; adds up to `net_position`. */
  readonly bilateral: readonly { readonly counterparty: string; readonly net: string }[]
  /** What was not approved when the cycle became final and went on to a later one; not part of lines and totals. */
  readonly carried: { readonly line_count: number } & Sides
}

export type StatementLine = {
  readonly cdr_id: string
  readonly owner: string
  readonly counterparty: string
  readonly direction: 'owes' | 'gets'
  readonly state: 'approved' | 'provisional' | 'held'
  readonly net: string
  readonly tax: string
  readonly tax_known: boolean
  readonly gross: string
  readonly carried_from: string | null
  /** 0: what nobody disputes of the CDR. Others: what a dispute holds or held, or takes off after it was netted. */
  readonly part: number
  /** The dispute of a part beyond 0. */
  readonly dispute: string | null
  /** The cycle during which the session ended, when it was over before the CDR was booked. */
  readonly late_from: string | null
}

/** A line that was contested or not approved in time: left out of lines and totals, and where it went on to. */
export type StatementCarriedLine = Omit<StatementLine, 'carried_from' | 'late_from'> & {
  readonly carried_to: string
}

/** `carried_lines` follow when all `lines` have been on a page. */
export type Statement = StatementSummary & {
  readonly lines: readonly StatementLine[]
  readonly carried_lines: readonly StatementCarriedLine[]
  readonly next_cursor: string | null
}

/** Every party's statement without its lines, sorted by party; undefined when there is no such cycle. */
export async function listStatements(
  db: Sql,
  cycleId: string,
): Promise<StatementSummary[] | undefined> {
  const cycle = await findCycle(db, cycleId)
  if (!cycle) return undefined
  const kind = kindOf(cycle.state)
  const sums = await readSums(db, { cycleId, kind })
  const moves = await readMoves(db, cycleId)
  const parties = new Set([...sums, ...moves].flatMap(({ debtor, creditor }) => [debtor, creditor]))
  return [...parties]
    .sort()
    .map((party) =>
      summarize({ cycle: cycleId, currency: cycle.currency, kind, party, sums, moves }),
    )
}

/**
 * The statement of one party with a page of its lines; undefined when there is no such cycle, empty when the party has
 * nothing in it. The totals are of all lines. A cycle that is not closed yet gives the running one.
 */
export async function statement(
  db: Sql,
  page: { cycleId: string; party: string; after?: string; limit?: number },
): Promise<Statement | undefined> {
  const { cycleId, party, after } = page
  const limit = Math.min(
    Math.max(Math.trunc(page.limit ?? limits.statementLinesMax), 1),
    limits.statementLinesMax,
  )
  const cycle = await findCycle(db, cycleId)
  if (!cycle) return undefined
  const kind = kindOf(cycle.state)
  const sums = await readSums(db, { cycleId, kind })
  const moves = await readMoves(db, cycleId)
  return {
    ...summarize({ cycle: cycleId, currency: cycle.currency, kind, party, sums, moves }),
    ...(await readPage(db, { cycleId, kind, party, after, limit })),
  }
}

/** Lines as far as there are any, then what was carried. */
async function readPage(
  db: Sql,
  page: LinesQuery,
): Promise<Pick<Statement, 'lines' | 'carried_lines' | 'next_cursor'>> {
  const { cycleId, party, after, limit } = page
  const isCarried = isCarriedCursor(after)
  const rows = isCarried ? [] : await readLines(db, { ...page, limit: limit + 1 })
  const lines = rows.slice(0, limit)
  const shown = lines.map(viewLine)
  const last = lines.at(-1)
  if (rows.length > limit && last)
    return { lines: shown, carried_lines: [], next_cursor: cursorOf(last) }
  const room = limit - lines.length
  const moved = await readCarried(db, {
    cycleId,
    party,
    after: isCarried ? after : undefined,
    limit: room + 1,
  })
  const carried = moved.slice(0, room)
  return {
    lines: shown,
    carried_lines: carried.map(viewCarried),
    next_cursor: moved.length > room ? carriedCursor(carried.at(-1) ?? null) : null,
  }
}

type Pair = { debtor: string; creditor: string; lines: number }
type SumsRow = Pair & {
  taxUnknown: number
  approvedNet: bigint
  approvedTax: bigint
  provisionalNet: bigint
  provisionalTax: bigint
  heldNet: bigint
  heldTax: bigint
}
type MovesRow = Pair & { net: bigint; tax: bigint }

function summarize(facts: {
  cycle: string
  currency: string
  kind: StatementKind
  party: string
  sums: readonly SumsRow[]
  moves: readonly MovesRow[]
}): StatementSummary {
  const { cycle, currency, kind, party } = facts
  const mine = facts.sums.filter((row) => row.debtor === party || row.creditor === party)
  const moved = facts.moves.filter((row) => row.debtor === party || row.creditor === party)
  const nets = netByCounterparty(mine, party)
  const sides = <R extends Pair>(
    rows: readonly R[],
    amounts: (row: R) => { net: bigint; tax: bigint },
  ): Sides => ({
    owes: addUp(rows.filter((row) => row.debtor === party).map(amounts)),
    gets: addUp(rows.filter((row) => row.creditor === party).map(amounts)),
  })
  return {
    cycle,
    currency,
    kind,
    party,
    line_count: mine.reduce((count, row) => count + row.lines, 0),
    tax_unknown_count: mine.reduce((count, row) => count + row.taxUnknown, 0),
    totals: {
      approved: sides(mine, (row) => ({ net: row.approvedNet, tax: row.approvedTax })),
      provisional: sides(mine, (row) => ({ net: row.provisionalNet, tax: row.provisionalTax })),
      held: sides(mine, (row) => ({ net: row.heldNet, tax: row.heldTax })),
      net_position: fromMicros([...nets.values()].reduce((sum, micros) => sum + micros, 0n)),
    },
    bilateral: [...nets]
      .sort()
      .map(([counterparty, micros]) => ({ counterparty, net: fromMicros(micros) })),
    carried: {
      line_count: moved.reduce((count, row) => count + row.lines, 0),
      ...sides(moved, (row) => ({ net: row.net, tax: row.tax })),
    },
  }
}

/** What the party gets from each counterparty less what it owes it, approved and gross. */
function netByCounterparty(rows: readonly SumsRow[], party: string): Map<string, bigint> {
  const nets = new Map<string, bigint>()
  for (const row of rows) {
    if (row.debtor === row.creditor) continue
    const gross = row.approvedNet + row.approvedTax
    const [counterparty, gain] =
      row.creditor === party ? [row.debtor, gross] : [row.creditor, -gross]
    nets.set(counterparty, (nets.get(counterparty) ?? 0n) + gain)
  }
  return nets
}

function addUp(parts: readonly { net: bigint; tax: bigint }[]): Amounts {
  const net = parts.reduce((sum, part) => sum + part.net, 0n)
  const tax = parts.reduce((sum, part) => sum + part.tax, 0n)
  return { net: fromMicros(net), tax: fromMicros(tax), gross: fromMicros(net + tax) }
}

function viewLine(line: PartyLine): StatementLine {
  return { ...viewBoth(line), carried_from: line.carriedFrom, late_from: line.lateFrom }
}

function viewCarried(line: CarriedLine): StatementCarriedLine {
  return { ...viewBoth(line), carried_to: line.carriedTo }
}

function viewBoth(line: PartyLine | CarriedLine) {
  return {
    cdr_id: line.cdrId,
    owner: line.owner,
    counterparty: line.counterparty,
    direction: line.direction,
    state: line.state,
    net: fromMicros(line.net),
    tax: fromMicros(line.tax),
    tax_known: line.taxKnown,
    gross: fromMicros(line.net + line.tax),
    part: line.part,
    dispute: line.dispute?.toString() ?? null,
  }
}

/** One row per debtor and creditor of the cycle. */
async function readSums(
  db: Sql,
  { cycleId, kind }: { cycleId: string; kind: StatementKind },
): Promise<SumsRow[]> {
  return db.rows(sql`
    select debtor, creditor, line_count as lines, tax_unknown_count as "taxUnknown", approved_net as "approvedNet",
      approved_tax as "approvedTax", provisional_net as "provisionalNet", provisional_tax as "provisionalTax",
      held_net as "heldNet", held_tax as "heldTax"
    from settlement_sums where cycle_id = ${cycleId} and kind = ${kind} order by debtor, creditor`)
}

async function readMoves(db: Sql, cycleId: string): Promise<MovesRow[]> {
  return db.rows(sql`
    select debtor, creditor, count(*)::integer as lines, sum(net_micros)::bigint as net, sum(tax_micros)::bigint as tax
    from cycle_moves where from_cycle = ${cycleId} group by debtor, creditor order by debtor, creditor`)
}
