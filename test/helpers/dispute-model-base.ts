import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Context } from '../../src/context.ts'
import { dying, findLost, Killed, work } from './dispute-model-hub.ts'
import type { Lane, Pair } from './dispute-model-hub.ts'
import type { Answer } from './dispute-model-deeds.ts'
import type { Charge } from './dispute-model-charges.ts'
import type { Cdr, Model } from './dispute-model.ts'
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

export type Command = fc.AsyncCommand<Model, Real>
export type Trouble = { crash: boolean; twice: boolean }

/** A step of a history: what it needs, what it does to both, and that both agree afterwards. */
export function step(
  text: string,
  ready: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: ready,
    run: async (model, real) => {
      // A moment goes by, so that of two deadlines of a day the one that was set first comes first.
      model.day += 1 / 10_000
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
export async function through<T>(
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
export async function clearAll(real: Real, trouble: Trouble): Promise<void> {
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

export function chosen<T>(items: readonly T[], at: number): T {
  const item = items[at % items.length]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

export const normal = (model: Model): Cdr[] => model.cdrs.filter(({ isCredit }) => !isCredit)
export const creditable = (model: Model): Cdr[] =>
  normal(model).filter(({ state }) => !['credited', 'quarantined', 'unsent'].includes(state))
export const sessionsMax = 6

export function addCdr(
  model: Model,
  cdr: Pick<Cdr, 'id' | 'session' | 'claim'> & Partial<Cdr>,
): Cdr {
  const made: Cdr = {
    isCredit: false,
    state: 'received',
    part0: null,
    parts: [],
    contestDay: null,
    returnDay: null,
    disputes: [],
    original: null,
    creditedBy: null,
    goneAs: null,
    replaces: null,
    finding: null,
    ...cdr,
  }
  model.cdrs.push(made)
  return made
}

export function agree(answer: Answer, may: boolean, what: string): void {
  assert.is(answer.ok, may, `${what}: ${answer.message}`)
}

export function troubleText({ crash, twice }: Trouble): string {
  return `${crash ? ' killed' : ''}${twice ? ' twice' : ''}`
}
