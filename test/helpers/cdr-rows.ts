import type { Judged } from '../../src/hub/cdrs/clear-decide.ts'
import type { CdrRow, PartRow } from '../../src/hub/cdrs/clear-facts.ts'
import type { Transition } from '../../src/hub/cdrs/transition.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'

/** When everything of these rows happened. */
export const at = new Date('2026-03-02T12:06:00Z')

/** A CDR that has just been received. */
export const received: CdrRow = {
  id: 1n,
  owner: 'NL-TNM',
  cdr_key: 'a',
  ocpi_version: '2.2.1',
  cdr_id: 'A',
  platform_id: 'p',
  channel: 'push',
  sha256: '',
  receiver: 'DE-EMA',
  value: {},
  text_211: null,
  session_key: 's',
  token_key: 't',
  location_key: null,
  is_credit: false,
  original_key: null,
  started_at: at,
  ended_at: at,
  currency: 'EUR',
  received_at: at,
  correlation_id: 'x',
  doubts: [],
  state: 'received',
  epoch: 0,
  cycle_id: null,
  net_micros: null,
  tax_micros: null,
  tax_known: false,
  residue: null,
  part_net: null,
  part_tax: null,
  booked: null,
  contest_until: null,
  delivery: 'none',
  agreement_version: null,
  cycle_final: false,
  parts: [],
}

/** 3.00 and 0.60 of tax in its contest period. */
export const provisional: CdrRow = {
  ...received,
  state: 'provisional',
  epoch: 1,
  cycle_id: 'EUR-1',
  net_micros: 3_000_000n,
  tax_micros: 600_000n,
  tax_known: true,
  booked: { book: 'provisional', epoch: 1, cycleId: null, leg: 'cdr:NL-TNM/a:epoch:1#1' },
  contest_until: new Date('2026-04-01T12:06:00Z'),
}

/** The same, approved. */
export const approved: CdrRow = {
  ...provisional,
  state: 'approved',
  epoch: 2,
  booked: { book: 'due', epoch: 2, cycleId: 'EUR-1', leg: null },
  contest_until: null,
}

/** The row that a transition leaves behind; parts of drafts belong to dispute 7. */
export function after(transition: Transition): CdrRow {
  const { row, parts } = transition
  const changed = new Set(parts.map(({ part }) => part))
  const codes = new Map(transition.drafts.map((draft) => [draft.part, draft.code]))
  const written = parts.map((part): PartRow => ({
    ...part,
    dispute_id: part.dispute_id ?? 7n,
    cycle_final: false,
    code: codes.get(part.part) ?? row.parts.find((one) => one.part === part.part)?.code ?? 'P1',
    dispute_state: transition.state === 'held' ? 'draft' : 'open',
    opened_by: 'hub',
    outcome: null,
  }))
  return {
    ...row,
    state: transition.state,
    epoch: transition.epoch,
    cycle_id: transition.cycleId,
    net_micros: transition.netMicros,
    tax_micros: transition.taxMicros,
    tax_known: transition.taxKnown,
    part_net: transition.partNet,
    part_tax: transition.partTax,
    booked: transition.booked,
    contest_until: transition.contestUntil,
    parts: [...row.parts.filter(({ part }) => !changed.has(part)), ...written].sort(
      (a, b) => a.part - b.part,
    ),
  }
}

/** What clearing found out: a verdict over a claim of 3.00 and 0.60 of tax, or `net`. */
export function judged(
  row: CdrRow,
  more: Partial<Judged['judgement']> & { of?: CdrRow; net?: string; contestDays?: number },
): Judged {
  const { of, net = '3', contestDays = 30, ...judgement } = more
  return {
    row,
    agreed: { version: 0, terms: { ...defaultTerms, contest_days: contestDays } },
    judgement: {
      verdict: 'clear',
      missing: [],
      code: null,
      findings: [],
      amounts: { currency: 'EUR', net, tax: net.startsWith('-') ? '-0.6' : '0.6' },
      atRisk: null,
      beside: null,
      ...judgement,
    },
    priced: null,
    pricing: null,
    waitUntil: at,
    original: of ?? null,
  }
}
