/** A broken assertion is a bug of ours, never a partner's mistake: nobody catches it but the process boundary. */
export class AssertionFailed extends Error {
  override name = 'AssertionFailed'
}

/** Throws AssertionFailed unless `condition` holds. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message)
}

/** Returns `value` when it is neither null nor undefined; for values that our own invariants guarantee. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, `missing ${what}`)
  return value
}
