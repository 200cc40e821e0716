/** What the command line ends with. Scripts rely on these numbers: none ever changes its meaning. */
export const EXIT = {
  ok: 0,
  differs: 1,
  cannot: 2,
  notReachable: 3,
  notAuthorised: 4,
  usage: 64,
  settings: 78,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The table that `help` prints. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done; what was checked is right'],
  [EXIT.differs, 'done, but a check failed or amounts differ'],
  [EXIT.cannot, 'cannot be done, or the input cannot be read'],
  [EXIT.notReachable, 'the hub does not answer'],
  [EXIT.notAuthorised, 'the token is missing, unknown or not allowed to do this'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.settings, 'a setting in the environment is wrong'],
]

/** Ends the command: `message` says what went wrong and what to do next. */
export class CliStop extends Error {
  override name = 'CliStop'
  readonly code: ExitCode

  constructor(code: ExitCode, message: string) {
    super(message)
    this.code = code
  }
}
