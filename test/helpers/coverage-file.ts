import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { coverageOf } from './coverage.ts'
import type { Ran } from './coverage.ts'

const file = path.resolve(import.meta.dirname, '../conformance/COVERAGE.md')

/** Writes COVERAGE.md, or finds it not to be of the tests that ran; gives every fault as a sentence. */
export function judgeCoverage(ran: readonly Ran[], isWriting: boolean): string[] {
  const { text, faults } = coverageOf(ran)
  if (isWriting) writeFileSync(file, text)
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== text)
    faults.push('COVERAGE.md is not of these tests: npm test -- conformance --write-coverage')
  return faults
}
