import { isAnyOverdue, letPass } from './dispute-model-hub.ts'
import { act, approveBy, closeBy, contestBy, finalizeBy } from './dispute-model-deeds.ts'
import { settledBy, tryAct } from './dispute-model-acts.ts'
import { isUndecided, isZero, remainder, settle } from './dispute-model.ts'
import type { Cdr, Dispute, Model, Money, Side } from './dispute-model.ts'
import { approve, canHold, contest } from './dispute-model-steps.ts'
import { closeCycle, finalCycle, judgeAgain, passDays } from './dispute-model-rules.ts'
import {
  agree,
  chosen,
  clearAll,
  normal,
  step,
  through,
  troubleText,
} from './dispute-model-base.ts'
import type { Command, Real, Trouble } from './dispute-model-base.ts'

/**
 * The eMSP approves a CDR; not a second one of a session that is held as such, because from then on the first one is the
 * second, as soon as something has it judged again.
 */
export function approveOne(input: { at: number } & Trouble): Command {
  const isSecond = (cdr: Cdr) =>
    cdr.disputes.some(({ state, code }) => state === 'draft' && code === 'D2')
  return step(
    `approve ${input.at}${troubleText(input)}`,
    (model) => normal(model).length > 0 && !isSecond(chosen(normal(model), input.at)),
    async (model, real) => {
      const cdr = chosen(normal(model), input.at)
      const done = await through(real, input, (context) => approveBy(context, real.pair, cdr.id))
      const isDisputed = cdr.disputes.some((one) => one.state !== 'draft' && isUndecided(one))
      const may = ['provisional', 'held', 'approved', 'netted'].includes(cdr.state) && !isDisputed
      agree(done, may, `approve ${cdr.id} that is ${cdr.state}`)
      if (may && ['provisional', 'held'].includes(cdr.state)) approve(model, cdr)
      await clearAll(real, { crash: false, twice: false })
    },
  )
}

const CODES = ['Z8', 'Q2', 'X1'] as const

/** The eMSP contests a share of what is left in quarters, or joins what is open about the same. */
export function contestOne(
  input: { at: number; code: number; quarters: number } & Trouble,
): Command {
  const { at, quarters } = input
  return step(
    `contest ${at} ${input.code} ${quarters}/4${troubleText(input)}`,
    (model) => normal(model).length > 0,
    async (model, real) => {
      const cdr = chosen(normal(model), at)
      const draft = cdr.disputes.find(({ state }) => state === 'draft')
      const code = input.code === 3 ? (draft?.code ?? 'Z8') : chosen(CODES, input.code)
      const same = cdr.disputes.find((one) => isUndecided(one) && one.code === code)
      const left = canHold(model, cdr) ? (cdr.part0?.money ?? remainder(cdr)) : remainder(cdr)
      const net = roundedCents((left.net * BigInt(quarters)) / 4n)
      const amount = { net, tax: net / 5n }
      const text = `not what we saw ${model.cdrs.length}.${model.disputes.length}`
      const done = await through(real, input, (context) =>
        contestBy(context, real.pair, { cdrId: cdr.id, code, text, ...(same ? {} : { amount }) }),
      )
      const mayOpen =
        ['held', 'provisional', 'contested', 'approved', 'netted'].includes(cdr.state) &&
        !isZero(amount)
      const mayJoin =
        same !== undefined && ['draft', 'open', 'in_review', 'second_review'].includes(same.state)
      const may = same === undefined ? mayOpen : mayJoin
      agree(done, may, `contest ${cdr.id} for ${amount.net}`)
      if (may) contest(model, cdr, { code, amount })
      await clearAll(real, { crash: false, twice: false })
    },
  )
}

function roundedCents(micros: bigint): bigint {
  return (micros / 10_000n) * 10_000n
}

/** Anybody tries anything with a dispute; what is not allowed changes nothing. */
export function actOn(
  input: { at: number; side: Side; verb: string; quarters: number | null } & Trouble,
): Command {
  const { at, side, verb, quarters } = input
  return step(
    `${side} ${verb} ${at}${quarters === null ? '' : ` ${quarters}/4`}${troubleText(input)}`,
    (model) => model.disputes.length > 0,
    async (model, real) => {
      const dispute = chosen(model.disputes, at)
      const amount = amountFor(dispute, input)
      const disputeId = idOf(real, model, at)
      const done = await through(real, input, (context) =>
        act(context, real.pair, {
          disputeId,
          verb,
          side,
          text: `because of ${verb}`,
          ...(amount === null ? {} : { amount }),
        }),
      )
      agree(
        done,
        tryAct(model, dispute, { side, verb, amount }),
        `${side} ${verb} ${dispute.cdr.id} ${dispute.code}`,
      )
      judgeAgain(model)
      await clearAll(real, { crash: false, twice: false })
    },
  )
}

/** Where nobody chooses an amount it is named now and then all the same, right or wrong. */
function amountFor(
  dispute: Dispute,
  { side, verb, quarters }: { side: Side; verb: string; quarters: number | null },
): Money | null {
  if (quarters === null || !['propose', 'rule', 'accept'].includes(verb)) return null
  const settled = settledBy(dispute, { side, verb })
  if (settled === null || quarters === 1) return shareOf(dispute.amount, quarters)
  return quarters === 2 ? settled : null
}

function shareOf(of: Money, quarters: number): Money {
  const net = quarters === 4 ? of.net : roundedCents((of.net * BigInt(quarters)) / 4n)
  return quarters === 4 ? of : { net, tax: net / 5n }
}

/** Disputes of the model and of the database are in the order of their opening. */
function idOf(real: Real, model: Model, at: number): bigint {
  const ids = (real.seen?.cdrs ?? [])
    .flatMap(({ disputes }) => disputes ?? [])
    .map(({ id }) => BigInt(id))
    .toSorted((a, b) => (a < b ? -1 : 1))
  return chosen(ids, at % model.disputes.length)
}

/** Days go by, and what happens by itself happens; sweeps may run twice. */
export function pass(input: { days: number } & Trouble): Command {
  return step(
    `${input.days} days pass${troubleText(input)}`,
    (model) => model.cdrs.length > 0,
    async (model, real) => {
      await letPass(real.lane, real.pair, input.days)
      await clearAll(real, input)
      // And every second from then on: a deadline may wait until its CDR has been judged again.
      for (let second = 0; second < model.cdrs.length; second += 1) {
        if (!(await isAnyOverdue(real.lane, real.pair))) break
        await letPass(real.lane, real.pair, 0)
        await clearAll(real, { crash: false, twice: false })
      }
      passDays(model, input.days)
      judgeAgain(model)
    },
  )
}

export function close(input: Trouble): Command {
  return step(
    `close${troubleText(input)}`,
    (model) => model.cdrs.some(({ part0 }) => part0 !== null),
    async (model, real) => {
      await through(real, { ...input, twice: false }, (context) =>
        closeBy(context, real.cycle(model.openCycle)),
      )
      closeCycle(model)
    },
  )
}

export function final(input: Trouble): Command {
  const waiting = (model: Model) => [...model.cycles].find(([, state]) => state === 'contest')
  return step(
    `final${troubleText(input)}`,
    (model) => waiting(model) !== undefined,
    async (model, real) => {
      const [cycle] = waiting(model) ?? [0]
      await through(real, { ...input, twice: false }, (context) =>
        finalizeBy(context, real.cycle(cycle)),
      )
      finalCycle(model, cycle)
      for (const cdr of normal(model)) if (cdr.part0 !== null) settle(cdr, model)
    },
  )
}
