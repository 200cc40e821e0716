import { limits } from '../../../config/limits.ts'
import { MACHINE } from '../../clearing/disputes/machine.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { decideOnCdr } from '../admin/cdrs.ts'
import { approveByFilter, contest, decideDispute } from '../admin/disputes.ts'
import { Refusal } from '../admin/refusal.ts'
import type { PartyScope } from '../admin/scope.ts'
import type { HubCall, HubModule } from '../hub-call.ts'
import { hubPage, readHubPage } from '../hub-call.ts'
import { success } from '../request.ts'
import type { OcpiAnswer } from '../request.ts'
import {
  amountOf,
  approvalBody,
  contestBody,
  deedBody,
  maxOf,
  readBody,
  wrong,
} from './ocpi-bodies.ts'
import { disputeObject, priceJson, priceOf } from './ocpi-object.ts'
import { listDisputes, readView } from './read.ts'

/**
 * `<hub>-disputes`: what parties do with disputes of their CDRs. GET the Dispute objects, pages or one; POST a contest, an
 * approval, or an act. The hub PUTs each change to partners that have an endpoint of this module. Party and operator APIs
 * show the same.
 */
export const disputesModule: HubModule = {
  roles: ['CPO', 'EMSP'],
  endpoints: {
    list: { interface: 'sender', method: 'GET', path: '/', answer: list },
    show: { interface: 'sender', method: 'GET', path: '/:dispute_id', answer: show },
    contest: { interface: 'receiver', method: 'POST', path: '/', answer: takeContest },
    approve: { interface: 'receiver', method: 'POST', path: '/approve', answer: takeApproval },
    act: { interface: 'receiver', method: 'POST', path: '/:dispute_id/:verb', answer: takeDeed },
  },
}

/** In the order in which they were opened; date_from and date_to are of last_updated. */
async function list(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const page = readHubPage(call)
  const scope = scopeOf(call)
  const rows = await context.db.rows<{ id: bigint; total: bigint }>(sql`
    with found as (
      select d.id, coalesce((select e.at from dispute_events e where e.dispute_id = d.id order by e.epoch desc limit 1), d.opened_at) as at
      from disputes d left join cdr_states s on s.cdr_id = d.cdr_id
      where d.owner = any(${scope.cpos}::text[])
        or (d.receiver = any(${scope.emsps}::text[]) and s.delivery is distinct from 'withheld')
    ), wanted as (
      select id from found where (${page.dateFrom}::timestamptz is null or at >= ${page.dateFrom})
        and (${page.dateTo}::timestamptz is null or at < ${page.dateTo})
    )
    select w.id, t.total from (select count(*) as total from wanted) t
    left join lateral (
      select id from wanted where ${page.after}::bigint is null or id > ${page.after}::bigint
      order by id offset ${page.after === null ? page.offset : 0} limit ${page.limit + 1}) w on true
    order by w.id`)
  const found = rows.flatMap(({ id }) => (id === null ? [] : [id]))
  const ids = found.slice(0, page.limit)
  const limit = limits.adminPageLimitMax
  const views =
    ids.length === 0 ? [] : (await listDisputes(context.db, scope, { ids, limit })).items
  const items = views.toReversed().map(disputeObject)
  const after = found.length > page.limit ? (ids.at(-1)?.toString() ?? null) : null
  const total = Number(rows[0]?.total ?? 0n)
  return { ...hubPage(call, { items, total, page, after }), dataText: priceJson(items) }
}

function show(context: Context, call: HubCall): Promise<OcpiAnswer> {
  return asOcpi(async () =>
    priceJson(disputeObject(await readView(context.db, scopeOf(call), idOf(call)))),
  )
}

async function takeContest(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const body = await readBody(call, contestBody)
  const { code, text, amount } = body
  return asOcpi(async () => {
    const asked = { text, ...(code === undefined ? {} : { code }), ...amountOf(amount) }
    const key = keyOf(body.cdr)
    return priceJson(disputeObject(await contest(context, { scope: scopeOf(call), key, asked })))
  })
}

async function takeDeed(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const verb = partyVerb(call.route.params['verb'] ?? '')
  const id = idOf(call).toString()
  const { text, amount, side } = await readBody(call, deedBody)
  return asOcpi(async () => {
    const asked = { text, side, ...amountOf(amount) }
    const view = await decideDispute(context, { scope: scopeOf(call), id, verb, asked })
    return priceJson(disputeObject(view))
  })
}

/** One CDR, or all that fit. */
async function takeApproval(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const body = await readBody(call, approvalBody)
  const scope = scopeOf(call)
  const { cdr, text, ...filter } = body
  const { counterparty, cycle, until, currency } = filter
  if (cdr !== undefined && Object.keys(filter).length > 0)
    throw wrong('/cdr', 'stands alone: name one CDR, or what all have in common')
  return asOcpi(async () => {
    if (cdr !== undefined) {
      const reason = text ?? 'approved over OCPI'
      const key = keyOf(cdr)
      return priceJson(await decideOnCdr(context, { scope, key, verb: 'approve', reason }))
    }
    const approved = await approveByFilter(context, {
      scope,
      reason: text,
      filter: {
        ...(counterparty === undefined ? {} : { counterparty: ownerIn(counterparty) }),
        ...(cycle === undefined ? {} : { cycle }),
        ...(until === undefined ? {} : { until }),
        ...maxOf(body),
        ...(currency === undefined ? {} : { currency }),
      },
    })
    const totals = approved.totals.map(({ net, tax, ...total }) => ({
      ...total,
      amount: priceOf({ net, tax, isTaxKnown: true }),
    }))
    return priceJson({ ...approved, totals })
  })
}

/** The party that speaks, in all roles that its platform has it in. */
function scopeOf({ identity, from }: HubCall): PartyScope {
  const { platform } = identity
  const own = platform.parties.filter(({ party }) => party === from.party)
  const as = (role: string) => (own.some((each) => each.role === role) ? [from.party] : [])
  return {
    kind: 'party',
    actor: `platform:${platform.id}`,
    platformId: platform.id,
    cpos: as('CPO'),
    emsps: as('EMSP'),
  }
}

function idOf({ route }: HubCall): bigint {
  const id = route.params['dispute_id'] ?? ''
  if (!/^[0-9]{1,18}$/.test(id)) throw new HubError('notFound', `No dispute ${id} is known here.`)
  return BigInt(id)
}

/** What a CPO or an eMSP can do, in any state; anything else is no path of ours. */
function partyVerb(given: string): DisputeVerb {
  const steps = Object.values(MACHINE).flatMap((state) => state.steps)
  const own = steps.filter(({ by }) => by.includes('cpo') || by.includes('emsp'))
  const known = own.find(({ verb }) => verb === given)?.verb
  if (known !== undefined && known !== 'contest') return known
  const verbs = [...new Set(own.map(({ verb }) => verb))].filter((verb) => verb !== 'contest')
  throw new HubError('unknownPath', `there is no ${given}; there are ${verbs.join(', ')}`)
}

function keyOf(of: { country_code: string; party_id: string; id: string }): {
  owner: string
  cdrId: string
} {
  return { owner: ownerIn(of), cdrId: of.id }
}

function ownerIn(of: { country_code: string; party_id: string }): string {
  return foldUpper(`${of.country_code}-${of.party_id}`)
}

/** What the party API would refuse is refused in OCPI's words. */
async function asOcpi(work: () => Promise<string>): Promise<OcpiAnswer> {
  try {
    return success(await work())
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message } = error
    const as = code === 'notFound' ? 'notFound' : 'invalid'
    const faults = error.faults.map((fault) => ({
      ...fault,
      pointer: POINTERS.get(fault.pointer) ?? fault.pointer,
    }))
    throw new HubError(as, message, { faults, cause: error })
  }
}

/** What the amounts of the party API are called here. */
const POINTERS: ReadonlyMap<string, string> = new Map([
  ['/amount/net', '/amount/excl_vat'],
  ['/amount/tax', '/amount/incl_vat'],
])
