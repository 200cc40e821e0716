import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readFault } from '../../src/sandbox/serve-faults.ts'
import { SANDBOX_HELP, readSandboxOptions } from '../../src/sandbox/serve-options.ts'

const test = suite('sandbox options')

const optionsOf = (line: string) => {
  const read = readSandboxOptions(line === '' ? [] : line.split(' '))
  return 'options' in read ? read.options : undefined
}
const wrongOf = (line: string) => {
  const read = readSandboxOptions(line.split(' '))
  return 'wrong' in read ? read.wrong : ''
}

test('without anything it is an operator of 2.2.1 that waits for a handshake', () => {
  const options = optionsOf('')
  assert.is(options?.role, 'CPO')
  assert.is(options?.version, '2.2.1')
  assert.is(options?.versionsUrl, undefined)
})

test('a payment terminal provider speaks 2.3.0', () => {
  assert.equal(optionsOf('--role ptp')?.version, '2.3.0')
  assert.is(optionsOf('--role ptp')?.role, 'PTP')
  assert.match(wrongOf('--role ptp --version 2.2.1'), '2.3.0')
})

test('the versions URL at the hub follows from the version and the role', () => {
  const url = (line: string) =>
    optionsOf(`${line} --hub http://127.0.0.1:8700/ --token-a T`)?.versionsUrl
  assert.is(url('--version 2.3.0'), 'http://127.0.0.1:8700/ocpi/versions')
  assert.is(url('--version 2.1.1'), 'http://127.0.0.1:8700/ocpi/cpo/versions')
  assert.is(url('--version 2.1.1 --role emsp'), 'http://127.0.0.1:8700/ocpi/emsp/versions')
  const given = '--versions-url http://127.0.0.1:1/x --token-a T --hub http://h'
  assert.is(optionsOf(given)?.versionsUrl, 'http://127.0.0.1:1/x')
})

test('faults are read with module and value, several at once', () => {
  const faults = optionsOf('--fault slow:cdrs=3,401 --fault partial')?.faults
  assert.equal(faults, [
    { name: 'slow', module: 'cdrs', value: 3 },
    { name: '401', module: undefined, value: 0 },
    { name: 'partial', module: undefined, value: 0 },
  ])
  assert.is(readFault('slow')?.value, 30)
  for (const bad of ['', 'nonsense', 'garbage=3', 'slow=', 'slow:=1', 'slow:nothing'])
    assert.is(readFault(bad), undefined, bad)
})

test('what is wrong is said in words', () => {
  for (const [line, words] of [
    ['--role hub', '--role'],
    ['--version 2.0', '--version'],
    ['--party X', '--party'],
    ['--port 99999', '--port'],
    ['--fault fire', 'fire'],
    ['--hub nowhere --token-a T', '--hub'],
    ['--hub http://127.0.0.1:1', '--token-a'],
    ['--colour red', '--colour'],
  ] as const)
    assert.match(wrongOf(line), words)
})

test('the help names every fault', () => {
  for (const name of ['slow', 'garbage', '401', 'partial', 'link-loop'])
    assert.match(SANDBOX_HELP, name)
})

test.run()
