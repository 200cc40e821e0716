const largerTimes = 10

/** The seed of this run: SEED, which test/run.ts always sets and prints. Same seed, same values. */
export function seed(): number {
  const text = process.env['SEED']
  if (!text || !/^\d{1,9}$/.test(text))
    throw new Error('SEED is not set: run tests through test/run.ts')
  return Number(text)
}

/** How many: `normal` in `npm test`, ten times as many in `npm run test:long`, SIZE whenever that is set. */
export function size(normal: number): number {
  const text = process.env['SIZE']
  if (text) return Number(text)
  return process.env['LONG'] ? normal * largerTimes : normal
}
