/** Says something on a line of its own that test/run.ts shows also when all is green: figures that a test measured. */
export function note(text: string): void {
  // uvu leaves its line open while a test runs.
  process.stdout.write(`\nnote: ${text}\n`)
}
