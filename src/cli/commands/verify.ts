import { statSync } from 'node:fs'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import type { Found } from '../verify/cases.ts'
import { findCases } from '../verify/cases.ts'
import { codeRows, codesText } from '../verify/codes-text.ts'
import { reportOf, reportText } from '../verify/report.ts'
import { runCase } from '../verify/run-case.ts'

/** Other people's cases, held against ours. */
export const verifyCommands: readonly Command[] = [
  {
    words: 'verify',
    args: ['[DIR]'],
    about:
      'Run a folder of cases (cdr.json, tariff.json, expected.json, meta.json) and compare every figure (0: all current cases agree, 1: one disagrees, 2: no case there); needs no hub',
    options: {
      codes: {
        about:
          "list the references' codes and ours that stand for them, and what the policy of each peer leaves out, instead of a run",
      },
    },
    run: verifyFolder,
  },
]

const PROGRESS_EACH = 1_000

async function verifyFolder({ args, flag, progress }: CommandCall): Promise<Outcome> {
  if (flag('codes')) {
    const rows = codeRows()
    return { code: EXIT.ok, text: codesText(rows), json: rows }
  }
  const folder = args[0]
  if (folder === undefined)
    throw new CliStop(EXIT.usage, 'Write: verify DIR; `verify --codes` needs none.')
  const { folders, oddities } = casesBelow(folder)
  if (folders.length === 0) {
    throw new CliStop(
      EXIT.cannot,
      `${folder} holds no case; a case is a folder with expected.json beside cdr.json or tariff.json.`,
    )
  }
  const results = folders.map((each, index) => {
    if (index > 0 && index % PROGRESS_EACH === 0) progress(`${index} of ${folders.length} cases`)
    return runCase(each)
  })
  const report = reportOf(results, oddities)
  const code = report.gate ? EXIT.ok : EXIT.differs
  return { code, text: reportText(report), json: report }
}

function casesBelow(folder: string): Found {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CliStop(EXIT.cannot, `${folder} is no folder; is the path right?`)
  try {
    return findCases(folder)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new CliStop(EXIT.cannot, `${folder} cannot be read: ${why}`)
  }
}
