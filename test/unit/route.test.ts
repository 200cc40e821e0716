import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { route } from '../../src/hub/route.ts'
import type { Plan } from '../../src/hub/route.ts'
import { MODULES, moduleById } from '../../src/ocpi/registry.ts'

const HUB = 'NL-XCH'

/** The plan for an endpoint (`tariffs.put`) as a short text. */
function planFor(name: string, to: string | null, contentReceiver: string | null = null): string {
  const [id = '', endpointName = ''] = name.split('.')
  const module = moduleById(id)
  const endpoint = module?.endpoints[endpointName]
  if (!module || !endpoint) throw new Error(`there is no ${name}`)
  return short(route({ module, endpoint, to, hub: HUB, contentReceiver }))
}

function short(plan: Plan): string {
  if (plan.kind === 'refuse') return `refuse ${plan.code} ${plan.pointer}`
  return 'receiver' in plan ? `${plan.kind} ${plan.receiver}` : plan.kind
}

const DE = 'DE-EMA'
const FR = 'FR-EMB'

const CASES: readonly (readonly [string, string | null, string | null, string])[] = [
  // A list is asked of one party or of the hub; without an addressee it is nobody's (2.2.1 Open Routing: not GET ALL).
  ['tariffs.list', HUB, null, 'store'],
  ['tariffs.list', DE, null, 'direct DE-EMA'],
  ['tariffs.list', null, null, 'refuse invalid header:OCPI-to-party-id'],
  ['cdrs.list', HUB, null, 'store'],
  ['cdrs.list', null, null, 'refuse invalid header:OCPI-to-party-id'],
  // One object on a Sender interface may be openly routed, a copy on a Receiver interface may not.
  ['locations.getOwn', null, null, 'store'],
  ['locations.getOwn', DE, null, 'direct DE-EMA'],
  ['locations.get', null, null, 'refuse invalid header:OCPI-to-party-id'],
  ['locations.get', HUB, null, 'store'],
  ['locations.get', DE, null, 'direct DE-EMA'],
  // The Location of a CDR is the hub's own, whoever is addressed.
  ['cdrs.get', null, null, 'store'],
  ['cdrs.get', DE, null, 'store'],
  // What is meant for everyone is broadcast when the hub is addressed, or nobody.
  ['tariffs.put', HUB, null, 'broadcast'],
  ['tariffs.put', null, null, 'broadcast'],
  ['tariffs.put', DE, null, 'direct DE-EMA'],
  ['tariffs.delete', HUB, null, 'broadcast'],
  ['locations.patch', HUB, null, 'broadcast'],
  ['tokens.put', null, null, 'broadcast'],
  // Sessions and CDRs go to the party in cdr_token and to nobody else.
  ['sessions.put', null, DE, 'direct DE-EMA'],
  ['sessions.put', DE, DE, 'direct DE-EMA'],
  ['sessions.put', DE, null, 'direct DE-EMA'],
  ['sessions.put', FR, DE, 'refuse invalid /cdr_token'],
  ['sessions.put', HUB, DE, 'refuse invalid header:OCPI-to-party-id'],
  ['sessions.patch', null, null, 'refuse invalid /cdr_token'],
  ['cdrs.post', null, DE, 'clear DE-EMA'],
  ['cdrs.post', DE, DE, 'clear DE-EMA'],
  ['cdrs.post', FR, DE, 'refuse invalid /cdr_token'],
  ['cdrs.post', HUB, DE, 'refuse invalid header:OCPI-to-party-id'],
  ['cdrs.post', null, null, 'refuse invalid /cdr_token'],
  // Nobody is addressed: whoever knows the token is asked.
  ['tokens.authorize', null, null, 'ask'],
  ['tokens.authorize', HUB, null, 'ask'],
  ['tokens.authorize', DE, null, 'direct DE-EMA'],
]

for (const [name, to, content, expected] of CASES) {
  test(`${name} to ${to ?? 'nobody'}${content ? ` for a token of ${content}` : ''}: ${expected}`, () => {
    assert.is(planFor(name, to, content), expected)
  })
}

test('a GET is never a broadcast (81)', () => {
  for (const module of MODULES)
    for (const endpoint of Object.values(module.endpoints).filter(({ method }) => method === 'GET'))
      for (const to of [HUB, DE, null])
        assert.is.not(
          route({ module, endpoint, to, hub: HUB, contentReceiver: null }).kind,
          'broadcast',
        )
})

test('sessions and CDRs are never broadcast (86)', () => {
  for (const id of ['sessions', 'cdrs']) {
    const module = moduleById(id)
    if (!module) throw new Error(`there is no ${id}`)
    for (const endpoint of Object.values(module.endpoints))
      for (const to of [HUB, DE, null])
        for (const contentReceiver of [DE, null])
          assert.is.not(
            route({ module, endpoint, to, hub: HUB, contentReceiver }).kind,
            'broadcast',
          )
  }
})

test.run()
