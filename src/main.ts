import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { configOrExit } from '../config/env.ts'
import { buildApp } from './app.ts'
import { createContext } from './context.ts'
import { metricsApp } from './http/health.ts'
import { createHubServer, drain } from './http/server.ts'

/** The web process: config → context → server → listen → drain on SIGTERM. */
async function main(): Promise<void> {
  const config = configOrExit()
  const context = createContext(config, 'web')
  const server = createHubServer(context, buildApp(context))
  const servers = [server]
  await listen(server, { port: config.port, host: hostOf(context.publicUrl) })
  if (config.metricsPort !== undefined) {
    const metrics = createServer(getRequestListener(metricsApp(context, 'open').fetch))
    await listen(metrics, { port: config.metricsPort, host: hostOf(context.publicUrl) })
    servers.push(metrics)
  }
  process.stdout.write(`crosscharge web ready on port ${config.port}\n`)
  const stop = () => {
    Promise.all(servers.map(drain))
      .then(() => context.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** A hub whose own URLs lead to 127.0.0.1 is nobody else's to reach; any other listens on every address. */
function hostOf(publicUrl: string): string | undefined {
  return new URL(publicUrl).hostname === '127.0.0.1' ? '127.0.0.1' : undefined
}

type Address = { port: number; host: string | undefined }

function listen(server: ReturnType<typeof createServer>, { port, host }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is taken; set PORT to a free one`)
          : error,
      )
    })
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => resolve())
  })
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
