import type { Clock } from './clock.ts'

const BAR_CELLS = 24
const LOG_LINE_MS = 5_000

/** Where the demo tells how far it is: bars that redraw in a terminal, a line now and then in a log. */
export type Screen = {
  say(line: string): void
  /** Work with a known end. Several may run at once; each has its name. */
  progress(what: string, done: number, of: number): void
}

export function createScreen(options: {
  write: (text: string) => void
  isTerminal: boolean
  clock: Clock
}): Screen {
  const { write, isTerminal, clock } = options
  const begunAt = clock()
  const running = new Map<string, { done: number; of: number; startedAt: number; saidAt: number }>()
  let drawn = 0
  const clock24 = () => `${((clock() - begunAt) / 1000).toFixed(1).padStart(6)} s`
  const erase = () => {
    if (drawn > 0) write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  const draw = () => {
    erase()
    for (const [what, state] of running) {
      write(`${clock24()}  ${lineOf(what, state, clock())}\n`)
      drawn += 1
    }
  }
  const say = (line: string) => {
    if (isTerminal) erase()
    write(line === '' ? '\n' : `${clock24()}  ${line}\n`)
    if (isTerminal) draw()
  }
  return {
    say,
    progress: (what, done, of) => {
      const now = clock()
      const state = running.get(what) ?? { done, of, startedAt: now, saidAt: now }
      state.done = done
      state.of = of
      running.set(what, state)
      if (done >= of) {
        running.delete(what)
        say(lineOf(what, state, now))
      } else if (isTerminal) {
        draw()
      } else if (now - state.saidAt > LOG_LINE_MS) {
        state.saidAt = now
        say(lineOf(what, state, now))
      }
    },
  }
}

function lineOf(
  what: string,
  state: { done: number; of: number; startedAt: number },
  now: number,
): string {
  const share = state.of === 0 ? 1 : state.done / state.of
  const cells = Math.round(share * BAR_CELLS)
  const bar = `${'#'.repeat(cells)}${'.'.repeat(BAR_CELLS - cells)}`
  const seconds = (now - state.startedAt) / 1000
  const rate = seconds >= 1 ? `  ${Math.round(state.done / seconds)}/s` : ''
  return `${what.padEnd(34)} ${bar} ${String(state.done).padStart(6)} of ${state.of}${rate}`
}
