import type { Cdr, Model, Money } from './dispute-model.ts'

/** Every account of the pair by its code: debits less credits. Zero balances are left out. */
export function balances(
  model: Model,
  names: { owner: string; receiver: string; cycle: (number: number) => string },
): Map<string, bigint> {
  const { owner, receiver, cycle } = names
  const all = new Map<string, bigint>()
  const move = (code: string, micros: bigint) => all.set(code, (all.get(code) ?? 0n) + micros)
  for (const cdr of model.cdrs)
    for (const { money, book: where, cycle: at } of bookings(cdr)) {
      const gross = money.net + money.tax
      if (where !== 'due') {
        move(`obl:${receiver}>${owner}:${where === 'held' ? 'disp' : 'prov'} pending`, gross)
        move(`pos:${owner} pending`, -gross)
        continue
      }
      const isFinal = model.cycles.get(at) === 'final'
      move(
        isFinal ? `pos:${receiver}:${cycle(at)} posted` : `obl:${receiver}>${owner}:due posted`,
        gross,
      )
      move(`pos:${owner}:${cycle(at)} posted`, -gross)
    }
  return new Map([...all].filter(([, micros]) => micros !== 0n))
}

type Booking = { money: Money; book: 'provisional' | 'held' | 'due'; cycle: number }

/** Where a CDR stands, part by part. */
function bookings(cdr: Cdr): Booking[] {
  const parts = cdr.parts.flatMap(({ money, book: where, cycle }): Booking[] =>
    where === 'ended' ? [] : [{ money, book: where, cycle }],
  )
  return cdr.part0 === null ? parts : [cdr.part0, ...parts]
}
