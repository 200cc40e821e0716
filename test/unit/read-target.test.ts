import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPath } from '../../src/hub/read-target.ts'

test('an id keeps its slashes and dots', () => {
  assert.equal(readPath('/tokens/a%2Fb..c%5Cd.'), ['tokens', 'a/b..c\\d.'])
})

test('an id that leads elsewhere once decoded is no path', () => {
  const ids = [
    '..',
    '.',
    '%2e%2e',
    '..%2F..%2Fcredentials',
    'a%2F..',
    'a%2F..%2Fb',
    '..%5Ca',
    'a%5c..%5cb',
  ]
  for (const id of ids) assert.throws(() => readPath(`/tokens/${id}/authorize`), /endpoint/, id)
})

test.run()
