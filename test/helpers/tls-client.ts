// A process that asks each URL in its arguments as the hub asks partners, and prints how each request ended. What it
// trusts beyond the usual authorities is given to it by NODE_EXTRA_CA_CERTS, which Node reads at its start.
import { createPeerClient } from '../../src/peer/client.ts'

const client = createPeerClient({ allowPrivatePeers: true, clock: () => performance.now() })
const ends: string[] = []
for (const url of process.argv.slice(2)) {
  const answer = await client.request({ url, method: 'GET', headers: {}, deadlineMs: 5_000 })
  ends.push(answer.kind === 'unreachable' ? `unreachable ${answer.reason}` : answer.kind)
}
await client.close()
process.stdout.write(JSON.stringify(ends))
