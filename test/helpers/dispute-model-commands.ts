import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Context } from '../../src/context.ts'
import { tryAct } from './dispute-model-acts.ts'
import {
  act,
  approveBy,
  closeBy,
  contestBy,
  dying,
  finalizeBy,
  findLost,
  Killed,
  letPass,
  sendCdr,
  work,
} from './dispute-model-hub.ts'
import type { Answer, Lane, Pair } from './dispute-model-hub.ts'
import { cdrValue, chargeOf, creditValue, pushCharge } from './dispute-model-charges.ts'
import type { Charge, ChargeKind } from './dispute-model-charges.ts'
import {
  approve,
  canHold,
  contest,
  isUndecided,
  isZero,
  remainder,
  settle,
} from './dispute-model.ts'
import type { Cdr, Model, Money, Side } from './dispute-model.ts'
import {
  closeCycle,
  credit,
  expectedOf,
  finalCycle,
  judge,
  judgeAgain,
  passDays,
} from './dispute-model-rules.ts'
import { brokenLaws, linesOfModel, linesOfSeen, readSeen } from './dispute-model-seen.ts'
import type { Seen } from './dispute-model-seen.ts'

/** The hub's side of a history. `values` is what was sent, by id. */
export type Real = {
  lane: Lane
  pair: Pair
  cycle: (number: number) => string
  values: Map<string, Record<string, unknown>>
  charges: Charge[]
  seen: Seen | null
}

type Command = fc.AsyncCommand<Model, Real>
type Trouble = { crash: boolean; twice: boolean }

/** A step of a history: what it needs, what it does to both, and that both agree afterwards. */
function step(
  text: string,
  ready: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: ready,
    run: async (model, real) => {
      await run(model, real)
      await compare(model, real)
    },
    toString: () => text,
  }
}

/** The database says what the model says, line by line, and breaks no law. */
export async function compare(model: Model, real: Real): Promise<void> {
  const seen = await readSeen(real.lane, real.pair)
  real.seen = seen
  const broken = brokenLaws(seen)
  if (broken.length > 0) throw new Error(`broken: ${broken.join('; ')}`)
  const hub = linesOfSeen(seen)
  const meant = linesOfModel(model, { ...real.pair, cycle: real.cycle })
  if (hub.join('\n') === meant.join('\n')) return
  const only = (some: string[], others: string[]) => some.filter((line) => !others.includes(line))
  throw new Error(
    [
      'the hub and the model differ',
      ...only(hub, meant).map((line) => `hub:   ${line}`),
      ...only(meant, hub).map((line) => `model: ${line}`),
    ].join('\n'),
  )
}

/** Does something that a process may die at the end of; then it is done again by another, once more where it is told. */
async function through<T>(
  real: Real,
  trouble: Trouble,
  what: (context: Context) => Promise<T>,
): Promise<T> {
  const { context } = real.lane
  if (trouble.crash) {
    try {
      await what(dying(context))
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
  }
  const first = await what(context)
  if (trouble.twice) assert.equal(await what(context), first, 'the same again is answered the same')
  return first
}

/** Judges what came. Where the worker is killed nothing has happened. */
async function clearAll(real: Real, trouble: Trouble): Promise<void> {
  if (trouble.crash) {
    try {
      await work({ ...real.lane, context: dying(real.lane.context) }, { twice: false })
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    await findLost(real.lane)
  }
  await work(real.lane, { twice: trouble.twice })
}

function chosen<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

const normal = (model: Model): Cdr[] => model.cdrs.filter(({ isCredit }) => !isCredit)
const creditable = (model: Model): Cdr[] =>
  normal(model).filter(({ state }) => !['credited', 'quarantined', 'unsent'].includes(state))
const sessionsMax = 6

function addCdr(model: Model, cdr: Pick<Cdr, 'id' | 'session' | 'claim'> & Partial<Cdr>): Cdr {
  const made: Cdr = {
    isCredit: false,
    state: 'received',
    part0: null,
    parts: [],
    contestDay: null,
    disputes: [],
    original: null,
    creditedBy: null,
    finding: null,
    ...cdr,
  }
  model.cdrs.push(made)
  return made
}

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

/** Another CDR of a session: a second bill, or what replaces a credited one. `off`: how far from what was agreed. */
export function again(input: { at: number; off: -1 | 0 | 1 } & Trouble): Command {
  const { at, off } = input
  return step(
    `again ${at} ${off}${troubleText(input)}`,
    (model) => normal(model).length > 0 && model.cdrs.length < 2 * sessionsMax,
    async (model, real) => {
      const old = chosen(normal(model), at)
      const expected = expectedOf(model, old)
      const moved = expected.net + BigInt(off) * 1_000_000n
      const net =
        old.state !== 'credited' || moved <= 0n || moved > old.claim.net ? old.claim.net : moved
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

export function approveOne(input: { at: number } & Trouble): Command {
  return step(
    `approve ${input.at}${troubleText(input)}`,
    (model) => normal(model).length > 0,
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

function agree(answer: Answer, may: boolean, what: string): void {
  assert.is(answer.ok, may, `${what}: ${answer.message}`)
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
      const names =
        verb === 'propose' ||
        verb === 'rule' ||
        (verb === 'accept' &&
          side === 'cpo' &&
          !['proposed', 'arbitration'].includes(dispute.state))
      const amount = quarters === null || !names ? null : shareOf(dispute.amount, quarters)
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

function troubleText({ crash, twice }: Trouble): string {
  return `${crash ? ' killed' : ''}${twice ? ' twice' : ''}`
}
