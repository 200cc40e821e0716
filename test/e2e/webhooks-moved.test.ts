import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { tellParties } from '../../src/hub/disputes/events.ts'
import { startHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const moved = suite('webhooks of parties that moved')

moved(
  'what waits for a party that is of another platform now is not told to the old one',
  async () => {
    await using hub = await startHub()
    const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const next = await hub.connect({ parties: [{ party: 'FR-ELS', role: 'CPO' }] })
    await using own = await startReceiver()
    await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
    const { db } = hub.context
    await db.transaction((tx) =>
      tellParties(tx, [
        {
          type: 'dispute.opened',
          owner: 'NL-TNM',
          receiver: 'DE-EMP',
          subject: 'dispute:7',
          body: { dispute_id: '7' },
        },
      ]),
    )
    await db.rows(sql`update platform_parties set platform_id = ${next.id} where party = 'NL-TNM'`)
    hub.context.directory.invalidate()
    await hub.drain()
    assert.equal(own.got, [])
    const events = await db.rows(sql`select error from party_events`)
    assert.equal(events, [{ error: 'its party is of another platform now' }])
  },
)

moved.run()
