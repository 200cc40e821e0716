/**
 * Changes that no test can notice, because the program does the same with them, each with the reason. `becomes` '*':
 * whatever it is changed to. Checked by every run: an entry that no longer fits anything is reported.
 */
export type Known = { file: string; why: string; changes: readonly (readonly [string, string])[] }

export const KNOWN: readonly Known[] = []
