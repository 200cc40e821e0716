import { limits } from '../../config/limits.ts'
import { assert, present } from '../assert.ts'
import { digestOf, noteSession, sentCdr } from './books.ts'
import type { Books } from './books.ts'
import { cdrsOf, correctionOf, sessionPatches, sessionStarted } from './cdr.ts'
import type { SessionSetting } from './cdr.ts'
import type { Connection } from './connection.ts'
import { isJson, needText } from './json.ts'
import type { Json } from './json.ts'
import { pageDigests } from './partner-modules.ts'
import { objectKey, partyCode } from './world.ts'
import type { PlatformPlan, SessionPlan } from './world.ts'

/** Every so many sessions: the card is authorised in real time, the TO is left to the hub, the CDR is read back. */
const AUTHORIZE_EVERY = 20
const OPEN_ROUTING_EVERY = 3
const READ_BACK_EVERY = 50

export type PartnerWorkParts = { plan: PlatformPlan; books: Books; connection: Connection }

export type Progress = (done: number, of: number) => void

/** Pushes all of the partner's own objects of a module to everybody (TO = hub, 2.2.1 Broadcast Push). */
export async function pushAll(
  { plan, books, connection }: PartnerWorkParts,
  module: 'tariffs' | 'locations' | 'tokens',
  progress: Progress,
): Promise<void> {
  await inParallel(
    plan[module],
    async (object) => {
      const from = {
        countryCode: needText(object, 'country_code'),
        partyId: needText(object, 'party_id'),
      }
      const id = needText(object, module === 'tokens' ? 'uid' : 'id')
      const body = JSON.stringify(object)
      const query = module === 'tokens' ? '?type=RFID' : ''
      books.sent.set(`${module}/${objectKey(from, id)}`, digestOf(body))
      await connection.send({
        method: 'PUT',
        module,
        side: 'receiver',
        path: `/${from.countryCode}/${from.partyId}/${encodeURIComponent(id)}${query}`,
        from,
        to: connection.hubParty(),
        body,
      })
    },
    progress,
  )
}

/** Objects that sessions refer to, by `NL-TNM/ID`. */
export type Known = { tariffs: Map<string, Json>; locations: Map<string, Json> }

/** Lives all planned sessions: PUT, PATCH as energy flows, PATCH completed, then the CDR or CDRs. */
export async function liveSessions(
  parts: PartnerWorkParts,
  known: Known,
  progress: Progress,
): Promise<void> {
  const sessions = [...parts.plan.sessions].sort((a, b) => a.startMs - b.startMs)
  await inParallel(
    sessions,
    (plan, index) => {
      const location = present(
        known.locations.get(objectKey(plan.cpo, plan.locationId)),
        `location of ${plan.id}`,
      )
      const tariff = present(known.tariffs.get(plan.tariffKey), `tariff of ${plan.id}`)
      return liveSession(parts, { plan, location, tariff }, index)
    },
    progress,
  )
}

async function liveSession(
  parts: PartnerWorkParts,
  setting: SessionSetting,
  index: number,
): Promise<void> {
  const { plan } = setting
  if (index % AUTHORIZE_EVERY === 0 && plan.fault === undefined) await authorize(parts, plan)
  await sendSession(parts, plan, { method: 'PUT', body: sessionStarted(setting), index })
  for (const body of sessionPatches(plan, 1)) {
    await sendSession(parts, plan, { method: 'PATCH', body, index })
  }
  for (const built of cdrsOf(setting)) {
    const text = JSON.stringify(built.body)
    const key = `cdrs/${partyCode(plan.cpo)}/${built.id}`
    parts.books.sentCdrs.set(key, sentCdr({ plan, built, text }))
    const answer = await parts.connection.send({
      method: 'POST',
      module: 'cdrs',
      side: 'receiver',
      path: '',
      from: plan.cpo,
      to: receiverOf(plan, index),
      body: text,
    })
    const location = answer.headers.get('location')
    if (index % READ_BACK_EVERY === 0) await readBack(parts, { plan, location, text })
  }
}

/** Takes a wrong CDR back with a credit CDR and sends the right one under a new id. */
export async function correctCdr(
  { plan, connection }: PartnerWorkParts,
  known: Known,
  wrong: { owner: string; id: string },
): Promise<void> {
  const session = present(
    plan.sessions.find((one) => partyCode(one.cpo) === wrong.owner && `${one.id}-CDR` === wrong.id),
    `session of ${wrong.id}`,
  )
  const location = present(
    known.locations.get(objectKey(session.cpo, session.locationId)),
    `location of ${session.id}`,
  )
  const tariff = present(known.tariffs.get(session.tariffKey), `tariff of ${session.id}`)
  for (const body of correctionOf({ plan: session, location, tariff })) {
    const answer = await connection.send({
      method: 'POST',
      module: 'cdrs',
      side: 'receiver',
      path: '',
      from: session.cpo,
      to: session.emsp,
      body: JSON.stringify(body),
    })
    assert(answer.code === 1000, `the correction was answered ${answer.code} ${answer.message}`)
  }
}

/** Some requests leave it to the hub to find the receiver in the content (2.2.1, Open Routing Request). */
function receiverOf(plan: SessionPlan, index: number) {
  return index % OPEN_ROUTING_EVERY === 0 ? undefined : plan.emsp
}

async function sendSession(
  { books, connection }: PartnerWorkParts,
  plan: SessionPlan,
  message: { method: 'PUT' | 'PATCH'; body: Json; index: number },
): Promise<void> {
  const text = JSON.stringify(message.body)
  const key = `sessions/${partyCode(plan.cpo)}/${plan.id}`
  noteSession(books.sentSessions, { key, text })
  await connection.send({
    method: message.method,
    module: 'sessions',
    side: 'receiver',
    path: `/${plan.cpo.countryCode}/${plan.cpo.partyId}/${encodeURIComponent(plan.id)}`,
    from: plan.cpo,
    to: receiverOf(plan, message.index),
    body: text,
  })
}

async function authorize({ connection }: PartnerWorkParts, plan: SessionPlan): Promise<void> {
  await connection.send({
    method: 'POST',
    module: 'tokens',
    side: 'sender',
    path: `/${encodeURIComponent(plan.token.uid)}/authorize?type=RFID`,
    from: plan.cpo,
    to: plan.emsp,
    body: JSON.stringify({ location_id: plan.locationId, evse_uids: [plan.evseUid] }),
  })
}

/** Reads a CDR at the Location that its POST was answered with, and compares. */
async function readBack(
  { books, connection }: PartnerWorkParts,
  sent: { plan: SessionPlan; location: string | undefined; text: string },
): Promise<void> {
  books.readBack.count += 1
  if (sent.location === undefined) {
    books.readBack.differing += 1
    return
  }
  const path = new URL(sent.location, 'http://127.0.0.1').href
  const answer = await connection.send({
    method: 'GET',
    module: 'cdrs',
    side: 'receiver',
    path,
    from: sent.plan.cpo,
  })
  const isSame = isJson(answer.data) && JSON.stringify(answer.data) === sent.text
  if (!isSame) books.readBack.differing += 1
}

/** Pulls a whole list from the hub page by page, following Link. `total` is X-Total-Count of the last page. */
export async function pullAll(
  { plan, books, connection }: PartnerWorkParts,
  module: string,
): Promise<{ pages: number; objects: number; total: number }> {
  const from = present(plan.parties[0], 'party')
  let path: string | undefined = `?limit=${limits.sandboxPageObjects}`
  let pages = 0
  let objects = 0
  let total = 0
  while (path !== undefined && pages < limits.pullPagesMax) {
    const answer = await connection.send({
      method: 'GET',
      module,
      side: 'sender',
      path,
      from,
      to: connection.hubParty(),
    })
    assert(answer.code === 1000, `${module} page answered ${answer.status} ${answer.code}`)
    const digests = pageDigests(module, answer.data)
    for (const [key, digest] of digests) books.pulled.set(key, digest)
    pages += 1
    objects += digests.length
    total = Number(answer.headers.get('x-total-count') ?? '-1')
    path = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return { pages, objects, total }
}

/** Approves CDRs as their provider, through the hub's API for parties. Returns how many were not accepted. */
export async function approveAll(
  { connection }: PartnerWorkParts,
  cdrs: { owner: string; id: string }[],
): Promise<number> {
  let failed = 0
  await inParallel(cdrs, async ({ owner, id }) => {
    const path = `/party/v1/cdrs/${owner.replace('-', '/')}/${encodeURIComponent(id)}/approve`
    const body = JSON.stringify({ reason: 'agrees with our own record' })
    const answer = await connection.api({ method: 'POST', path, body })
    if (answer.status >= 300) failed += 1
  })
  return failed
}

async function inParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
  progress: Progress = () => {},
): Promise<void> {
  let next = 0
  let done = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next
      next += 1
      const item = items[index]
      if (item === undefined) continue
      await work(item, index)
      done += 1
      progress(done, items.length)
    }
  }
  await Promise.all(Array.from({ length: limits.sandboxInFlight }, worker))
}
