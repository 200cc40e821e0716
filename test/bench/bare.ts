import { startProcess } from '../helpers/processes.ts'
import type { Running } from '../helpers/processes.ts'

/** Starts bare-server.ts and gives its address. */
export async function startBare(
  mode: 'proxy' | 'static',
  target: string,
): Promise<{ url: string; process: Running }> {
  const process = await startProcess({
    file: 'test/bench/bare-server.ts',
    args: [mode, target],
    ready: { line: /ready \d+/ },
  })
  return { url: `http://127.0.0.1:${/ready (\d+)/.exec(process.output())?.[1]}`, process }
}
