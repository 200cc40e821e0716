// The certifier finds the hub itself in order, from both sides and in every version.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at } from '../helpers/ask.ts'
import { certify, rowsWith, sandboxPartner } from '../helpers/certify.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'

const test = suite('conformance of the hub')

type Invited = { tokenA: string; versionsUrl: string }

async function invite(
  hub: TestHub,
  party: string,
  of: { role: 'CPO' | 'EMSP'; version: Version },
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

for (const version of VERSIONS)
  for (const other of [version, NEXT[version]])
    for (const role of ['cpo', 'emsp'] as const)
      test(`as ${role} in ${version}, with a partner of ${other} behind it`, async () => {
        await using hub = await startHub()
        const [behind, own] = ['NL-BHD', 'DE-CFT']
        const partner = await sandboxPartner({ role, version: other, party: behind })
        const ourRole = role === 'cpo' ? 'EMSP' : 'CPO'
        try {
          await partner.register(
            await invite(hub, behind, { role: role === 'cpo' ? 'CPO' : 'EMSP', version: other }),
          )
          const { tokenA, versionsUrl } = await invite(hub, own, { role: ourRole, version })
          const report = await certify([
            ...[versionsUrl, '--token', tokenA, '--party', own],
            ...['--role', role, '--version', version],
          ])
          assert.equal(rowsWith(report, 'fail'), [])
          assert.equal(rowsWith(report, 'warn'), version === '2.1.1' ? [] : warningsOf(role, other))
          assert.is(report.code, 0)
        } finally {
          await partner.close()
        }
      })

test.run()
