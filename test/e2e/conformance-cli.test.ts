// The certifier against partners that behave, in every version and role, and against every way to fail.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FAULTS } from '../../src/sandbox/serve-faults.ts'
import { certify, rowsWith, sandboxPartner } from '../helpers/certify.ts'
import type { Certified } from '../helpers/certify.ts'
import { startServer } from '../helpers/http-server.ts'

const test = suite('conformance')

type Wanted = Parameters<typeof sandboxPartner>[0]

async function certified(of: Wanted, more: readonly string[] = []): Promise<Certified> {
  const partner = await sandboxPartner(of)
  const role = of.version === '2.1.1' ? ['--role', of.role] : []
  const hasty = ['--timeout', '1', '--result-timeout', '1']
  try {
    return await certify([
      partner.versionsUrl,
      '--token',
      partner.tokenA,
      ...role,
      ...hasty,
      ...more,
    ])
  } finally {
    await partner.close()
  }
}

const failed = (report: Certified) => rowsWith(report, 'fail').map((row) => row.split(':')[0] ?? '')

const NO_INVOICES = (why: string) =>
  ['sender', 'receiver'].map((side) => `invoicereconciliation.${side}: ${why}`)

/**
 * Every partner with rows that it must pass of the modules that not every platform has, and what of them is not offered
 * or not for who asks.
 */
const PARTNERS: readonly (Wanted & { args?: string[]; works: string[]; left?: string[] })[] = [
  { role: 'cpo', version: '2.1.1', works: [] },
  { role: 'emsp', version: '2.1.1', works: [] },
  {
    role: 'cpo',
    version: '2.2.1',
    works: ['chargingprofiles.put-result', 'chargingprofiles.active', 'hubclientinfo.put-again'],
  },
  { role: 'emsp', version: '2.2.1', works: ['chargingprofiles.put', 'hubclientinfo.get'] },
  {
    role: 'cpo',
    version: '2.3.0',
    works: [
      ...['chargingprofiles.delete-result', 'bookings.bookings.decided', 'bookings.bookings.list'],
      ...['invoicereconciliation.invoices.links', 'invoicereconciliation.invoices.post-new'],
    ],
    left: ['payments.receiver: not for the role EMSP; --as ptp asks as such a provider'],
  },
  {
    role: 'cpo',
    version: '2.3.0',
    args: ['--as', 'ptp'],
    works: ['payments.terminals.get', 'payments.confirmations.missing'],
    left: [
      'chargingprofiles.receiver: not for the role PTP',
      'bookings.sender: not for the role PTP',
      ...NO_INVOICES('not for the role PTP'),
    ],
  },
  {
    role: 'emsp',
    version: '2.3.0',
    works: ['chargingprofiles.put', 'bookings.booking-locations.patch-calendar'],
    left: ['payments.sender: not offered'],
  },
  {
    role: 'ptp',
    version: '2.3.0',
    works: ['payments.terminals.created', 'payments.terminals.deactivate', 'hubclientinfo.get'],
    left: [
      'chargingprofiles.sender: not offered',
      'bookings.receiver: not offered',
      ...NO_INVOICES('not offered'),
    ],
  },
]

for (const { role, version, args = [], works, left = [] } of PARTNERS)
  test(`a sandbox ${role} of ${version} is in order ${args.join(' ')}`, async () => {
    const report = await certified({ role, version }, args)
    assert.equal([...rowsWith(report, 'fail'), ...rowsWith(report, 'warn')], [])
    assert.is(report.code, 0)
    const passed = rowsWith(report, 'pass').map((row) => row.split(':')[0])
    assert.ok(passed.length > 85, String(passed.length))
    for (const id of works) assert.ok(passed.includes(id), `${id} has not passed`)
    const offers = rowsWith(report, 'skipped').filter((row) => /^\w+\.(sender|receiver):/.test(row))
    assert.equal(offers, left)
    if (version === '2.1.1')
      assert.not.ok(report.rows.some(({ id }) => /^(charg|pay|book|inv|hub)/.test(id)))
    for (const row of report.rows)
      assert.match(
        row.citation,
        version === '2.1.1' ? /^2\.1\.1 \w+\.md, ./ : /^2\.\d\.\d \w+\.asciidoc, ./,
      )
  })

test('what is wrong in these modules is found there', async () => {
  const faults = [
    ...['no-result:chargingprofiles', 'lenient:Booking', 'link-away:Booking'],
    ...['invalid:invoicereconciliation', 'lenient:hubclientinfo'],
  ]
  const report = await certified({ role: 'cpo', version: '2.3.0', faults })
  const found = failed(report)
  for (const row of [
    ...['chargingprofiles.put-result', 'chargingprofiles.get-result'],
    ...['bookings.booking-locations.list', 'bookings.bookings.missing'],
    ...['invoicereconciliation.invoices.schema', 'hubclientinfo.missing'],
  ])
    assert.ok(found.includes(row), `${row} is not among ${found.join(', ')}`)
  assert.not.ok(
    found.some((id) => /^(lists|pushes|commands|transport)/.test(id)),
    found.join(', '),
  )
})

test('a provider of payment terminals that misbehaves is found out', async () => {
  const faults = ['lenient:payments', 'duplicate:payments']
  const found = failed(await certified({ role: 'ptp', version: '2.3.0', faults }))
  for (const row of ['terminals.unique', 'confirmations.total', 'terminals.limit'])
    assert.ok(found.includes(`payments.${row}`), `${row} is not among ${found.join(', ')}`)
})

/** The rows that each fault must turn red in an operator; others may follow from it. */
const RED: Record<keyof typeof FAULTS, string[]> = {
  slow: ['lists.locations.list', 'pushes.tokens.put-new', 'transport.answered'],
  garbage: ['lists.locations.list', 'pushes.tokens.put-new', 'transport.content-type'],
  '401': ['lists.locations.list', 'pushes.tokens.put-new', 'lists.cdrs.list'],
  '500': ['lists.locations.list', 'pushes.tokens.malformed', 'transport.server-errors'],
  drop: ['lists.locations.list', 'pushes.tokens.put-new', 'transport.answered'],
  partial: ['lists.locations.list', 'pushes.tokens.put-new', 'transport.answered'],
  redirect: ['lists.locations.list', 'pushes.tokens.put-new', 'transport.answered'],
  'wrong-status': ['lists.locations.list', 'pushes.tokens.missing', 'transport.server-errors'],
  invalid: ['lists.tariffs.schema', 'lists.locations.schema', 'lists.cdrs.schema'],
  duplicate: ['lists.locations.unique', 'lists.locations.total', 'lists.locations.limit'],
  stale: ['lists.locations.times'],
  'no-totals': ['lists.locations.headers', 'lists.tariffs.total'],
  'link-loop': ['lists.locations.list', 'lists.locations.links'],
  'link-away': ['lists.locations.list', 'lists.locations.link-filters'],
  'no-result': ['commands.start-session-result', 'commands.unlock-connector-result'],
  lenient: ['pushes.tokens.missing', 'pushes.tokens.wrong-type', 'commands.missing'],
}

for (const [name, red] of Object.entries(RED))
  test(`fault ${name} is found and named`, async () => {
    const fault = name === 'slow' ? 'slow=3' : name
    const report = await certified({ role: 'cpo', version: '2.2.1', faults: [fault] })
    assert.is(report.code, 1)
    const found = failed(report)
    for (const row of red) assert.ok(found.includes(row), `${row} is not among ${found.join(', ')}`)
    assert.equal(
      rowsWith(report, 'fail').filter((row) => row.startsWith('credentials.unregister')),
      [],
    )
  })

test('a fault in one module leaves the others green', async () => {
  const report = await certified({ role: 'emsp', version: '2.2.1', faults: ['lenient:cdrs'] })
  assert.equal(failed(report), ['pushes.cdrs.missing'])
})

test('a partner whose versions cannot be read ends the run at once', async () => {
  const report = await certified({ role: 'cpo', version: '2.2.1', faults: ['garbage:versions'] })
  assert.equal(failed(report), ['versions.list', 'versions.mutual'])
  assert.is(report.code, 1)
})

test('a version that the partner does not offer is said, not guessed', async () => {
  const report = await certified({ role: 'cpo', version: '2.2.1' }, ['--version', '2.3.0'])
  assert.equal(failed(report), ['versions.mutual'])
})

test('a redirect is not followed, wherever it leads', async () => {
  let asked = 0
  await using other = await startServer((_request, response) => {
    asked += 1
    response.end('{}')
  })
  await using partner = await startServer((_request, response) => {
    response.writeHead(302, { location: `${other.url}/versions` }).end()
  })
  const report = await certify([`${partner.url}/versions`, '--token', 'token-a'])
  assert.match(rowsWith(report, 'fail')[0] ?? '', /versions\.list: .*redirect/)
  assert.is(asked, 0)
})

test('with the token of a finished registration credentials are left as they are', async () => {
  const partner = await sandboxPartner({ role: 'emsp', version: '2.2.1' })
  const args = [partner.versionsUrl, '--registered', '--without', 'pushes', '--token']
  try {
    const report = await certify([...args, partner.tokenA])
    const credentials = report.rows.filter(({ id }) => id.startsWith('credentials.'))
    const asked = credentials.filter(({ outcome }) => outcome !== 'skipped').map(({ id }) => id)
    assert.equal(asked, ['credentials.show'])
    assert.not.ok(report.rows.some(({ id }) => id.startsWith('pushes.')))
  } finally {
    await partner.close()
  }
})

test.run()
