// Two texts as files, compared by the command.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runCli } from '../../src/cli/run.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-compare-'))
process.once('exit', () => rmSync(folder, { recursive: true }))

/** Runs the command over two texts; `json`: with --json, what it told. */
export async function compare(ours: string, theirs: string, more: readonly string[] = []) {
  const files = [path.join(folder, 'ours'), path.join(folder, 'theirs')]
  writeFileSync(files[0] ?? '', ours)
  writeFileSync(files[1] ?? '', theirs)
  const told = { out: '', err: '' }
  const code = await runCli(['compare', ...files, ...more], {
    env: {},
    out: (text) => void (told.out += text),
    err: (text) => void (told.err += text),
  })
  const json = more.includes('--json') && told.out !== '' ? JSON.parse(told.out) : null
  return { code, ...told, json }
}

export const HEAD = 'cdr_id,session_id,token_uid,evse_id,start,end,kwh,net,currency'
export const hour = (n: number): string => new Date(Date.UTC(2026, 5, 1, n)).toISOString()
/** A row of HEAD with cells of its own. */
export const line = (n: number, more: Partial<Record<string, string | number>> = {}): string => {
  const row = {
    cdr: `C${n}`,
    session: '',
    token: `T${n}`,
    evse: 'DE*ABC*E1',
    start: hour(n * 2),
    end: hour(n * 2 + 1),
    kwh: 10 + n,
    net: (10 + n) / 2,
    currency: 'EUR',
    ...more,
  }
  return Object.values(row).join(',')
}
export const csv = (...lines: readonly string[]): string => [HEAD, ...lines].join('\n')
