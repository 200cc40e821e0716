// The sandbox partner as a product: a process with a command line that registers at a hub and lives there.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import { certify, rowsWith } from '../helpers/certify.ts'
import { command, commandOf, resultUrl, resultsAt } from '../helpers/command-story.ts'
import { startHub } from '../helpers/hub.ts'
import { tokenOf } from '../helpers/objects.ts'
import { startProcess, until } from '../helpers/processes.ts'
import type { Running } from '../helpers/processes.ts'

const hub = await startHub()
const test = suite('sandbox partner')
test.after(() => hub.close())

const SOON_MS = 10_000

function sandbox(args: readonly string[], line: RegExp): Promise<Running> {
  return startProcess({ file: 'src/sandbox/serve-main.ts', args, ready: { line } })
}

/** Invites a party and starts its sandbox, which registers and pushes what it has. */
async function joined(of: {
  role: 'cpo' | 'emsp'
  version: Version
  party: string
  fault?: string
}): Promise<Running> {
  const { role, version, party, fault } = of
  const [country_code, party_id] = party.split('-')
  const invited = await hub.admin('POST', '/platforms', {
    name: `sandbox ${party}`,
    roles: [{ role: role.toUpperCase(), country_code, party_id }],
  })
  assert.is(invited.status, 201, invited.text)
  const tokenA = String(at(invited.json, 'token_a'))
  return sandbox(
    [
      ...['--role', role, '--version', version, '--party', party],
      ...['--hub', hub.url, '--token-a', tokenA],
      ...(fault === undefined ? [] : ['--fault', fault]),
    ],
    role === 'cpo' ? /PUT locations SBX-L3: 201 1000/ : /PUT tokens SBX00004: 201 1000/,
  )
}

/** Waits for a line of a process: what it writes comes a little later than what it does. */
function printed(running: Running, line: string): Promise<void> {
  return until(() => running.output().includes(line), { what: line, limitMs: SOON_MS })
}

test('alone it prints its versions URL and token A, and a partner can register with them', async () => {
  await using partner = await sandbox(['--role', 'emsp', '--version', '2.3.0'], /^token A \S+$/m)
  const output = partner.output()
  const url = /versions URL (\S+)/.exec(output)?.[1] ?? ''
  const token = /token A (\S+)/.exec(output)?.[1] ?? ''
  const report = await certify([url, '--token', token])
  assert.equal(rowsWith(report, 'fail'), [])
  await printed(partner, '← POST /ocpi/2.3.0/credentials: 200 1000')
  const { code } = await partner.stop()
  assert.is(code, 0)
})

test('a wrong line ends with 64, a hub that refuses with 1', async () => {
  const wrong = await startProcess({ file: 'src/sandbox/serve-main.ts', args: ['--role', 'hub'] })
  assert.is((await wrong.exited).code, 64)
  const args = ['--hub', hub.url, '--token-a', 'nobody-gave-this-out']
  const refused = await startProcess({ file: 'src/sandbox/serve-main.ts', args })
  assert.is((await refused.exited).code, 1, refused.output())
  assert.match(refused.output(), /401/)
})

for (const [index, version] of VERSIONS.entries())
  test(`an operator of ${version} charges for a provider behind the hub`, async () => {
    const party = `NL-SB${index}`
    await using operator = await joined({ role: 'cpo', version, party })
    const driver = await hub.connect({ parties: [{ party: `DE-DR${index}`, role: 'EMSP' }] })
    const card = await driver.send(
      'PUT',
      `receiver/tokens/${driver.party.replace('-', '/')}/CARD1`,
      {
        body: tokenOf(driver.party, 'CARD1'),
        to: hub.party,
      },
    )
    assert.is(card.code, 1000, card.text)
    const start = await command(driver, 'START_SESSION', {
      body: {
        ...commandOf(driver, 'START_SESSION', 'start'),
        location_id: 'SBX-L1',
        evse_uid: 'SBX-L1-E1',
      },
      to: party,
    })
    assert.is(at(start.data, 'result'), 'ACCEPTED', start.text)
    const results = (name: string) => resultsAt(driver, name).map(({ json }) => at(json, 'result'))
    const sessions = () => driver.received('receiver/sessions', 'PUT').map(({ json }) => json)
    await until(() => results('start').length === 1 && sessions().length === 1, {
      what: 'result and session',
      limitMs: SOON_MS,
    })
    assert.equal(results('start'), ['ACCEPTED'])
    assert.is(at(sessions()[0], 'cdr_token', 'uid'), 'CARD1')
    const stop = await command(driver, 'STOP_SESSION', {
      body: { response_url: resultUrl(driver, 'stop'), session_id: at(sessions()[0], 'id') },
      to: party,
    })
    assert.is(at(stop.data, 'result'), 'ACCEPTED', stop.text)
    await printed(operator, '→ POST cdrs: 20')
    assert.is(at(sessions().at(-1), 'status'), 'COMPLETED')
    const cdrs = items(at((await hub.admin('GET', `/cdrs?party=${party}`)).json, 'items'))
    assert.is(cdrs.length, 1, operator.output())
  })

test('a provider authorises its cards in real time through the hub', async () => {
  await using provider = await joined({ role: 'emsp', version: '2.1.1', party: 'DE-SBE' })
  const operator = await hub.connect({ parties: [{ party: 'NL-OPR', role: 'CPO' }] })
  const ask = (uid: string) =>
    operator.send('POST', `sender/tokens/${uid}/authorize`, { body: { location_id: 'L1' } })
  assert.is(at((await ask('SBX00001')).data, 'allowed'), 'ALLOWED', provider.output())
  assert.is(at((await ask('SBX00004')).data, 'allowed'), 'BLOCKED', provider.output())
})

test('told to fail it fails, and the hub says so', async () => {
  await using broken = await joined({
    role: 'cpo',
    version: '2.2.1',
    party: 'NL-SBF',
    fault: 'garbage:commands',
  })
  const driver = await hub.connect({ parties: [{ party: 'DE-DRF', role: 'EMSP' }] })
  const answer = await command(driver, 'STOP_SESSION', {
    body: { response_url: resultUrl(driver, 'f'), session_id: 'S1' },
    to: 'NL-SBF',
  })
  assert.is(Math.floor(answer.code / 1_000), 4, answer.text)
  await printed(broken, '← POST /ocpi/2.2.1/receiver/commands/STOP_SESSION: garbage')
})

test.run()
