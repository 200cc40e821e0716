import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/** Everything that parties are told, and what it means. */
export const PARTY_EVENTS = {
  'cdr.held': 'A check failed: what is at risk of a CDR is held; what is left of it runs on',
  'cdr.contested': 'A CDR, or a part of it, is disputed',
  'cdr.approved': 'A CDR is approved: it settles with its cycle',
  'cdr.credited': 'A CDR was taken back by a credit',
  'dispute.opened': 'A dispute was opened: the CPO is to answer before its deadline',
  'dispute.changed': 'Somebody acted on a dispute, or its deadline did',
  'dispute.closed': 'A dispute is over, with its outcome',
  'dispute.deadline': 'A deadline is near: what happens by itself if nobody acts',
  'adjustment.posted': 'What was upheld is taken off; a credit and a replacement shall document it',
  'adjustment.consumed': 'A credit, and what replaces the CDR, documents an adjustment',
  'record.suggested':
    "An eMSP's own record was matched with a CDR by likeness: somebody is to look",
  'record.differs':
    "An eMSP's own record came after its CDR was booked, and differs from it: it may be contested",
  'missing.notice': 'A CDR or a record is missing, or a CPO has gone quiet',
} as const

export type PartyEventType = keyof typeof PARTY_EVENTS

/** What it is about: a row id behind its kind, say `dispute:7`. */
export type EventSubject = `${'cdr' | 'dispute' | 'adjustment' | 'record' | 'notice'}:${string}`

/**
 * One thing that happened between a CPO (`owner`) and an eMSP (`receiver`). `body`: what is told beside the pair, the CDR
 * and the address: codes with words, amounts as decimal text with their currency, state, deadline. JSON values, in
 * snake_case, nothing about the driver and nothing that one of the two must not see.
 */
export type PartyEvent = {
  type: PartyEventType
  owner: string
  receiver: string
  subject: EventSubject
  body: Readonly<Record<string, unknown>>
}

/**
 * Tells the platforms of both parties, each from its side (an eMSP only once it may see the CDR), as far as they want to hear it (`PUT /party/v1/webhook`), and
 * those with an endpoint of the module of disputes what a dispute is now. Writes down what is to be sent, in the
 * transaction of the fact; a worker sends it. Nothing happens for whoever has neither.
 */
export async function tellParties(tx: Tx, events: readonly PartyEvent[]): Promise<void> {
  if (events.length === 0) return
  const told = events.map(({ body, ...event }) => ({ ...event, body: JSON.stringify(body) }))
  const columns = {
    types: told.map(({ type }) => type),
    owners: told.map(({ owner }) => owner),
    receivers: told.map(({ receiver }) => receiver),
    subjects: told.map(({ subject }) => subject),
    bodies: told.map(({ body }) => body),
  }
  await writeEvents(tx, columns)
  if (events.some(({ subject }) => subject.startsWith('dispute:'))) await writePushes(tx, columns)
}

type Columns = {
  types: string[]
  owners: string[]
  receivers: string[]
  subjects: string[]
  bodies: string[]
}

/**
 * One row per webhook and side; of records only the eMSP's, whose they are. The sweep makes work of them, one row of the outbox per webhook: written here it would be
 * the same row in every transaction, and they would wait for each other with their locks in hand.
 */
async function writeEvents(tx: Tx, { types, owners, receivers, subjects, bodies }: Columns) {
  await tx.rows(sql`
    with happened as (
      select *, split_part(subject, ':', 1) as kind,
        case when subject ~ ':[0-9]{1,18}$' then split_part(subject, ':', 2)::bigint end as number
      from unnest(${types}::text[], ${owners}::text[], ${receivers}::text[], ${subjects}::text[], ${bodies}::jsonb[])
        with ordinality as t (type, owner, receiver, subject, body, place)
    )
    insert into party_events (event_id, platform_id, side, party, type, subject, cdr_id, body)
      select 'evt_' || replace(gen_random_uuid()::text, '-', ''), w.platform_id, s.side, s.party, h.type, h.subject, c.id,
        jsonb_strip_nulls(jsonb_build_object('cdr', case when c.id is not null then jsonb_build_object(
          'country_code', left(c.owner, 2), 'party_id', substr(c.owner, 4), 'id', c.cdr_id) end)) || h.body
        || jsonb_build_object('side', s.side, 'party', s.party, 'counterparty', s.other)
      from happened h
      cross join lateral (values ('cpo', 'CPO', h.owner, h.receiver), ('emsp', 'EMSP', h.receiver, h.owner))
        as s (side, role, party, other)
      join platform_parties p on p.party = s.party and p.role = s.role and p.registered
      join platforms f on f.id = p.platform_id and f.status = 'registered'
      join party_webhooks w on w.platform_id = p.platform_id and (h.kind <> 'record' or s.side = 'emsp')
        and (w.events && array[h.type, '*'])
      left join disputes d on h.kind = 'dispute' and d.id = h.number
      left join adjustments a on h.kind = 'adjustment' and a.id = h.number
      left join cdrs c on c.id = case h.kind when 'cdr' then h.number when 'dispute' then d.cdr_id
        when 'adjustment' then a.cdr_id end
      order by h.place, s.side`)
}

/** The worker sends what the dispute is by then, so one open row per dispute and party is enough; its row is locked. */
async function writePushes(tx: Tx, { owners, receivers, subjects }: Columns) {
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject)
    select distinct 'dispute_push', p.platform_id, p.party || '|' || split_part(t.subject, ':', 2)
    from unnest(${owners}::text[], ${receivers}::text[], ${subjects}::text[]) as t (owner, receiver, subject)
    cross join lateral (values ('CPO', t.owner), ('EMSP', t.receiver)) as s (role, party)
    join platform_parties p on p.party = s.party and p.role = s.role and p.registered
    join endpoints e on e.platform_id = p.platform_id and e.interface = 'receiver' and e.module like '%-disputes'
    where t.subject like 'dispute:%'
    order by 2, 3
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null do nothing`)
}
