/** What `debtor` owes `creditor` in one currency, in micro-units; negative where credits outweigh. */
export type Obligation = {
  readonly debtor: string
  readonly creditor: string
  readonly micros: bigint
}

/** The net positions of all parties, sorted by party: positive gets, negative owes; they add up to zero. */
export type Position = { readonly party: string; readonly micros: bigint }

/**
 * Nets each pair of parties against each other: at most one obligation per pair, never negative, sorted. Pairs that net
 * to zero are left out; so is what a party owes itself.
 */
export function bilateral(obligations: readonly Obligation[]): Obligation[] {
  const nets = new Map<string, Obligation>()
  for (const { debtor, creditor, micros } of obligations) {
    if (debtor === creditor) continue
    const [first, second, owed] =
      debtor < creditor ? [debtor, creditor, micros] : [creditor, debtor, -micros]
    const key = `${first}>${second}`
    nets.set(key, { debtor: first, creditor: second, micros: (nets.get(key)?.micros ?? 0n) + owed })
  }
  return [...nets.values()]
    .filter((net) => net.micros !== 0n)
    .map((net) =>
      net.micros > 0n ? net : { debtor: net.creditor, creditor: net.debtor, micros: -net.micros },
    )
    .sort((a, b) => compare(a.debtor, b.debtor) || compare(a.creditor, b.creditor))
}

/** Nets everybody against everybody: what each party gets less what it owes. Every party named appears. */
export function multilateral(obligations: readonly Obligation[]): Position[] {
  const nets = new Map<string, bigint>()
  const add = (party: string, micros: bigint): void =>
    void nets.set(party, (nets.get(party) ?? 0n) + micros)
  for (const { debtor, creditor, micros } of obligations) {
    add(creditor, micros)
    add(debtor, -micros)
  }
  return [...nets]
    .map(([party, micros]) => ({ party, micros }))
    .sort((a, b) => compare(a.party, b.party))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
