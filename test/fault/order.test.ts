import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { seededRandom } from '../../src/sandbox/random.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { note } from '../helpers/note.ts'
import { cdrOf, creditOf, fromNow, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { seed, size } from '../helpers/seed.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-MSP'
const MESSAGES = ['session', 'patch', 'token', 'cdr', 'credit', 'replacement'] as const
type Message = (typeof MESSAGES)[number]

/** How often the workers get to run between two messages of any session. */
const drainShare = 0.1
/** What the replacement claims, in micro-units: 10 kWh at 0.25, 20 % VAT. */
const net = 2_500_000n
const tax = 500_000n

const order = suite('order')

order('the messages of a session come to the same end in every order', async () => {
  await using world = await startWorld(30)
  const cases = await send(world, size(MESSAGES.length * 12))
  const rows = await readEnds(world)
  for (const each of cases) {
    const seen = rows.get(each.id)
    assert.equal(
      seen,
      {
        states: `${each.id} credited, ${each.id}-C credited, ${each.id}-R provisional`,
        pending: `${net + tax}`,
        posted: '0',
        lines: `${each.id}-R provisional ${net} ${tax}`,
        severe: null,
        delivered: 3n,
      },
      each.order.join(' → '),
    )
  }
  await checkTotals(world, { book: 'prov', expected: (net + tax) * BigInt(cases.length) })
  checkArrived(world, cases)
  note(`order: seed ${seed()}, ${cases.length} of 720 orders`)
})

order(
  'without a contest period too: what is approved is reversed, the sums are the same',
  async () => {
    await using world = await startWorld(0)
    const cases = await send(world, size(MESSAGES.length * 5))
    const rows = await readEnds(world)
    for (const each of cases) {
      const seen = rows.get(each.id)
      const states = `${each.id} credited, ${each.id}-C credited, ${each.id}-R approved`
      assert.is(seen?.states, states, each.order.join(' → '))
      assert.equal([seen?.pending, seen?.posted], ['0', `${net + tax}`], each.order.join(' → '))
      assert.is(seen?.severe, null)
    }
    await checkTotals(world, { book: 'due', expected: (net + tax) * BigInt(cases.length) })
    checkArrived(world, cases)
  },
)

type World = AsyncDisposable & { hub: TestHub; cpo: FakePartner; emsp: FakePartner }

async function startWorld(contestDays: number): Promise<World> {
  const hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
  const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })
  const terms = { cdr_delivery: 'clear', contest_days: contestDays }
  const agreed = await hub.admin('PUT', `/agreements/${CPO}/${EMSP}`, terms)
  assert.ok(agreed.status < 300, agreed.text)
  return { hub, cpo, emsp, [Symbol.asyncDispose]: hub.close }
}

type Case = { id: string; order: readonly Message[]; objects: Readonly<Record<Message, Json>> }

/** Sends the messages of many sessions, each in its own order, mixed with each other and with runs of the workers. */
async function send(world: World, count: number): Promise<Case[]> {
  const random = seededRandom(seed())
  const orders = random.shuffle(permutations(MESSAGES)).slice(0, count)
  const cases = orders.map((each, index) => ({
    id: `o${index}`,
    order: each,
    objects: objectsOf(`o${index}`),
  }))
  const left = cases.map((each) => ({ each, next: 0 }))
  while (left.length > 0) {
    const at = random.between(0, left.length - 1)
    const current = left[at]
    const message = current?.each.order[current.next]
    if (!current || message === undefined) {
      left.splice(at, 1)
      continue
    }
    current.next += 1
    await sendOne(world, current.each, message)
    if (random.next() < drainShare) await world.hub.drain()
  }
  await world.hub.drain()
  return cases
}

function objectsOf(id: string): Case['objects'] {
  const charge = { owner: CPO, payer: EMSP, id, uid: `CARD-${id}`, session: `S-${id}` }
  const completed = sessionOf({ ...charge, id: `S-${id}` })
  const { end_date_time, ...open } = completed
  const cdr = cdrOf(charge)
  return {
    session: { ...open, kwh: 0, status: 'ACTIVE', last_updated: fromNow(-2 * 3_600_000) },
    patch: completed,
    token: tokenOf(EMSP, charge.uid),
    cdr,
    credit: creditOf(cdr, `${id}-C`),
    replacement: cdrOf({ ...charge, id: `${id}-R`, price: 0.25 }),
  }
}

/** A PATCH of a session that the hub does not know is refused, and its sender then puts the whole session. */
async function sendOne({ cpo, emsp }: World, one: Case, message: Message): Promise<void> {
  const body = one.objects[message]
  switch (message) {
    case 'token':
      assert.is((await put(emsp, 'tokens', body)).code, 1000)
      return
    case 'session': {
      const reply = await put(cpo, 'sessions', body)
      const isLate = one.order.indexOf('patch') < one.order.indexOf('session')
      // The newer one has come already: an older state of the session is refused.
      assert.is(reply.code, isLate ? 2001 : 1000, reply.text)
      return
    }
    case 'patch': {
      const { status, kwh, end_date_time, last_updated } = body
      const place = `receiver/sessions/${pathOf(CPO, String(body['id']))}`
      const patch = { status, kwh, end_date_time, last_updated }
      const reply = await cpo.send('PATCH', place, { body: patch })
      const isKnown = one.order.indexOf('session') < one.order.indexOf('patch')
      assert.is(reply.status, isKnown ? 200 : 404, reply.text)
      if (!isKnown) assert.is((await put(cpo, 'sessions', body)).code, 1000)
      return
    }
    case 'cdr':
    case 'credit':
    case 'replacement': {
      const reply = await cpo.send('POST', 'receiver/cdrs', { body })
      assert.is(reply.code, 1000, reply.text)
      return
    }
    default:
      message satisfies never
  }
}

type End = {
  states: string
  pending: string
  posted: string
  lines: string | null
  severe: string | null
  delivered: bigint
}

/** By session: the states of its three CDRs, what stands in the ledger, its statement lines, what is still found. */
async function readEnds({ hub }: World): Promise<Map<string, End>> {
  const rows = await hub.context.db.rows<End & { id: string }>(sql`
    with money as (
      select c.id,
        coalesce(sum(t.amount_micros) filter (where t.kind = 'pending'
          and not exists (select from ledger_transfers r where r.pending_id = t.id)), 0) as pending,
        coalesce(sum(case when d.code like 'obl:%' then t.amount_micros else -t.amount_micros end)
          filter (where t.kind = 'posted'), 0) as posted
      from cdrs c left join ledger_transfers t on t.source = 'cdr:' || c.owner || '/' || c.cdr_key
        left join ledger_accounts d on d.id = t.debit_account_id group by c.id
    )
    select substring(c.session_key from 3) as id,
      string_agg(c.cdr_id || ' ' || s.state, ', ' order by c.cdr_id) as states,
      sum(m.pending)::text as pending, sum(m.posted)::text as posted,
      (select string_agg(o.cdr_id || ' ' || l.state || ' ' || l.net_micros || ' ' || l.tax_micros, ', ')
        from settlement_lines l join cdrs o on o.id = l.cdr_id where o.session_key = c.session_key) as lines,
      (select string_agg(o.cdr_id || ' ' || f.code, ', ') from cdr_findings f join cdrs o on o.id = f.cdr_id
        join cdr_states os on os.cdr_id = o.id
        where o.session_key = c.session_key and os.state <> 'credited' and f.superseded_at is null
          and f.severity in ('F', 'S')) as severe,
      count(*) filter (where s.delivery = 'delivered') as delivered
    from cdrs c join cdr_states s on s.cdr_id = c.id join money m on m.id = c.id
    group by c.session_key`)
  return new Map(rows.map(({ id, ...end }) => [id, end]))
}

/** The pair's only balance is the sum of the replacements, and the ledger agrees with itself. */
async function checkTotals(
  { hub }: World,
  { book, expected }: { book: 'prov' | 'due'; expected: bigint },
): Promise<void> {
  const rows = await hub.context.db.rows(sql`
    select code, (debits_pending + debits_posted - credits_pending - credits_posted)::text as balance
    from ledger_accounts where code like 'obl:%'
      and debits_pending + debits_posted <> credits_pending + credits_posted`)
  assert.equal(rows, [{ code: `obl:${EMSP}>${CPO}:${book}`, balance: String(expected) }])
  const verification = await verifyLedger(hub.context.db)
  assert.ok(verification.ok, JSON.stringify(verification))
}

/** The provider got each CDR, and each once: nothing here made the hub repeat itself. */
function checkArrived({ emsp }: World, cases: readonly Case[]): void {
  const arrived = emsp.received('receiver/cdrs', 'POST').map(({ json }) => String(Object(json).id))
  const expected = cases.flatMap(({ id }) => [id, `${id}-C`, `${id}-R`])
  assert.equal(arrived.sort(), expected.sort())
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, index) =>
    permutations(items.filter((_other, at) => at !== index)).map((rest) => [item, ...rest]),
  )
}

order.run()
