import { test } from 'uvu'
import { startHub } from '/work/main/test/helpers/hub.ts'
import { bill, castOf, shownCdr, tell } from '/work/main/test/helpers/version-story.ts'
import { at, items } from '/work/main/test/helpers/ask.ts'
import { VERSIONS } from '/work/main/src/ocpi/version.ts'
const hub = await startHub()
const out: unknown[] = []
test('x', async () => {
  for (const v of VERSIONS) {
    const cast = await castOf(hub, { cpo: v, emsp: '2.2.1', tag: `${v[2]}9` })
    await tell(cast, { from: cast.emsp, to: cast.cpo, module: 'tokens', kind: 'token', object: cast.emspWords.token })
    await tell(cast, { from: cast.cpo, to: cast.emsp, module: 'sessions', kind: 'session', object: cast.cpoWords.sessionDone })
    const r = await bill(cast, cast.cpoWords.cdr)
    out.push(v, r.status, r.headers.location, JSON.stringify(await shownCdr(cast, cast.scene.cdr)))
    out.push(JSON.stringify(cast.emsp.received('receiver/cdrs')[0]?.json))
  }
  const { json } = await hub.admin('GET', '/ledger/accounts?limit=500')
  for (const a of items(at(json, 'items'))) out.push(JSON.stringify(a))
  throw new Error(out.join('\n'))
})
test.after(() => hub.close())
test.run()
