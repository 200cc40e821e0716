import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { systemClock } from '../../src/sandbox/clock.ts'
import { readFault } from '../../src/sandbox/serve-faults.ts'
import { servePartner } from '../../src/sandbox/serve.ts'
import type { ServedPartner } from '../../src/sandbox/serve.ts'
import { partyFromCode } from '../../src/sandbox/world.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from './ask.ts'

export type ReportRow = { id: string; outcome: string; detail: string; citation: string }
export type Certified = { code: number; rows: ReportRow[]; text: string }

/** Runs `conformance … --json` in this process and reads the report. */
export async function certify(args: readonly string[]): Promise<Certified> {
  let out = ''
  let err = ''
  const code = await runCli(['conformance', ...args, '--json'], {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  })
  assert.is(err, '')
  const rows = items(at(JSON.parse(out), 'rows')).map((row) => ({
    id: String(at(row, 'id')),
    outcome: String(at(row, 'outcome')),
    detail: String(at(row, 'detail')),
    citation: String(at(row, 'citation')),
  }))
  return { code, rows, text: out }
}

/** The rows with an outcome as `id: detail`. */
export function rowsWith({ rows }: Certified, outcome: string): string[] {
  return rows
    .filter((row) => row.outcome === outcome)
    .map(({ id, detail }) => (detail === '' ? id : `${id}: ${detail}`))
}

/** What a sandbox partner may be, each with its party. */
const PARTIES = { cpo: 'NL-SBC', emsp: 'DE-SBE', ptp: 'FR-SBP' } as const
const ROLES = { cpo: 'CPO', emsp: 'EMSP', ptp: 'PTP' } as const
export type SandboxRole = keyof typeof ROLES

/** Starts a sandbox partner in this process. `faults` as on its command line. */
export function sandboxPartner(of: {
  role: SandboxRole
  version: Version
  party?: string
  faults?: readonly string[]
}): Promise<ServedPartner> {
  const faults = (of.faults ?? []).map((text) => {
    const fault = readFault(text)
    assert.ok(fault, text)
    return fault
  })
  return servePartner({
    role: ROLES[of.role],
    version: of.version,
    party: partyFromCode(of.party ?? PARTIES[of.role]),
    port: 0,
    faults,
    clock: systemClock,
    say: () => undefined,
  })
}
