import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compare, csv, HEAD, hour, line } from '../helpers/compare-files.ts'
import { seed, size } from '../helpers/seed.ts'

const many = (
  count: number,
  more: (n: number) => Partial<Record<string, string | number>>,
): string => csv(...Array.from({ length: count }, (_, n) => line(n, more(n))))

test('the same is the same, in whatever form it is written', async () => {
  const german = [
    '"CDR-Nr.";Karte;EVSE-ID;Beginn;Ende;"Energie (kWh)";Betrag netto;Währung',
    ...[1, 2].map((n) => {
      const local = (h: number): string => `01.06.2026 ${String(n * 2 + h + 2).padStart(2, '0')}:00`
      return `C${n};T${n};deabce1;${local(0)};${local(1)};${10 + n},00;${String((10 + n) / 2).replace('.', ',')} €;EUR`
    }),
  ].join('\r\n')
  const mapped = [
    '--theirs-zone',
    'Europe/Berlin',
    '--theirs-column',
    'cdrId=CDR-Nr.',
    '--theirs-column',
    'tokenUid=Karte',
  ]
  const { code, out } = await compare(csv(line(1), line(2)), german, mapped)
  assert.is(code, 0, out)
  assert.match(out, /^SAME/)
  const ocpi = [1, 2].map((n) => ({
    id: `c${n}`,
    country_code: 'DE',
    party_id: 'ABC',
    cdr_token: { uid: `T${n}`, country_code: 'NL', party_id: 'EMA' },
    cdr_location: { id: 'L1', evse_id: 'DE*ABC*E1' },
    start_date_time: hour(n * 2),
    end_date_time: hour(n * 2 + 1),
    total_energy: 10 + n,
    total_cost: { before_taxes: (10 + n) / 2, taxes: [{ name: 'VAT', amount: 1 }] },
    currency: 'EUR',
    charging_periods: [],
  }))
  for (const text of [
    JSON.stringify(ocpi),
    JSON.stringify({ status_code: 1000, data: ocpi }),
    ocpi.map((cdr) => JSON.stringify(cdr)).join('\n'),
  ])
    assert.is((await compare(csv(line(1), line(2)), text)).code, 0)
})

test('energy, price, time, card and place are told apart, with what explains them', async () => {
  const theirs = csv(
    line(1, { kwh: 12, net: 6 }),
    line(2, { net: 7.14 }),
    line(3, { end: hour(9) }),
    line(4, { token: 'OTHER', evse: 'DE*ABC*E2' }),
    line(5, { start: hour(12), end: hour(13) }),
    line(6, { currency: 'CHF' }),
    line(7, { kwh: 0.017 }),
  )
  const ours = csv(...[1, 2, 3, 4, 5, 6, 7].map((n) => line(n)))
  const { code, json, out } = await compare(ours, theirs, ['--json'])
  assert.is(code, 1, out)
  const told = json.different.flatMap(
    (each: { ours: { name: string }[]; differences: { kind: string; why: string | null }[] }) =>
      each.differences.map(({ kind, why }) => `${each.ours[0]?.name} ${kind}: ${why ?? ''}`),
  )
  assert.equal(told, [
    'C1 energy: ',
    'C1 price: follows from the energy: the price per kWh is the same',
    'C2 price: looks like tax of 19 %: theirs is with it, the other without',
    'C3 time: the starts agree, the ends do not',
    'C4 card: ',
    'C4 place: ',
    'C5 time zone: theirs is 2 hours ahead: local time and UTC taken for each other',
    'C6 currency: the sides name different currencies: the amounts are not compared',
    'C7 energy: one side writes Wh, the other kWh',
  ])
  const shown = await compare(ours, theirs)
  assert.match(shown.out, /energy .* nothing in the rows explains it/)
  const longer = await compare(csv(line(1)), csv(line(1, { kwh: 12, end: hour(14) })))
  assert.match(longer.out, /energy .* the times differ too/)
})

test('bad rows are named with line and column and do not spoil the rest', async () => {
  const ours = [
    HEAD,
    line(1),
    '"C2","a',
    'b",T2,,notatime,,5,2,EUR',
    line(3, { kwh: 'much' }),
    'C4,x',
    line(5),
  ].join('\n')
  const { code, out } = await compare(ours, csv(line(1), line(5)))
  assert.is(code, 1)
  assert.match(out, /ours +line 3 +start +is no date and time: notatime/)
  assert.match(out, /ours +line 5 +kwh +is no number: much/)
  assert.match(out, /ours +line 6 +has 2 columns, the heading has 9/)
  assert.match(out, /the same +2/)
})

test('what only one side has, what it has twice, and what nobody can tell', async () => {
  const nameless = { cdr: '' }
  const { json } = await compare(
    csv(line(1), line(2), line(2), line(4, nameless)),
    csv(line(1), line(3), line(4, nameless), line(4, nameless)),
    ['--json'],
  )
  const names = (rows: { name: string }[]): string[] => rows.map(({ name }) => name)
  assert.equal([names(json.only_ours), names(json.only_theirs)], [['C2'], ['C3']])
  assert.equal(json.duplicates, [{ side: 'ours', row: 4, of: 3, same_content: true }])
  assert.is(json.ambiguous.length, 1)
})

test('what many rows have in common is said once', async () => {
  const ours = many(40, () => ({}))
  const said = async (theirs: string): Promise<string> => {
    const { json } = await compare(ours, theirs, ['--json'])
    return json.patterns.map(({ sentence }: { sentence: string }) => sentence).join('\n')
  }
  assert.match(
    await said(many(40, (n) => ({ net: (((10 + n) / 2) * 1.004).toFixed(4), kwh: 10 + n }))),
    /^$/,
  )
  const dear = many(40, () => ({ net: 400 }))
  const dearer = await compare(
    dear,
    many(40, () => ({ net: 401.6 })),
    ['--json'],
  )
  assert.match(
    dearer.json.patterns[0].sentence,
    /In 40 of 40 .* theirs is higher, by 0\.40 % on the whole: 64\.00 EUR/,
  )
  assert.is(dearer.code, 1)
  assert.match(
    await said(many(40, (n) => ({ net: ((10 + n) / 2) * 1.19 }))),
    /In 40 sessions .*tax of 19 %/,
  )
  assert.match(
    await said(many(40, (n) => ({ net: ((10 + n) / 2) * 1.07 * 1.02 }))),
    /9\.14 % more than ours/,
  )
  const shifted = many(40, (n) => ({ start: hour(n * 2 + 2), end: hour(n * 2 + 3), cdr: '' }))
  assert.match(await said(shifted), /2 h ahead in 40 sessions/)
})

test('ids that mean other things on each side are not used', async () => {
  const numbered = (offset: number): string =>
    [
      HEAD.replace('cdr_id', 'id'),
      ...[1, 2, 3, 4].map((n) => line(n, { cdr: (n + offset) % 4 })),
    ].join('\n')
  const { code, out } = await compare(numbered(0), numbered(1))
  assert.is(code, 0, out)
  assert.match(out, /ids of CDRs are other numbers/)
})

test('a file that cannot be used ends with 2, a wrong line with 64', async () => {
  for (const [text, why] of [
    ['', /no rows|no heading/],
    ['just words', /no heading/],
    ['a,b\n1,2', /no column with an id/],
    ['cdr_id,b\n1,2', /no column with an amount/],
    ['[1,2', /neither CSV nor JSON/],
    ['[]', /no rows/],
  ] as const) {
    const { code, err } = await compare(csv(line(1)), text)
    assert.is(code, 2, text)
    assert.match(err, why)
  }
  assert.is((await compare(csv(line(1)), csv(line(1)), ['--tolerance', 'x'])).code, 64)
  assert.is((await compare(csv(line(1)), csv(line(1)), ['--ours-zone', 'Mars'])).code, 64)
  assert.is((await compare(csv(line(1)), csv(line(1)), ['--ours-column', 'x'])).code, 64)
  assert.is((await compare(csv(line(1)), csv(line(1)), ['--ours-column', 'x=y'])).code, 2)
})

test('tolerances are the larger of both, and can be set', async () => {
  const pair = (net: number): [string, string] => [csv(line(1, { net: 10 })), csv(line(1, { net }))]
  assert.is((await compare(...pair(10.05))).code, 0)
  assert.is((await compare(...pair(10.051))).code, 1)
  assert.is((await compare(...pair(10.01), ['--tolerance', '0.001'])).code, 1)
  assert.is((await compare(...pair(11), ['--tolerance', '0.001 10%'])).code, 0)
})

test('totals add up to the digit, whatever was matched', async () => {
  const side = fc.array(
    fc.record({
      n: fc.integer({ min: 1, max: 6 }),
      id: fc.boolean(),
      net: fc.integer({ min: -2_000_000, max: 90_000_000 }),
      currency: fc.constantFrom('EUR', 'CHF'),
    }),
    { minLength: 1, maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(side, side, async (a, b) => {
      const text = (rows: typeof a): string =>
        csv(
          ...rows.map(({ n, id, net, currency }) =>
            line(n, { cdr: id ? `C${n}` : '', net: net / 1e6, currency }),
          ),
        )
      const { json } = await compare(text(a), text(b), ['--json'])
      for (const total of json.totals) {
        const micros = (name: string): number => Math.round(Number(total[name]) * 1e6)
        const parts = ['matched', 'ours_only', 'theirs_only', 'unclear', 'duplicates'].map(micros)
        assert.is(
          parts.reduce((sum, part) => sum + part, 0),
          micros('theirs') - micros('ours'),
        )
        assert.is(micros('difference'), micros('theirs') - micros('ours'))
      }
    }),
    { seed: seed(), numRuns: size(100) },
  )
})

test.run()
