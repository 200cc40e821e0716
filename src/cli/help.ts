import type { Command } from './command.ts'
import { EXIT_MEANINGS } from './exit-codes.ts'

/** Help for some commands; the whole of it also explains the common options and the exit codes. */
export function helpText(commands: readonly Command[], { isWhole }: { isWhole: boolean }): string {
  const parts = [commands.map(commandText).join('\n')]
  if (isWhole) {
    parts.unshift('crosscharge (or: npm run hub --) COMMAND [OPTIONS]')
    parts.push(
      [
        'for every command',
        '  --json             answer as JSON',
        '  --url URL          the hub (HUB_URL, else http://127.0.0.1:8700)',
        "  --token TOKEN      an operator's token (ADMIN_TOKEN)",
      ].join('\n'),
      [
        'exit codes',
        ...EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${meaning}`),
      ].join('\n'),
    )
  }
  return parts.join('\n\n')
}

function commandText({ words, args, about, options }: Command): string {
  const lines = Object.entries(options ?? {}).map(([name, option]) => {
    const left = `--${name}${option.value === undefined ? '' : ` ${option.value}`}`
    return `      ${left.padEnd(24)} ${option.about}`
  })
  return [`  ${[words, ...args].join(' ').padEnd(28)} ${about}`, ...lines].join('\n')
}
