import { test } from 'uvu'
import * as check from 'uvu/assert'
import { assert, present } from '../../src/assert.ts'
import { buildWorld } from '../../src/sandbox/build-world.ts'
import { cdrsOf, sessionPatches } from '../../src/sandbox/cdr.ts'
import type { BuiltCdr, SessionSetting } from '../../src/sandbox/cdr.ts'
import { readOptions } from '../../src/sandbox/demo-options.ts'
import { pairsOf } from '../../src/sandbox/pairs.ts'
import { readPlan, writePlan } from '../../src/sandbox/plan-file.ts'
import { objectKey, partyCode } from '../../src/sandbox/world.ts'
import type { FaultKind, SessionPlan } from '../../src/sandbox/world.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const REQUEST = {
  locations: undefined,
  tariffs: undefined,
  sessions: undefined,
  cdrs: 240,
  faults: 0.2,
  seed: 7,
  nowMs: NOW,
}
const world = await buildWorld(REQUEST)
const sessions = world.platforms.flatMap((platform) => platform.sessions)

function settingOf(plan: SessionPlan): SessionSetting {
  const platform = present(
    world.platforms.find((one) => one.sessions.includes(plan)),
    'platform',
  )
  const { known } = readPlan(writePlan(platform, world))
  return {
    plan,
    location: present(known.locations.get(objectKey(plan.cpo, plan.locationId)), 'location'),
    tariff: present(known.tariffs.get(plan.tariffKey), 'tariff'),
  }
}

function withFault(fault: FaultKind | undefined): { plan: SessionPlan; cdrs: BuiltCdr[] } {
  const plan = present(
    sessions.find((session) => session.fault === fault),
    `session with fault ${fault}`,
  )
  return { plan, cdrs: cdrsOf(settingOf(plan)) }
}

function overlaps(keyOf: (session: SessionPlan) => string): string[] {
  const last = new Map<string, number>()
  return [...sessions]
    .sort((a, b) => a.startMs - b.startMs)
    .filter((session) => {
      const before = last.get(keyOf(session)) ?? 0
      last.set(keyOf(session), session.endMs)
      return before > session.startMs
    })
    .map((session) => session.id)
}

test('the same seed makes the same world, another seed another one', async () => {
  check.is(JSON.stringify(await buildWorld(REQUEST)), JSON.stringify(world))
  check.is.not(JSON.stringify(await buildWorld({ ...REQUEST, seed: 8 })), JSON.stringify(world))
})

test('no card and no connector is used twice at a time', () => {
  check.is(sessions.length, 240)
  check.equal(
    overlaps((session) => session.token.uid),
    [],
  )
  check.equal(
    overlaps((session) => `${session.locationId}/${session.evseUid}/${session.connectorId}`),
    [],
  )
})

test('every session ends before now, with a card that its owner pushed', () => {
  const pushed = new Set(
    world.platforms.flatMap((one) =>
      one.tokens.map(
        (token) =>
          `${String(token['country_code'])}-${String(token['party_id'])}/${String(token['uid'])}`,
      ),
    ),
  )
  for (const session of sessions) {
    check.ok(session.endMs < NOW && session.startMs < session.endMs)
    check.ok(pushed.has(`${session.token.owner}/${session.token.uid}`))
  }
})

test('a sound CDR claims what the stepper expects, and its parts and periods add up', () => {
  const { plan, cdrs } = withFault(undefined)
  const [cdr] = cdrs
  assert(cdr, 'one CDR')
  check.is(cdr.claimed.net, cdr.expected.net)
  const body = JSON.parse(JSON.stringify(cdr.body))
  const parts = ['total_fixed_cost', 'total_energy_cost', 'total_time_cost', 'total_parking_cost']
  const sum = parts.reduce((total, part) => total + (body[part]?.excl_vat ?? 0), 0)
  check.ok(Math.abs(sum - body.total_cost.excl_vat) < 1e-9)
  check.is(body.total_energy, plan.energy / 1e6)
  check.ok(Math.abs(body.total_time - (plan.endMs - plan.startMs) / 3_600_000) < 1e-9)
})

test('a price fault is far beyond the tolerance and consistent in itself', () => {
  const { cdrs } = withFault('price')
  const [cdr] = cdrs
  assert(cdr, 'one CDR')
  const apart = cdr.claimed.net - cdr.expected.net
  check.ok(apart >= 1_000_000n)
  check.is(JSON.parse(JSON.stringify(cdr.body)).total_energy_cost.excl_vat > 0, true)
})

test('an energy fault is wrong throughout, and only its session knows better', () => {
  const { plan, cdrs } = withFault('energy')
  const body = JSON.parse(JSON.stringify(cdrs[0]?.body))
  const completed = sessionPatches(plan, 1).at(-1)
  check.is(completed?.['kwh'], plan.energy / 1e6)
  check.ok(body.total_energy - plan.energy / 1e6 > 0.2)
  const periods: { dimensions: { type: string; volume: number }[] }[] = body.charging_periods
  const sum = periods
    .flatMap((period) => period.dimensions)
    .filter((dimension) => dimension.type === 'ENERGY')
    .reduce((total, dimension) => total + dimension.volume, 0)
  check.ok(Math.abs(sum - body.total_energy) < 1e-9)
})

test('a duplicate is a second CDR of a sound session, alike but for its id', () => {
  const { cdrs } = withFault('duplicate')
  const [first, second] = cdrs
  assert(first && second, 'two CDRs')
  check.is.not(first.id, second.id)
  check.equal({ ...second.body, id: first.id }, first.body)
  check.is(first.claimed.net, first.expected.net)
})

test('a wrong owner is a card of one provider billed to another, in session and CDR alike', () => {
  const { plan, cdrs } = withFault('owner')
  check.is.not(plan.token.owner, partyCode(plan.emsp))
  const token = JSON.parse(JSON.stringify(cdrs[0]?.body)).cdr_token
  check.is(`${token.country_code}-${token.party_id}`, partyCode(plan.emsp))
})

test('faults come at the rate asked for, the four kinds in turn', () => {
  const count = (fault: FaultKind) => sessions.filter((session) => session.fault === fault).length
  check.equal(
    [count('price'), count('energy'), count('duplicate'), count('owner')],
    [12, 12, 12, 12],
  )
})

test('no rate, no faults', async () => {
  const sound = await buildWorld({ ...REQUEST, faults: 0 })
  check.ok(
    sound.platforms.every((one) => one.sessions.every((session) => session.fault === undefined)),
  )
})

test('two platforms of operators and two of providers share the parties out', () => {
  check.equal(
    world.platforms.map((one) => one.role),
    ['CPO', 'CPO', 'EMSP', 'EMSP'],
  )
  const parties = world.platforms.flatMap((one) =>
    one.parties.map((party) => `${one.role} ${partyCode(party)}`),
  )
  check.is(new Set(parties).size, parties.length)
  for (const one of world.platforms) {
    const own = new Set(one.parties.map(partyCode))
    check.ok(one.sessions.every((session) => own.has(partyCode(session.cpo))))
  }
})

test('one pair is approved at once, one by its provider, the others not yet', () => {
  const policies = pairsOf(world).map((pair) => pair.policy)
  check.equal(policies.slice(0, 3), ['at once', 'by provider', 'not yet'])
  check.is(policies.filter((policy) => policy !== 'not yet').length, 2)
})

test('options: unknown flags and bad numbers are refused with a reason', () => {
  check.throws(() => readOptions(['--nope']), /nope/)
  check.throws(() => readOptions(['--faults', '2']), /share/)
  check.throws(() => readOptions(['--cdrs', 'many']), /whole number/)
  check.throws(() => readOptions(['--locations', 'a.json']), /together/)
  check.is(readOptions(['--help']), 'help')
  const options = readOptions(['--exit', '--seed', '3'])
  check.equal(options, {
    exit: true,
    json: undefined,
    locations: undefined,
    tariffs: undefined,
    sessions: undefined,
    cdrs: undefined,
    faults: 0.05,
    seed: 3,
  })
})

test.run()
