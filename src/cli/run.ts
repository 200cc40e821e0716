import { parseArgs } from 'node:util'
import type { Command, Outcome } from './command.ts'
import { commands } from './commands/table.ts'
import type { ExitCode } from './exit-codes.ts'
import { CliStop, EXIT } from './exit-codes.ts'
import { helpText } from './help.ts'
import { createHubClient } from './http.ts'
import { printable } from './show.ts'

/** Where a run of the command line gets its settings and puts its words. */
type Terminal = {
  env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
}

const DEFAULT_URL = 'http://127.0.0.1:8700'

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** Runs one command line and returns the exit code; never throws for what a user can do wrong. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const wantsJson = argv.includes('--json')
  try {
    const outcome = await runCommand(argv, terminal)
    terminal.out(wantsJson ? `${JSON.stringify(outcome.json, null, 2)}\n` : `${outcome.text}\n`)
    return outcome.code
  } catch (error) {
    if (!(error instanceof CliStop)) throw error
    const text = wantsJson
      ? JSON.stringify({ error: error.message, exit: error.code })
      : `crosscharge: ${printable(error.message)}`
    terminal.err(`${text}\n`)
    return error.code
  }
}

async function runCommand(argv: readonly string[], { env, err }: Terminal): Promise<Outcome> {
  const { values, positionals } = parse(argv)
  const isHelp = positionals[0] === 'help'
  if (isHelp || values['help'] === true || positionals.length === 0)
    return help(isHelp ? positionals.slice(1) : positionals)
  const command = findCommand(positionals)
  if (!command)
    throw new CliStop(
      EXIT.usage,
      `There is no command ${positionals.join(' ')}; \`help\` lists them all.`,
    )
  const args = positionals.slice(command.words.split(' ').length)
  if (!isCount(args.length, command)) {
    throw new CliStop(
      EXIT.usage,
      `Write: ${[command.words, ...command.args].join(' ')}; \`help ${command.words}\` says more.`,
    )
  }
  refuseForeignOptions(values, command)
  return command.run({
    args,
    option: (name) => stringOf(values[name]),
    options: (name) => stringsOf(values[name]),
    flag: (name) => values[name] === true,
    progress: (text) => err(`${printable(text)}\n`),
    hub: createHubClient({
      url: stringOf(values['url']) ?? urlFrom(env),
      token: stringOf(values['token']) ?? (env['ADMIN_TOKEN'] || undefined),
    }),
  })
}

function isCount(count: number, { args }: Command): boolean {
  const needed = args.filter((name) => !name.startsWith('[')).length
  return count >= needed && (args.at(-1)?.endsWith('…') === true || count <= args.length)
}

function urlFrom(env: Terminal['env']): string {
  const url = env['HUB_URL'] || DEFAULT_URL
  if (URL.canParse(url)) return url
  throw new CliStop(
    EXIT.settings,
    'HUB_URL is no URL; write for example http://127.0.0.1:8700, or give --url.',
  )
}

function help(words: readonly string[]): Outcome {
  const command = findCommand(words)
  if (words.length > 0 && !command) {
    const near = commands.filter((each) => each.words.split(' ')[0] === words[0])
    if (near.length === 0)
      throw new CliStop(
        EXIT.usage,
        `There is no command ${words.join(' ')}; \`help\` lists them all.`,
      )
    return helpOutcome(near)
  }
  return helpOutcome(command ? [command] : commands)
}

function helpOutcome(shown: readonly Command[]): Outcome {
  const json = shown.map(({ words, args, about, options }) => ({
    command: words,
    args,
    about,
    options: options ?? {},
  }))
  return { code: EXIT.ok, text: helpText(shown, { isWhole: shown === commands }), json }
}

/** The command with the most words that the line begins with. */
function findCommand(positionals: readonly string[]): Command | undefined {
  return commands
    .filter(({ words }) => words.split(' ').every((word, index) => positionals[index] === word))
    .toSorted((a, b) => b.words.split(' ').length - a.words.split(' ').length)[0]
}

function parse(argv: readonly string[]): { values: Values; positionals: string[] } {
  type Kind = { type: 'string' | 'boolean'; multiple?: boolean; short?: string }
  const options: Record<string, Kind> = {
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    url: { type: 'string' },
    token: { type: 'string' },
  }
  for (const command of commands) {
    for (const [name, option] of Object.entries(command.options ?? {})) {
      options[name] = {
        type: option.value === undefined ? 'boolean' : 'string',
        multiple: option.many ?? false,
      }
    }
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const why = error instanceof Error ? error.message : 'the line cannot be read'
    throw new CliStop(EXIT.usage, `${why.split('. ', 1)[0]}; \`help\` lists the options.`)
  }
}

function refuseForeignOptions(values: Values, command: Command): void {
  const own = ['json', 'help', 'url', 'token', ...Object.keys(command.options ?? {})]
  const foreign = Object.keys(values).find((name) => !own.includes(name))
  if (foreign === undefined) return
  throw new CliStop(
    EXIT.usage,
    `${command.words} has no option --${foreign}; \`help ${command.words}\` lists them.`,
  )
}

function stringOf(value: Values[string]): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function stringsOf(value: Values[string]): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
