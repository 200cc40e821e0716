import { testDatabase } from '../helpers/database.ts'
import { cdrOf } from '../helpers/objects.ts'
import { size } from '../helpers/seed.ts'
import { perSecond, rateOf, shoot, timed } from './bench.ts'
import type { Bench } from './bench.ts'
import { readRows, writeRows } from './copy-rows.ts'
import { shotAt, startWeb } from './web.ts'

const warmUp = 200
const written = ['cdrs', 'cdr_states', 'cdr_events', 'outbox'].map((table) => ({ table }))

/** How fast one web process takes CDRs: scanned, checked, hashed, recorded, answered after the commit. */
export const cdrIntake: Bench = {
  name: 'cdr-intake',
  about: 'CDRs a second through the HTTP door of one web process, against one batched insert',
  run: async () => {
    await using web = await startWeb()
    const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    await web.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
    const count = size(2_000)
    const shots = Array.from({ length: warmUp + count }, (_, index) =>
      shotAt(web, {
        partner: cpo,
        method: 'POST',
        target: 'receiver/cdrs',
        body: cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: `C${index}`, uid: `CARD${index}` }),
      }),
    )
    const post = async (index: number): Promise<void> => {
      const shot = shots[index]
      if (shot) await shoot(shot)
    }
    await rateOf({ count: warmUp, parallel: 32 }, post)
    const rate = await rateOf({ count, parallel: 64 }, (index) => post(warmUp + index))
    const rows = await readRows(web.database.db, written)
    await using plain = await testDatabase()
    const limitMs = await timed(() => writeRows(plain.db, rows))
    const limitRate = perSecond(warmUp + count, limitMs)
    const limit = 'the same rows in one insert per table, one commit'
    return [{ what: 'POST cdrs', rate, unit: 'CDRs/s', limit, limitRate }]
  },
}
