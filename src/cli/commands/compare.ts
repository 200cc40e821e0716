import { exactly } from '../../clearing/decimal.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { FIELD_NAMES } from '../../clearing/records/column-names.ts'
import { compareFiles, pairsOf } from '../compare/compare-files.ts'
import type { FileComparison } from '../compare/compare-files.ts'
import { compareJson } from '../compare/compare-json.ts'
import { compareText } from '../compare/compare-text.ts'
import type { Bound, Tolerances } from '../compare/differences.ts'
import { DEFAULT_TOLERANCES } from '../compare/differences.ts'
import { shownEnergy, shownMoney } from '../compare/figures.ts'
import { patternsOf } from '../compare/patterns.ts'
import { readSide } from '../compare/side.ts'
import type { SideFile } from '../compare/side.ts'
import { readTable } from '../compare/table.ts'
import { CliStop, EXIT } from '../exit-codes.ts'

/** Two files of CDRs without a hub. */
export const compareCommands: readonly Command[] = [
  {
    words: 'compare',
    args: ['OURS', 'THEIRS'],
    about:
      'Compare two files of CDRs (CSV, a JSON list, an OCPI answer, NDJSON) session by session and say why they differ (0: the same, 1: different, rows that cannot be read, or energies or amounts that only one side says, 2: a file cannot be used); needs no hub',
    options: {
      tolerance: { value: 'BOUND', about: 'amounts equal within, the larger of both: "0.02 0.5%"' },
      'energy-tolerance': { value: 'BOUND', about: 'energies equal within: "0.05 0.5%", in kWh' },
      'time-tolerance': { value: 'SECONDS', about: 'times equal within (90)' },
      'ours-column': {
        value: 'FIELD=COLUMN',
        many: true,
        about: `which column of ours says what; without it by its name. Fields: ${FIELD_NAMES.join(', ')}`,
      },
      'theirs-column': { value: 'FIELD=COLUMN', many: true, about: 'the same for theirs' },
      'ours-zone': { value: 'ZONE', about: 'of times without one, say Europe/Berlin (UTC)' },
      'theirs-zone': { value: 'ZONE', about: 'the same for theirs' },
      all: { about: 'every line of every table, however long' },
    },
    run: compare,
  },
]

async function compare(call: CommandCall): Promise<Outcome> {
  const tolerances = tolerancesOf(call)
  const [ours, theirs] = [sideOf(call, 'ours'), sideOf(call, 'theirs')]
  const result = compareFiles(ours, theirs, tolerances)
  const show = { money: shownMoney, energy: shownEnergy }
  const patterns = patternsOf(pairsOf(result), { tolerances, show })
  const isEqual =
    patterns.length === 0 && agrees(result) && ours.bad.length + theirs.bad.length === 0
  const isOpen = result.notCompared.some(({ field }) => field === 'energy' || field === 'amount')
  const isSame = isEqual && !isOpen
  const report = { ours, theirs, result, patterns, isEqual, isSame, showsAll: call.flag('all') }
  return {
    code: isSame ? EXIT.ok : EXIT.differs,
    text: compareText(report),
    json: compareJson(report),
  }
}

function agrees(result: FileComparison): boolean {
  const { compared, suggested, ambiguous, oursOnly, theirsOnly, duplicates } = result
  const open = suggested.length + ambiguous.length + oursOnly.length + theirsOnly.length
  return (
    open + duplicates.length === 0 && compared.every(({ differences }) => differences.length === 0)
  )
}

function sideOf(call: CommandCall, which: 'ours' | 'theirs'): SideFile {
  const path = call.args[which === 'ours' ? 0 : 1] ?? ''
  call.progress(`reading ${path}`)
  const columns = new Map(
    call.options(`${which}-column`).map((text) => {
      const at = text.indexOf('=')
      if (at <= 0)
        throw new CliStop(EXIT.usage, `--${which}-column is FIELD=COLUMN, say energyKwh=Menge.`)
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()] as const
    }),
  )
  return readSide(readTable(path), { path, columns, zone: call.option(`${which}-zone`) ?? null })
}

function tolerancesOf({ option }: CommandCall): Tolerances {
  const seconds = option('time-tolerance')
  if (seconds !== undefined && !/^\d{1,6}$/.test(seconds))
    throw new CliStop(EXIT.usage, '--time-tolerance is a number of seconds.')
  return {
    cost: boundOf(option('tolerance'), 'tolerance') ?? DEFAULT_TOLERANCES.cost,
    energy: boundOf(option('energy-tolerance'), 'energy-tolerance') ?? DEFAULT_TOLERANCES.energy,
    timeMs: seconds === undefined ? DEFAULT_TOLERANCES.timeMs : Number(seconds) * 1_000,
  }
}

/** `0.02`, `0.5%`, or both; what is left out is 0. */
function boundOf(text: string | undefined, name: string): Bound | null {
  if (text === undefined) return null
  let bound: Bound = { absolute: 0n, relative: 0n }
  for (const part of text.trim().split(/[\s/,;]+/)) {
    const found = /^(\d{1,9}(?:\.\d{1,6})?)(%?)$/.exec(part)
    if (found === null)
      throw new CliStop(EXIT.usage, `--${name} is an amount, a percentage or both: "0.02 0.5%".`)
    const millionths = exactly(found[1] ?? '0') / 10n ** 30n
    bound =
      found[2] === '%'
        ? { ...bound, relative: millionths / 100n }
        : { ...bound, absolute: millionths }
  }
  return bound
}
