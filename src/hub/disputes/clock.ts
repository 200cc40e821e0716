import { limits } from '../../../config/limits.ts'
import { isNothing } from '../../clearing/disputes/amounts.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import type { Context } from '../../context.ts'
import { DatabaseUnavailable } from '../../db/database.ts'
import { sql } from '../../db/sql.ts'
import type { Sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { raiseAlert } from '../alerts.ts'
import { applyDeeds } from './apply.ts'
import type { Deed } from './apply.ts'
import { deedOf, findResolution } from './auto-resolve.ts'
import type { Resolution } from './auto-resolve.ts'
import { lockDispute, openDesk } from './locks.ts'
import type { LockedDispute } from './locks.ts'
import { DUPLICATE_CODES } from './prove-duplicate.ts'
import { readZone } from './rows.ts'
import { moment } from './words.ts'

/** Finds disputes whose deadline is over by PostgreSQL's clock; each becomes work of its own. */
export async function sweepDisputes(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, subject)
    select 'dispute_clock', d.id::text
    from disputes d join dispute_events e on e.dispute_id = d.id and e.epoch = d.epoch
    where d.closed_at is null and d.deadline_at <= clock_timestamp()
      -- What was given up waits for a person, not for the next second; once somebody has acted it has a clock again.
      and not exists (select from outbox o where o.kind = 'dispute_clock' and o.outcome = 'failed'
        and o.subject = d.id::text and o.created_at > e.at)
      and d.id::text not in (select subject from outbox where kind = 'dispute_clock' and finished_at is null)
    order by d.deadline_at limit ${limits.disputeSweepMax}
    on conflict do nothing`)
}

/**
 * Does what happens by itself at the deadline of a dispute (subject). Doing it twice, or by two workers at once, does it
 * once: under the lock the deadline is read again. One that cannot be done is tried again, and an operator is told.
 *
 * A draft that nothing proves, of a CDR that is to be judged again, is left to that, and found by the next sweep if it is
 * still there: what it says may have gone, and once it is open no judgement ends it.
 */
export async function runDisputeClock(context: Context, row: OutboxRow): Promise<void> {
  const id = BigInt(row.subject)
  const desk = await openDesk(context)
  try {
    await context.db.transaction(async (tx) => {
      const locked = await lockDispute(desk, tx, id)
      if (locked?.dispute.is_overdue === true && locked.dispute.closed_at === null) {
        const deeds = await deedsOf(locked)
        const applied = deeds.length === 0 ? null : await applyDeeds(locked, deeds)
        if (applied?.ok === false) throw new Error(applied.message)
      }
      await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
    })
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) await tellFailure(context, { id, error })
    throw error
  }
}

/**
 * What the clock does: what the table says, unless the facts decide a draft, or a second bill that the CPO has denied;
 * nothing as long as a draft may be cleared.
 */
async function deedsOf(locked: LockedDispute): Promise<Deed[]> {
  const { state, code, default_verb: verb } = locked.dispute
  if (state === 'draft') return deedsOfDraft(locked)
  const isAnswered = state === 'denied' || state === 'accepted_partial'
  if (!isAnswered || !DUPLICATE_CODES.has(code)) return [byClock(verb ?? 'close')]
  // A denial is no proof of the contrary: what is billed twice is upheld unless the eMSP takes the answer.
  const found = await resolutionOf(locked)
  if (found?.verb !== 'resolve') return [byClock('close')]
  return (await waiting(locked, found)) ?? [deedOf(found)]
}

function byClock(verb: DisputeVerb): Deed {
  return { verb, doer: { side: 'hub', actor: 'hub', text: null }, amount: null }
}

async function deedsOfDraft(locked: LockedDispute): Promise<Deed[]> {
  const verb = locked.dispute.default_verb ?? 'close'
  const found = await resolutionOf(locked)
  if (found === null) return (await isToBeJudged(locked)) ? [] : [byClock('open')]
  const waits = await waiting(locked, found)
  if (waits !== null) return waits
  // What is proven against the CPO waits until it had the time to answer; what is proven for it does not.
  const isDue = verb === 'resolve' || found.verb === 'tolerate' || isNothing(found.amount)
  if (isDue || hasWaited(locked)) return [deedOf(found)]
  const { sentence, proof } = found
  return [
    {
      verb: 'prove',
      doer: { side: 'hub', actor: 'hub', text: sentence },
      amount: null,
      proof: { ...proof, sentence },
    },
  ]
}

const DAY_MS = 86_400_000

/**
 * What may replace the CDR that it bills again is upheld as a second bill only after the deadline of the dispute about
 * that; where that is over, once it was done what happens then. Null: there is nothing to wait for.
 */
async function waiting(
  { tx, dispute, terms }: LockedDispute,
  found: Resolution,
): Promise<Deed[] | null> {
  const { mayReplace, sentence } = found
  if (!mayReplace) return null
  if (mayReplace.isOver) return []
  const { until } = mayReplace
  // A deadline is finer than a millisecond.
  const days = (until.getTime() + 1 - dispute.opened_at.getTime()) / DAY_MS
  const zone = dispute.cdr_id === null ? 'UTC' : await readZone(tx, dispute.cdr_id)
  const text = `${sentence} That one was disputed before this one came, which claims less and may be what replaces it: nothing is upheld before ${moment(until, zone)}.`
  return [
    {
      ...byClock('prove'),
      doer: { side: 'hub', actor: 'hub', text },
      terms: { auto_uphold_days: Math.max(days, terms.auto_dispute.auto_uphold_days) },
    },
  ]
}

/** True where clearing has not come to the CDR yet. */
async function isToBeJudged({ tx, dispute: { cdr_id: cdrId } }: LockedDispute): Promise<boolean> {
  if (cdrId === null) return false
  const [found] = await tx.rows(sql`
    select where exists (select from outbox where kind = 'clear' and platform_id = '' and subject = ${cdrId.toString()}
        and finished_at is null and enqueued_at is null)
      or exists (select from outbox where kind = 'clear' and subject = ${cdrId.toString()}
        and finished_at is null and enqueued_at is not null)`)
  return found !== undefined
}

async function resolutionOf(locked: LockedDispute): Promise<Resolution | null> {
  const { tx, dispute, cdrs, terms } = locked
  const [row] = cdrs
  if (!row) return null
  const amount = { net: dispute.net_micros, tax: dispute.tax_micros }
  return findResolution(tx, { row, code: dispute.code, amount, terms })
}

/** True where the draft of an agreement is to wait no longer for a proof than it has for anything. */
function hasWaited({ terms }: LockedDispute): boolean {
  return terms.auto_dispute.auto_uphold_days <= terms.auto_dispute.hold_days
}

async function tellFailure(
  context: Context,
  { id, error }: { id: bigint; error: unknown },
): Promise<void> {
  context.log.error({ err: error, dispute_id: id.toString() }, 'a dispute could not go on')
  const text = error instanceof Error ? error.message.slice(0, 200) : 'unknown error'
  await raiseAlert(context.db, {
    code: 'dispute_not_decided',
    severity: 'critical',
    subject: `dispute ${id}`,
    message: `its deadline is over, and what happens then cannot be done: ${text}`,
    advice:
      'It is tried again by itself. POST /admin/v1/ledger/verify shows whether the books are sound',
  })
}
