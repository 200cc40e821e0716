// What tidy knows about a source file: its imports, exports, functions and the words that it must not use.
import { parse } from '@babel/parser'
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

export type Import = {
  /** Path below the root (`src/db/sql.ts`), or the package's name. */
  target: string
  isOurs: boolean
  isTypeOnly: boolean
  /** Imported names; `*` for all. */
  names: string[]
}

export type Source = {
  file: string
  lines: number
  imports: Import[]
  /** Exported names with the line of each. */
  exports: { name: string; line: number; isType: boolean }[]
  /** Names of types that the file itself refers to. */
  typesUsed: Set<string>
  functions: { name: string; line: number; lines: number }[]
  /** Banned words found, each with its line. */
  banned: { word: string; line: number }[]
}

/** A node of the syntax tree, as far as tidy looks at it. */
type Node = {
  type: string
  loc?: { start: { line: number }; end: { line: number } }
  [key: string]: unknown
}

/** All files below `folders` (below the root) that end with `ending`. */
export function filesBelow(folders: readonly string[], ending = '.ts'): string[] {
  return folders
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(ending))
        .map((name) => path.posix.join(folder, name.split(path.sep).join('/'))),
    )
    .sort()
}

export function readSource(file: string): Source {
  return parseSource(file, readFileSync(path.join(root, file), 'utf8'))
}

/** Parses TypeScript text as if it stood in `file`. */
export function parseSource(file: string, text: string): Source {
  const tree = parse(text, {
    sourceType: 'module',
    plugins: ['typescript', 'explicitResourceManagement'],
  })
  const source: Source = {
    file,
    lines: text.trimEnd().split('\n').length,
    imports: [],
    exports: [],
    typesUsed: new Set(),
    functions: [],
    banned: [],
  }
  visit(toNode(tree.program), undefined, (node, parent) => {
    noteImport(source, node)
    noteExport(source, node)
    noteFunction(source, node, parent)
    if (node.type === 'TSTypeReference') source.typesUsed.add(nameOf(child(node, 'typeName')))
    const word = bannedWord(node)
    if (word) source.banned.push({ word, line: lineOf(node) })
  })
  return source
}

function visit(
  node: Node,
  parent: Node | undefined,
  look: (node: Node, parent: Node | undefined) => void,
): void {
  look(node, parent)
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc' || key.endsWith('Comments')) continue
    const children = Array.isArray(value) ? value : [value]
    for (const child of children) if (isNode(child)) visit(child, node, look)
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

function toNode(value: unknown): Node {
  if (!isNode(value)) throw new Error('not a syntax tree')
  return value
}

const child = (node: Node, key: string): Node | undefined => {
  const value = node[key]
  return isNode(value) ? value : undefined
}

const children = (node: Node, key: string): Node[] => {
  const value = node[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

const lineOf = (node: Node): number => node.loc?.start.line ?? 0

const nameOf = (node: Node | undefined): string => {
  if (node === undefined) return ''
  return String(node['name'] ?? node['value'] ?? '')
}

function noteImport(source: Source, node: Node): void {
  const isDynamic =
    node.type === 'ImportExpression' ||
    (node.type === 'CallExpression' && child(node, 'callee')?.type === 'Import')
  const from = isDynamic
    ? (child(node, 'source') ?? children(node, 'arguments')[0])
    : child(node, 'source')
  if (from?.type !== 'StringLiteral') return
  const specifiers = children(node, 'specifiers')
  const isTypeOnly =
    node['importKind'] === 'type' ||
    node['exportKind'] === 'type' ||
    (specifiers.length > 0 && specifiers.every((each) => each['importKind'] === 'type'))
  const names = specifiers.map((each) => {
    if (each.type === 'ImportSpecifier') return nameOf(child(each, 'imported'))
    return each.type === 'ExportSpecifier' ? nameOf(child(each, 'local')) : '*'
  })
  if (isDynamic || node.type === 'ExportAllDeclaration') names.push('*')
  const specifier = nameOf(from)
  const isOurs = specifier.startsWith('.')
  const target = isOurs
    ? path.posix.join(path.posix.dirname(source.file), specifier)
    : specifier.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1')
  source.imports.push({ target, isOurs, isTypeOnly, names })
}

function noteExport(source: Source, node: Node): void {
  const note = (name: string, at: Node): void =>
    void source.exports.push({
      name,
      line: lineOf(at),
      isType: /^TS(Type|Interface)/.test(at.type),
    })
  if (node.type === 'ExportDefaultDeclaration') note('default', node)
  if (node.type === 'ExportAllDeclaration') note('*', node)
  if (node.type !== 'ExportNamedDeclaration') return
  for (const specifier of children(node, 'specifiers'))
    note(nameOf(child(specifier, 'exported')), node)
  const declaration = child(node, 'declaration')
  if (declaration === undefined) return
  if (declaration.type === 'VariableDeclaration') {
    for (const each of children(declaration, 'declarations')) note(nameOf(child(each, 'id')), each)
  } else note(nameOf(child(declaration, 'id')), declaration)
}

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ObjectMethod',
  'ClassMethod',
  'ClassPrivateMethod',
])

function noteFunction(source: Source, node: Node, parent: Node | undefined): void {
  if (!functionTypes.has(node.type) || !node.loc) return
  const own = child(node, 'id') ?? child(node, 'key')
  const name =
    nameOf(own) || nameOf(parent && (child(parent, 'id') ?? child(parent, 'key'))) || 'a function'
  const lines = node.loc.end.line - node.loc.start.line + 1
  source.functions.push({ name, line: lineOf(node), lines })
}

/** What the conventions forbid, as the words that a reader would search for. */
function bannedWord(node: Node): string | undefined {
  switch (node.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return bannedMember(nameOf(child(node, 'object')), nameOf(child(node, 'property')))
    case 'NewExpression':
      return nameOf(child(node, 'callee')) === 'Date' && children(node, 'arguments').length === 0
        ? 'new Date()'
        : undefined
    case 'TSAnyKeyword':
      return 'any'
    case 'TSNonNullExpression':
      return 'non-null !'
    case 'TSAsExpression':
      return nameOf(child(child(node, 'typeAnnotation') ?? node, 'typeName')) === 'const'
        ? undefined
        : 'as'
    case 'TSTypeAssertion':
      return 'as'
    case 'ExportDefaultDeclaration':
      return 'export default'
    case 'TSEnumDeclaration':
      return 'enum'
    case 'TSModuleDeclaration':
      return 'namespace'
    case 'Decorator':
      return 'decorator'
    case 'TSParameterProperty':
      return 'parameter property'
    default:
      return undefined
  }
}

function bannedMember(object: string, property: string): string | undefined {
  if (object === 'console') return 'console.'
  const member = `${object}.${property}`
  return member === 'process.env' || member === 'Date.now' ? member : undefined
}
