import { sql } from '../../src/db/sql.ts'
import type { Lane, Pair } from './dispute-model-hub.ts'
import type { Cdr, Dispute, Model, Money, Part } from './dispute-model.ts'
import { isUndecided } from './dispute-model.ts'
import { balances } from './dispute-model-accounts.ts'

type SeenPart = {
  part: number
  kind: string
  net: string
  tax: string
  book: string
  cycle: string
}
type SeenDispute = {
  id: string
  code: string
  state: string
  round: number
  net: string
  tax: string
  upheld_net: string
  upheld_tax: string
  offer: string | null
  offer_by: string | null
  part: number | null
  outcome: string | null
  verb: string | null
  days: number | null
}
type SeenCdr = {
  id: string
  cdr_id: string
  state: string
  net: string
  tax: string
  part_net: string | null
  part_tax: string | null
  book: string | null
  cycle: string | null
  contest_days: number | null
  parts: SeenPart[] | null
  disputes: SeenDispute[] | null
}
type SeenAdjustment = {
  cdr_id: string
  code: string
  net: string
  tax: string
  state: string
  replacement: string | null
  difference: string | null
}
/** Everything that the database says of one pair. */
export type Seen = {
  cdrs: SeenCdr[]
  adjustments: SeenAdjustment[]
  accounts: { code: string; pending: string; posted: string }[]
  astray: string[]
}

/** Reads it in one statement, so that it is of one moment. */
export async function readSeen({ context }: Lane, pair: Pair): Promise<Seen> {
  const { owner, receiver, currency } = pair
  const [row] = await context.db.rows<{ seen: Seen }>(sql`
    with mine as materialized (
      select c.id, c.cdr_id, s.state, s.net_micros, s.tax_micros, s.part_net, s.part_tax, s.booked, s.cycle_id,
        s.contest_until from cdrs c join cdr_states s on s.cdr_id = c.id
      where c.owner = ${owner} and c.receiver = ${receiver} and c.currency = ${currency}
    ), accounts as materialized (
      select * from ledger_accounts where currency = ${currency} and (code like ${`obl:${receiver}>${owner}:%`}
        or code = ${`pos:${owner}`} or code like ${`pos:${owner}:%`} or code like ${`pos:${receiver}:%`})
    )
    select jsonb_build_object(
      'cdrs', (select coalesce(jsonb_agg(jsonb_build_object('id', m.id::text, 'cdr_id', m.cdr_id, 'state', m.state,
          'net', m.net_micros::text, 'tax', m.tax_micros::text, 'part_net', m.part_net::text, 'part_tax', m.part_tax::text,
          'book', m.booked->>'book', 'cycle', m.cycle_id,
          'contest_days', extract(epoch from m.contest_until - clock_timestamp()) / 86400,
          'parts', (select jsonb_agg(jsonb_build_object('part', p.part, 'kind', p.kind, 'net', p.net_micros::text,
            'tax', p.tax_micros::text, 'book', p.book, 'cycle', p.cycle_id) order by p.part)
            from cdr_parts p where p.cdr_id = m.id),
          'disputes', (select jsonb_agg(jsonb_build_object('id', d.id::text, 'code', d.code, 'state', d.state,
            'round', d.round, 'net', d.net_micros::text, 'tax', d.tax_micros::text, 'upheld_net', d.upheld_net::text,
            'upheld_tax', d.upheld_tax::text, 'offer', d.proposed_net::text || '+' || d.proposed_tax::text,
            'offer_by', d.proposed_by, 'part', d.part, 'outcome', d.outcome, 'verb', d.default_verb,
            'days', extract(epoch from d.deadline_at - clock_timestamp()) / 86400) order by d.id)
            from disputes d where d.cdr_id = m.id)) order by m.id), '[]') from mine m),
      'adjustments', (select coalesce(jsonb_agg(jsonb_build_object('cdr_id', m.cdr_id, 'code', d.code,
          'net', a.net_micros::text, 'tax', a.tax_micros::text, 'state', a.state,
          'replacement', r.cdr_id, 'difference', a.difference_net::text || '+' || a.difference_tax::text) order by a.id), '[]')
        from adjustments a join mine m on m.id = a.cdr_id join disputes d on d.id = a.dispute_id
        left join cdrs r on r.id = a.replacement_id),
      'accounts', (select coalesce(jsonb_agg(jsonb_build_object('code', code,
          'pending', (debits_pending - credits_pending)::text, 'posted', (debits_posted - credits_posted)::text)), '[]')
        from accounts),
      'astray', (select coalesce(jsonb_agg(a.code), '[]') from accounts a
        left join lateral (
          select coalesce(sum(case when t.kind = 'pending' and r.id is null then t.amount_micros end) filter (
              where t.debit_account_id = a.id), 0) as dp,
            coalesce(sum(case when t.kind in ('posted', 'post') then t.amount_micros end) filter (
              where t.debit_account_id = a.id), 0) as dd,
            coalesce(sum(case when t.kind = 'pending' and r.id is null then t.amount_micros end) filter (
              where t.credit_account_id = a.id), 0) as cp,
            coalesce(sum(case when t.kind in ('posted', 'post') then t.amount_micros end) filter (
              where t.credit_account_id = a.id), 0) as cc
          from ledger_transfers t left join ledger_transfers r on r.pending_id = t.id
          where t.debit_account_id = a.id or t.credit_account_id = a.id) s on true
        where (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted) <> (s.dp, s.dd, s.cp, s.cc))
    ) as seen`)
  if (!row) throw new Error('nothing can be read')
  return row.seen
}

type Names = Pair & { cycle: (number: number) => string }

/** What was seen, line by line; deadlines in whole days. */
export function linesOfSeen(seen: Seen): string[] {
  const cdrs = seen.cdrs.flatMap((cdr) => [
    `cdr ${cdr.cdr_id} ${cdr.state}, ${part0Line(cdr)}${daysText('approved', cdr.contest_days)}`,
    ...(cdr.parts ?? []).map(
      ({ part, kind, net, tax, book, cycle }) =>
        `  part ${cdr.cdr_id}#${part} ${kind} ${book}${book === 'ended' ? '' : ` ${net}+${tax} in ${cycle}`}`,
    ),
    ...(cdr.disputes ?? []).map(
      (one) =>
        `  dispute ${cdr.cdr_id} ${one.code} ${one.state} ${one.net}+${one.tax} upheld ${one.upheld_net}+${one.upheld_tax} ` +
        `round ${one.round}${offerText(one)}${one.part === null ? '' : ` part ${one.part}`}` +
        `${one.outcome === null ? '' : ` ${one.outcome}`}${daysText(one.verb ?? '', one.days)}`,
    ),
  ])
  const adjustments = seen.adjustments.map(
    ({ cdr_id, code, net, tax, state, replacement, difference }) =>
      `adjustment ${cdr_id} ${code} ${net}+${tax} ${state} ${replacement ?? 'none'} ${difference ?? '-'}`,
  )
  const accounts = seen.accounts.flatMap(({ code, pending, posted }) => [
    ...(pending === '0' ? [] : [`account ${code} pending ${pending}`]),
    ...(posted === '0' ? [] : [`account ${code} posted ${posted}`]),
  ])
  return [...cdrs, ...adjustments.toSorted(), ...accounts.toSorted()]
}

function part0Line(cdr: SeenCdr): string {
  if (cdr.book === null) return 'booked nowhere'
  return `${cdr.part_net ?? cdr.net}+${cdr.part_tax ?? cdr.tax} ${cdr.book} in ${cdr.cycle}`
}

function offerText({ offer, offer_by: by }: SeenDispute): string {
  if (offer === null) return ''
  return ` offer ${offer} by ${by === 'hub' ? 'operator' : by}`
}

function daysText(what: string, days: number | null): string {
  return days === null ? '' : `, ${what} in ${Math.round(days)} d`
}

/** What the model says, in the same lines. */
export function linesOfModel(model: Model, names: Names): string[] {
  const money = ({ net, tax }: Money) => `${net}+${tax}`
  const partLine = (cdr: Cdr, { no, kind, money: amount, book, cycle }: Part) =>
    `  part ${cdr.id}#${no} ${kind} ${book}${book === 'ended' ? '' : ` ${money(amount)} in ${names.cycle(cycle)}`}`
  const disputeLine = (cdr: Cdr, one: Dispute) =>
    `  dispute ${cdr.id} ${one.code} ${one.state} ${money(one.amount)} upheld ${money(one.upheld)} round ${one.round}` +
    `${one.offer === null ? '' : ` offer ${money(one.offer.money)} by ${one.offer.by}`}` +
    `${one.part === null ? '' : ` part ${one.part.no}`}${one.outcome === null ? '' : ` ${one.outcome}`}` +
    daysText(one.deadline?.verb ?? '', one.deadline === null ? null : one.deadline.day - model.day)
  const cdrs = model.cdrs.flatMap((cdr) => [
    `cdr ${cdr.id} ${cdr.state}, ` +
      (cdr.part0 === null
        ? 'booked nowhere'
        : `${money(cdr.part0.money)} ${cdr.part0.book} in ${names.cycle(cdr.part0.cycle)}`) +
      daysText('approved', cdr.contestDay === null ? null : cdr.contestDay - model.day),
    ...cdr.parts.map((part) => partLine(cdr, part)),
    ...cdr.disputes.map((one) => disputeLine(cdr, one)),
  ])
  const adjustments = model.adjustments.map(
    (one) =>
      `adjustment ${one.cdr.id} ${one.dispute.code} ${money(one.money)} ${one.state} ${one.replacement ?? 'none'} ${one.difference === null ? '-' : money(one.difference)}`,
  )
  const accounts = [...balances(model, names)].map(([code, micros]) => `account ${code} ${micros}`)
  return [...cdrs, ...adjustments.toSorted(), ...accounts.toSorted()]
}

/** What no history may leave behind, read from the database alone. */
export function brokenLaws(seen: Seen): string[] {
  const broken = seen.astray.map((code) => `the total of ${code} is not the sum of its transfers`)
  for (const { replacement, cdr_id: id } of seen.adjustments)
    if (
      replacement !== null &&
      seen.adjustments.some((one) => one.replacement === replacement && one.cdr_id !== id)
    )
      broken.push(`${replacement} replaces ${id}, and another one`)
  for (const cdr of seen.cdrs) {
    const disputes = cdr.disputes ?? []
    const open = disputes.filter((one) => isUndecided({ state: one.state }))
    const claim = BigInt(cdr.net ?? '0')
    const taken = disputes.reduce(
      (sum, one) => sum + BigInt(open.includes(one) ? one.net : one.upheld_net),
      0n,
    )
    if (claim >= 0n && taken > claim)
      broken.push(`${cdr.cdr_id}: ${taken} are disputed or upheld of ${claim}`)
    for (const one of disputes)
      if ((one.outcome === null) !== (one.days !== null))
        broken.push(
          `${cdr.cdr_id}: dispute ${one.id} is open without a deadline, or closed with one`,
        )
    const held = (cdr.parts ?? []).filter(({ book }) => book === 'held')
    for (const { part, net } of held) {
      const holders = open.filter((one) => one.part === part)
      if (holders.length !== 1 || holders[0]?.net !== net)
        broken.push(`${cdr.cdr_id}: part ${part} is held by ${holders.length} open disputes`)
    }
    const standing = (cdr.parts ?? []).filter(({ book }) => book !== 'ended')
    const sum = standing.reduce(
      (all, { net }) => all + BigInt(net),
      cdr.book === null ? 0n : BigInt(cdr.part_net ?? cdr.net),
    )
    const upheld = disputes
      .filter((one) => !open.includes(one))
      .reduce((all, one) => all + BigInt(one.upheld_net), 0n)
    if (cdr.book !== null && cdr.state !== 'credited' && claim >= 0n && sum + upheld !== claim)
      broken.push(`${cdr.cdr_id}: parts of ${sum} and ${upheld} upheld do not make ${claim}`)
  }
  return broken
}
