import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { isRecord, listOf, readText } from '../../clearing/read.ts'
import { readJsonSync, unwrapped } from '../json-file.ts'

/** Where a case lies, and what the index beside it says of it. */
export type CaseFolder = { readonly folder: string; readonly index: Fields }

/** Folders of cases, and what is odd about the indexes: cases without a folder, files that cannot be read. */
export type Found = {
  readonly folders: readonly CaseFolder[]
  readonly oddities: readonly string[]
}

/** One case as read. `problem` says why it cannot be run; a status other than `current` gates nothing. */
export type VerifyCase = {
  readonly id: string
  readonly folder: string
  readonly source: string
  readonly status: string
  readonly kind: 'price' | 'lint'
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly expected: Fields
  readonly meta: Fields
  readonly problem: string | null
}

type Fields = Readonly<Record<string, unknown>>

const DEPTH_MAX = 8
const MARKS = ['expected.json', 'cdr.json', 'meta.json']
const EMPTY: Fields = {}

/** Every case below a folder, in the order of names; the folder may be a case itself. Throws what reading it throws. */
export function findCases(root: string): Found {
  if (isCase(root)) return { folders: [{ folder: root, index: indexAbove(root) }], oddities: [] }
  const folders: CaseFolder[] = []
  const oddities: string[] = []
  collect(root, { depth: 0, folders, oddities })
  return { folders, oddities }
}

type Walk = { depth: number; folders: CaseFolder[]; oddities: string[] }

function collect(folder: string, { depth, folders, oddities }: Walk): void {
  const { index, oddity } = readIndex(folder)
  if (oddity !== null) oddities.push(oddity)
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  const seen = new Set<string>()
  for (const name of names.toSorted()) {
    const below = path.join(folder, name)
    if (!isFolder(below)) continue
    seen.add(name)
    if (index.has(name) || isCase(below))
      folders.push({ folder: below, index: index.get(name) ?? EMPTY })
    else if (depth < DEPTH_MAX && name !== 'node_modules')
      collect(below, { depth: depth + 1, folders, oddities })
  }
  const absent = [...index.keys()].filter((id) => !seen.has(id))
  oddities.push(...absent.map((id) => `${id} is named in index.json and has no folder`))
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true
}

function isCase(folder: string): boolean {
  return MARKS.some((name) => existsSync(path.join(folder, name)))
}

function indexAbove(folder: string): Fields {
  const full = path.resolve(folder)
  return readIndex(path.dirname(full)).index.get(path.basename(full)) ?? EMPTY
}

type Index = { readonly index: ReadonlyMap<string, Fields>; readonly oddity: string | null }

/** The rows of index.json by id; none when there is no such file, or none that can be read. */
function readIndex(folder: string): Index {
  const name = path.join(folder, 'index.json')
  const file = readJsonSync(name)
  if (!file.ok) return { index: new Map(), oddity: file.missing ? null : `${name} ${file.problem}` }
  const rows = isRecord(file.value) ? listOf(file.value['cases']) : listOf(file.value)
  const named = rows.filter(isRecord).flatMap((row) => {
    const id = readText(row['id'])
    return id === null ? [] : [[id, row] as const]
  })
  return { index: new Map(named), oddity: null }
}

/** Reads one case. Never throws: what cannot be read is its `problem`. */
export function readCase({ folder, index }: CaseFolder): VerifyCase {
  const problems: string[] = []
  const read = (name: string, isNeeded: boolean): unknown => {
    const file = readJsonSync(path.join(folder, name))
    if (file.ok) return file.value
    if (isNeeded || !file.missing) problems.push(`${name} ${file.problem}`)
    return undefined
  }
  const described = read('meta.json', false)
  const meta = { ...index, ...(isRecord(described) ? described : EMPTY) }
  const stated = read('expected.json', true)
  if (stated !== undefined && !isRecord(stated)) problems.push('expected.json is no object')
  const expected = isRecord(stated) ? stated : EMPTY
  const kind = kindOf(meta, { folder, expected })
  const cdr = kind === 'price' ? unwrapped(read('cdr.json', true)) : undefined
  const one = read('tariff.json', false)
  const many = read('tariffs.json', false)
  const given = [...tariffList(one), ...tariffList(many)]
  const isEmbedded = meta['tariff_in_cdr'] === true || (one === undefined && many === undefined)
  return {
    id: path.basename(path.resolve(folder)),
    folder,
    // Sources name their files in brackets; agreement is told per source.
    source: (readText(meta['source']) ?? 'unnamed source').replace(/ \(.*$/, ''),
    status: (readText(meta['status']) ?? 'current').toLowerCase(),
    kind,
    cdr,
    tariffs: isEmbedded && isRecord(cdr) ? listOf(cdr['tariffs']) : given,
    expected,
    meta,
    problem: problems.length === 0 ? null : problems.join('; '),
  }
}

const LINT_MEMBERS = ['codes', 'unexpected_fields', 'warnings']

/** As the case says; else a CDR, or figures of one, make it a priced case. */
function kindOf(
  meta: Fields,
  { folder, expected }: { folder: string; expected: Fields },
): 'price' | 'lint' {
  const kind = readText(meta['kind'])?.toLowerCase()
  if (kind === 'lint' || kind === 'price') return kind
  if (existsSync(path.join(folder, 'cdr.json')) || 'total_cost' in expected) return 'price'
  return LINT_MEMBERS.some((name) => name in expected) ? 'lint' : 'price'
}

/** One tariff, a list, or what an OCPI answer carries. */
function tariffList(value: unknown): readonly unknown[] {
  const tariffs = unwrapped(value) ?? []
  return Array.isArray(tariffs) ? tariffs : [tariffs]
}
