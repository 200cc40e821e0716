import { present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Platform, Snapshot } from '../directory/snapshot.ts'
import type { Interface, Module } from '../ocpi/define.ts'
import { readAddress } from '../ocpi/headers.ts'
import { matchModule } from '../ocpi/registry.ts'
import type { ListedEndpoint, Match } from '../ocpi/registry.ts'
import type { Version } from '../ocpi/version.ts'
import { agreementAt } from './agreements.ts'
import { routingHeaders } from './forward.ts'
import { disputesModule } from './disputes/ocpi.ts'
import type { HubModule } from './hub-call.ts'
import { hubParty } from './hub-party.ts'
import { recordsModule } from './records/ocpi.ts'
import type { LocalCall, OcpiAnswer } from './request.ts'
import { authorizeSender } from './sender.ts'

/**
 * Modules of the hub's own (2.2.1 Version information endpoint, Custom Modules): what a partner does with the hub, not
 * with another party. They are called `<hub>-<name>`, say `nlxch-records`, are served to everybody who is connected by
 * 2.2.1 or later, and listed to those who know of them.
 */
const HUB_MODULES: Readonly<Record<string, HubModule>> = {
  records: recordsModule,
  disputes: disputesModule,
}

/** The id of a module of the hub's own: `nlxch-records`. */
export function hubModuleId(context: Pick<Context, 'config'>, name: string): string {
  return `${hubParty(context).replace('-', '').toLowerCase()}-${name}`
}

/** The endpoint of a module of the hub's own. `segments`: what follows the version. */
export function matchHubModule(
  context: Pick<Context, 'config'>,
  input: { version: Version; method: string; segments: readonly string[] },
): Match {
  const [side, id = '', ...rest] = input.segments
  const name = nameOf(context, id)
  if (name === null || (side !== 'sender' && side !== 'receiver')) return { kind: 'unknown' }
  const module = asModule(id, present(HUB_MODULES[name], 'module of the hub'))
  return matchModule({ version: input.version, method: input.method, module, side, rest })
}

/** Answers it for the party that speaks; null when the route is no module of the hub's own. */
export async function answerHubModule(
  context: Context,
  call: LocalCall,
): Promise<{ answer: OcpiAnswer; from: string; to: string } | null> {
  const name = nameOf(context, call.route.module.id)
  if (name === null) return null
  const hub = hubParty(context)
  const to = readAddress(call.request.headers, 'to')
  if (to.kind === 'broken' || (to.kind === 'party' && to.party !== hub)) {
    const message = `this module is the hub's own: address it to ${hub}`
    const faults = [{ pointer: 'header:OCPI-to-party-id', message }]
    throw new HubError('invalid', message, { faults })
  }
  const from = authorizeSender({ ...call, body: null })
  const endpoint = present(HUB_MODULES[name]?.endpoints[call.route.name], 'endpoint of the hub')
  const answer = await endpoint.answer(context, { ...call, from })
  const headers = { ...routingHeaders(hub, from.party), ...answer.headers }
  return { answer: { ...answer, headers }, from: from.party, to: hub }
}

/** Those that stand in the version details of a platform: an agreement of its names them, or its quirks say so. */
export function hubModuleEndpoints(
  context: Pick<Context, 'config' | 'clock'>,
  input: { snapshot: Snapshot; platform: Platform; baseUrl: string },
): ListedEndpoint[] {
  return Object.entries(HUB_MODULES).flatMap(([name, { endpoints }]) => {
    const identifier = hubModuleId(context, name)
    if (!isListed(context, { ...input, identifier })) return []
    const sides = new Set<Interface>(Object.values(endpoints).map((each) => each.interface))
    return [...sides].map((side) => ({
      identifier,
      role: side.toUpperCase(),
      url: `${input.baseUrl}/${side}/${identifier}`,
    }))
  })
}

function isListed(
  context: Pick<Context, 'config' | 'clock'>,
  input: { snapshot: Snapshot; platform: Platform; identifier: string },
): boolean {
  const { snapshot, platform, identifier } = input
  if (platform.quirks.hub_modules === true) return true
  const at = context.clock()
  const own = new Set(platform.parties.map(({ party }) => party))
  return [...snapshot.agreements.keys()].some((pair) => {
    const [cpo = '', emsp = ''] = pair.split('>')
    if (!own.has(cpo) && !own.has(emsp)) return false
    const agreed = agreementAt({ snapshot, mode: 'required', cpo, emsp, at })
    return agreed?.terms.modules?.includes(identifier) === true
  })
}

function nameOf(context: Pick<Context, 'config'>, id: string): string | null {
  return Object.keys(HUB_MODULES).find((name) => hubModuleId(context, name) === id) ?? null
}

function asModule(id: string, { roles, endpoints }: HubModule): Module {
  return {
    id,
    kind: 'functional',
    since: '2.2.1',
    ownerRoles: roles,
    readerRoles: roles,
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([name, { interface: side, method, path }]) => [
        name,
        { interface: side, method, path, routing: 'local' as const },
      ]),
    ),
  }
}
