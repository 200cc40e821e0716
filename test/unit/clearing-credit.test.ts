import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judgeCredit } from '../../src/clearing/credit.ts'
import { isCredit } from '../../src/clearing/read.ts'
import type { CreditInput } from '../../src/clearing/input.ts'
import { period, soundCdr, soundCredit, soundCreditInput } from '../helpers/clearing-case.ts'

const credits = suite('clearing credits')

type Original = Extract<CreditInput['original'], { state: 'found' }>
type Row = {
  name: string
  cdr?: Record<string, unknown>
  original?: Partial<Original> | 'missing'
  waitOver?: boolean
  verdict: string
  findings: string[]
}

const found: Original = {
  state: 'found',
  value: soundCdr(),
  cdrState: 'provisional',
  isCredit: false,
  creditedBy: null,
}

const table: Row[] = [
  { name: 'the exact opposite of its original clears', verdict: 'clear', findings: [] },
  {
    name: 'an approved original can be credited',
    original: { cdrState: 'approved' },
    verdict: 'clear',
    findings: [],
  },
  {
    name: 'a held original can be credited',
    original: { cdrState: 'held' },
    verdict: 'clear',
    findings: [],
  },
  {
    name: 'the same numbers and times in other words are the same',
    cdr: {
      total_energy: '20.40',
      start_date_time: '2026-03-01T11:00:00.000+01:00',
      total_cost: { excl_vat: '-6.100', incl_vat: '-7.32' },
      tariffs: [],
      remark: 'billed twice',
    },
    verdict: 'clear',
    findings: [],
  },
  { name: 'a credit waits for its original', original: 'missing', verdict: 'wait', findings: [] },
  {
    name: 'a credit waits until its original is judged',
    original: { cdrState: 'unmatched' },
    verdict: 'wait',
    findings: [],
  },
  {
    name: 'a credit is held when its original is there but still not judged after the wait',
    original: { cdrState: 'received' },
    waitOver: true,
    verdict: 'hold',
    findings: ['C1 S'],
  },
  {
    name: 'a credit whose original never comes is fatal',
    original: 'missing',
    waitOver: true,
    verdict: 'quarantine',
    findings: ['C1 F'],
  },
  {
    name: 'a credit that names no original is fatal at once',
    cdr: { credit_reference_id: undefined },
    original: 'missing',
    verdict: 'quarantine',
    findings: ['C1 F'],
  },
  {
    name: 'a second credit is fatal',
    original: { creditedBy: 'CDR-1-B' },
    verdict: 'quarantine',
    findings: ['C3 F'],
  },
  {
    name: 'a credit of a credit is fatal',
    original: { isCredit: true },
    verdict: 'quarantine',
    findings: ['C3 F'],
  },
  {
    name: 'a credit of itself is fatal',
    cdr: { credit_reference_id: 'cdr-1-c' },
    original: 'missing',
    verdict: 'quarantine',
    findings: ['C3 F'],
  },
  {
    name: 'a credit of a part holds',
    cdr: { total_cost: { excl_vat: -6, incl_vat: -7.2 } },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit of more holds',
    cdr: { total_cost: { excl_vat: -6.11, incl_vat: -7.32 } },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a positive credit holds',
    cdr: { total_cost: { excl_vat: 6.1, incl_vat: 7.32 } },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit without the tax of its original holds',
    cdr: { total_cost: { excl_vat: -6.1 } },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit of other energy holds',
    cdr: { total_energy: 20 },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit in another currency holds',
    cdr: { currency: 'SEK' },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit in a currency that does not exist is fatal',
    cdr: { currency: 'EUX' },
    verdict: 'quarantine',
    findings: ['P8 F', 'C2 S'],
  },
  {
    name: 'a credit with other periods holds',
    cdr: { charging_periods: [period('2026-03-01T10:00:00Z', { ENERGY: 20.4, TIME: 2 })] },
    verdict: 'hold',
    findings: ['C2 S'],
  },
  {
    name: 'a credit that negates the parts too clears with a warning',
    cdr: {
      total_fixed_cost: { excl_vat: -1, incl_vat: -1.2 },
      total_energy_cost: { excl_vat: -5.1, incl_vat: -6.12 },
    },
    verdict: 'clear',
    findings: ['C2 W'],
  },
  {
    name: 'a credit that cannot be read is fatal',
    cdr: { end_date_time: 'soon' },
    verdict: 'quarantine',
    findings: ['T1 F', 'C2 S'],
  },
]

for (const row of table) {
  credits(row.name, () => {
    const original: CreditInput['original'] =
      row.original === 'missing' ? { state: 'missing' } : { ...found, ...row.original }
    const input = soundCreditInput({
      original,
      cdr: row.cdr ?? {},
      waitOver: row.waitOver ?? false,
    })
    const judgement = judgeCredit(input)
    assert.equal(
      judgement.findings.map((finding) => `${finding.code} ${finding.severity}`),
      row.findings,
    )
    assert.is(judgement.verdict, row.verdict)
    assert.equal(
      judgement.missing.includes('original'),
      row.verdict === 'wait' || row.original === 'missing' || row.findings[0] === 'C1 S',
    )
    for (const finding of judgement.findings)
      assert.not.match(finding.message, /[{}]|undefined|NaN/)
  })
}

credits('no agreement lets a credit of another amount clear', () => {
  const cdr = { total_cost: { excl_vat: -1, incl_vat: -1.2 } }
  const agreement = { severities: { C2: 'W' } } as const
  assert.is(judgeCredit(soundCreditInput({ cdr, agreement })).verdict, 'hold')
})

credits('amounts are told with the digits of their currency', () => {
  for (const [currency, words] of [
    ['JPY', 'is -400 JPY (-440 JPY with tax), not -6 JPY'],
    ['KWD', 'is -400.000 KWD (-440.000 KWD with tax), not -6.000 KWD'],
  ] as const) {
    const value = soundCdr({ currency, total_cost: { excl_vat: 6 } })
    const cdr = { currency, total_cost: { excl_vat: -400, incl_vat: -440 } }
    const { findings } = judgeCredit(soundCreditInput({ cdr, original: { ...found, value } }))
    assert.ok(findings[0]?.message.includes(words), findings[0]?.message)
  }
})

credits('a credit claims a negative amount', () => {
  const { amounts } = judgeCredit(soundCreditInput())
  assert.equal(amounts, { currency: 'EUR', net: '-6.1', tax: '-1.22' })
})

credits('only the flag makes a CDR a credit', () => {
  assert.is(isCredit(soundCredit()), true)
  assert.is(isCredit(soundCdr()), false)
  assert.is(isCredit(soundCdr({ credit: false, credit_reference_id: 'X' })), false)
  assert.is(isCredit(soundCdr({ credit: 'true' })), false)
})

credits.run()
