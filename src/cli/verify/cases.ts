import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { isRecord, listOf, readText } from '../../clearing/read.ts'
import { readJsonSync, unwrapped } from '../json-file.ts'

/** Where a case lies, and what the indexes above say of it. */
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

/**
 * Every case below a folder, in the order of names; the folder may be a case itself. An index.json is about every folder
 * below it, the nearest counts first. Throws what reading a folder throws.
 */
export function findCases(root: string): Found {
  const above = indexesAbove(root)
  if (isCase(root))
    return { folders: [{ folder: root, index: rowOf(path.resolve(root), above) }], oddities: [] }
  const walk: Walk = { folders: [], oddities: [] }
  collect(root, { walk, above, depth: 0 })
  return walk
}

type Walk = { readonly folders: CaseFolder[]; readonly oddities: string[] }
/** Rows by id, the nearest file first. */
type Indexes = readonly ReadonlyMap<string, Fields>[]

/** Answers with the names of the folders it met, by which an index knows whether its cases are there. */
function collect(
  folder: string,
  { walk, above, depth }: { walk: Walk; above: Indexes; depth: number },
): ReadonlySet<string> {
  const { index, oddity } = readIndex(folder)
  if (oddity !== null) walk.oddities.push(oddity)
  const indexes = [index, ...above]
  const seen = new Set<string>()
  for (const name of foldersIn(folder)) {
    const below = path.join(folder, name)
    const isNamed = indexes.some((each) => each.has(name))
    // What an index names and holds nothing is a case that lost its files; one with folders groups cases.
    if (isCase(below) || (isNamed && foldersIn(below).length === 0)) {
      seen.add(name)
      walk.folders.push({ folder: below, index: rowOf(below, indexes) })
    } else if (depth < DEPTH_MAX && name !== 'node_modules')
      for (const each of collect(below, { walk, above: indexes, depth: depth + 1 })) seen.add(each)
  }
  const absent = [...index.keys()].filter((id) => !seen.has(id))
  walk.oddities.push(...absent.map((id) => `${id} is named in index.json and has no folder`))
  return seen
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && isFolder(path.join(folder, name)))
    .toSorted()
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true
}

function isCase(folder: string): boolean {
  return MARKS.some((name) => existsSync(path.join(folder, name)))
}

/** The files above the folder where looking begins, so that a case is the same wherever that is. */
function indexesAbove(folder: string): Indexes {
  const indexes: ReadonlyMap<string, Fields>[] = []
  let above = path.dirname(path.resolve(folder))
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    indexes.push(readIndex(above).index)
    above = path.dirname(above)
  }
  return indexes
}

/** What the indexes say of a case together: a member counts from the nearest that has it. */
function rowOf(folder: string, indexes: Indexes): Fields {
  const id = path.basename(folder)
  let row: Fields = EMPTY
  for (const index of indexes) row = { ...index.get(id), ...row }
  return row
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
