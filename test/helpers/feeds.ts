import * as assert from 'uvu/assert'
import { at, items } from './ask.ts'
import type { TestHub } from './hub.ts'
import { locationOf } from './objects.ts'
import type { Json } from './objects.ts'

/** A location as the Dutch national feed gives it: without owner, publish and time zone, with nulls. */
export function dutch(id: string, more: Json = {}, evseId: string | null = 'NL*CKE*E1*1'): Json {
  const { country_code, party_id, publish, time_zone, evses, ...rest } = locationOf('NL-CKE', id)
  const [evse] = items(evses)
  const first = { ...Object(evse), evse_id: evseId, images: null, floor_level: null }
  return { ...rest, parking_type: null, evses: [first], ...more }
}

/** Imports a feed and gives the report. */
export async function upload(hub: TestHub, query: string, body: unknown) {
  const reply = await hub.admin('POST', `/imports?${query}`, body)
  assert.is(reply.status, 200, reply.text)
  return {
    totals: at(reply.json, 'totals'),
    lines: items(at(reply.json, 'lines')),
    json: reply.json,
  }
}

/** A feed of many operators, each location its EVSEs' operator's. */
export const FROM_EVSES = 'module=locations&party=from-evse-id'

/** The EVSE of `dutch`. */
export function evse(): Json {
  return Object(at(dutch('x'), 'evses', 0))
}

/** The text that is stored. */
export async function originalOf(hub: TestHub, of: { module: string; owner: string; id: string }) {
  const rows = await hub.database.db.rows<{ original: string }>({
    text: 'select original from objects where module = $1 and owner = $2 and object_key = lower($3)',
    values: [of.module, of.owner, of.id],
  })
  return rows[0]?.original ?? ''
}
