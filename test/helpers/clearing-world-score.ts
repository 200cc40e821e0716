/** What was found of one CDR, or of a pair without a CDR: code and severity. */
export type Found = { code: string; severity: string }

/** What had to be found and might be found, and where. */
export type Expected = {
  fault: string
  id: string
  must: readonly string[]
  may: readonly string[]
}

export type CodeScore = { planted: number; found: number; raised: number; wrong: number }

/** Recall and precision per code, and the first few of what is wrong, in words. */
export type Score = {
  codes: Map<string, CodeScore>
  sound: number
  faulty: number
  wrongs: string[]
}

const wrongsKept = 400

export function newScore(): Score {
  return { codes: new Map(), sound: 0, faulty: 0, wrongs: [] }
}

/**
 * Holds what was found against what was planted. Found = every code of `must` is there. Wrong = a code above info in
 * neither list.
 */
export function score(total: Score, expected: Expected, found: readonly Found[]): void {
  if (expected.must.length === 0) total.sound += 1
  else total.faulty += 1
  const codes = new Set(found.map(({ code }) => code))
  for (const code of expected.must) {
    const one = codeScore(total, code)
    one.planted += 1
    if (codes.has(code)) one.found += 1
    else note(total, `${code} missed: ${expected.fault} (${expected.id}) got ${shown(found)}`)
  }
  const allowed = new Set([...expected.must, ...expected.may])
  for (const { code, severity } of found) {
    if (severity === 'I' && !expected.must.includes(code)) continue
    const one = codeScore(total, code)
    one.raised += 1
    if (allowed.has(code)) continue
    one.wrong += 1
    note(total, `${code} wrong: ${expected.fault} (${expected.id}) got ${shown(found)}`)
  }
}

function codeScore({ codes }: Score, code: string): CodeScore {
  const known = codes.get(code) ?? { planted: 0, found: 0, raised: 0, wrong: 0 }
  codes.set(code, known)
  return known
}

function note({ wrongs }: Score, sentence: string): void {
  if (wrongs.length < wrongsKept) wrongs.push(sentence)
}

function shown(found: readonly Found[]): string {
  return found.length === 0
    ? 'nothing'
    : found.map(({ code, severity }) => code + severity).join(' ')
}

/** A table of all codes; percentages where there is something to count. */
export function scoreTable({ codes, sound, faulty }: Score): string {
  const percent = (part: number, all: number) =>
    all === 0 ? '–' : `${((100 * part) / all).toFixed(2)} %`
  const rows = [...codes]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([code, { planted, found, raised, wrong }]) =>
      [
        code.padEnd(5),
        String(planted).padStart(7),
        percent(found, planted).padStart(10),
        String(raised).padStart(7),
        percent(raised - wrong, raised).padStart(10),
      ].join(' '),
    )
  return [
    `${sound} sound CDRs, ${faulty} with a planted fault`,
    'code  planted     recall  raised  precision',
    ...rows,
  ].join('\n')
}

/** What does not hold, in a sentence; undefined: everything planted was found, and nothing else. */
export function shortfall({ codes, wrongs }: Score): string | undefined {
  const all = [...codes.values()]
  const missed = all.reduce((sum, { planted, found }) => sum + planted - found, 0)
  const wrong = all.reduce((sum, one) => sum + one.wrong, 0)
  if (missed + wrong === 0) return undefined
  return `${missed} planted faults were not found, ${wrong} findings are wrong: ${wrongs.slice(0, 5).join('; ')}`
}
