import type { ExitCode } from './exit-codes.ts'
import type { HubClient } from './http.ts'

/** What a command was called with. Options are those of its own row of the table. */
export type CommandCall = {
  args: readonly string[]
  option(name: string): string | undefined
  /** An option that may be given several times. */
  options(name: string): readonly string[]
  flag(name: string): boolean
  hub: HubClient
  /** Says how far a long command is; not part of its answer. */
  progress(text: string): void
}

/** `text` for people; `json` for `--json`. */
export type Outcome = { code: ExitCode; text: string; json: unknown }

type Option = { about: string; value?: string; many?: true }

/** One row of the command table. */
export type Command = {
  /** The words that select it, say `cdr approve`. */
  words: string
  /**
   * Names of the arguments that must follow, for help and for counting; a last one with `…` may come more often,
   * one in `[` `]` not at all.
   */
  args: readonly string[]
  about: string
  options?: Readonly<Record<string, Option>>
  run(call: CommandCall): Promise<Outcome>
}
