/** How a partner fails on purpose: late, with 500, with a web page, with 2001, or by hanging up. */
type Misdeed = 'slow' | 'error' | 'html' | 'refuse' | 'drop'

/** Applies to requests of `module` (all when undefined), the first `times` of them (all when undefined). */
export type MisbehaviourRule = {
  module?: string
  misdeed: Misdeed
  delayMs?: number
  times?: number
}

/** What a partner has been told to do wrong; rules can be changed while it runs. */
export type Misbehaviour = {
  set(rules: MisbehaviourRule[]): void
  /** The rule for a request of this module, used up once. */
  next(module: string): MisbehaviourRule | undefined
}

export function createMisbehaviour(): Misbehaviour {
  let rules: (MisbehaviourRule & { left: number })[] = []
  return {
    set: (wanted) => {
      rules = wanted.map((rule) => ({ ...rule, left: rule.times ?? Infinity }))
    },
    next: (module) => {
      const rule = rules.find(
        (one) => one.left > 0 && (one.module === undefined || one.module === module),
      )
      if (rule) rule.left -= 1
      return rule
    },
  }
}
