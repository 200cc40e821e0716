import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import type { Sql } from '../../src/db/sql.ts'
import { admitCdr, recordCdr } from '../../src/hub/cdrs/record-cdr.ts'
import { saveRecords } from '../../src/hub/records/store.ts'
import { foldKey } from '../../src/ocpi/primitives.ts'
import type { Bundle, PlannedCdr } from './clearing-world-bundle.ts'
import { insertRows, loadKeys, loadObjects, loadVersions, objectOf } from './clearing-world-load.ts'
import type { Json } from './objects.ts'

/** A CDR that was recorded, and what it must be found to be. */
export type Loaded = { bundle: Bundle; cdr: PlannedCdr; id: string }

/**
 * Tells the hub what it was told of these sessions before any of their CDRs is judged. CDRs pass admitCdr and recordCdr,
 * as they do behind the HTTP door; then their time of receipt is set to that of the story.
 */
export async function loadBundles(context: Context, bundles: readonly Bundle[]): Promise<Loaded[]> {
  await loadVersions(
    context,
    'tokens',
    bundles.flatMap(({ tokens }) => tokens),
  )
  await loadVersions(
    context,
    'tariffs',
    bundles.flatMap(({ tariffs }) => tariffs),
  )
  await loadObjects(context, [
    ...bundles.flatMap(({ locations }) => locations.map((one) => objectOf('locations', one))),
    ...bundles.flatMap(({ sessions }) =>
      sessions.map(({ owner, value }) => objectOf('sessions', { owner, value })),
    ),
  ])
  await loadKeys(
    context,
    bundles.flatMap(({ meterKeys }) => meterKeys),
  )
  await loadHistory(context, bundles)
  await loadRecords(context, bundles)
  return loadCdrs(context, bundles)
}

async function loadHistory({ db }: Context, bundles: readonly Bundle[]): Promise<void> {
  const steps = bundles.flatMap(({ sessions }) =>
    sessions.flatMap(({ owner, value, steps: all }) => {
      let now: Json = {}
      return all.map(({ method, body, at }) => {
        now = { ...now, ...body }
        const told = JSON.stringify(body)
        return {
          owner,
          object_key: foldKey(String(value['id'])),
          method,
          status: now['status'] ?? null,
          kwh: String(now['kwh']),
          says_kwh: body['kwh'] !== undefined,
          says_cost: body['total_cost'] !== undefined,
          last_updated: now['last_updated'],
          body: told,
          at,
        }
      })
    }),
  )
  await db.rows(sql`
    insert into session_steps (owner, object_key, method, status, kwh, says_kwh, says_cost, last_updated, sha256, body, at)
    select owner, object_key, method, status, kwh, says_kwh, says_cost, last_updated, sha256(convert_to(body, 'UTF8')), body, at
    from jsonb_to_recordset(${JSON.stringify(steps)}::jsonb) as t (owner text, object_key text, method text, status text,
      kwh text, says_kwh boolean, says_cost boolean, last_updated timestamptz, body text, at timestamptz)`)
  const asked = bundles.flatMap(({ authorizations }) => authorizations)
  await db.rows(sql`
    insert into authorizations (kind, cpo, emsp, token_key, location_key, evse_uid, reference, answer, at, answered_at)
    select kind, cpo, emsp, token_key, location_key, evse_uid, reference, answer, at, at
    from jsonb_to_recordset(${JSON.stringify(
      asked.map(({ tokenUid, locationId, evseUid, ...one }) => ({
        ...one,
        token_key: `${foldKey(tokenUid)}|RFID`,
        location_key: locationId === null ? null : foldKey(locationId),
        evse_uid: evseUid,
        reference: one.reference === null ? null : foldKey(one.reference),
      })),
    )}::jsonb) as t (kind text, cpo text, emsp text, token_key text, location_key text, evse_uid text, reference text,
      answer text, at timestamptz)`)
  const older = bundles.flatMap(({ olderLocations }) => olderLocations)
  await insertOlder(db, older)
  const captured = bundles.flatMap(({ captured: one, slot }) =>
    one === null ? [] : [{ one, slot }],
  )
  await insertRows(
    db,
    'captures',
    captured.map(({ one, slot }) => ({
      cpo: slot.operator.party,
      confirmation_key: `pay-${slot.index}`,
      confirmation_id: `PAY-${slot.index}`,
      reference: foldKey(one.reference),
      total: String(one.total),
      currency: one.currency,
      status: 'SUCCESS',
      received_at: new Date(slot.plan.endMs),
    })),
  )
}

/** The eMSPs' own records, as they come through any of the ways. */
async function loadRecords(context: Context, bundles: readonly Bundle[]): Promise<void> {
  const byReceiver = new Map<string, { value: Json }[]>()
  for (const { record, slot } of bundles) {
    if (record === null) continue
    const drafts = byReceiver.get(slot.provider.party) ?? []
    drafts.push({ value: record })
    byReceiver.set(slot.provider.party, drafts)
  }
  for (const [receiver, drafts] of byReceiver) {
    const results = await saveRecords(context, { receiver, source: 'admin', drafts })
    const refused = results.find(({ outcome }) => outcome !== 'new')
    if (refused) throw new Error(`a record was not taken: ${JSON.stringify(refused)}`)
  }
}

async function insertOlder(client: Sql, older: Bundle['olderLocations']): Promise<void> {
  await client.rows(sql`
    insert into location_versions (owner, object_key, value, valid_until)
    select owner, object_key, value, until from jsonb_to_recordset(${JSON.stringify(
      older.map(({ owner, value, until }) => ({
        owner,
        object_key: foldKey(String(value['id'])),
        value,
        until,
      })),
    )}::jsonb) as t (owner text, object_key text, value jsonb, until timestamptz)`)
}

/** Their CDRs alone, in the order in which they come. */
export async function loadCdrs(
  context: Context,
  bundles: readonly Bundle[],
  { isNow = false } = {},
): Promise<Loaded[]> {
  const loaded = bundles.flatMap((bundle) =>
    bundle.cdrs.map((cdr) => ({ bundle, cdr, id: String(cdr.value['id']) })),
  )
  const inOrder = loaded.toSorted((a, b) => a.cdr.receivedAt.getTime() - b.cdr.receivedAt.getTime())
  const snapshot = await context.directory.snapshot()
  const tell = async ({ bundle, cdr }: Loaded, value: Json): Promise<void> => {
    const { operator, provider } = operatorOf(bundle, cdr)
    const text = JSON.stringify(value)
    const parsed: Json = JSON.parse(text)
    const sent = {
      owner: operator,
      platformId: cdr.platform,
      version: '2.2.1' as const,
      correlationId: `c-${String(value['id'])}`,
      ...(cdr.channel === 'pull' ? { channel: cdr.channel } : {}),
      body: {
        bytes: Buffer.from(text),
        text,
        value: parsed,
        longNumbers: new Map<string, string>(),
        soft: [],
        repairs: cdr.doubts.map((doubt) => ({
          ...doubt,
          kind: 'number as text' as const,
          isDoubtful: true,
        })),
      },
    }
    const { cdr: made, soft } = await admitCdr(context, { sent, receiver: provider, snapshot })
    await recordCdr(context, { cdr: made, relayed: false, soft })
  }
  // Of one session one after the other, as they come: what came first counts.
  await Promise.all(
    bundles.map(async (bundle) => {
      for (const one of inOrder) if (one.bundle === bundle) await tell(one, one.cdr.value)
    }),
  )
  for (const one of inOrder) {
    for (let again = 0; again < one.cdr.replays; again += 1) await tell(one, one.cdr.value)
    if (one.cdr.conflict !== null) await tell(one, one.cdr.conflict)
  }
  // What answers a dispute comes after it was opened, which is now.
  if (!isNow) await setReceipt(context, inOrder)
  return inOrder
}

function operatorOf(
  { slot }: Bundle,
  { value }: PlannedCdr,
): { operator: string; provider: string } {
  const operator = `${String(value['country_code'])}-${String(value['party_id'])}`
  return { operator, provider: slot.provider.party }
}

async function setReceipt({ db }: Context, loaded: readonly Loaded[]): Promise<void> {
  await db.rows(sql`
    update cdrs c set received_at = t.at, channel = t.channel
    from jsonb_to_recordset(${JSON.stringify(
      loaded.map(({ bundle, cdr, id }) => ({
        owner: operatorOf(bundle, cdr).operator,
        key: foldKey(id),
        at: cdr.receivedAt,
        channel: cdr.channel,
      })),
    )}::jsonb) as t (owner text, key text, at timestamptz, channel text)
    where c.owner = t.owner and c.cdr_key = t.key`)
}
