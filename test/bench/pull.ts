import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { locationOf } from '../helpers/objects.ts'
import { size } from '../helpers/seed.ts'
import { startBare } from './bare.ts'
import { rateOf, shoot } from './bench.ts'
import type { Bench } from './bench.ts'
import { shotAt, startWeb } from './web.ts'

const locations = 1_000
const page = 200
const parallel = 8
const warmUp = 20

/** How fast a provider can read everything there is: pages out of the store, each with its exact total. */
export const pull: Bench = {
  name: 'pull',
  about: 'pages a second of GET locations addressed to the hub, against a file of the same bytes',
  run: async () => {
    await using web = await startWeb()
    const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const emsp = await web.connect({
      parties: [{ party: 'DE-EMA', role: 'EMSP' }],
      modules: ['sender/tokens'],
    })
    await rateOf({ count: locations, parallel: 64 }, (index) =>
      shoot(
        shotAt(web, {
          partner: cpo,
          method: 'PUT',
          target: `receiver/locations/NL/TNM/L${index}`,
          to: 'NL-XCH',
          body: locationOf('NL-TNM', `L${index}`),
        }),
      ),
    )
    const target = `sender/locations?limit=${page}&offset=${page}`
    const shot = shotAt(web, { partner: emsp, method: 'GET', target, to: 'NL-XCH' })
    const bytes = await shoot(shot)
    const count = size(300)
    await rateOf({ count: warmUp, parallel }, () => shoot(shot))
    const rate = await rateOf({ count, parallel }, () => shoot(shot))
    const limitRate = await fileRate(bytes, count)
    const what = `GET page of ${page} locations, ${Math.round(bytes.length / 1024)} KiB`
    return [{ what, rate, unit: 'pages/s', limit: 'a file of the same bytes', limitRate }]
  },
}

async function fileRate(bytes: Buffer, count: number): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'crosscharge-bench-'))
  try {
    const file = path.join(folder, 'page.json')
    await writeFile(file, bytes)
    const { url, process } = await startBare('static', file)
    await using _server = process
    const shot = { url, method: 'GET', headers: {} }
    await rateOf({ count: warmUp, parallel }, () => shoot(shot))
    return await rateOf({ count, parallel }, () => shoot(shot))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
