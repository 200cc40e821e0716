import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitCodeConfig, readConfig } from '../../config/env.ts'

const key = Buffer.alloc(32, 7).toString('base64')
const oldKey = Buffer.alloc(32, 8).toString('base64')

const required = {
  DATABASE_URL: 'postgres://hub:secret-of-db@db.example/hub',
  REDIS_URL: 'redis://:secret-of-redis@redis.example',
  ADMIN_TOKEN: 'a'.repeat(24),
  SECRETS_KEY: key,
}

/** Message of the error that `env` causes. */
function complaint(env: Record<string, string | undefined>): string {
  try {
    readConfig(env)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}

const env = suite('settings')

env('without optional settings the defaults hold', () => {
  const { databaseUrl, redisUrl, adminToken, secretsKeys, ...rest } = readConfig(required)
  assert.equal(
    [databaseUrl, redisUrl, adminToken],
    [required.DATABASE_URL, required.REDIS_URL, required.ADMIN_TOKEN],
  )
  assert.equal(
    secretsKeys.map((each) => each.length),
    [32],
  )
  assert.equal(rest, {
    port: 8700,
    hub: { countryCode: 'NL', partyId: 'XCH', name: 'Crosscharge' },
    agreements: 'open',
    allowPrivatePeers: false,
    logLevel: 'info',
  })
})

env('every setting is read', () => {
  const config = readConfig({
    ...required,
    PORT: '9000',
    METRICS_PORT: '9001',
    ALERT_WEBHOOK_URL: 'https://alerts.example/hook',
    PUBLIC_URL: 'https://hub.example/',
    SECRETS_KEY: `${key}, ${oldKey}`,
    HUB_COUNTRY_CODE: 'DE',
    HUB_PARTY_ID: 'HB1',
    HUB_NAME: 'A hub',
    AGREEMENTS: 'required',
    ALLOW_PRIVATE_PEERS: 'true',
    LOG_LEVEL: 'debug',
  })
  assert.is(config.port, 9000)
  assert.is(config.metricsPort, 9001)
  assert.is(config.alertWebhookUrl, 'https://alerts.example/hook')
  assert.is(config.publicUrl, 'https://hub.example')
  assert.equal(
    config.secretsKeys.map((each) => each[0]),
    [7, 8],
    'the new key comes first',
  )
  assert.equal(config.hub, { countryCode: 'DE', partyId: 'HB1', name: 'A hub' })
  assert.is(config.agreements, 'required')
  assert.is(config.allowPrivatePeers, true)
  assert.is(config.logLevel, 'debug')
})

env('an empty setting counts as unset', () => {
  const config = readConfig({
    ...required,
    PORT: '',
    METRICS_PORT: ' ',
    HUB_NAME: '',
    AGREEMENTS: '',
  })
  assert.is(config.port, 8700)
  assert.is(config.hub.name, 'Crosscharge')
  assert.not('metricsPort' in config)
  assert.match(complaint({ ...required, ADMIN_TOKEN: '' }), 'ADMIN_TOKEN is missing')
})

const wrong: [name: string, value: string | undefined][] = [
  ['PORT', '80a'],
  ['PORT', '65536'],
  ['METRICS_PORT', '-1'],
  ['ALERT_WEBHOOK_URL', 'alerts.example'],
  ['PUBLIC_URL', 'ftp://hub.example'],
  ['PUBLIC_URL', `https://hub.example/${'x'.repeat(180)}`],
  ['DATABASE_URL', undefined],
  ['DATABASE_URL', 'mysql://db.example/hub'],
  ['REDIS_URL', undefined],
  ['REDIS_URL', 'localhost:6379'],
  ['ADMIN_TOKEN', undefined],
  ['ADMIN_TOKEN', 'a'.repeat(23)],
  ['ADMIN_TOKEN', `${'a'.repeat(24)} b`],
  ['SECRETS_KEY', undefined],
  ['SECRETS_KEY', Buffer.alloc(31).toString('base64')],
  ['SECRETS_KEY', `${key},`],
  ['HUB_COUNTRY_CODE', 'nl'],
  ['HUB_PARTY_ID', 'XCHG'],
  ['HUB_NAME', 'x'.repeat(101)],
  ['AGREEMENTS', 'closed'],
  ['ALLOW_PRIVATE_PEERS', 'yes'],
  ['LOG_LEVEL', 'loud'],
]

for (const [name, value] of wrong) {
  env(`${name}=${value ?? '(unset)'} is refused and named`, () => {
    const lines = complaint({ ...required, [name]: value }).split('\n')
    assert.is(lines.length, 2, 'a headline and one line')
    assert.match(lines[1] ?? '', new RegExp(`^  ${name} .+; write .+`))
  })
}

env('all wrong settings are reported at once', () => {
  const message = complaint({ PORT: 'x', HUB_PARTY_ID: 'no', LOG_LEVEL: 'x' })
  const named = message
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(' ')[0])
  const expected = 'PORT DATABASE_URL REDIS_URL ADMIN_TOKEN SECRETS_KEY HUB_PARTY_ID LOG_LEVEL'
  assert.equal(named.sort(), expected.split(' ').sort())
})

env('no secret is repeated in the complaint', () => {
  const message = complaint({
    DATABASE_URL: 'mysql://hub:hunter2@db.example',
    REDIS_URL: 'http://:hunter2@redis.example',
    ADMIN_TOKEN: 'hunter2',
    SECRETS_KEY: 'hunter2',
  })
  assert.is(message.split('\n').length, 5)
  assert.not.match(message, 'hunter2')
})

env('wrong settings end a process with 78', () => assert.is(exitCodeConfig, 78))

env.run()
