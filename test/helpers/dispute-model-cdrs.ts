import { sendCdr } from './dispute-model-hub.ts'
import { cdrValue, chargeOf, creditValue, pushCharge } from './dispute-model-charges.ts'
import type { ChargeKind } from './dispute-model-charges.ts'
import { DAYS } from './dispute-model.ts'
import type { Model } from './dispute-model.ts'
import { expectedOf } from './dispute-model-agreed.ts'
import { credit, judge, judgeAgain } from './dispute-model-rules.ts'
import {
  addCdr,
  chosen,
  clearAll,
  compare,
  creditable,
  normal,
  sessionsMax,
  step,
  troubleText,
} from './dispute-model-base.ts'
import type { Command, Real, Trouble } from './dispute-model-base.ts'

/** A session and its CDR, right or wrong in one way. */
export function charge(input: { kind: ChargeKind; net: number } & Trouble): Command {
  const { kind, net } = input
  return step(
    `charge ${kind} ${net}${troubleText(input)}`,
    (model) => normal(model).length < sessionsMax,
    async (model, real) => {
      const one = chargeOf(real.pair, { session: real.charges.length, kind, net })
      real.charges.push(one)
      await pushCharge(real.lane, real.pair, one)
      await post(real, cdrValue(real.pair, one, {}))
      await clearAll(real, input)
      const cdr = addCdr(model, {
        id: one.id,
        session: one.session,
        claim: one.claim,
        finding: one.finding,
      })
      judge(model, cdr)
    },
  )
}

async function post(real: Real, value: Record<string, unknown>): Promise<void> {
  real.values.set(String(value['id']), value)
  await sendCdr(real.lane, real.pair, value)
}

/**
 * Another CDR of a session: a second bill, or what replaces a credited one, also before the credit has come. `off`: how far
 * from what was agreed.
 */
export function again(input: { at: number; off: -1 | 0 | 1 } & Trouble): Command {
  const { at, off } = input
  return step(
    `again ${at} ${off}${troubleText(input)}`,
    (model) => normal(model).length > 0 && model.cdrs.length < 2 * sessionsMax,
    async (model, real) => {
      const old = chosen(normal(model), at)
      const expected = expectedOf(model, old)
      const moved = expected.net + BigInt(off) * 1_000_000n
      const net = moved <= 0n ? old.claim.net : moved
      const claim = { net, tax: net / 5n }
      const source = chosen(
        real.charges.filter(({ session }) => session === old.session),
        0,
      )
      const id = `${real.pair.prefix}-${old.session}-${model.cdrs.length}`
      await post(real, cdrValue(real.pair, source, { id, claim }))
      await clearAll(real, input)
      judge(model, addCdr(model, { id, session: old.session, claim }))
      judgeAgain(model)
    },
  )
}

/** The same message again, late or soon: nothing changes. */
export function repeat(at: number): Command {
  return step(
    `repeat ${at}`,
    (model) => model.cdrs.length > 0,
    async (model, real) => {
      const { id } = chosen(model.cdrs, at)
      await post(real, real.values.get(id) ?? {})
      await clearAll(real, { crash: false, twice: true })
    },
  )
}

export function creditOf(input: { at: number } & Trouble): Command {
  return step(
    `credit ${input.at}${troubleText(input)}`,
    (model) => creditable(model).length > 0,
    async (model, real) => {
      const original = chosen(creditable(model), input.at)
      const id = `${original.id}-C`
      await post(real, creditValue(real.values.get(original.id) ?? {}, id))
      await clearAll(real, input)
      const by = addCdr(model, {
        id,
        session: original.session,
        claim: { net: -original.claim.net, tax: -original.claim.tax },
        isCredit: true,
        original,
      })
      credit(model, original, by)
      judgeAgain(model)
    },
  )
}

/** A second credit of one CDR is refused: it is quarantined and moves nothing. */
export function creditTwice(at: number): Command {
  const credited = (model: Model) => normal(model).filter(({ creditedBy }) => creditedBy !== null)
  return step(
    `credit twice ${at}`,
    (model) => credited(model).length > 0 && model.cdrs.length < 2 * sessionsMax,
    async (model, real) => {
      const original = chosen(credited(model), at)
      const id = `${original.id}-CC${model.cdrs.length}`
      await post(real, creditValue(real.values.get(original.id) ?? {}, id))
      await clearAll(real, { crash: false, twice: false })
      const claim = { net: -original.claim.net, tax: -original.claim.tax }
      addCdr(model, { id, session: original.session, claim, isCredit: true, state: 'quarantined' })
    },
  )
}

/** A credit of half: it is held, takes nothing back, and goes back when a right one comes, or after its days. */
export function creditWrong(at: number): Command {
  return step(
    `credit wrong ${at}`,
    (model) => creditable(model).length > 0 && model.cdrs.length < 2 * sessionsMax,
    async (model, real) => {
      const original = chosen(creditable(model), at)
      const { net, tax } = original.claim
      const id = `${original.id}-W${model.cdrs.length}`
      const right = creditValue(real.values.get(original.id) ?? {}, id)
      const { excl_vat, incl_vat } = Object(right['total_cost'])
      const half = { excl_vat: excl_vat / 2, incl_vat: incl_vat / 2 }
      await post(real, { ...right, total_cost: half })
      await clearAll(real, { crash: false, twice: false })
      const claim = { net: -net / 2n, tax: -tax / 2n }
      addCdr(model, {
        id,
        session: original.session,
        claim,
        isCredit: true,
        state: 'held',
        original,
        part0: { money: claim, book: 'held', cycle: model.openCycle },
        returnDay: model.day + DAYS.credit,
      })
    },
  )
}

/** The credit comes first and waits; when its original comes both are out of the way. */
export function orphan(input: { net: number } & Trouble): Command {
  return step(
    `orphan ${input.net}${troubleText(input)}`,
    (model) => normal(model).length < sessionsMax,
    async (model, real) => {
      const one = chargeOf(real.pair, {
        session: real.charges.length,
        kind: 'sound',
        net: input.net,
      })
      real.charges.push(one)
      await pushCharge(real.lane, real.pair, one)
      const value = cdrValue(real.pair, one, {})
      const id = `${one.id}-C`
      await post(real, creditValue(value, id))
      await clearAll(real, input)
      const claim = { net: -one.claim.net, tax: -one.claim.tax }
      const by = addCdr(model, {
        id,
        session: one.session,
        claim,
        isCredit: true,
        state: 'orphan_credit',
      })
      await compare(model, real)
      await post(real, value)
      await clearAll(real, input)
      const original = addCdr(model, { id: one.id, session: one.session, claim: one.claim })
      judge(model, original)
      credit(model, original, by)
    },
  )
}
