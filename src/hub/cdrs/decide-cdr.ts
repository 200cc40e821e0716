import type { Context } from '../../context.ts'
import { nextState } from '../../clearing/states.ts'
import type { CdrState, CdrVerb } from '../../clearing/states.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { lockSubjects } from '../../store/objects.ts'
import { agreementAt } from '../agreements.ts'
import { readCdrRows } from './clear-facts.ts'
import type { CdrRow } from './clear-facts.ts'
import { planVerb } from './clear-plan.ts'
import { standingSubjects } from './clear.ts'
import { writeWatches } from './clear-write.ts'
import { startDelivery } from './delivery.ts'
import { dueOf } from './transition.ts'
import { writeTransitions } from './write-transitions.ts'
import { judgeAgain } from '../objects/objects-batch.ts'

export type Decision = {
  owner: string
  cdrId: string
  verb: CdrVerb
  actor: string
  reason: string
}
export type Decided = { ok: true; state: CdrState } | { ok: false; message: string }

const DAY_MS = 86_400_000

/**
 * An operator's or party's decision about a CDR. Doing it twice is the same as once. A recheck is work for the next
 * clearing run; everything else is booked in this transaction. `also` joins the transaction (the audit row).
 */
export async function decideCdr(
  context: Context,
  decision: Decision,
  also: (tx: Tx, state: CdrState) => Promise<void> = async () => undefined,
): Promise<Decided> {
  const snapshot = await context.directory.snapshot()
  const decided = await context.db.transaction(async (tx): Promise<Decided> => {
    const [found] = await tx.rows<{ id: bigint }>(sql`
      select id from cdrs where owner = ${decision.owner} and cdr_key = ${foldKey(decision.cdrId)}`)
    const [before] = found ? await readCdrRows(tx, { ids: [found.id], forUpdate: false }) : []
    if (!before) return { ok: false, message: 'there is no such CDR' }
    await lockSubjects(
      tx,
      standingSubjects(before).map((subject) => ({ subject, exclusive: true })),
    )
    // Cycles only for what is booked: a quarantined CDR may name a currency that does not exist.
    if (before.booked) await holdCycles(tx, before.currency)
    const [row] = await readCdrRows(tx, { ids: [before.id], forUpdate: true })
    if (!row) return { ok: false, message: 'there is no such CDR' }
    const next = nextState(row.state, decision.verb, { isCredit: row.is_credit })
    if (!next.ok) return next
    if (decision.verb !== 'recheck' && next.state !== row.state) {
      const message = await refusal(tx, { row, verb: decision.verb })
      if (message !== null) return { ok: false, message }
    }
    let { state } = next
    if (decision.verb === 'recheck') {
      await appendOutbox(tx, [
        { kind: 'clear', subject: row.id.toString(), correlationId: row.correlation_id },
      ])
    } else if (next.state !== row.state) {
      const agreed = agreementAt({
        snapshot,
        mode: 'open',
        cpo: row.owner,
        emsp: row.receiver,
        at: row.started_at ?? row.received_at,
      })
      const days = agreed?.terms.contest_days ?? 0
      const transition = planVerb(row, {
        verb: decision.verb,
        reasonCode: `${decision.verb} by ${decision.actor}`,
        contestUntil:
          decision.verb === 'release' ? new Date(context.clock().getTime() + days * DAY_MS) : null,
      })
      await writeTransitions(tx, [transition], { actor: decision.actor, reason: decision.reason })
      await writeWatches(tx, [{ cdrId: row.id, subjects: [] }])
      if (transition.state === 'withdrawn') await judgeAgain(tx, standingSubjects(row))
      // A release is a person's word for the token too, so that a CDR that was kept back goes out now.
      await startDelivery(tx, {
        cdrs: [{ row, state: transition.state, hasUnknownToken: false }],
        snapshot,
      })
      state = transition.state
    }
    await also(tx, state)
    return { ok: true, state }
  })
  if (decided.ok && decision.verb !== 'recheck') context.metrics.cdrs.inc({ state: decided.state })
  return decided
}

/** Why a decision is not possible though the state allows it; null where it is. */
async function refusal(
  tx: Tx,
  { row, verb }: { row: CdrRow; verb: 'approve' | 'release' | 'return' },
): Promise<string | null> {
  const disputed = row.parts.find(
    ({ book, dispute_state: state }) => book === 'held' && state !== 'draft',
  )
  if (disputed && verb !== 'return')
    return 'a part of it is disputed: what becomes of that is decided in its dispute'
  if (verb === 'return')
    return dueOf(row).isAny
      ? 'a part of it is approved already: its CPO takes it back with a credit CDR'
      : null
  // Who pays may approve a second CDR of a session; an operator does not let one settle that nobody has decided about.
  const stands = verb === 'release' ? await otherLive(tx, row) : null
  return stands === null
    ? null
    : `${stands} of the same session is live; return or credit that one first`
}

/** Another live CDR of the session, which would make this one a second one; see readSameSession. */
async function otherLive(tx: Tx, row: CdrRow): Promise<string | null> {
  if (row.session_key === null || row.is_credit) return null
  const [other] = await tx.rows<{ cdr_id: string }>(sql`
    select c.cdr_id from cdr_states s join cdrs c on c.id = s.cdr_id
    where s.owner = ${row.owner} and s.session_key = ${row.session_key} and not s.is_credit
      and s.cdr_id <> ${row.id.toString()}::bigint
      and cdr_is_live(s.cdr_id, s.state) limit 1`)
  return other?.cdr_id ?? null
}
