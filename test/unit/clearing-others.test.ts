// Law: what is said of a CDR names no CDR that was billed to another eMSP.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judge } from '../../src/clearing/judge.ts'
import type { Known } from '../../src/clearing/known.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { soundInput } from '../helpers/clearing-case.ts'
import { day, reading } from '../helpers/clearing-known.ts'

const others = suite('clearing: CDRs of other eMSPs')
const foreign = { cdrId: 'SECRET-1', isForAnother: true }
const known = (meter: Omit<NonNullable<Known['meter']>, 'registeredKey'>): CaseChanges => ({
  known: { signed: [reading()], meter: { registeredKey: null, ...meter } },
})

const cases: [code: string, CaseChanges][] = [
  ['D2', { prior: { sameSession: [foreign], overlapping: [] } }],
  ['D4', known({ previousStop: null, same: foreign })],
  ['G5', known({ previousStop: { kwh: '1000.011', at: day('09:00:00'), ...foreign } })],
  [
    'G5',
    known({ previousStop: null, nextStart: { kwh: '1010', at: day('13:00:00'), ...foreign } }),
  ],
]

for (const [index, [code, changes]] of cases.entries())
  others(`${code} keeps its id to itself: ${index}`, () => {
    const { findings } = judge(soundInput(changes))
    assert.ok(findings.some((finding) => finding.code === code))
    assert.not.match(JSON.stringify(findings), 'SECRET-1')
    const told = judge(toTheSame(changes)).findings
    assert.match(JSON.stringify(told), 'SECRET-1')
  })

/** The same where it was billed to the same eMSP: then it is named. */
function toTheSame(changes: CaseChanges) {
  const own = { ...foreign, isForAnother: false }
  const { prior, known } = changes
  const { previousStop, nextStart, same } = known?.meter ?? {}
  const meter = {
    registeredKey: null,
    previousStop: previousStop ? { ...previousStop, ...own } : null,
    nextStart: nextStart ? { ...nextStart, ...own } : null,
    same: same ? own : null,
  }
  return soundInput({
    ...(prior ? { prior: { ...prior, sameSession: [own] } } : {}),
    ...(known ? { known: { ...known, meter } } : {}),
  })
}

others.run()
