import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { FROM_EVSES, dutch, evse, originalOf, upload } from '../helpers/feeds.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { tariffOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const imports = suite<{ hub: TestHub }>('kinds of faults in feeds')

imports.before(async (context) => {
  context.hub = await startHub()
})
imports.after(async ({ hub }) => {
  await hub?.close()
})

const mended: [what: string, body: Json, kind: string][] = [
  ['integers as ids', dutch('x', { id: 426959 }), 'integer id'],
  ['an enum in another case', dutch('r2', { parking_type: 'parking_lot' }), 'enum case'],
  ['a time without Z', dutch('r3', { last_updated: '2026-10-10T00:03:46' }), 'time zone missing'],
  ['a time with +00:00', dutch('r4', { last_updated: '2026-10-10T00:03:46+00:00' }), 'time offset'],
  [
    'coordinates as numbers',
    dutch('r5', { coordinates: { latitude: 52.1, longitude: 5 } }),
    'coordinate as number',
  ],
  ['{} for a list', dutch('r6', { images: {} }), 'object for list'],
]

for (const [what, body, kind] of mended) {
  imports(`${what}: repaired for use, kept as sent`, async ({ hub }) => {
    const { lines } = await upload(hub, FROM_EVSES, [body])
    assert.is(at(lines, 0, 'outcome'), 'repaired', JSON.stringify(lines))
    assert.is(at(lines, 0, 'repairs', 0, 'kind'), kind)
    const owner = { module: 'locations', owner: 'NL-CKE', id: String(body['id']) }
    assert.ok((await originalOf(hub, owner)).startsWith(JSON.stringify(body).slice(0, -1)))
  })
}

const kept: [what: string, body: Json, pointer: string][] = [
  [
    'an unknown status',
    dutch('k1', { evses: [{ ...evse(), status: 'WORKING' }] }),
    '/evses/0/status',
  ],
  ['an unknown parking_type', dutch('k2', { parking_type: 'UNKNOWN' }), '/parking_type'],
  [
    'an EVSE without uid',
    dutch('k3', { evses: [evse(), { ...evse(), uid: null }] }),
    '/evses/1/uid',
  ],
  [
    'an EVSE without connectors',
    dutch('k4', { evses: [evse(), { ...evse(), uid: 'x', connectors: [] }] }),
    '/evses/1/connectors',
  ],
  [
    'an EVSE without last_updated',
    dutch('k5', { evses: [{ ...evse(), last_updated: null }] }),
    '/evses/0/last_updated',
  ],
]

for (const [what, body, pointer] of kept) {
  imports(`${what}: kept as sent, with a finding`, async ({ hub }) => {
    const { lines } = await upload(hub, FROM_EVSES, [body])
    assert.is(at(lines, 0, 'outcome'), 'taken', JSON.stringify(lines))
    const pointers = items(at(lines, 0, 'findings')).map((one) => at(one, 'pointer'))
    assert.ok(pointers.includes(pointer), pointers.join())
  })
}

const refused: [what: string, query: string, body: unknown, pointer: string][] = [
  ['a location without id', FROM_EVSES, dutch('x', { id: null }), '/id'],
  [
    'a location without any time',
    FROM_EVSES,
    dutch('x', { last_updated: null, evses: [], country_code: 'NL', party_id: 'CKE' }),
    '/last_updated',
  ],
  ['no operator in any EVSE id', FROM_EVSES, dutch('x', {}, 'K0025957A*4'), '/evses/0/evse_id'],
  [
    'a price that is null',
    'module=tariffs&party=GB/JLT',
    tariffOf('GB-JLT', '13', {
      elements: [{ price_components: [{ type: 'ENERGY', price: null, step_size: 1 }] }],
    }),
    '/elements/0/price_components/0/price',
  ],
  [
    'a tariff that names no owner',
    'module=tariffs&party=from-evse-id',
    { ...tariffOf('GB-CEV', 'T'), country_code: undefined, party_id: undefined },
    '/country_code',
  ],
  [
    'an owner of another form',
    'module=tariffs&party=GB/CEV',
    tariffOf('GB-CEV', 'T', { party_id: 'CEVX' }),
    '/party_id',
  ],
  ['no object', FROM_EVSES, 7, ''],
]

for (const [what, query, body, pointer] of refused) {
  imports(`${what}: refused with a pointer, without harm to the next`, async ({ hub }) => {
    const next = query.includes('locations')
      ? dutch(`next-${what}`)
      : tariffOf('GB-CEV', `next ${what.length}`)
    const { lines } = await upload(hub, query, [body, next])
    assert.is(at(lines, 0, 'outcome'), 'refused', JSON.stringify(lines))
    assert.is(at(lines, 0, 'pointer'), pointer)
    assert.ok(String(at(lines, 0, 'message')).length > 0)
    assert.is(at(lines, 1, 'outcome'), 'taken', JSON.stringify(lines))
  })
}

imports('a child whose id is an integer is found by its text', async ({ hub }) => {
  const emsp = await hub.connect({ parties: [{ party: 'DE-EMI', role: 'EMSP' }] })
  const connector = { ...Object(at(evse(), 'connectors', 0)), id: 7 }
  await upload(hub, FROM_EVSES, [dutch('int', { evses: [{ ...evse(), connectors: [connector] }] })])
  const reply = await emsp.send('GET', 'sender/locations/int/E1/7', { to: hub.party })
  assert.is(at(reply.data, 'id'), 7, reply.text)
})

imports.run()
