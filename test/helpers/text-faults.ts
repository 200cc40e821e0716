/** What only the text of a file shows: a suite that is never run, an `.only` beside nothing else. */
export function textFaults(text: string): string[] {
  const suites = [...text.matchAll(/^(?:export )?const (\w+) = suite[<(]/gm)].map(
    (match) => match[1],
  )
  if (/^test\(/m.test(text)) suites.push('test')
  const faults = suites
    .filter((suite) => !text.includes(`${suite}.run()`))
    .map((suite) => `defines tests of \`${suite}\` but no \`${suite}.run()\``)
  const left = text.match(/^\s*\w+\.(only|skip)\(/m)
  return left ? [...faults, `has a left-in .${left[1]}`] : faults
}
