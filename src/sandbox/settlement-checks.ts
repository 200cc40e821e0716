import type { AdminCdr, AdminStatement, Position } from './admin.ts'
import { check } from './checks.ts'
import type { Check } from './checks.ts'
import type { MeantCdr } from './demo-books.ts'
import { amountText, decimalUnits } from './decimals.ts'
import { needText, objectIn } from './json.ts'

const COLUMNS = ['approved', 'provisional', 'held'] as const
type Column = (typeof COLUMNS)[number]
/** `held`: how many CDRs of which only a part is held are in it. */
type Sum = { net: bigint; tax: bigint; count: number; held: number }

/** How far the part of a CDR that is held may be from our reckoning of it: our prices have four decimals. */
const PART_SLACK = 100n

/** A cycle as the demo closed and finalized it, and the cycle that was open afterwards. */
export type SettledCycle = {
  id: string
  currency: string
  preliminary: AdminStatement[]
  final: AdminStatement[]
  positions: Position[]
  openAfter: string | undefined
}

/** Statements against the sandbox's own books, per pair and column, to the micro-unit. */
export function settlementChecks(request: {
  meant: MeantCdr[]
  cycles: SettledCycle[]
  after: AdminCdr[]
}): Check[] {
  const { meant, cycles, after } = request
  const stated = meant.filter((cdr) => cdr.state !== 'quarantined')
  const currencies = new Set(stated.map((cdr) => cdr.currency))
  const unsettled = [...currencies].filter(
    (currency) => !cycles.some((cycle) => cycle.currency === currency),
  )
  const of = (cycle: SettledCycle) => stated.filter((cdr) => cdr.currency === cycle.currency)
  return [
    check(
      'preliminary statements are the sum of their CDRs, per pair and column',
      unsettled
        .map((currency) => `no cycle in ${currency}`)
        .concat(cycles.flatMap((cycle) => statementFaults(of(cycle), cycle.preliminary))),
    ),
    check(
      'final statements are the sum of their approved CDRs, per pair',
      cycles.flatMap((cycle) => statementFaults(of(cycle), cycle.final, ['approved'])),
    ),
    check('positions add up to zero', cycles.flatMap(positionFaults)),
    check(
      'what is not approved is carried to the open cycle',
      carriedFaults({ stated, cycles, after }),
    ),
  ]
}

type Line = { column: Column; net: bigint; tax: bigint; isPart?: boolean }

/** The lines of a CDR: all of it, or of a held one what is disputed and the rest. */
function linesOf(cdr: MeantCdr): Line[] {
  const { state, net, tax, heldNet, heldTax } = cdr
  if (state === 'quarantined') return []
  if (state !== 'held') return [{ column: state, net, tax }]
  if (net === heldNet) return [{ column: 'held', net, tax }]
  return [
    { column: cdr.rest, net: net - heldNet, tax: tax - heldTax, isPart: true },
    { column: 'held', net: heldNet, tax: heldTax, isPart: true },
  ]
}

/** Both sides of every pair against the books, and each statement's totals against its lines. */
function statementFaults(
  cdrs: MeantCdr[],
  statements: AdminStatement[],
  columns: readonly Column[] = COLUMNS,
): string[] {
  const expected = new Map<string, Sum>()
  for (const cdr of cdrs) {
    for (const line of linesOf(cdr)) {
      if (!columns.includes(line.column)) continue
      for (const side of [
        `${cdr.owner} gets from ${cdr.receiver}`,
        `${cdr.receiver} owes ${cdr.owner}`,
      ]) {
        add(expected, `${side}, ${line.column}`, line)
        if (columns === COLUMNS) add(expected, `${side}, in all`, { ...line, isPart: false })
      }
    }
  }
  const actual = new Map<string, Sum>()
  const wrong: string[] = []
  for (const statement of statements) {
    for (const line of statement.lines) {
      const verb = line.direction === 'gets' ? 'gets from' : 'owes'
      const amounts = { net: decimalUnits(line.net, 6), tax: decimalUnits(line.tax, 6) }
      add(actual, `${statement.party} ${verb} ${line.counterparty}, ${line.state}`, amounts)
      if (columns === COLUMNS)
        add(actual, `${statement.party} ${verb} ${line.counterparty}, in all`, amounts)
    }
    wrong.push(...totalsFaults(statement))
  }
  for (const [key, sum] of expected) {
    const found = actual.get(key)
    if (!found || !isSame(found, sum)) {
      wrong.push(`${key}: expected ${told(sum)}, found ${told(found)}`)
    }
  }
  for (const [key, sum] of actual) {
    if (!expected.has(key)) wrong.push(`${key}: expected nothing, found ${told(sum)}`)
  }
  return wrong
}

function totalsFaults(statement: AdminStatement): string[] {
  return COLUMNS.flatMap((column) =>
    (['owes', 'gets'] as const).flatMap((side) => {
      const lines = statement.lines.filter(
        (line) => line.state === column && line.direction === side,
      )
      const stated = objectIn(objectIn(statement.totals[column])[side])
      const sum = (key: 'net' | 'tax') =>
        lines.reduce((total, line) => total + decimalUnits(line[key], 6), 0n)
      const isRight = (['net', 'tax'] as const).every(
        (key) => decimalUnits(needText(stated, key), 6) === sum(key),
      )
      return isRight
        ? []
        : [`${statement.party} ${column} ${side}: totals are not the sum of lines`]
    }),
  )
}

function positionFaults(cycle: SettledCycle): string[] {
  const units = (position: Position) => decimalUnits(position.net, 6)
  const total = cycle.positions.reduce((sum, position) => sum + units(position), 0n)
  const wrong = total === 0n ? [] : [`${cycle.id}: ${amountText(total)} left over`]
  for (const statement of cycle.final) {
    const gets = sideOf(statement, 'gets')
    const owes = sideOf(statement, 'owes')
    const named = cycle.positions.find((position) => position.party === statement.party)
    const position = named ? units(named) : 0n
    if (position !== gets - owes) {
      wrong.push(`${cycle.id}: ${statement.party} is at ${amountText(position)}, its statement not`)
    }
  }
  return wrong
}

/** What a party gets or owes by its statement: approved, with tax, in micro-units. */
export function sideOf(
  statement: AdminStatement,
  side: 'gets' | 'owes',
  column: Column = 'approved',
) {
  const amounts = objectIn(objectIn(statement.totals[column])[side])
  return decimalUnits(needText(amounts, 'gross'), 6)
}

function carriedFaults(request: {
  stated: MeantCdr[]
  cycles: SettledCycle[]
  after: AdminCdr[]
}): string[] {
  const { stated, cycles, after } = request
  const byKey = new Map(after.map((cdr) => [`cdrs/${cdr.owner}/${cdr.id}`, cdr]))
  const wrong: string[] = []
  for (const cycle of cycles) {
    const mine = stated.filter((cdr) => cdr.currency === cycle.currency)
    for (const cdr of mine) {
      const now = byKey.get(cdr.key)?.cycle
      const isSettled = linesOf(cdr).some(({ column }) => column === 'approved')
      const wanted = isSettled ? cycle.id : cycle.openAfter
      if (now !== wanted) wrong.push(`${cdr.key} is in ${now}, expected ${wanted}`)
    }
    const carried = mine.flatMap(linesOf).filter(({ column }) => column !== 'approved').length
    const told = cycle.final.reduce((sum, statement) => sum + statement.carriedCount, 0)
    // Each carried line stands on two statements: its operator's and its provider's.
    if (told !== carried * 2)
      wrong.push(`${cycle.id}: statements name ${told / 2} carried, not ${carried}`)
  }
  return wrong
}

function isSame(found: Sum, expected: Sum): boolean {
  const slack = PART_SLACK * BigInt(expected.held)
  const isNear = (one: bigint, other: bigint) => one - other <= slack && other - one <= slack
  return (
    isNear(found.net, expected.net) &&
    isNear(found.tax, expected.tax) &&
    found.count === expected.count
  )
}

function add(sums: Map<string, Sum>, key: string, amounts: Omit<Line, 'column'>): void {
  const known = sums.get(key) ?? { net: 0n, tax: 0n, count: 0, held: 0 }
  known.net += amounts.net
  known.tax += amounts.tax
  known.count += 1
  if (amounts.isPart === true) known.held += 1
  sums.set(key, known)
}

function told(sum: Sum | undefined): string {
  return sum ? `${sum.count} lines, ${amountText(sum.net)} + ${amountText(sum.tax)}` : 'nothing'
}
