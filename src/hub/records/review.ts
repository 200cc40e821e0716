import type { Tx } from '../../db/sql.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import type { Finding } from '../../clearing/findings.ts'
import { agreedFor } from '../cdrs/clear-agreed.ts'
import { judgeRow } from '../cdrs/clear-decide.ts'
import { readCdrRows, readFacts } from '../cdrs/clear-facts.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { writeFindings } from '../cdrs/clear-write.ts'
import { tellParties } from '../disputes/events.ts'
import type { Desk } from '../disputes/locks.ts'

/** CDRs that clearing judges by itself; the others are booked, and only what is found of them changes. */
const OPEN_STATES = new Set(['received', 'unmatched', 'held', 'quarantined'])
const BOOKED_STATES = new Set(['provisional', 'contested', 'approved', 'netted'])
/** What an eMSP's record can show. */
const RECORD_CODES = new Set(['Q2', 'Z1', 'Z2', 'Z8'])

/**
 * CDRs whose records have changed: those that are not booked yet are judged again by a worker; of the others the findings
 * are brought up to date, and the eMSP is told when its record speaks against a CDR, because it may contest it.
 * The state rows of these stay locked, so that nobody moves them while they are judged by what they were.
 */
export async function reviewCdrs(
  tx: Tx,
  { context, snapshot }: Desk,
  ids: readonly bigint[],
): Promise<void> {
  if (ids.length === 0) return
  const rows = await readCdrRows(tx, { ids, forUpdate: false })
  await appendOutbox(
    tx,
    rows
      .filter(({ state }) => OPEN_STATES.has(state))
      .map(({ id }) => ({ kind: 'clear' as const, subject: id.toString() })),
  )
  // Only they are locked: clearing holds the others while it asks for their records, which this transaction changes.
  const bookedIds = rows.filter(isBooked).map(({ id }) => id)
  const booked = (await readCdrRows(tx, { ids: bookedIds, forUpdate: true })).filter(isBooked)
  if (booked.length === 0) return
  const facts = await readFacts(tx, booked, [])
  const now = context.clock()
  const judged = booked.map((row) =>
    judgeRow({ row, facts, agreed: agreedFor(context, { row, snapshot }), now }),
  )
  const written = await writeFindings(
    tx,
    judged.map(({ row, judgement }) => ({
      cdrId: row.id,
      epoch: row.epoch,
      findings: judgement.findings,
    })),
  )
  const byId = new Map(booked.map((row) => [row.id, row]))
  await tellParties(
    tx,
    written.flatMap(({ cdrId, findings }) => {
      const row = byId.get(cdrId)
      return row ? eventsOf(row, findings) : []
    }),
  )
}

function isBooked({ state, is_credit: isCredit }: CdrRow): boolean {
  return BOOKED_STATES.has(state) && !isCredit
}

function eventsOf(row: CdrRow, findings: readonly Finding[]) {
  const against = findings.filter(
    ({ code, severity }) => RECORD_CODES.has(code) && severity !== 'I',
  )
  if (against.length === 0) return []
  const { owner, receiver, cdr_id: cdrId } = row
  return [
    {
      type: 'record.differs' as const,
      owner,
      receiver,
      subject: `cdr:${row.id}` as const,
      body: {
        cdr_id: cdrId,
        state: row.state,
        findings: against.map(({ code, message }) => ({ code, message })),
        message: `The record of ${receiver} came after CDR ${cdrId} of ${owner} was booked, and differs from it. ${receiver} may contest the CDR.`,
      },
    },
  ]
}
