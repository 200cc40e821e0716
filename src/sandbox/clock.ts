/** Milliseconds since 1970, UTC. Entry files pass it on; everything below takes it as a value. */
export type Clock = () => number

/** The machine's clock. */
export const systemClock: Clock = () => Math.round(performance.timeOrigin + performance.now())

/** OCPI's spelling of an instant: whole seconds, UTC, with Z. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Resolves after `ms`; the sandbox polls its own processes and the hub with it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
