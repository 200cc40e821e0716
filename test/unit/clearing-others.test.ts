// Law: what is said of a CDR names no CDR that was billed to another eMSP.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judge } from '../../src/clearing/judge.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { soundInput } from '../helpers/clearing-case.ts'
import { day, reading } from '../helpers/clearing-known.ts'

const others = suite('clearing: CDRs of other eMSPs')
const foreign = { cdrId: 'SECRET-1', isForAnother: true }
const meter = (kwh: string): CaseChanges => ({
  known: {
    signed: [reading()],
    meter: { registeredKey: null, previousStop: { kwh, at: day('09:00:00'), ...foreign } },
  },
})

const cases: [code: string, CaseChanges][] = [
  ['D2', { prior: { sameSession: [foreign], overlapping: [] } }],
  ['D4', meter('1020.4')],
  ['G5', meter('1000.011')],
]

for (const [code, changes] of cases)
  others(`${code} keeps its id to itself`, () => {
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
  const stop = known?.meter?.previousStop
  return soundInput({
    ...(prior ? { prior: { ...prior, sameSession: [own] } } : {}),
    ...(known && stop
      ? {
          known: { ...known, meter: { registeredKey: null, previousStop: { ...stop, ...own } } },
        }
      : {}),
  })
}

others.run()
