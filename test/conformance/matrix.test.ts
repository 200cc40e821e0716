import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { startHub } from '../helpers/hub.ts'
import { ROWS } from '../helpers/matrix.ts'
import { castOf, furnish, part, STATES } from '../helpers/matrix-cast.ts'
import type { Cast, State } from '../helpers/matrix-cast.ts'
import { cellsOf, endpointNames } from '../helpers/matrix-cells.ts'
import type { Cell } from '../helpers/matrix-cells.ts'
import { playCell } from '../helpers/matrix-requests.ts'
import type { Stage } from '../helpers/matrix-requests.ts'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { resultUrl } from '../helpers/command-story.ts'
import { note } from '../helpers/note.ts'

// Every endpoint of the tables, in every version, under everything that can be wrong about a request or with its
// receiver. What is expected stands in helpers/matrix.ts.
const hub = await startHub()
const casts = new Map<Version, Stage>()
const foreign = await hub.connect({ parties: [{ party: 'NL-FOR', role: 'CPO' }] })
const foreignOld = await hub.connect({
  parties: [{ party: 'NL-FOO', role: 'CPO' }],
  version: '2.1.1',
})
for (const version of VERSIONS) casts.set(version, await stageOf(version))
await part(
  hub,
  [...casts.values()].map(({ cast }) => cast),
)

const matrix = suite('matrix')
matrix.after(() => hub.close())

matrix('every endpoint has its answers written down, and nothing else has', () => {
  const known = Object.keys(ROWS).filter((name) => !/^(versions|callbacks)\./.test(name))
  assert.equal(known.sort(), endpointNames().sort())
})

const counts = { asked: 0, impossible: new Map<string, number>() }
for (const version of VERSIONS) {
  matrix(`${version}: every endpoint answers as it must, whatever is wrong`, async () => {
    const stage = casts.get(version)
    assert.ok(stage)
    const faults: string[] = []
    for (const cell of cellsOf(version)) {
      if (typeof cell.want === 'string') {
        counts.impossible.set(cell.want, (counts.impossible.get(cell.want) ?? 0) + 1)
        continue
      }
      counts.asked += 1
      faults.push(...(await judge(stage, cell)))
    }
    assert.is(faults.length, 0, `\n${faults.join('\n')}`)
  })
}

matrix('the number of cells', () => {
  const impossible = [...counts.impossible.values()].reduce((sum, count) => sum + count, 0)
  const reasons = [...counts.impossible].map(([why, count]) => `${count} × ${why}`)
  const cells = counts.asked + impossible
  note(`endpoint matrix: ${cells} cells, ${counts.asked} asked; the others: ${reasons.join(', ')}`)
  assert.ok(counts.asked > 1_000)
})

matrix.run()

async function judge(stage: Stage, cell: Cell): Promise<string[]> {
  const { place, condition, want } = cell
  const reply = await playCell(stage, cell)
  keepToken(stage, { cell, token: at(reply.data, 'token') })
  const got = `${reply.status}/${reply.code}`
  const allow = String(reply.headers.allow ?? '')
  const isTold = reply.status !== 405 || place.module !== 'callbacks' || allow === 'POST'
  if (got === `${want[0]}/${want[1]}` && isTold) return []
  return [
    `${place.version} ${place.name}, ${condition}: ${got}, not ${String(want)} | ${reply.text.slice(0, 300)}`,
  ]
}

/** Who has updated its registration goes on with the token it was given. */
function keepToken({ cast }: Stage, { cell, token }: { cell: Cell; token: unknown }): void {
  if (typeof token !== 'string' || cell.condition !== 'in order') return
  if (cell.place.name === 'credentials.update') cast.mover.token = token
}

async function stageOf(version: Version): Promise<Stage> {
  const cast = await castOf(hub, version)
  await furnish(cast)
  const invite = (role: 'CPO' | 'EMSP', party: string) =>
    hub.invite({ parties: [{ party, role }], version })
  const invited = {
    CPO: await invite('CPO', `NL-I${VERSIONS.indexOf(version)}C`),
    EMSP: await invite('EMSP', `DE-I${VERSIONS.indexOf(version)}E`),
  }
  const minted = await mint(cast)
  const stranger = version === '2.1.1' ? foreignOld : foreign
  return { hubUrl: hub.url, hubParty: hub.party, cast, foreign: stranger, invited, minted }
}

/** A URL of the hub for the result of a command of each eMSP, all of which the good CPO got. */
async function mint(cast: Cast): Promise<Record<State, string>> {
  const cpo = cast.of('CPO', 'good')
  const urls: [State, string][] = []
  for (const state of STATES) {
    const emsp = cast.of('EMSP', state)
    const place = { location_id: `L-${cpo.party}`, evse_uid: 'E1', connector_id: '1' }
    const body = { response_url: resultUrl(emsp, 'matrix'), ...place }
    const to = cpo.party
    const reply = await emsp.send('POST', 'receiver/commands/UNLOCK_CONNECTOR', { body, to })
    assert.is(reply.code, 1000, reply.text)
    urls.push([state, lastUrl(cpo)])
  }
  return { good: '', slow: '', offline: '', ...Object.fromEntries(urls) }
}

function lastUrl(cpo: FakePartner): string {
  return String(at(cpo.received('receiver/commands').at(-1)?.json, 'response_url'))
}
