import Type from 'typebox'
import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { limits } from '../../../config/limits.ts'
import { MACHINE } from '../../clearing/disputes/machine.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import { fromMicros, toMicros } from '../../ledger/money.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { validate } from '../../ocpi/validate.ts'
import { decideOnCdr } from '../admin/cdrs.ts'
import { approveByFilter, contest, decideDispute } from '../admin/disputes.ts'
import { Refusal } from '../admin/refusal.ts'
import type { PartyScope } from '../admin/scope.ts'
import type { HubCall, HubModule } from '../hub-call.ts'
import { hubPage, readHubBody, readHubPage } from '../hub-call.ts'
import { success } from '../request.ts'
import type { OcpiAnswer } from '../request.ts'
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

const price = Type.Object({
  excl_vat: Type.Union([Type.Number({ minimum: 0 }), Type.String()]),
  incl_vat: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.String()])),
})
const cdr = Type.Object({
  country_code: Type.String({ pattern: '^[A-Za-z]{2}$' }),
  party_id: Type.String({ pattern: '^[A-Za-z0-9]{3}$' }),
  id: Type.String({ minLength: 1, maxLength: limits.idCharsMax }),
})
const words = Type.String({ minLength: 1, maxLength: limits.partyTextCharsMax })
const deed = Type.Object({
  text: Type.Optional(words),
  amount: Type.Optional(price),
  side: Type.Optional(Type.Enum(['cpo', 'emsp'])),
})
const contesting = Type.Object({
  cdr,
  code: Type.Optional(Type.String({ pattern: '^[A-Z][0-9]{1,2}$' })),
  text: words,
  amount: Type.Optional(price),
})
const approval = Type.Object({
  cdr: Type.Optional(cdr),
  counterparty: Type.Optional(
    Type.Object({ country_code: cdr.properties.country_code, party_id: cdr.properties.party_id }),
  ),
  cycle: Type.Optional(Type.String({ pattern: '^[A-Z]{3}-[0-9]{6,9}$' })),
  until: Type.Optional(Type.String({ format: 'date-time' })),
  gross_max: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.String()])),
  currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
  text: Type.Optional(words),
})

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
  const body = await readAs(call, contesting)
  const { code, text, amount } = body
  return asOcpi(async () => {
    const asked = { text, ...(code === undefined ? {} : { code }), ...amountIn(amount) }
    const key = keyOf(body.cdr)
    return priceJson(disputeObject(await contest(context, { scope: scopeOf(call), key, asked })))
  })
}

async function takeDeed(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const verb = partyVerb(call.route.params['verb'] ?? '')
  const id = idOf(call).toString()
  const { text, amount, side } = await readAs(call, deed)
  return asOcpi(async () => {
    const asked = { text, side, ...amountIn(amount) }
    const view = await decideDispute(context, { scope: scopeOf(call), id, verb, asked })
    return priceJson(disputeObject(view))
  })
}

/** One CDR, or all that fit. */
async function takeApproval(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const body = await readAs(call, approval)
  const scope = scopeOf(call)
  const { counterparty, cycle, until, gross_max: max, currency, text } = body
  return asOcpi(async () => {
    if (body.cdr !== undefined) {
      const reason = text ?? 'approved over OCPI'
      const key = keyOf(body.cdr)
      return priceJson(await decideOnCdr(context, { scope, key, verb: 'approve', reason }))
    }
    if (max !== undefined && currency === undefined) throw missing('/currency')
    const approved = await approveByFilter(context, {
      scope,
      reason: text,
      filter: {
        ...(counterparty === undefined ? {} : { counterparty: ownerIn(counterparty) }),
        ...(cycle === undefined ? {} : { cycle }),
        ...(until === undefined ? {} : { until }),
        ...(max === undefined ? {} : { amountMax: String(max) }),
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

async function readAs<S extends TSchema>(call: HubCall, schema: S): Promise<Static<S>> {
  const value = (await readHubBody(call)) ?? {}
  const { hard, soft } = validate(schema, value)
  const faults = [...hard, ...soft]
  if (faults.length === 0 && Check(schema, value)) return value
  const [first] = faults
  const message = first ? `${first.pointer} ${first.message}` : 'the body does not fit'
  throw new HubError('invalid', message, { faults })
}

/** OCPI's Price as the amounts of the hub: net, and the tax between the two where both are said. */
function amountIn(given: Static<typeof price> | undefined): {
  amount?: { net: string; tax?: string }
} {
  if (given === undefined) return {}
  const net = String(given.excl_vat)
  if (given.incl_vat === undefined) return { amount: { net } }
  const [excl, incl] = [toMicros(net), toMicros(String(given.incl_vat))]
  if (excl.status !== 'ok' || incl.status !== 'ok' || incl.micros < excl.micros)
    throw new HubError('invalid', '/amount/incl_vat is not excl_vat and its tax', {
      faults: [{ pointer: '/amount/incl_vat', message: 'is not excl_vat and its tax' }],
    })
  return { amount: { net, tax: fromMicros(incl.micros - excl.micros) } }
}

function keyOf(of: Static<typeof cdr>): { owner: string; cdrId: string } {
  return { owner: ownerIn(of), cdrId: of.id }
}

function ownerIn(of: { country_code: string; party_id: string }): string {
  return foldUpper(`${of.country_code}-${of.party_id}`)
}

function missing(pointer: string): HubError {
  return new HubError('invalid', `${pointer} is missing`, {
    faults: [{ pointer, message: 'is missing' }],
  })
}

/** What the party API would refuse is refused in OCPI's words. */
async function asOcpi(work: () => Promise<string>): Promise<OcpiAnswer> {
  try {
    return success(await work())
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, faults } = error
    const as = code === 'notFound' ? 'notFound' : 'invalid'
    throw new HubError(as, message, { faults, cause: error })
  }
}
