import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { BUILT_IN_POLICIES } from '../../src/pricing/policies.ts'

const fixtures = fileURLToPath(new URL('../fixtures/verify', import.meta.url))

const verify = suite('verify: folders of cases')

async function run(...line: string[]) {
  let out = ''
  let err = ''
  const code = await runCli(['verify', ...line], {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  })
  return { code, out, err }
}

async function report(folder: string) {
  const { code, out, err } = await run(folder, '--json')
  assert.is(err, '')
  return { code, report: JSON.parse(out) }
}

function inFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'verify-test-'))
    try {
      await work(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

verify('cases that agree end with 0; what gates nothing stands apart with its cause', async () => {
  const { code, report: found } = await report(path.join(fixtures, 'agree'))
  assert.is(code, 0)
  assert.equal(found.current, { cases: 10, agree: 10, disagree: 0 })
  assert.equal(found.disagreements, [])
  const [superseded] = found.others
  assert.is(superseded.id, 'combined-rounding')
  assert.is(superseded.status, 'superseded')
  assert.ok(superseded.causes[0].codes.includes('stepped_time:combined'))
  assert.equal(found.oddities, ['gone is named in index.json and has no folder'])
  const unchecked: { item: string }[] = found.not_checked
  assert.equal(unchecked.map(({ item }) => item).toSorted(), [
    'billed.ENERGY_bags',
    'colour',
    'compare.rounding',
    'notes something else',
    'total_cost.incl_vat',
  ])
})

verify('each disagreement is told with both figures or its reason, and ends with 1', async () => {
  const { code, report: found } = await report(path.join(fixtures, 'disagree'))
  assert.is(code, 1)
  const told = new Map<string, { problem: string | null; failed: unknown[]; causes: unknown[] }>(
    found.disagreements.map((each: { id: string }) => [each.id, each]),
  )
  assert.is(told.size, 7)
  assert.equal(told.get('wrong-total')?.failed, [
    { item: 'total_cost before taxes', expected: '4.0938', computed: '4.2', agrees: false },
    { item: 'billed.ENERGY_kwh', expected: '10.2345', computed: '10.5', agrees: false },
  ])
  assert.match(JSON.stringify(told.get('wrong-total')?.causes), /step_size:none/)
  assert.match(JSON.stringify(told.get('error-expected')?.failed), /no_active_tariff/)
  assert.match(JSON.stringify(told.get('price-expected')?.failed), /no_tariff/)
  assert.match(String(told.get('unknown-policy')?.problem), /there is no policy as we like it/)
  assert.is(told.get('without-cdr')?.problem, 'cdr.json is missing')
  assert.is(told.get('expected-absent')?.problem, 'expected.json is missing')
  assert.match(JSON.stringify(told.get('lint-missing')?.failed), /whole_day_window/)
  const { out } = await run(path.join(fixtures, 'disagree'))
  assert.match(out, /total_cost before taxes: expected 4\.0938, computed 4\.2/)
  assert.match(out, /current cases +0 of 7 agree\nDISAGREES/)
})

verify('a folder may be one case, or hold cases further below', async () => {
  const one = await report(path.join(fixtures, 'agree', 'energy-step-500'))
  assert.is(one.code, 0)
  assert.is(one.report.cases, 1)
  // Its status is in the index of the folder above.
  const old = await report(path.join(fixtures, 'agree', 'combined-rounding'))
  assert.is(old.code, 0)
  assert.is(old.report.current.cases, 0)
  const all = await report(fixtures)
  assert.is(all.code, 1)
  assert.is(all.report.cases, 18)
})

verify(
  'whatever is wrong with one case is its disagreement alone',
  inFolder(async (folder) => {
    cpSync(path.join(fixtures, 'agree', 'energy-step-500'), path.join(folder, 'good'), {
      recursive: true,
    })
    const broken: Record<string, Record<string, string>> = {
      'broken-expected': { 'expected.json': '{', 'cdr.json': '{}' },
      'list-expected': { 'expected.json': '[]', 'cdr.json': '{}' },
      'broken-meta': { 'expected.json': '{}', 'cdr.json': '{}', 'meta.json': 'no' },
      'empty-cdr': { 'expected.json': '{}', 'cdr.json': 'null' },
      'folder-as-cdr': { 'expected.json': '{"total_cost":"1"}', 'tariff.json': '[[[]]]' },
      'odd-members': {
        'expected.json':
          '{"billed":7,"tax_lines":{},"compare":[],"notes":{"a":[null,{"code":3}]},"claimed":8}',
        'cdr.json': '{"currency":"EUR","charging_periods":"none"}',
        'tariff.json': '{"status_code":1000,"data":[null]}',
      },
    }
    for (const [id, files] of Object.entries(broken)) {
      mkdirSync(path.join(folder, id))
      for (const [name, text] of Object.entries(files))
        writeFileSync(path.join(folder, id, name), text)
    }
    mkdirSync(path.join(folder, 'folder-as-cdr', 'cdr.json'))
    writeFileSync(path.join(folder, 'index.json'), '{"cases": {')
    const { code, report: found } = await report(folder)
    assert.is(code, 1)
    assert.equal(found.current, { cases: 7, agree: 1, disagree: 6 })
    assert.is(found.oddities.length, 1)
  }),
)

/** A copy of a good case, with other members in its meta.json. */
function copyCase(folder: string, meta: object = {}): void {
  cpSync(path.join(fixtures, 'agree', 'energy-step-500'), folder, { recursive: true })
  writeFileSync(path.join(folder, 'meta.json'), JSON.stringify(meta))
}

verify(
  'a version that we do not know is a disagreement with its reason',
  inFolder(async (folder) => {
    copyCase(path.join(folder, 'later'), { ocpi_version: '3.0' })
    copyCase(path.join(folder, 'lint'), { ocpi_version: 2.4, kind: 'lint' })
    copyCase(path.join(folder, 'silent'), { ocpi_version: null })
    const { code, report: found } = await report(folder)
    assert.is(code, 1)
    assert.equal(
      found.disagreements.map(({ problem }: { problem: string }) => problem),
      ['"3.0"', '2.4'].map(
        (named) => `meta.ocpi_version ${named} is not known here; known: 2.1.1, 2.2.1, 2.3.0`,
      ),
    )
  }),
)

verify(
  'an index is about all folders below, the nearest first, wherever looking begins',
  inFolder(async (folder) => {
    const indexOf = (at: string, rows: object[]): void =>
      writeFileSync(path.join(folder, at, 'index.json'), JSON.stringify({ cases: rows }))
    copyCase(path.join(folder, 'x', 'y', 'far'))
    copyCase(path.join(folder, 'x', 'both'))
    copyCase(path.join(folder, 'x', 'own'), { status: 'spec-erratum' })
    mkdirSync(path.join(folder, 'x', 'y', 'emptied'))
    indexOf('.', [
      { id: 'far', status: 'superseded' },
      { id: 'both', status: 'superseded', source: 'far away' },
      { id: 'own', status: 'superseded' },
      { id: 'emptied' },
      { id: 'lost' },
    ])
    indexOf('x', [{ id: 'both', status: 'conflicts-with-spec' }])
    const told = (shown: { id: string; status: string; source: string }[]): string[] =>
      shown.map(({ id, status, source }) => `${id} ${status} ${source}`).toSorted()
    const { report: all } = await report(folder)
    assert.equal(told(all.others), [
      'both conflicts-with-spec far away',
      'far superseded unnamed source',
      'own spec-erratum unnamed source',
    ])
    assert.equal(told(all.disagreements), ['emptied current unnamed source'])
    assert.equal(all.oddities, ['lost is named in index.json and has no folder'])
    const { report: part } = await report(path.join(folder, 'x', 'y'))
    assert.equal(told(part.others), ['far superseded unnamed source'])
    const { report: one } = await report(path.join(folder, 'x', 'y', 'far'))
    assert.equal(told(one.others), ['far superseded unnamed source'])
  }),
)

verify(
  'an empty text names no zone',
  inFolder(async (folder) => {
    for (const timezone of ['', ' ', null])
      copyCase(path.join(folder, `z${timezone}`), { timezone })
    assert.is((await report(folder)).code, 0)
    copyCase(path.join(folder, 'wrong'), { timezone: 'Nowhere/Else' })
    assert.match(JSON.stringify((await report(folder)).report.disagreements), /error time_zone/)
  }),
)

verify(
  'without a case there is nothing to agree with: 2',
  inFolder(async (folder) => {
    assert.is((await run(folder)).code, 2)
    assert.is((await run(path.join(folder, 'none'))).code, 2)
    assert.is((await run()).code, 64)
    assert.is((await run(folder, folder)).code, 64)
  }),
)

verify('the codes of references and ours are listed', async () => {
  const { code, out } = await run('--codes')
  assert.is(code, 0)
  assert.match(out, /note +total_clamped +total_raised_to_min, total_lowered_to_max/)
  assert.match(out, /lint +unreachable_element +element_shadowed/)
  // Every policy that a case may name, with what it leaves out.
  for (const name of Object.keys(BUILT_IN_POLICIES))
    assert.match(out, new RegExp(`policy +${name.replaceAll('.', '\\.')} .*[a-z]{4}`))
  assert.match(out, /policy +ocpi-tariffs-py-0\.1 .*min_kwh/)
  const rows = JSON.parse((await run('--codes', '--json')).out)
  assert.ok(rows.every((row: { ours: string[] }) => row.ours.length > 0))
})

verify.run()
