import fc from 'fast-check'
import { suite } from 'uvu'
import { findCycle } from '../../src/settlement/cycles.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import * as assert from 'uvu/assert'
import { newModel } from '../helpers/dispute-model.ts'
import {
  again,
  charge,
  creditOf,
  creditTwice,
  creditWrong,
  orphan,
  repeat,
} from '../helpers/dispute-model-cdrs.ts'
import {
  actOn,
  approveOne,
  close,
  contestOne,
  final,
  pass,
} from '../helpers/dispute-model-commands.ts'
import type { Real } from '../helpers/dispute-model-base.ts'
import { VERBS } from '../helpers/dispute-model-deeds.ts'
import { CURRENCIES, issueCards, openLane, partyAt } from '../helpers/dispute-model-hub.ts'
import type { Lane, Pair } from '../helpers/dispute-model-hub.ts'
import { note } from '../helpers/note.ts'
import { seed, size } from '../helpers/seed.ts'

const lanes = 2
const stepsMax = 24
/** A lane has so many pairs that share no account: parties times currencies. */
const perLaneMax = 40 * CURRENCIES.length

const at = fc.nat({ max: 7 })
const rarely = fc.integer({ min: 0, max: 9 }).map((one) => one === 9)
const trouble = { crash: rarely, twice: rarely }
const net = fc.integer({ min: 6, max: 60 })
const quarters = fc.integer({ min: 1, max: 4 })
const side = fc.constantFrom('cpo', 'emsp', 'operator' as const)
const verb = fc.constantFrom(...VERBS)

const steps = [
  fc
    .record({
      kind: fc.constantFrom('sound', 'pricey', 'pricey', 'energetic', 'cheap' as const),
      net,
      ...trouble,
    })
    .map(charge),
  fc.record({ kind: fc.constantFrom('pricey', 'energetic' as const), net, ...trouble }).map(charge),
  fc.record({ at, off: fc.constantFrom(-1, 0, 0, 1 as const), ...trouble }).map(again),
  at.map(repeat),
  fc.record({ at, ...trouble }).map(creditOf),
  at.map(creditTwice),
  at.map(creditWrong),
  fc.record({ net, ...trouble }).map(orphan),
  fc.record({ at, ...trouble }).map(approveOne),
  fc.record({ at, code: fc.nat({ max: 3 }), quarters, ...trouble }).map(contestOne),
  fc.record({ at, code: fc.nat({ max: 3 }), quarters, ...trouble }).map(contestOne),
  fc.record({ at, side, verb, quarters: fc.option(quarters), ...trouble }).map(actOn),
  fc.record({ at, side, verb, quarters: fc.option(quarters), ...trouble }).map(actOn),
  fc.record({ at, side, verb, quarters: fc.option(quarters), ...trouble }).map(actOn),
  fc.record({ days: fc.constantFrom(1, 4, 11, 15, 31), ...trouble }).map(pass),
  fc.record(trouble).map(close),
  fc.record(trouble).map(final),
]

const histories = suite('dispute histories')

histories('money, states and clocks are what a small model says, at every step', async () => {
  const started = performance.now()
  // 5,000 in the long run.
  const each = Math.ceil(size(process.env['LONG'] ? 500 : 120) / lanes)
  // All end before the first that failed is told.
  const ended = await Promise.allSettled(
    Array.from({ length: lanes }, (_, lane) => runLane({ seed: seed() + lane, histories: each })),
  )
  const counts = ended.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  const done = counts.reduce((sum, one) => ({
    histories: sum.histories + one.histories,
    steps: sum.steps + one.steps,
  }))
  note(
    `${done.histories} histories of disputes, ${done.steps} steps, seed ${seed()}, ${Math.round((performance.now() - started) / 1_000)} s`,
  )
})

async function runLane(input: {
  seed: number
  histories: number
}): Promise<{ histories: number; steps: number }> {
  const count = { histories: 0, steps: 0 }
  for (let from = 0; from < input.histories; from += perLaneMax / 2) {
    await using lane = await openLane()
    let next = 0
    let hasFailed = false
    await fc.assert(
      fc.asyncProperty(
        fc.commands(steps, { maxCommands: stepsMax, size: 'max' }),
        async (commands) => {
          // Shrinking ends where no pair is left: in one that was used before everything differs.
          if (hasFailed && next >= perLaneMax) return
          const real = await startHistory(lane, next)
          next += 1
          try {
            await fc.asyncModelRun(
              async () => ({ model: newModel(await openNumber(lane, real)), real }),
              commands,
            )
          } catch (error) {
            hasFailed = true
            throw error
          }
          count.histories += 1
          count.steps += [...commands].length
        },
      ),
      {
        seed: input.seed + from,
        numRuns: Math.min(perLaneMax / 2, input.histories - from),
        // What shrinks needs pairs too.
        endOnFailure: false,
        includeErrorInReport: true,
      },
    )
    const verification = await verifyLedger(lane.context.db)
    assert.ok(verification.ok, JSON.stringify(verification))
  }
  return count
}

async function startHistory(lane: Lane, index: number): Promise<Real> {
  const pair: Pair = {
    owner: partyAt('C', index),
    receiver: partyAt('E', index),
    currency: CURRENCIES[Math.floor(index / 40) % CURRENCIES.length] ?? 'EUR',
    prefix: `H${index}`,
  }
  await issueCards(lane, pair)
  const cycle = (number: number) => `${pair.currency}-${String(number).padStart(6, '0')}`
  return { lane, pair, cycle, values: new Map(), charges: [], seen: null }
}

/** The number of the open cycle of a currency; the first where it has none yet. */
async function openNumber({ context }: Lane, { cycle }: Real): Promise<number> {
  for (let number = 1; ; number += 1) {
    const found = await findCycle(context.db, cycle(number))
    if (found === undefined || found.state === 'open') return number
  }
}

histories.run()
