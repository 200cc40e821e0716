/**
 * Small differences of one sign, added up (S4). Each is within tolerance, so that no rule speaks of it; together they are
 * money. `rise` is a CUSUM: what they come to beyond a slack per CDR that honest rounding and meters may take, never
 * below zero. All exact, in micro-units; the order is that of the CDRs.
 */
export type BiasRun = {
  rise: bigint
  /** Since the rise was last zero: how many CDRs, what their differences, slacks and squares add up to. */
  count: number
  sum: bigint
  slack: bigint
  squares: bigint
  /** How many of them are no more than their slack. */
  others: number
}

export const NO_RUN: BiasRun = { rise: 0n, count: 0, sum: 0n, slack: 0n, squares: 0n, others: 0 }

/** The slack is a thousandth of the amount: an always of 0.4 % stands out, as much above as below does not. */
const SLACK_SHARE = 1_000n

/**
 * A walk of honest differences (as often up as down) reaches a height h with a probability of about e^(−2·slack·h/σ²);
 * e^−24 never happens, even to whoever has millions of CDRs.
 */
const CERTAINTY = 24n

/** As many tosses of a coin in a row: where none is otherwise, how much they scatter says nothing. */
const WITHOUT_EXCEPTION = 24

/** What honest rounding and meters may take of this amount; at least a micro-unit. */
export function slackOf(amount: bigint): bigint {
  const share = (amount < 0n ? -amount : amount) / SLACK_SHARE
  return share > 0n ? share : 1n
}

/** The run after one more CDR: `delta` is its claim less what was expected, `amount` what was expected. */
export function addDelta(
  run: BiasRun,
  { delta, amount }: { delta: bigint; amount: bigint },
): BiasRun {
  const slack = slackOf(amount)
  const rise = run.rise + delta - slack
  if (rise <= 0n) return NO_RUN
  return {
    rise,
    count: run.count + 1,
    sum: run.sum + delta,
    slack: run.slack + slack,
    squares: run.squares + delta * delta,
    others: run.others + (delta > slack ? 0 : 1),
  }
}

/** Energy in mWh that a CDR bills for `cost` micro-units, and how much somebody else says it was. */
export type EnergyApart = { billed: bigint; other: bigint; cost: bigint }

/** What billing more energy than that comes to, at what a kWh costs in the CDR; cut to a micro-unit. */
export function energyDelta({ billed, other, cost }: EnergyApart): bigint {
  return billed === 0n ? 0n : (cost * (billed - other)) / billed
}

/** True when it is money (`material`: micro-units) and no chance. */
export function isBias(run: BiasRun, material: bigint): boolean {
  if (run.count === 0 || run.sum < material) return false
  if (run.others === 0 && run.count >= WITHOUT_EXCEPTION) return true
  return 2n * run.slack * run.rise >= CERTAINTY * run.squares
}
