// The limits of relay and pull, as processes of their own like the hub's: a proxy that only forwards, and a server of
// one file. Usage: bare-server.ts proxy ORIGIN | static FILE. Prints `ready PORT`.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import http from 'node:http'

const [mode = '', target = ''] = process.argv.slice(2)
const agent = new http.Agent({ keepAlive: true })

const server = http.createServer((request, response) => {
  if (mode === 'proxy') forward(request, response)
  else void sendFile(response)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  process.stdout.write(`ready ${address.port}\n`)
})

function forward(request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, headers, url = '/' } = request
  const options = { agent, headers, ...(method === undefined ? {} : { method }) }
  const passed = http.request(new URL(url, target), options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  passed.on('error', () => response.destroy())
  request.pipe(passed)
}

async function sendFile(response: http.ServerResponse): Promise<void> {
  const { size } = await stat(target)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': size })
  createReadStream(target).pipe(response)
}
