import type { Check } from './checks.ts'
import { amountText } from './decimals.ts'
import type { MeantCdr, PlatformBooks } from './demo-books.ts'
import type { Json } from './json.ts'
import { sideOf } from './settlement-checks.ts'
import type { SettledCycle } from './settlement-checks.ts'
import type { Supplied } from './world.ts'

type HeldExample = {
  cdr: MeantCdr
  code: string
  sentence: string
  expected: string
  actual: string
  difference: string
}

/** What the demo found out, before it is told. */
export type Findings = {
  sent: { locations: number; tariffs: number; tokens: number; sessions: number; cdrs: number }
  cleared: number
  held: { code: string; count: number }[]
  examples: HeldExample[]
  /** One dispute from its opening to its end. */
  story: string[]
  books: PlatformBooks[]
  cycles: SettledCycle[]
  ledger: { isOk: boolean; differences: number }
  checks: Check[]
  supplied: Supplied[]
}

/** What each party gets and owes by the final statements, in its currency. */
function positionsOf(cycles: SettledCycle[]) {
  return cycles.flatMap((cycle) =>
    cycle.final.map((statement) => {
      const gets = sideOf(statement, 'gets')
      const owes = sideOf(statement, 'owes')
      const role = cycle.preliminary
        .find((one) => one.party === statement.party)
        ?.lines.some((line) => line.direction === 'owes')
        ? 'EMSP'
        : 'CPO'
      const { party } = statement
      return { party, role, currency: cycle.currency, gets, owes, net: gets - owes }
    }),
  )
}

/** The summary as the JSON file of `--json` holds it. */
export function summaryJson(findings: Findings): Json {
  return {
    sent: findings.sent,
    cleared: findings.cleared,
    held: findings.held,
    parties: positionsOf(findings.cycles).map((one) => ({
      party: one.party,
      role: one.role,
      currency: one.currency,
      gets: amountText(one.gets),
      owes: amountText(one.owes),
      net: amountText(one.net),
    })),
    ledger: { ok: findings.ledger.isOk },
    checks: findings.checks.map(({ name, ok }) => ({ name, ok })),
  }
}

/** The summary for a person. */
export function summaryText(findings: Findings): string {
  return [
    ...exchanged(findings),
    ...clearing(findings),
    ...disputed(findings),
    ...settled(findings),
    ...supplied(findings),
    ...checked(findings),
    '',
  ].join('\n')
}

function exchanged({ sent, books }: Findings): string[] {
  const total = (of: (one: PlatformBooks) => number) => books.reduce((sum, one) => sum + of(one), 0)
  const deliveries = total((one) =>
    [...one.receivedCdrs.values()].reduce((sum, got) => sum + got.times, 0),
  )
  const distinct = total((one) => one.receivedCdrs.size)
  return [
    '',
    'WHAT WAS EXCHANGED',
    `  sent to the hub     ${sent.locations} locations, ${sent.tariffs} tariffs, ${sent.tokens} tokens, ` +
      `${sent.sessions} sessions, ${sent.cdrs} CDRs`,
    `  messages            ${total((one) => one.messages)}, repeated after a failure: ${total((one) => one.retries)}`,
    `  authorised live     ${total((one) => one.authorizations)} cards`,
    `  CDRs delivered      ${distinct}, delivered again: ${deliveries - distinct}`,
  ]
}

function clearing({ cleared, held, examples }: Findings): string[] {
  const count = held.reduce((sum, one) => sum + one.count, 0)
  const lines = ['', 'WHAT CLEARED', `  cleared ${cleared}, held ${count}`]
  for (const { code, count: times } of held) lines.push(`    ${code.padEnd(4)} ${times}`)
  if (examples.length > 0) lines.push('', 'HELD, FOR EXAMPLE')
  for (const one of examples) {
    const { cdr } = one
    const held = amountText(cdr.heldNet)
    lines.push(
      `  ${cdr.id} of ${cdr.owner} to ${cdr.receiver}: ${one.code}`,
      `    claimed ${amountText(cdr.net)} ${cdr.currency}, should cost ${amountText(cdr.expectedNet)}, ` +
        `difference ${amountText(cdr.net - cdr.expectedNet)} (without tax)`,
      `    the hub: ${one.sentence}`,
      ...(cdr.state === 'held' ? [`    held ${held} ${cdr.currency}${restOf(cdr)}`] : []),
    )
    if (one.difference !== '') {
      lines.push(
        `    it expected ${one.expected}, found ${one.actual}, difference ${one.difference}`,
      )
    }
  }
  return lines
}

function restOf(cdr: MeantCdr): string {
  return cdr.heldNet === cdr.net ? ', which is all of it' : ', the rest settles'
}

function disputed({ story }: Findings): string[] {
  return story.length === 0
    ? []
    : ['', 'A DISPUTE, TO ITS END', ...story.map((line) => `  ${line}`)]
}

function settled({ cycles, ledger }: Findings): string[] {
  const lines = ['', 'WHO OWES WHOM (approved, with tax where it is known)']
  for (const one of positionsOf(cycles)) {
    if (one.gets === 0n && one.owes === 0n) continue
    const verb = one.net >= 0n ? 'gets' : 'owes'
    const net = one.net >= 0n ? one.net : -one.net
    lines.push(
      `  ${one.party} ${one.role.padEnd(4)} ${verb} ${amountText(net).padStart(14)} ${one.currency}`,
    )
  }
  for (const cycle of cycles) {
    const carried = cycle.final.reduce((sum, one) => sum + one.carriedCount, 0) / 2
    lines.push(
      `  ${cycle.id}: ${carried} lines not approved, carried to ${cycle.openAfter ?? 'nowhere'}`,
    )
  }
  const verdict = ledger.isOk ? 'balances' : `DOES NOT BALANCE: ${ledger.differences} differences`
  return [...lines, `  the ledger ${verdict}`]
}

function supplied(findings: Findings): string[] {
  const lines = ['', 'WHAT THE DEMO SUPPLIED OR CHANGED']
  for (const { what, count } of findings.supplied)
    lines.push(`  ${String(count).padStart(6)}  ${what}`)
  return lines
}

function checked({ checks }: Findings): string[] {
  const lines = ['', 'CHECKS']
  for (const one of checks) {
    lines.push(`  ${one.ok ? 'ok    ' : 'FAILED'} ${one.name}`)
    for (const wrong of one.wrong) lines.push(`           ${wrong}`)
  }
  return lines
}
