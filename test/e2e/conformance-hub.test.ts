// The certifier finds the hub itself in order, from both sides and in every version.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at } from '../helpers/ask.ts'
import { certify, rowsWith, sandboxPartner } from '../helpers/certify.ts'
import type { Certified } from '../helpers/certify.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'

const test = suite('conformance of the hub')

type Invited = { tokenA: string; versionsUrl: string }

async function invite(
  hub: TestHub,
  party: string,
  of: { role: 'CPO' | 'EMSP' | 'PTP'; version: Version },
): Promise<Invited> {
  const [country_code, party_id] = party.split('-')
  const invited = await hub.admin('POST', '/platforms', {
    name: `platform of ${party}`,
    roles: [{ role: of.role, country_code, party_id }],
  })
  assert.is(invited.status, 201, invited.text)
  const name =
    of.version !== '2.1.1'
      ? 'versions_url'
      : of.role === 'CPO'
        ? 'versions_url_cpo'
        : 'versions_url_emsp'
  return {
    tokenA: String(at(invited.json, 'token_a')),
    versionsUrl: String(at(invited.json, name)),
  }
}

const NEXT: Record<Version, Version> = { '2.1.1': '2.2.1', '2.2.1': '2.3.0', '2.3.0': '2.1.1' }

/** 2.1.1 has no CANCEL_RESERVATION: what a newer eMSP is told then. */
const warningsOf = (role: 'cpo' | 'emsp', behind: Version): string[] =>
  role === 'cpo' && behind === '2.1.1'
    ? ['commands.cancel-reservation: it answers NOT_SUPPORTED']
    : []

/** What a run must have seen work, by the side of the hub that is checked. */
const WORKS = {
  '2.1.1': { cpo: [], emsp: [] },
  '2.2.1': {
    cpo: ['chargingprofiles.put-result', 'chargingprofiles.get-result', 'chargingprofiles.active'],
    emsp: ['chargingprofiles.put'],
  },
  '2.3.0': {
    cpo: [
      'chargingprofiles.delete-result',
      'bookings.booking-locations.links',
      'bookings.bookings.decided',
      'bookings.bookings.cancel',
      'invoicereconciliation.invoices.delete',
    ],
    emsp: [
      'chargingprofiles.put',
      'bookings.booking-locations.patch-calendar',
      'bookings.bookings.withdraw',
      'invoicereconciliation.invoices.put-again',
    ],
  },
} as const

type Side = 'cpo' | 'emsp' | 'ptp'
const ROLES = { cpo: 'CPO', emsp: 'EMSP', ptp: 'PTP' } as const

/** The report on the hub, which has a sandbox partner behind it. */
async function certifyHub(of: {
  behind: { role: Side; version: Version }
  own: { role: Side; version: Version }
  args: readonly string[]
}): Promise<Certified> {
  await using hub = await startHub()
  const [behind, own] = ['NL-BHD', 'DE-CFT']
  const { role, version } = of.behind
  const partner = await sandboxPartner({ ...of.behind, party: behind })
  try {
    await partner.register(await invite(hub, behind, { role: ROLES[role], version }))
    const mine = { role: ROLES[of.own.role], version: of.own.version }
    const { tokenA, versionsUrl } = await invite(hub, own, mine)
    return await certify([
      ...[versionsUrl, '--token', tokenA, '--party', own],
      ...['--version', of.own.version, ...of.args],
    ])
  } finally {
    await partner.close()
  }
}

function assertWorks(report: Certified, rows: readonly string[]): void {
  const passed = report.rows.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id)
  for (const row of rows)
    assert.ok(passed.includes(row), JSON.stringify(report.rows.find(({ id }) => id === row)))
}

for (const version of VERSIONS)
  for (const other of [version, NEXT[version]])
    for (const role of ['cpo', 'emsp'] as const)
      test(`as ${role} in ${version}, with a partner of ${other} behind it`, async () => {
        const report = await certifyHub({
          behind: { role, version: other },
          own: { role: role === 'cpo' ? 'emsp' : 'cpo', version },
          args: ['--role', role],
        })
        assert.equal(rowsWith(report, 'fail'), [])
        assert.equal(rowsWith(report, 'warn'), version === '2.1.1' ? [] : warningsOf(role, other))
        assert.is(report.code, 0)
        if (version === other) assertWorks(report, WORKS[version][role])
      })

test('as cpo and as provider of payment terminals', async () => {
  for (const [behind, own, args, rows] of [
    ['cpo', 'ptp', ['--role', 'cpo', '--as', 'ptp'], ['payments.confirmations.get']],
    ['ptp', 'cpo', ['--role', 'ptp'], ['payments.terminals.created', 'payments.terminals.patch']],
  ] as const) {
    const version = '2.3.0'
    const report = await certifyHub({
      behind: { role: behind, version },
      own: { role: own, version },
      args,
    })
    assert.equal([...rowsWith(report, 'fail'), ...rowsWith(report, 'warn')], [])
    assertWorks(report, rows)
  }
})

test.run()
