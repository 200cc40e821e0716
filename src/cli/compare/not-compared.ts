import type { Row } from './side.ts'

/**
 * What sessions on both sides could not be compared in, because a side does not say it, or says it in another way (net
 * and gross, card and contract). `sessions`: in how many; `ours`, `theirs`: in how many of them that side says it.
 */
export type NotCompared = {
  field: 'energy' | 'amount' | 'begin' | 'end' | 'currency' | 'card' | 'EVSE'
  sessions: number
  ours: number
  theirs: number
}

/** Of each field what a row says: two rows are compared where both say the same one of `by`, not by what is only `said`. */
const WAYS: Record<NotCompared['field'], (row: Row) => { by: readonly unknown[]; said?: unknown }> =
  {
    energy: ({ record }) => ({ by: [record.energyMwh] }),
    amount: ({ record, net, gross, amount }) => ({
      by: [record.moneyMicros],
      said: net ?? gross ?? amount,
    }),
    begin: ({ record }) => ({ by: [record.start] }),
    end: ({ record }) => ({ by: [record.end] }),
    currency: ({ record }) => ({ by: [record.currency] }),
    card: ({ record }) => ({ by: [record.tokenUid, record.contract] }),
    EVSE: ({ record }) => ({ by: [record.evse] }),
  }

type Sides = { ours: readonly Row[]; theirs: readonly Row[] }

/** What was not compared in sessions that are on both sides; nothing where neither side says it. */
export function notComparedIn(compared: readonly Sides[]): NotCompared[] {
  return FIELDS.flatMap((field) => {
    const open = compared.flatMap(({ ours, theirs }) => {
      const [a, b] = [sideOf(ours, field), sideOf(theirs, field)]
      const isCompared = a.by.some((says, way) => says && b.by[way] === true)
      return isCompared || (!a.said && !b.said) ? [] : [{ isOurs: a.said, isTheirs: b.said }]
    })
    const ours = open.filter(({ isOurs }) => isOurs).length
    const theirs = open.filter(({ isTheirs }) => isTheirs).length
    return open.length === 0 ? [] : [{ field, sessions: open.length, ours, theirs }]
  })
}

/** `energy: only theirs says it, in 3 sessions`. */
export function notComparedText({ field, sessions, ours, theirs }: NotCompared): string {
  const who =
    theirs === 0
      ? 'only ours says it'
      : ours === 0
        ? 'only theirs says it'
        : ours === sessions && theirs === sessions
          ? 'the sides do not say it in the same way'
          : 'only one side says it'
  return `${field}: ${who}, in ${sessions} ${sessions === 1 ? 'session' : 'sessions'}`
}

const FIELDS = ['energy', 'amount', 'begin', 'end', 'currency', 'card', 'EVSE'] as const

/** `by`: whether every row of a side says it so; `said`: whether one of them says it at all. */
function sideOf(
  rows: readonly Row[],
  field: NotCompared['field'],
): { by: boolean[]; said: boolean } {
  const ways = rows.map(WAYS[field])
  const by = (ways[0]?.by ?? []).map((_, way) => ways.every((each) => each.by[way] !== null))
  const said = ways.some((each) => [...each.by, each.said ?? null].some((value) => value !== null))
  return { by, said }
}
