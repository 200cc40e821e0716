import * as assert from 'uvu/assert'
import { checkBooks, checkClosedCycle, checkFinalCycle } from './kill-books.ts'
import { wreak } from './kill-chaos.ts'
import { insist, startKillHub, untilSettled } from './kill-hub.ts'
import { connectPartners } from './kill-partners.ts'
import { note } from './note.ts'
import { seed, size } from './seed.ts'

const settleMs = 120_000

/**
 * Work goes through a hub of so many web and worker processes while they and their stores are killed: nothing is lost,
 * booked twice or made up.
 */
export async function surviveKills(pairs: number): Promise<void> {
  const started = performance.now()
  await using hub = await startKillHub({ webs: pairs, workers: pairs })
  await using partners = await connectPartners(hub, { sessions: size(500), seed: seed() })
  const bites = await wreak(hub, partners, seed() + pairs)
  const wrecked = performance.now()
  await untilSettled(hub.db, settleMs)
  await partners.approve()
  const settled = performance.now()

  const counts = await checkBooks(hub.db, partners)
  const sent = partners.sent()
  for (const cycleId of bites.closed) {
    await checkClosedCycle(hub.db, { cycleId, sent })
    const positions = await insist(() => partners.admin.finalize(cycleId))
    await checkFinalCycle(hub.db, { cycleId, positions, sent })
  }

  note(
    `kill with ${pairs} + ${pairs}: seed ${seed()}, sent ${sent.length}, recorded ${counts.recorded}, ` +
      `booked ${counts.booked}, delivered ${counts.delivered}, kills ${bites.web} web ${bites.worker} worker ` +
      `${bites.postgres} postgres, redis flushes ${bites.flushes} (${bites.flushedJobs} in flight), ` +
      `sent again ${partners.retries()}, re-deliveries ${counts.again}, settled ${seconds(settled - wrecked)} after the last fault, ${seconds(settled - started)} in all`,
  )
  assert.equal(hub.complaints(), [], 'no process ended by itself or logged an error')
  assert.ok(sent.length >= size(500), 'as many CDRs as asked for')
  assert.ok(bites.web + bites.worker >= 20, 'processes were killed')
  assert.ok(bites.postgres >= 2 && bites.flushes >= 1 && bites.flushedJobs > 0, 'stores were hit')
  assert.ok(bites.closed.length > 0, 'a cycle was closed on the way')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
