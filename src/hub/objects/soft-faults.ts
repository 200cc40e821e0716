import { limits } from '../../../config/limits.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Fault } from '../../errors.ts'
import { raiseAlert } from '../alerts.ts'

/** An object that was taken although something in it is against the specification. */
export type Tolerated = { module: string; owner: string; key: string; soft: readonly Fault[] }

/** The fault of a member that an object has twice. Its name is the sender's choice, not one of the schema. */
export const repeatedMember = 'occurs more than once; the last one counts'

const CODE = 'object_fault'

type Found = { object: Tolerated; fault: Fault; subject: string; others: string }

/**
 * Tells the operator what was accepted and kept as sent although it is wrong: one alert per owner, module and place in
 * the object, however many objects have it, so that a feed with one systematic mistake is one line. A feed that is
 * wrong in more than `softAlertsOpenMax` places has one more line for all others.
 */
export async function noteSoftFaults(tx: Tx, objects: readonly Tolerated[]): Promise<void> {
  const found = new Map<string, Found>()
  for (const object of objects) {
    for (const fault of object.soft.slice(0, limits.softFindingsMax)) {
      const feed = `${object.owner}/${object.module}`
      const subject = `${feed}${placeOf(fault)}`
      if (!found.has(subject))
        found.set(subject, { object, fault, subject, others: `${feed} (other places)` })
    }
  }
  if (found.size === 0) return
  const told = new Set<string>()
  for (const { subject, ...first } of await withinLimit(tx, [...found.values()])) {
    if (told.has(subject)) continue
    told.add(subject)
    await raise(tx, { subject, ...first })
  }
}

/** The member's place, the same for all items of a list and for all made-up members. */
function placeOf(fault: Fault): string {
  return fault.message === repeatedMember
    ? '/*'
    : fault.pointer.replace(/\/\d+(?=\/|$)/g, '/*').slice(0, 200)
}

/** The findings in the order of their subjects, those beyond the limit of their feed under its one subject for others. */
async function withinLimit(tx: Tx, found: readonly Found[]): Promise<Found[]> {
  const subjects = found.map(({ subject }) => subject)
  const open = await tx.rows<{ subject: string }>(sql`
    select subject from alerts where code = ${CODE} and state = 'open' and subject = any(${subjects}::text[])`)
  const known = new Set(open.map(({ subject }) => subject))
  const room = new Map<string, number>()
  const limited: Found[] = []
  for (const one of [...found].sort((a, b) => (a.subject < b.subject ? -1 : 1))) {
    if (known.has(one.subject)) {
      limited.push(one)
      continue
    }
    const left = room.get(one.others) ?? (await roomOf(tx, one.object))
    room.set(one.others, left - 1)
    limited.push(left > 0 ? one : { ...one, subject: one.others })
  }
  return limited.sort((a, b) => (a.subject < b.subject ? -1 : 1))
}

/** How many more places of a feed may have an alert of their own. */
async function roomOf(tx: Tx, { owner, module }: Tolerated): Promise<number> {
  const [row] = await tx.rows<{ count: bigint }>(sql`
    select count(*) as count from alerts
    where code = ${CODE} and state = 'open' and starts_with(subject, ${`${owner}/${module}`})`)
  return limits.softAlertsOpenMax - Number(row?.count ?? 0n)
}

async function raise(tx: Tx, { object, fault, subject }: Omit<Found, 'others'>): Promise<void> {
  const text = `${fault.pointer.slice(0, limits.faultTextCharsMax)} ${fault.message}`
  await raiseAlert(tx, {
    code: CODE,
    severity: 'notice',
    subject,
    message: `${object.module} of ${object.owner}: ${text} (last seen in ${object.key})`,
    advice:
      'The object was kept as sent. Ask its owner to correct the member; nothing else is needed.',
  })
}
