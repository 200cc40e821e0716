import { currencies } from '../../../config/currencies.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { tellParties } from '../disputes/events.ts'
import { consumeAdjustments } from '../disputes/replaced.ts'
import type { Replacement } from '../disputes/replaced.ts'
import { termsOf } from '../filled-terms.ts'
import { appendOutbox, finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxEntry } from '../../outbox/outbox.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { lockSubjects, objectSubject } from '../../store/objects.ts'
import { agreedFor } from './clear-agreed.ts'
import { readCdrRows, readFacts, readOriginalIds } from './clear-facts.ts'
import type { CdrRow, Facts } from './clear-facts.ts'
import { judgeRow } from './clear-decide.ts'
import type { Judged } from './clear-decide.ts'
import { evseKeyOf, evseSubject } from './clear-known-rivals.ts'
import { keepMeterReadings } from './clear-known-meter.ts'
import { recordSubject } from './clear-known-registers.ts'
import { withoutLater } from './earlier-facts.ts'
import { explainEntries } from './explain-price.ts'
import { keptBill } from './clear-price.ts'
import { isReviewed, recordEvents, standingOf } from './clear-review.ts'
import { hasTariffs, tariffIds } from './clear-tariffs.ts'
import { captureSubject } from '../records/review.ts'
import { referenceOf } from './clear-known-authority.ts'
import { planCredit, planTransition } from './clear-plan.ts'
import { onePerOriginal, planSuperseded, readRivalCredits } from './rival-credits.ts'
import type { Transition } from './transition.ts'
import { contractSubject, onlyContract } from '../bridge/contract-cards.ts'
import { writeFindings, writeJudgements, writeWatches } from './clear-write.ts'
import { writeTransitions } from './write-transitions.ts'
import { startDelivery } from './delivery.ts'
import { deltasOf } from '../records/deltas.ts'
import { writeFigures } from '../records/figures.ts'
import { noteTinyCdrs } from './tiny-cdrs.ts'
import { judgeAgain, tariffsOf } from '../objects/objects-batch.ts'

const JUDGED_STATES = new Set<CdrState>([
  'received',
  'unmatched',
  'orphan_credit',
  'held',
  'quarantined',
])

/**
 * Clears a batch of CDRs: match, price, check, decide, book, in one transaction with the end of the outbox rows that
 * asked for it. Locks: subjects, cycles, CDR rows, accounts, each in order. Running it twice changes nothing.
 */
export async function clearCdrs(
  context: Context,
  input: { ids: readonly bigint[]; outboxIds: readonly bigint[] },
): Promise<Transition[]> {
  const snapshot = await context.directory.snapshot()
  const transitions = await context.db.transaction(async (tx) => {
    const done = await clearBatch(tx, context, { ids: input.ids, snapshot })
    await finishOutbox(tx, { ids: input.outboxIds, outcome: 'done' })
    return done
  })
  for (const { state } of transitions) context.metrics.cdrs.inc({ state })
  await noteTinyCdrs(context, transitions)
  return transitions
}

async function clearBatch(
  tx: Tx,
  context: Context,
  input: { ids: readonly bigint[]; snapshot: Snapshot },
): Promise<Transition[]> {
  const before = await readCdrRows(tx, { ids: input.ids, forUpdate: false })
  const originalIds = await readOriginalIds(tx, before)
  await lockSubjects(tx, before.flatMap(lockedSubjects))
  const credits = await readRivalCredits(tx, before)
  const openCycles = await holdOpenCycles(tx, [...before, ...credits])
  const ids = [...input.ids, ...originalIds, ...credits.map(({ id }) => id)]
  const rows = await readCdrRows(tx, { ids, forUpdate: true })
  const earlier = credits.filter(({ is_earlier: isEarlier }) => isEarlier)
  const wanted = new Set([...input.ids, ...earlier.map(({ id }) => id)])
  const pending = rows.filter(
    (row) => wanted.has(row.id) && (JUDGED_STATES.has(row.state) || isReviewed(row)),
  )
  const known = await readFacts(
    tx,
    pending,
    rows.filter((row) => originalIds.includes(row.id)),
  )
  // Whoever came after a booked CDR is no rival of it.
  const facts = await withoutLater(tx, pending.filter(isReviewed), known)
  const now = context.clock()
  const all = pending.map((row) =>
    judgeRow({
      row,
      facts,
      agreed: agreedFor(context, { row, snapshot: input.snapshot }),
      now,
      standing: standingOf(row),
    }),
  )
  // What a booked CDR was judged by is gone again: it stays as it was judged.
  const { judged, later } = onePerOriginal(
    all.filter(({ row, judgement }) => judgement.verdict !== 'wait' || !isReviewed(row)),
  )
  const transitions = [
    ...judged.flatMap((one) => planOne(one, { now, openCycles })),
    ...planSuperseded(rows, { judged, later }),
  ]
  await writeTransitions(tx, transitions, { actor: 'hub', reason: null })
  await consumeAdjustments(tx, judged.flatMap(replacing(transitions, facts)))
  await writeOutcomes(tx, { judged, transitions, facts, snapshot: input.snapshot })
  // Their outbox rows end with this batch.
  await appendOutbox(tx, later.map(clearEntry))
  return transitions
}

function clearEntry({ row }: Judged): OutboxEntry {
  return { kind: 'clear', subject: row.id.toString(), correlationId: row.correlation_id }
}

/** CDRs that are booked for the first time, or held, and for which adjustments of the one that they replace wait. */
function replacing(
  transitions: readonly Transition[],
  facts: Facts,
): (one: Judged) => Replacement[] {
  const booked = new Map(transitions.map((transition) => [transition.row.id, transition]))
  return ({ row, agreed: { terms } }) => {
    const replaced = facts.replaced.get(row.id)
    const after = booked.get(row.id) ?? {
      booked: row.booked,
      netMicros: row.net_micros,
      taxMicros: row.tax_micros,
    }
    if (!JUDGED_STATES.has(row.state) || after.booked === null || after.netMicros === null)
      return []
    if (replaced === undefined || replaced.agreed === null || !replaced.isAwaited) return []
    const { originalId, agreed } = replaced
    const difference = {
      net: after.netMicros - agreed.net,
      tax: (after.taxMicros ?? 0n) - agreed.tax,
    }
    return [{ cdrId: row.id, originalId, difference, dueDays: termsOf(terms).dispute.credit_days }]
  }
}

function planOne(
  one: Judged,
  input: { now: Date; openCycles: ReadonlyMap<string, string> },
): Transition[] {
  const openCycle = input.openCycles.get(one.row.currency) ?? null
  if (one.row.is_credit && one.judgement.verdict === 'clear' && openCycle !== null) {
    return planCredit(one, { openCycle })
  }
  const transition = planTransition(one, { now: input.now, openCycle })
  return transition ? [transition] : []
}

/**
 * Shared locks on what a CDR is judged by, exclusive ones on what it competes for: its session, its card's time, its
 * EVSE, and the original that a credit reverses.
 */
function lockedSubjects(row: CdrRow): { subject: string; exclusive: boolean }[] {
  const shared = [
    objectSubject({ module: 'tokens', owner: row.receiver, key: row.token_key }),
    ...(row.session_key === null
      ? []
      : [objectSubject({ module: 'sessions', owner: row.owner, key: row.session_key })]),
    ...(row.location_key === null
      ? []
      : [objectSubject({ module: 'locations', owner: row.owner, key: row.location_key })]),
  ]
  const reference = referenceOf(row)
  if (reference !== null) shared.push(captureSubject(row.owner, reference))
  const card = onlyContract(row)
  if (card) shared.push(contractSubject(card))
  // Which tariffs a CDR without its own was charged by is only known once its location is read: any of the owner's.
  if (!hasTariffs(row)) shared.push(tariffsOf(row.owner))
  return [
    ...shared.map((subject) => ({ subject, exclusive: false })),
    ...standingSubjects(row).map((subject) => ({ subject, exclusive: true })),
  ]
}

/** What a CDR stands in the way of: others of its session, card, EVSE and signed record, and credits of it. */
export function standingSubjects(row: CdrRow): string[] {
  const evse = row.is_credit ? null : evseKeyOf(row)
  const record = row.is_credit ? null : recordSubject(row)
  return [
    `stands|${row.owner}|${row.is_credit ? (row.original_key ?? row.cdr_key) : row.cdr_key}`,
    `card|${row.receiver}|${row.token_key}`,
    ...(row.session_key === null ? [] : [`session|${row.owner}|${row.session_key}`]),
    ...(evse === null ? [] : [evseSubject(row.owner, evse)]),
    ...(record === null ? [] : [record]),
  ]
}

/** The open cycle of every currency of the batch that exists, held so that none closes before the commit. */
async function holdOpenCycles(
  tx: Tx,
  rows: readonly { currency: string }[],
): Promise<Map<string, string>> {
  const open = new Map<string, string>()
  for (const currency of [...new Set(rows.map((row) => row.currency))].sort()) {
    if (!currencies.has(currency)) continue
    open.set(currency, (await holdCycles(tx, currency)).open)
  }
  return open
}

async function writeOutcomes(
  tx: Tx,
  input: {
    judged: readonly Judged[]
    transitions: readonly Transition[]
    facts: Facts
    snapshot: Snapshot
  },
): Promise<void> {
  const { judged, transitions, facts } = input
  const states = new Map(transitions.map((transition) => [transition.row.id, transition]))
  await writeJudgements(
    tx,
    judged.map((one) => ({
      cdrId: one.row.id,
      breakdown: keptBill(one.priced, { row: one.row, facts }),
      waitUntil: one.waitUntil,
      agreementVersion: one.agreed.version,
    })),
  )
  const written = await writeFindings(
    tx,
    judged.map((one) => ({
      cdrId: one.row.id,
      epoch: states.get(one.row.id)?.epoch ?? one.row.epoch,
      findings: one.judgement.findings,
    })),
  )
  await appendOutbox(tx, explainEntries(written))
  const still = judged.filter(({ row }) => isReviewed(row) && !states.has(row.id))
  await tellParties(tx, recordEvents(still, written))
  await writeFigures(
    tx,
    judged.map(({ row }) => row),
    deltasOf(judged, facts),
  )
  await keepMeterReadings(tx, judged.flatMap(meteredBy(states, facts)))
  // Watches first: what this batch itself sets free must find them.
  const ended = transitions.filter(({ row }) => !judged.some((one) => one.row.id === row.id))
  await writeWatches(tx, [
    ...judged.map((one) => ({
      cdrId: one.row.id,
      subjects: JUDGED_STATES.has(states.get(one.row.id)?.state ?? one.row.state)
        ? watchedSubjects(one, facts)
        : [],
    })),
    ...ended.map(({ row }) => ({ cdrId: row.id, subjects: [] })),
  ])
  await judgeAgain(tx, transitions.flatMap(freedSubjects))
  await startDelivery(tx, {
    cdrs: judged.map(({ row, judgement }) => ({
      row,
      state: states.get(row.id)?.state ?? row.state,
      hasUnknownToken: judgement.findings.some(
        ({ code, severity }) => code === 'A1' && severity === 'S',
      ),
    })),
    snapshot: input.snapshot,
  })
}

/** The signed records of CDRs that are booked. */
function meteredBy(states: ReadonlyMap<bigint, Transition>, facts: Facts) {
  return ({ row }: Judged) => {
    const signed = facts.known.get(row.id)?.signed ?? []
    return signed.length > 0 && states.get(row.id)?.booked ? [{ row, signed }] : []
  }
}

function watchedSubjects(one: Judged, facts: Facts): string[] {
  const { row } = one
  if (row.is_credit) return [`stands|${row.owner}|${row.original_key ?? ''}`]
  return [
    ...lockedSubjects(row).map(({ subject }) => subject),
    ...tariffIds(row, facts.locations).map((key) =>
      objectSubject({ module: 'tariffs', owner: row.owner, key }),
    ),
  ]
}

const OUT = new Set<CdrState>(['quarantined', 'dropped', 'credited', 'withdrawn'])

/** Whom a transition concerns: those behind a CDR that no longer stands, and credits that waited for its verdict. */
function freedSubjects({ row, state }: Transition): string[] {
  if (OUT.has(state)) return standingSubjects(row)
  return row.state === 'received' || row.state === 'unmatched' || row.state === 'orphan_credit'
    ? [`stands|${row.owner}|${row.cdr_key}`]
    : []
}
