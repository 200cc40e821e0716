// The operator's command line for disputes and rules, against a real hub.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, locationOf, money, put } from '../helpers/objects.ts'
import { readsWell } from '../helpers/reads-well.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMP', role: 'EMSP' }] })
const { clean, wrong, contest, act, post, stand, verify } = disputesOf(hub, { cpo, emsp })
const folder = mkdtempSync(path.join(os.tmpdir(), 'crosscharge-'))

const cli = suite('command line of disputes')
cli.after.each(verify)
cli.after(() => hub.close())

async function run(line: string, more: readonly string[] = []) {
  const said = { out: '', err: '' }
  const argv = [
    ...line.split(' '),
    ...more,
    '--url',
    hub.url,
    '--token',
    'root-operator-token-for-tests',
  ]
  const code = await runCli(argv, {
    env: {},
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
  })
  return { code, ...said }
}

cli('contest, list, show, answer, rule: every step says what comes next', async () => {
  await clean('C1')
  const opened = await run('contest NL-TNM C1 --code Q2 --net 1.00', [
    '--text',
    'our meter says less',
  ])
  assert.is(opened.code, 0, opened.err)
  assert.match(opened.out, /disputed +1\.20 EUR/)
  assert.match(opened.out, 'Without an answer from NL-TNM by')
  const id = /^dispute +(\d+)/.exec(opened.out)?.[1] ?? ''
  const listed = await run('disputes list')
  assert.match(listed.out, /^ *id +state +CPO +eMSP +CDR/)
  assert.match(listed.out, new RegExp(`^ *${id} +open +NL-TNM +DE-EMP +C1 +1\\.20 +EUR`, 'm'))
  const denied = await run(`disputes answer ${id}`, ['--text', 'the meter was tested'])
  assert.match(denied.out, 'is denied')
  assert.is((await run(`disputes rebut ${id}`, ['--text', 'not then'])).code, 0)
  assert.is((await run(`disputes propose ${id} --net 0.50`)).code, 0)
  const shown = await run(`disputes show ${id}`)
  for (const line of [
    `Dispute ${id}: `,
    'NL-TNM (CPO) and DE-EMP (eMSP)',
    '1.00 EUR + tax 0.20 EUR = 1.20 EUR, held out of settlement',
    '0.50 EUR + tax 0.10 EUR = 0.60 EUR, offered by the operator of the hub',
    'What happens next',
    'What happened',
    'DE-EMP disagrees with the answer; NL-TNM is asked once more.',
    '“not then”',
    'frozen when it was opened',
  ])
    assert.match(shown.out, line)
  assert.is((await run(`disputes accept ${id} --side emsp`)).code, 0)
  const done = await run(`disputes accept ${id} --side cpo`)
  assert.match(done.out, 'is decided and waits for the credit CDR')
  assert.match((await run('adjustments')).out, /C1 +0\.60 +EUR +awaiting document/)
  const file = path.join(folder, 'pack.zip')
  assert.is((await run(`disputes pack ${id}`, [file])).code, 0)
  assert.is(readFileSync(file).subarray(0, 2).toString(), 'PK')
})

cli(
  'it reads well: local time with its zone, amounts with their currency, codes behind words',
  async () => {
    await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
    await clean('W1')
    const opened = await run('contest NL-TNM W1 --code Q2 --net 1.00 --text more')
    const [dispute] = await disputesOf(hub, { cpo, emsp }).of('W1')
    assert.is(opened.code, 0, opened.err)
    const local = /2\d{3}-\d\d-\d\d \d\d:\d\d (?:CET|CEST)/
    assert.match((await run('disputes list')).out, new RegExp(`W1 .* ${local.source}`))
    const shown = (await run(`disputes show ${dispute?.id}`)).out
    assert.match(shown, new RegExp(`opened +${local.source} by the operator of the hub`))
    assert.match(shown, /by \d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d (?:CET|CEST) all of 1\.20 EUR/)
    assert.match(shown, /An operator can now .*end it/)
    const cdr = (await run('cdr NL-TNM W1')).out
    for (const text of [opened.out, shown, cdr])
      for (const line of text.split('\n').filter((each) => !/manifest|[.]json/.test(each)))
        readsWell(line.trim().replace(/ {2,}/g, ' '))
  },
)

cli('what cannot be is refused with a sentence', async () => {
  await clean('C2')
  const dispute = await contest('C2', { amount: { net: '1.00' } })
  assert.match((await run(`disputes rule ${dispute.id}`)).err, 'the CPO can review')
  assert.match((await run('disputes show 99999')).err, 'No dispute 99999 is known here')
  assert.match((await run('contest NL-TNM C2')).err, 'Say why')
  assert.match((await run('approve')).err, 'Say which')
  assert.match((await run(`disputes accept ${dispute.id} --tax 1`)).err, '--net beside --tax')
  assert.match((await run('quality')).err, 'Say when')
  assert.is((await run('disputes')).code, 64)
})

cli('approve, notices, quality and webhooks are tables', async () => {
  await clean('C3')
  await hub.context.db.rows(sql`
    insert into missing_notices (kind, subject, owner, receiver, level, message, since)
    values ('session', 's-77', 'NL-TNM', 'DE-EMP', 2, 'Session S-77 ended and no CDR came.', clock_timestamp())`)
  const approved = await run('approve --party NL-TNM')
  assert.match(approved.out, /^\d+ approved\ncurrency +CDRs +net +tax\nEUR/)
  assert.is(await stand('C3'), 'approved')
  assert.match(
    (await run('notices')).out,
    /2 +CDR of a session +NL-TNM +DE-EMP .*Session S-77 ended/,
  )
  assert.is((await run('notices --level 3')).out, 'none\n')
  const window = '--from 2020-01-01T00:00:00Z --to 2100-01-01T00:00:00Z'
  assert.match((await run(`quality ${window}`)).out, /NL-TNM +CPO +\d+/)
  await hub.asParty(cpo, 'PUT', '/webhook', {
    url: 'http://127.0.0.1:1/hook',
    events: ['cdr.held'],
  })
  assert.match((await run('webhooks')).out, 'http://127.0.0.1:1/hook')
})

cli('rules are tried on the past: what they would hold, and how disputes judged it', async () => {
  await wrong('B1')
  await wrong('B2')
  const [first, second] = await Promise.all(
    ['B1', 'B2'].map(async (id) => {
      const page = await hub.admin('GET', '/disputes?code=P1&state=any_open')
      return items(at(page.json, 'items')).find((one) => at(one, 'cdr', 'id') === id)
    }),
  )
  assert.is(
    (await hub.admin('POST', `/disputes/${at(first, 'id')}/accept`, { side: 'cpo' })).status,
    200,
  )
  assert.is(
    (await hub.admin('POST', `/disputes/${at(second, 'id')}/withdraw`, { side: 'emsp' })).status,
    200,
  )
  await clean('B3', { total_cost: money(3.4), total_energy_cost: money(3.4) })
  // Taken back and replaced: neither stands in the way of the other.
  const original = await clean('B4')
  await post(creditOf(original, 'B4-credit'))
  await hub.drain()
  await post({ ...original, id: 'B4-again' })
  await hub.drain()
  assert.is(await stand('B4-again'), 'provisional')
  const before = await tables()
  const window = '--from 2020-01-01T00:00:00Z --to 2100-01-01T00:00:00Z'
  const asIs = await backtested({}, window)
  const p1 = codeIn(asIs, 'P1')
  assert.equal(
    ['was', 'newly', 'no_longer', 'resolved', 'upheld', 'precision'].map((name) => at(p1, name)),
    [3, 0, 0, 2, 1, '0.50'],
  )
  assert.equal(
    items(at(asIs, 'codes')).filter((each) => at(each, 'newly') !== 0),
    [],
  )
  assert.is(at(asIs, 'held'), at(asIs, 'was_held'))
  const wide = await backtested(
    { tolerance: { cost: { absolute: '0.50', relative: '0' } } },
    window,
  )
  assert.equal(
    ['held', 'no_longer', 'missed'].map((name) => at(codeIn(wide, 'P1'), name)),
    [2, 1, 0],
  )
  const mild = await backtested({ severities: { P1: 'W' } }, window)
  assert.equal(
    ['held', 'missed'].map((name) => at(codeIn(mild, 'P1'), name)),
    [0, 1],
  )
  assert.equal(await tables(), before, 'nothing was written')
  const file = path.join(folder, 'rules.json')
  writeFileSync(file, '{}')
  const text = await run(`rules backtest ${window} --rules ${file}`)
  assert.match(text.out, /price differs from the tariff \(P1\) .* 0\.50 +\d/)
  for (const [rules, pointer] of [
    [{ severities: { D2: 'I' } }, '/rules/severities/D2'],
    [{ rules: { P1: { eaten: '1' } } }, '/rules/rules/P1/eaten'],
    [{ severities: { P99: 'S' } }, '/rules/severities/P99'],
    [{ rules: { P99: {} } }, '/rules/rules/P99'],
    [{ more: 1 }, '/rules/more'],
  ] as const) {
    const body = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', rules }
    const reply = await hub.admin('POST', '/rules/backtest', body)
    assert.equal([reply.status, at(reply.json, 'errors', 0, 'pointer')], [422, pointer])
  }
  await act(await contest('B3', { code: 'Q2', amount: { net: '0.10' } }), 'withdraw', 'emsp')
})

async function backtested(rules: object, window: string): Promise<unknown> {
  const file = path.join(folder, 'rules.json')
  writeFileSync(file, JSON.stringify(rules))
  const ran = await run(`rules backtest ${window} --rules ${file} --json`)
  assert.is(ran.code, 0, ran.err)
  return JSON.parse(ran.out)
}

const codeIn = (answer: unknown, code: string) =>
  items(at(answer, 'codes')).find((one) => at(one, 'code') === code)

async function tables(): Promise<unknown> {
  const rows = await hub.context.db.rows(sql`
    select (select count(*) from cdr_findings)::int as findings, (select count(*) from cdr_events)::int as events,
      (select count(*) from ledger_transfers)::int as transfers, (select count(*) from disputes)::int as disputes`)
  return rows[0]
}

cli('evidence is added with a note, once, and what cannot be added says what to do', async () => {
  await clean('C4')
  const { id } = await contest('C4', { amount: { net: '1.00' } })
  const letter = path.join(folder, 'Meter letter.txt')
  writeFileSync(letter, 'The meter was exchanged in May.')
  const add = (file: string, ...more: string[]) => run(`disputes evidence ${id}`, [file, ...more])
  const added = await add(letter, '--note', 'page 2 is about 7 May')
  assert.is(added.code, 0, added.err)
  const number = Number(/^evidence +(\d+) of dispute/.exec(added.out)?.[1])
  assert.match(added.out, /: Meter letter\.txt\nsha256 +[0-9a-f]{64}/)
  assert.match(added.out, `${number + 1} of dispute ${id}: Meter letter.txt.note.txt`)
  assert.match((await add(letter)).out, `evidence  ${number} of dispute`)
  const shown = await run(`disputes show ${id}`)
  assert.match(shown.out, 'Meter letter.txt')
  const log = path.join(folder, 'charger.log')
  writeFileSync(log, 'started')
  const unknown = await add(log)
  assert.is(unknown.code, 64)
  assert.match(unknown.err, /charger\.log is none of \.pdf, .*--media/)
  assert.is((await add(log, '--media', 'text/plain', '--name', 'charger.txt')).code, 0)
  assert.match((await add(letter, '--media', 'application/pdf')).err, 'is not application/pdf')
  assert.match((await add(letter, '--name', '../x')).err, 'named with letters')
  assert.match((await add(path.join(folder, 'none.txt'))).err, 'is the path right?')
  const large = path.join(folder, 'large.txt')
  writeFileSync(large, 'x'.repeat(5_300_000))
  assert.match((await add(large)).err, 'Make it smaller')
  const other = await run('disputes evidence 99999', [letter])
  assert.match(other.err, 'No dispute 99999 is known here')
  assert.match((await run(`disputes evidence ${id}`)).err, 'FILE')
})

cli.run()
