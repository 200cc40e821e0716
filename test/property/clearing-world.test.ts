import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bareContext } from '../helpers/bare-context.ts'
import { note } from '../helpers/note.ts'
import { runWorld } from '../helpers/clearing-world-run.ts'
import { scoreTable, shortfall } from '../helpers/clearing-world-score.ts'
import { seed, size } from '../helpers/seed.ts'

const world = suite('clearing world')

world('every planted fault is found, and nothing is found where all is sound', async () => {
  await using hub = await bareContext()
  const run = await runWorld(hub.context, { seed: seed(), sessions: size(600) })
  note(`clearing world: ${run.cdrs} CDRs, cleared in ${Math.round(run.clearMs)} ms`)
  if (process.env['SHOW']) note(`${scoreTable(run.score)}\n${run.score.wrongs.join('\n')}`)
  assert.is(shortfall(run.score), undefined)
})

world.run()
